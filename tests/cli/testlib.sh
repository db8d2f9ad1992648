# shellcheck shell=sh
# Sourced by every cli test. Gives it a folder $tmp of its own, which is also where it starts and is
# removed at the end, an empty HOME in it, and an environment without the settings of whoever runs it.
# The first check that fails ends the test and says what was run, what came and what was expected.
#
#	. "$(dirname "$0")/testlib.sh"
#	run 2 "$DEPLOYER" --nope
#	err_has "unknown option '--nope'"
#
# DEPLOYER is the program under test; meson sets it.
set -eu

# Where the test and its data lie.
# shellcheck disable=SC2034
testdir=$(cd "$(dirname "$0")" && pwd)

# What would lead a test to somebody's account, engine, repository or settings. DEPLOYER itself and
# DEPLOYER_CONFORMANCE, DEPLOYER_CORPUS, DEPLOYER_ENTRYPOINT and DEPLOYER_SANDBOX are the test's own.
for name in $(env | sed -n 's/^\([A-Z_][A-Z0-9_]*\)=.*/\1/p'); do
	case $name in
	DEPLOYER_CONFORMANCE | DEPLOYER_CORPUS | DEPLOYER_ENTRYPOINT | DEPLOYER_SANDBOX) ;;
	AWS_* | COMPOSE_* | DEPLOYER_* | DOCKER_* | GIT_* | XDG_* | *_PROXY | *_proxy) unset "$name" ;;
	CI | NO_COLOR | APP_VERSION | CURL_CA_BUNDLE | SSL_CERT_FILE | SSL_CERT_DIR) unset "$name" ;;
	esac
done
unset http_proxy https_proxy no_proxy all_proxy
export LC_ALL=C TZ=UTC TERM=dumb
# Never the metadata service of the machine that runs the tests.
export AWS_EC2_METADATA_DISABLED=true

tmp=$(mktemp -d)
export HOME="$tmp/home" GIT_CONFIG_NOSYSTEM=1
mkdir "$HOME"
cd "$tmp"

# Commands for the end, the last registered first: at_exit COMMAND...
exit_commands=
at_exit() {
	exit_commands="$* ; $exit_commands"
}

at_end() {
	end_status=$?
	trap - EXIT
	set +e
	eval "$exit_commands"
	cd /
	rm -rf "$tmp"
	exit $end_status
}
trap at_end EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# The end of a test that cannot run here, and why.
skip() {
	echo "$*"
	exit 77
}

# need PROGRAM...
need() {
	for need_program; do
		command -v "$need_program" >/dev/null || skip "$need_program is absent"
	done
}

# Whether the AWS CLI is here and takes its endpoint from the environment; Debian 12's does not yet.
# Its version is asked for once.
has_aws() {
	if [ -z "${aws_version-}" ]; then
		aws_version=$(aws --version 2>&1) || aws_version=none
	fi
	echo "$aws_version" |
		awk -F '[/. ]' '{ exit !($2 == 1 && $3 >= 29 || $2 == 2 && $3 >= 13 || $2 > 2) }'
}

need_aws() {
	has_aws || skip 'no AWS CLI of 1.29, 2.13 or later is here'
}

need_engine() {
	need docker
	docker info >/dev/null 2>&1 || skip 'no Docker engine answers'
}

# alone NAME: until the end of this test no other one that says so runs, in whatever checkout: they share
# an engine.
alone() {
	need flock
	exec 8>"${TMPDIR:-/tmp}/deployer-test-$1.lock"
	flock 8
}

# remove_images NAME: whatever has the label deployer.test=NAME, which every Dockerfile of a test has right
# behind FROM: so no two tests share a step of a build, nor does one remove what another uses.
remove_images() {
	docker images -aq --filter "label=deployer.test=$1" | sort -u | xargs -r docker rmi -f >/dev/null 2>&1
}

# copy_sample: config/sample as $tmp/sample, with such a label.
copy_sample() {
	cp -R "$testdir/../../config/sample" "$tmp/sample"
	sed -i "s/^LABEL .*/& deployer.test=sample-$$/" "$tmp/sample/Dockerfile"
	at_exit "remove_images sample-$$"
}

fail() {
	echo "FAILED: $*"
	if [ -e "$tmp/out" ]; then
		echo "ran:    $ran_command"
		echo "status: $ran_status"
		sed 's/^/stdout: /' "$tmp/out"
		sed 's/^/stderr: /' "$tmp/err"
	fi
	exit 1
}

