#!/bin/sh
# Every kind of input of a container's start reaches the application exactly or is refused by name: the
# table is in entrypoint_inputs.py. Prints TAP.
. "$(dirname "$0")/testlib.sh"

sandbox=${DEPLOYER_SANDBOX:-}
[ -x "$sandbox" ] || skip 'the sandbox is absent'
[ -x "${DEPLOYER_ENTRYPOINT:-}" ] || skip 'the entrypoint is absent'
need python3
export SECRETS_INIT="$tmp/init"
table="$testdir/entrypoint_inputs.py"

# serve NAME OPTION...: a sandbox whose environment NAME has.
serve() {
	serve_name=$1
	shift
	"$sandbox" --quiet serve --no-registry "$@" >"$serve_name" &
	at_exit "kill $! 2>/dev/null"
	wait_until grep -qs no_proxy "$serve_name"
	# shellcheck disable=SC1090
	. "./$serve_name"
}

mkdir state
serve sandbox.env --state state
python3 "$table" store
cp -r state other
cp sandbox.env kept.env
python3 "$table" faults >faults.json
serve faults.env --state other --scenario faults.json
export FAULTY_AWS_ENDPOINT_URL="$AWS_ENDPOINT_URL"
export FAULTY_AWS_ACCESS_KEY_ID="$AWS_ACCESS_KEY_ID" FAULTY_AWS_SECRET_ACCESS_KEY="$AWS_SECRET_ACCESS_KEY"
# shellcheck disable=SC1091
. ./kept.env
python3 "$table" check
