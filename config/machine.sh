# shellcheck shell=sh
# Sourced by config/demo and tests/run: packages and the Docker engine of a Debian 12 machine.
# Messages go to stderr.

say() {
	printf '%s\n' "$*" >&2
}

# Empty for root, who needs no help.
sudo=
[ "$(id -u)" = 0 ] || sudo=sudo

# The packages of the lists given that are absent. One call of dpkg-query: a machine that has all
# of them is told so in a moment and without a network.
missing_packages() {
	installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' 2>/dev/null | sed -n 's/ installed$//p')
	sed 's/#.*//; /^[[:space:]]*$/d' "$@" | while read -r package command; do
		if [ -n "$command" ] && command -v "$command" >/dev/null; then
			continue
		fi
		printf '%s\n' "$installed" | grep -qxF "$package" || printf '%s\n' "$package"
	done
}

# Installs what is absent of the lists given.
install_packages() {
	missing=$(missing_packages "$@" | tr '\n' ' ')
	[ -n "$missing" ] || return 0
	say "installing $missing"
	$sudo apt-get -qq update
	# A list of words.
	# shellcheck disable=SC2086
	$sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install $missing
}

engine_answers() {
	docker info >/dev/null 2>&1
}

# Starts dockerd with the options given and waits for it to answer. $engine_pid is its process (or
# sudo's, which hands signals on); what it says goes to $engine_log. In a session of its own: Ctrl-C
# ends the caller, which then ends the engine in order.
try_engine() {
	say "starting dockerd $*"
	$sudo setsid dockerd --group "$(id -gn)" "$@" >>"$engine_log" 2>&1 </dev/null &
	engine_pid=$!
	for _ in $(seq 60); do
		engine_answers && return 0
		kill -0 "$engine_pid" 2>/dev/null || break
		sleep 0.5
	done
	end_engine
	return 1
}

# An engine that answers root and not us, as docker.io sets it up: the script runs again as a member
# of its group, as it would be after 'adduser USER docker' and a new login.
join_engine_group() {
	[ "$(id -u)" != 0 ] && [ -z "${DEPLOYER_ENGINE_GROUP-}" ] || return 0
	command -v sudo >/dev/null && sudo docker info >/dev/null 2>&1 || return 0
	say "running again in the group 'docker'"
	exec sudo -E -u "$(id -un)" -g docker DEPLOYER_ENGINE_GROUP=joined "$0" "$@"
}

# Starts an engine, its log in $1, where none answers; the rest of the arguments are the script's own.
# A container that lacks overlayfs, or the right to change the packet filter, gets an engine without
# them: that one still builds and runs, only without published ports.
# 1 where none can be started; $engine_log says why.
start_engine() {
	engine_log=$1
	engine_pid=
	shift
	engine_answers && return 0
	join_engine_group "$@"
	command -v dockerd >/dev/null || return 1
	: >"$engine_log"
	try_engine ||
		try_engine --storage-driver=vfs ||
		try_engine --storage-driver=vfs --iptables=false --bridge=none
}

# Ends the engine that start_engine() started, and only that one.
end_engine() {
	[ -n "${engine_pid:-}" ] || return 0
	$sudo kill "$engine_pid" 2>/dev/null || true
	wait "$engine_pid" 2>/dev/null || true
	engine_pid=
}
