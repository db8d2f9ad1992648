#!/bin/sh
# Whatever stage a signal ends, nothing of ours stays: no container, network or volume, no folder with
# what was lent to programs, no program. The exit status is the signal's.
. "$(dirname "$0")/testlib.sh"
need git busybox docker-compose
need_engine

me=deployer-leftovers-$$
clean_up() {
	docker ps -aq --no-trunc --format '{{.ID}} {{.Command}} {{.Names}}' | grep -F "$me" | cut -d ' ' -f 1 | xargs -r docker rm -fv
	docker volume ls -q --filter "label=com.docker.compose.project=$me" | xargs -r docker volume rm
	docker network ls -q --filter "name=$me" | xargs -r docker network rm
	remove_images "$me"
} >/dev/null 2>&1
at_exit clean_up
at_exit 'cat "$tmp/left"'
: >"$tmp/left"
export TMPDIR="$tmp/t"
mkdir "$TMPDIR" "$tmp/project"
cd "$tmp/project"
install -m 755 "$(command -v busybox)" busybox
cat >Dockerfile <<-DOCKERFILE
	FROM scratch
	LABEL deployer.test=$me
	COPY busybox /bin/busybox
	RUN ["/bin/busybox", "--install", "-s", "/bin"]
	ENV PATH=/bin
	STOPSIGNAL SIGKILL
	COPY pause /pause
	RUN echo $me && sleep "\$(cat /pause)"
DOCKERFILE
cat >docker-compose.yml <<-YML
	version: '2.4'
	volumes: {data: {}}
	services:
	  test: {image: '$me/app', build: ., command: [sh, -c, 'echo test in $me; sleep 300'], volumes: ['data:/data']}
	  slow: {image: '$me/app', command: [sleep, '60']}
	  quick: {image: '$me/app', command: [echo, done]}
	  app: {image: '$me/app'}
	  acceptance:
	    image: '$me/app'
	    depends_on: [slow]
	    command: [sh, -c, 'echo acceptance in $me; sleep 300']
YML
echo 60 >pause
git config --global user.name t
git config --global user.email t@example.com
git init -q .

# What there is of it: containers of compose and of builds, networks, volumes, files, programs.
left() {
	docker ps -a --no-trunc --format '{{.Command}} {{.Names}}' | grep -F "$me" || :
	docker network ls -q --filter "label=com.docker.compose.project=$me"
	docker volume ls -q --filter "label=com.docker.compose.project=$me"
	ls -A "$TMPDIR"
	for process in /proc/[0-9]*; do
		# What looks for the name has it on its own command line.
		case $({ tr '\0' ' ' <"$process/cmdline"; } 2>/dev/null) in
		grep* | docker\ ps* | docker\ *ls*) ;;
		*"$me"*) echo "$process" ;;
		esac
	done
	[ ! -e "$HOME/.docker/config.json" ] || echo a docker configuration
}

nothing_is_left() {
	left >"$tmp/left"
	[ ! -s "$tmp/left" ]
}

said_or_ended() { # LINE PID
	grep -qs "$1" "$tmp/err" || ! kill -0 "$2" 2>/dev/null
}

# interrupted SIGNAL NUMBER LINE SETTINGS: by SIGNAL once LINE was said.
interrupted() {
	printf 'compose: {project: %s}\n%s\n' "$me" "$4" >deployer.yml
	git add -A
	git commit -q --allow-empty -m "$1 at $3"
	rm -f "$tmp/err"
	ran_command="release, $1 at $3"
	ran_status=-
	env --default-signal=INT,HUP "$DEPLOYER" release --from test --until release >"$tmp/out" 2>"$tmp/err" </dev/null &
	pid=$!
	wait_until said_or_ended "$3" $pid
	kill -0 $pid 2>/dev/null || fail "it ended before '$3'"
	# What runs is not cleaned away under its feet.
	"$DEPLOYER" clean >"$tmp/clean" 2>&1 </dev/null && fail 'it was cleaned away'
	has "$tmp/clean" "a release of '$me' runs on this machine"
	kill -s "$1" $pid
	ran_status=0
	wait $pid || ran_status=$?
	[ $ran_status = $((128 + $2)) ] || fail "expected status $((128 + $2))"
	err_has "interrupted by SIG$1"
	# The Engine ends a build by itself, a moment after nobody listens any more.
	wait_until nothing_is_left
}

release="release: [{up: acceptance}]}"
interrupted TERM 15 "build | .*$me\$" 'stages: {test: [{build: [test]}, {up: test}], '"$release"
echo 0 >pause
interrupted HUP 1 "test | test in $me" 'stages: {test: [{build: [test]}, {run: [test]}], '"$release"
interrupted INT 2 "test | test in $me" 'stages: {test: [{up: test}], '"$release"
interrupted TERM 15 "hook in $me" "stages: {test: [{up: quick}], $release
hooks: {after_test: [{exec: [sh, -c, 'echo hook in $me; sleep 300']}]}"
# Compose v1 ends at once at SIGHUP, and leaves its containers running.
for signal in 'HUP 1' 'TERM 15'; do
	# Two words.
	# shellcheck disable=SC2086
	interrupted $signal "acceptance | acceptance in $me" 'stages: {test: [{up: quick}], '"$release"
done
