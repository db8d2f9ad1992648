# shellcheck shell=sh
# Run a server as the container's first process, which gets no default action
# for SIGTERM: without the trap every stop would wait for SIGKILL.
run_daemon() {
	"$@" &
	daemon=$!
	trap 'kill "$daemon"; exit 0' TERM INT
	wait "$daemon"
}
