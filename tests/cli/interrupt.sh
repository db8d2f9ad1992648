#!/bin/sh
# A person at a terminal interrupts a deployment, and a machine does: what is asked, what each answer does to
# the operation, and that a second signal always leaves. Every line of the table ends in an exit status.
. "$(dirname "$0")/testlib.sh"
need git python3
[ -n "${DEPLOYER_SANDBOX-}" ] || skip 'deployer-sandbox is not built'

cat >stack.yml <<-'YML'
	Parameters:
	  ApplicationImageTag: {Type: String}
	Resources:
	  Image:
	    Type: AWS::SSM::Parameter
	    Properties: {Type: String, Value: !Ref ApplicationImageTag}
YML
printf 'stack:\n  name: app\n' >deployer.yml
printf 'ApplicationImageTag=1a\n' >dev.cfg
git init -q .
cat >slow.yml <<-'YML'
	resources: [{logical_id: Image, outcome: slow, seconds: 900, count: 1}]
YML

# sandbox STATUS COMMAND...: the first resource of the account takes a quarter of a minute.
sandbox() {
	want=$1
	shift
	rm -rf state
	[ ! -e made ] || cp -R made state
	run "$want" "$DEPLOYER_SANDBOX" run -q --state state --no-registry --scenario slow.yml -- "$@"
}

at_terminal() { # STATUS [EXPECT KEYS]... -- COMMAND...
	want=$1
	shift
	sandbox "$want" python3 "$testdir/at_pty.py" "$@"
}

begun='IN_PROGRESS +Image'
question='or \(g\)o on watching\? '

# The cancelled creation of a stack deletes it: another deployment creates it anew.
at_terminal 10 "$begun" '\x03' "$question" 'c\n' -- "$DEPLOYER" deploy
out_has 'cancelled: the new stack is being deleted; watching that'
out_has 'cancelled, the new stack is deleted: on request'
sandbox 0 sh -c '
	"$0" deploy --on-interrupt cancel >create.log 2>&1 & pid=$!
	while ! grep -q "IN_PROGRESS *Image" create.log; do sleep 0.1; done
	kill -TERM $pid
	status=0; wait $pid || status=$?
	echo "cancelled: $status" >&2
	"$0" deploy' "$DEPLOYER"
err_has 'cancelled: 10'
err_has 'stack app is CREATE_COMPLETE'
rm -rf state
run 0 "$DEPLOYER_SANDBOX" run -q --state state --no-registry -- "$DEPLOYER" deploy
mv state made
printf 'ApplicationImageTag=2b\n' >dev.cfg

# Cancelled, the update is rolled back, and the old version runs.
at_terminal 10 "$begun" '\x03' "$question" 'c\n' -- "$DEPLOYER" deploy
out_has 'rolled back (UPDATE_ROLLBACK_COMPLETE): cancelled on request'

# Detached, it goes on: the command says how to see it.
at_terminal 12 "$begun" '\x03' "$question" 'd\n' -- "$DEPLOYER" deploy
out_has "the operation goes on: 'deployer watch' shows it"

# Another letter is none, and to go on is to go on: asked again next time.
at_terminal 0 "$begun" '\x03' "$question" 'x\n' "$question" 'g\n' 'UPDATE_COMPLETE' '' -- "$DEPLOYER" deploy
out_has 'stack app is UPDATE_COMPLETE'
at_terminal 12 "$begun" '\x03' "$question" 'g\n' '^g' '\x03' "$question" 'd\n' -- "$DEPLOYER" deploy

# A second Ctrl-C leaves: at the question, and while the way back is watched.
at_terminal 12 "$begun" '\x03' "$question" '\x03' -- "$DEPLOYER" deploy
out_has "the operation goes on: 'deployer watch' shows it"
at_terminal 12 "$begun" '\x03' "$question" 'c\n' 'watching that' '\x03' -- "$DEPLOYER" deploy
out_has "the operation goes on: 'deployer watch' shows it"

# SIGTERM is no person: it detaches at a terminal too, unless told.
at_terminal 12 "$begun" SIGTERM -- "$DEPLOYER" deploy
out_lacks 'or (g)o on watching'
at_terminal 10 "$begun" SIGTERM -- "$DEPLOYER" deploy --on-interrupt cancel
out_has 'cancelled on request'
at_terminal 12 "$begun" '\x03' -- "$DEPLOYER" deploy --on-interrupt detach
out_lacks 'or (g)o on watching'

# In CI, a second signal after the cancellation leaves.
sandbox 0 sh -c '
	"$0" deploy --on-interrupt cancel >twice.log 2>&1 & pid=$!
	while ! grep -q "IN_PROGRESS *Image" twice.log; do sleep 0.1; done
	kill -TERM $pid
	while ! grep -q "watching that" twice.log; do sleep 0.1; done
	kill -TERM $pid
	status=0; wait $pid || status=$?
	echo "left: $status" >&2
	"$0" watch || echo "watched: $?" >&2' "$DEPLOYER"
err_has 'left: 12'
err_has 'watched: 10'

# Watching asks nothing: the operation is not ours to turn back.
at_terminal 12 "$begun" '\x03' "$question" 'd\n' -- "$DEPLOYER" deploy
sandbox 12 sh -c '
	"$0" deploy >deploy.log 2>&1 & pid=$!
	while ! grep -q "IN_PROGRESS *Image" deploy.log; do sleep 0.1; done
	status=0
	python3 "$1/at_pty.py" "$2" "\\x03" -- "$0" watch || status=$?
	wait $pid
	exit $status' "$DEPLOYER" "$testdir" "$begun"
out_lacks 'or (g)o on watching'

# Somebody deletes the stack: no deployment ends so, and watching it ends with it.
has_aws || exit 0
sandbox 0 sh -c '
	aws cloudformation delete-stack --stack-name app
	status=0; "$0" watch || status=$?
	echo "watched: $status" >&2' "$DEPLOYER"
err_has 'watched: 11'
err_has 'somebody else has deleted the stack (DELETE_COMPLETE)'
rm -rf made
sandbox 0 sh -c '
	"$0" deploy 2>deleted.log & pid=$!
	while ! grep -q "IN_PROGRESS *Image" deleted.log; do sleep 0.1; done
	aws cloudformation delete-stack --stack-name app --client-request-token theirs
	status=0; wait $pid || status=$?
	cat deleted.log >&2
	echo "deployed: $status" >&2' "$DEPLOYER"
err_has 'deployed: 11'
err_has "warning: somebody else deletes the stack (token 'theirs')"
