#!/bin/sh
# deployer-sandbox itself: it ends as the program it ran, leaves nothing behind, and refuses what it
# cannot do in one line with a remedy.
. "$(dirname "$0")/testlib.sh"
[ -n "${DEPLOYER_SANDBOX-}" ] || skip 'deployer-sandbox is not built'

sandbox() { # STATUS ARGUMENT...
	want=$1
	shift
	run "$want" "$DEPLOYER_SANDBOX" "$@"
}

# The program's status is the sandbox's own, its output goes where it went.
sandbox 0 run --no-registry -- echo hello
out_is hello
err_has 'deployer-sandbox: account 123456789012 in us-east-1'
err_has 'no calls'
sandbox 7 run -q --no-registry -- sh -c 'exit 7'
nothing_said
# shellcheck disable=SC2016
sandbox 137 run -q --no-registry -- sh -c 'kill -KILL $$'
# shellcheck disable=SC2016
run 0 sh -c '"$1" run -q --no-registry -- cat <"$2"' sh "$DEPLOYER_SANDBOX" "$testdir/testlib.sh"
same out "$testdir/testlib.sh"

# The environment is the sandbox's and nobody else's.
export AWS_PROFILE=prod AWS_SESSION_TOKEN=secret AWS_ENDPOINT_URL_STS=https://elsewhere NO_PROXY=internal
sandbox 0 run -q --no-registry --region eu-west-1 -- sh -c 'env | grep -E "^(AWS|NO_PROXY)" | sort'
unset AWS_PROFILE AWS_SESSION_TOKEN AWS_ENDPOINT_URL_STS NO_PROXY
out_lacks prod
out_lacks TOKEN
out_lacks elsewhere
out_has 'AWS_REGION=eu-west-1'
out_has 'NO_PROXY=127.0.0.1,localhost,internal'
out_matches '^AWS_ENDPOINT_URL=http://127\.0\.0\.1:[0-9]+$'

# What it refuses.
sandbox 2 run
err_has 'usage: deployer-sandbox run [--] CMD [ARGUMENT...]'
sandbox 5 run -q --no-registry -- no-such-program
err_has "program 'no-such-program' is not in PATH"
sandbox 2 run --account 12 -- true
err_has "--account: '12' is not 12 digits"
sandbox 2 run --no-registry --export x -- true
err_has "--export: 'x' is not NAME=VALUE"
printf 'faults: [{action: X, reply: never}]\n' >scenario.yml
sandbox 2 run --scenario scenario.yml -- true
err_has "scenario 'scenario.yml': faults, entry 1: 'reply' cannot be 'never'"
sandbox 2 run --no-registry --scenario none.yml -- true
err_has "none.yml"
# A scenario that is replaced is played from the next call on; one that is wrong is told to the caller.
echo 'faults: []' >scenario.yml
# shellcheck disable=SC2016
sandbox 0 run --no-registry --scenario scenario.yml -- sh -c '
	"$1" -q whoami || exit 1
	echo "faults: [{action: GetCallerIdentity, reply: error, status: 403, code: AccessDenied, count: 0}]" >next
	mv next scenario.yml
	"$1" -q whoami; echo "refused: $?"
	echo "nonsense: 1" >next
	mv next scenario.yml
	"$1" -q whoami; echo "wrong: $?"
	rm scenario.yml
	"$1" -q whoami && exit 1
	echo "faults: []" >scenario.yml
	"$1" -q whoami' sh "$DEPLOYER"
out_has 'refused: 4'
out_has 'wrong: 1'
err_has "InvalidScenario"
run 5 env PATH=/nonexistent "$DEPLOYER_SANDBOX" run -- true
err_has 'docker-registry is not installed'
err_has 'apt-get install docker-registry'

# One account, one sandbox at a time; another region is another account.
sandbox 3 run -q --no-registry --state state -- "$DEPLOYER_SANDBOX" run --state state -- true
err_has "another sandbox uses 'state'"
err_has 'is locked by process'
sandbox 2 run -q --no-registry --state state --region eu-west-1 -- true
err_has 'is of region us-east-1, not eu-west-1'
[ "$(stat -c %a state/account.json)" = 600 ] || fail 'others may read the state'
echo '{' >state/account.json
sandbox 2 run -q --no-registry --state state -- true
err_has "state 'state/account.json': line 2"
err_has '-> remove the file to start with an empty account'
echo '{}' >state/account.json
sandbox 2 run -q --no-registry --state state -- true
err_has "state 'state/account.json': no account in it"
err_has '-> remove the file to start with an empty account'
sandbox 2 run -q --no-registry --region "$(printf '\377')" -- true
err_has 'account or region is not text'
printf 'stacks: [{name: 1, is_made: true}]\n' >scenario.yml
sandbox 2 run --no-registry --scenario scenario.yml -- true
printf 'stacks: [{name: a/b, is_made: true}]\n' >scenario.yml
sandbox 2 run --no-registry --scenario scenario.yml -- true
err_has "scenario 'scenario.yml': stacks, entry 1: "
# A registry that ends before it listens.
mkdir bin
printf '#!/bin/sh\nexit 1\n' >bin/docker-registry
chmod +x bin/docker-registry
run 5 env PATH="$tmp/bin:$PATH" "$DEPLOYER_SANDBOX" run -q --state broken -- true
err_has "the registry did not start: see '"

# A signal goes to the program, and then everything ends.
# shellcheck disable=SC2016
"$DEPLOYER_SANDBOX" run -q --no-registry --state signal -- sh -c 'echo $AWS_ENDPOINT_URL >url; exec sleep 60' &
pid=$!
wait_until [ -s url ]
kill -TERM $pid
status=0
wait $pid || status=$?
[ $status = 143 ] || fail "status $status after SIGTERM"

# ... and where the program makes something of the signal, its status stands.
rm -f url
# shellcheck disable=SC2016
"$DEPLOYER_SANDBOX" run -q --no-registry --state signal -- \
	sh -c 'trap "kill \$nap; exit 12" TERM; sleep 60 & nap=$!; echo >url; wait' &
pid=$!
wait_until [ -e url ]
kill -TERM $pid
status=0
wait $pid || status=$?
[ $status = 12 ] || fail "status $status where the program ended with 12"

# serve prints what a shell can read, and ends on a signal with what happened.
"$DEPLOYER_SANDBOX" serve --no-registry --state served >sandbox.env 2>serve.err &
pid=$!
wait_until grep -q no_proxy sandbox.env
(
	# shellcheck disable=SC1091
	. ./sandbox.env
	run 0 "$DEPLOYER" whoami
	out_has 'arn:aws:iam::123456789012:user/sandbox'
)
kill -TERM $pid
wait $pid || fail "serve ended with $?"
has serve.err '1  sts GetCallerIdentity'
