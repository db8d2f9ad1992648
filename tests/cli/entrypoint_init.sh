#!/bin/sh
# The entrypoint with --init: a process of ours stays, which hands signals on, reaps orphans, ends as the
# application does, and has no secret. Under the options of its command line, too.
. "$(dirname "$0")/testlib.sh"

sandbox=${DEPLOYER_SANDBOX:-}
entrypoint=${DEPLOYER_ENTRYPOINT:-}
[ -x "$sandbox" ] || skip 'the sandbox is absent'
[ -x "$entrypoint" ] || skip 'the entrypoint is absent'
serve_sandbox --no-registry
export SECRETS_INIT="$tmp/init"
printf '{"V": "hunter2-canary"}' | "$DEPLOYER" --quiet secrets put app

# ---- the command line ----

run 0 "$entrypoint" --help
out_has 'Usage: deployer-entrypoint [--init]'
run 0 "$entrypoint" --version
out_has 'deployer-entrypoint '
run 125 "$entrypoint" --initt true
err_has "'--initt' is no option"
err_has '  -> write -- before a command of that name'
run 127 "$entrypoint" -- --initt
err_has "'--initt': no such program"
run 0 "$entrypoint" --init -- echo --init
out_is --init

# ---- how it ends ----

run 7 "$entrypoint" --init sh -c 'exit 7'
run 143 "$entrypoint" --init sh -c 'kill -TERM $$'
run 127 "$entrypoint" --init no-such-program
run 125 env SECRETS=nope "$entrypoint" --init echo started
err_has ResourceNotFoundException
out_lacks started

# ---- what stays: nothing of the secret, and every orphan is reaped ----

# shellcheck disable=SC2016
run 0 env SECRETS=app "$entrypoint" --init sh -c '
	[ "$V" = hunter2-canary ] || exit 8
	tr "\0" "\n" </proc/$PPID/environ | grep -q hunter2 && exit 9
	orphan=$(sh -c "true & echo \$!")
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		[ -e "/proc/$orphan" ] || exit 0
		sleep 0.5
	done
	exit 10'

# ---- signals: to the application, once; while secrets are fetched, too ----

# shellcheck disable=SC2016
"$entrypoint" --init sh -c 'trap "echo one" USR1; trap "echo over; exit 3" TERM; : >ready; while :; do sleep 0.1; done' >got &
waiting=$!
wait_until [ -e ready ]
kill -USR1 $waiting
wait_until grep -q one got
kill -TERM $waiting
ended=0
wait $waiting || ended=$?
[ $ended = 3 ] || fail "SIGTERM that the application handles: status $ended"
printf 'one\nover\n' >want
same got want
serve_silence
env SECRETS=app "AWS_ENDPOINT_URL=http://127.0.0.1:$silent_port" "$entrypoint" --init true >out 2>err &
waiting=$!
wait_until [ -s connected ]
kill -TERM $waiting
ended=0
wait $waiting || ended=$?
[ $ended = 143 ] || fail "SIGTERM while fetching: status $ended"

# The application has the signals as they were.
run 0 "$entrypoint" --init sh -c 'grep -E "^Sig(Blk|Ign|Cgt)" /proc/self/status'
cp out with
run 0 sh -c 'exec sh -c "grep -E \"^Sig(Blk|Ign|Cgt)\" /proc/self/status"'
same out with