# wait_until COMMAND...: until it succeeds. What never does fails after minutes: the machine may be busy.
wait_until() {
	for _ in $(seq 1800); do
		"$@" && return 0
		sleep 0.1
	done
	fail "never true: $*"
}

# serve_sandbox OPTION...: a sandbox in the background, which the environment leads to; its process is
# $sandbox_pid. It ends with the test.
serve_sandbox() {
	"$DEPLOYER_SANDBOX" --quiet serve "$@" >sandbox.env &
	sandbox_pid=$!
	at_exit "kill $sandbox_pid 2>/dev/null"
	wait_until grep -q no_proxy sandbox.env
	# shellcheck disable=SC1091
	. ./sandbox.env
}

# free_port: a port of 127.0.0.1 that nobody listens at. Connections take theirs from 32768 up, and the
# sandbox its registry's from 20000: this one stays free until the caller's server has it
# (Linux, ip_local_port_range).
free_port() {
	python3 -c 'import random, socket
while True:
    port = random.randrange(10000, 20000)
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        continue
    print(port)
    break'
}

# accepts PORT: whether somebody listens there.
accepts() {
	python3 -c 'import socket, sys; socket.create_connection(("127.0.0.1", int(sys.argv[1])))' "$1" 2>/dev/null
}

# serve_silence: a server in the background that takes what connects and never answers, at
# 127.0.0.1:$silent_port. The file connected has a line for each connection.
serve_silence() {
	: >connected
	python3 -c 'import os, socket
listener = socket.create_server(("127.0.0.1", 0), backlog=64)
with open("port.new", "w") as port:
    port.write(str(listener.getsockname()[1]))
os.rename("port.new", "silent-port")
held = []
while True:
    held.append(listener.accept())
    with open("connected", "a") as connected:
        connected.write("one\n")' &
	at_exit "kill $!"
	wait_until [ -e silent-port ]
	# shellcheck disable=SC2034
	silent_port=$(cat silent-port)
}

# run STATUS COMMAND...: runs it without standard input, keeps what it says in $tmp/out and $tmp/err,
# and fails where it ends otherwise than with STATUS.
run() {
	run_with_input "$1" /dev/null "$@"
}

# run_with_input STATUS FILE ...: the same, standard input from FILE.
run_with_input() {
	expected_status=$1
	input=$2
	shift 3
	ran_command=$*
	ran_status=0
	"$@" >"$tmp/out" 2>"$tmp/err" <"$input" || ran_status=$?
	[ "$ran_status" = "$expected_status" ] || fail "expected status $expected_status"
}

# Another test may be editing; what stays is left.
no_draft_is_left() {
	[ -z "$(find /dev/shm -maxdepth 1 -name 'deployer-edit-*' -newer sandbox.env)" ]
}

# has FILE TEXT, is FILE TEXT: what was said contains the text, is the text and a newline.
has() {
	grep -qF -e "$2" "$1" || fail "${1##*/} does not have: $2"
}

is() {
	printf '%s\n' "$2" | cmp -s - "$1" || fail "${1##*/} is not: $2"
}

lacks() {
	! grep -F -e "$2" "$1" || fail "${1##*/} has: $2"
}

out_has() { has "$tmp/out" "$1"; }
out_is() { is "$tmp/out" "$1"; }
out_lacks() { lacks "$tmp/out" "$1"; }
out_matches() { grep -qE -e "$1" "$tmp/out" || fail "out does not match: $1"; }
err_has() { has "$tmp/err" "$1"; }
err_is() { is "$tmp/err" "$1"; }
err_lacks() { lacks "$tmp/err" "$1"; }
err_matches() { grep -qE -e "$1" "$tmp/err" || fail "err does not match: $1"; }
nothing_said() { [ ! -s "$tmp/out" ] && [ ! -s "$tmp/err" ] || fail 'something was said'; }

# same FILE FILE: byte for byte.
same() {
	cmp "$1" "$2" || fail "$1 and $2 differ"
}

# The sample's image takes deployer-entrypoint in. A sanitizer's build has no static one: then a script
# stands in for it, and has_entrypoint fails.
has_entrypoint() {
	[ -n "${DEPLOYER_ENTRYPOINT-}" ] && ! readelf -lW "$DEPLOYER_ENTRYPOINT" | grep -q INTERP
}

install_entrypoint() {
	if has_entrypoint; then
		install -m 755 "$DEPLOYER_ENTRYPOINT" deployer-entrypoint
	else
		printf '#!/bin/sh\nexec "$@"\n' >deployer-entrypoint
		chmod 755 deployer-entrypoint
	fi
}
