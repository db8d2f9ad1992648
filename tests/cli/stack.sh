#!/bin/sh
# What happens to a stack besides going well, against the sandbox: plans and reviewed change sets, an
# interrupted watch and joining it again, cancelling, two deployments at once, an account that may not
# read events, a creation that failed.
. "$(dirname "$0")/testlib.sh"
need git
[ -n "${DEPLOYER_SANDBOX-}" ] || skip 'deployer-sandbox is not built'

cat >stack.yml <<-'YML'
	Parameters:
	  ApplicationImageTag: {Type: String}
	  Limit: {Type: Number, Default: 1}
	  Password: {Type: String, NoEcho: true, Default: hunter2hunter2}
	Resources:
	  Image:
	    Type: AWS::SSM::Parameter
	    Properties: {Type: String, Value: !Ref ApplicationImageTag, Description: !Ref Password}
	  Limits:
	    Type: AWS::SSM::Parameter
	    Properties: {Type: String, Value: !Ref Limit}
	Outputs:
	  Image: {Value: !Ref ApplicationImageTag}
YML
printf 'ApplicationImageTag=1a\n' >dev.cfg
printf 'stack:\n  name: app\n' >deployer.yml
git config --global user.name t
git config --global user.email t@example.com
git init -q .
printf '*\n' >.gitignore
git commit -q --allow-empty -m first
first=$(git rev-parse --short HEAD)
git commit -q --allow-empty -m second
second=$(git rev-parse --short HEAD)

sandbox() { # STATUS [OPTION...] -- COMMAND...
	want=$1
	shift
	run "$want" "$DEPLOYER_SANDBOX" run --state "$tmp/state" --no-registry "$@"
}

tag() { # TAG [LINE]
	printf 'ApplicationImageTag=%s\n%s' "$1" "${2-}" >dev.cfg
}

slow='resources: [{logical_id: Image, action: UPDATE, outcome: slow, seconds: 900, count: 1}]'
printf '%s\n' "$slow" >slow.yml

# A plan changes nothing and leaves nothing, not even of a stack that is not there.
# Slowly here, where an empty stack takes seconds to be deleted: a deployment right after it finds none.
sandbox 0 --speed 1 -- sh -c '"$0" plan && "$0" plan' "$DEPLOYER"
err_lacks 'left behind'
err_lacks DELETE_IN_PROGRESS
sandbox 0 -- "$DEPLOYER" plan
out_has 'stack app: to be created, 2 resources'
out_has '+ ApplicationImageTag: 1a'
out_has '+ Image (AWS::SSM::Parameter)'
sandbox 0 -- "$DEPLOYER" deploy
err_matches '2/2 +CREATE_COMPLETE'
err_has 'stack app is CREATE_COMPLETE'

# A new tag alone is one sentence.
tag 2b
sandbox 0 -- "$DEPLOYER" plan
out_is 'stack app: image tag 1a -> 2b: 1 AWS::SSM::Parameter'
sandbox 0 -- "$DEPLOYER" deploy --approve tag-only
err_has 'image tag 1a -> 2b'
err_has 'stack app is UPDATE_COMPLETE'

# Anything else is listed, needs a yes under that policy, and NoEcho values stay out of it.
tag 2b 'Limit=3
Password=correcthorse
'
sandbox 9 -- "$DEPLOYER" deploy --approve tag-only
err_has 'nobody is there to ask'
err_has "live parameters differ from the file: Limit is '1' live and '3' in the file"
sandbox 0 -- "$DEPLOYER" plan --markdown --keep
out_has '- `~ Limit: 1 -> 3`'
out_has '  - `Value: 1 -> 3`'
out_has '**** -> ****'
out_lacks correcthorse
out_lacks hunter2
err_lacks correcthorse
arn=$(sed -n 's/.*--changeset //p' "$tmp/err")
sandbox 0 -- "$DEPLOYER" plan -o json
out_has '{"event":"plan","stack":"app","is_new":false,"is_tag_only":false,"parameters":[{"name":"Limit","before":"1","after":"3"}]'
out_has '"change_set":null}'
out_lacks correcthorse

# The reviewed change set is executed as it is, once.
tag 9z
sandbox 0 -- "$DEPLOYER" deploy --changeset "$arn"
err_has 'stack app is UPDATE_COMPLETE'
err_has 'output Image = 2b'
sandbox 3 -- "$DEPLOYER" deploy --changeset "$arn-gone"
err_has 'plan again'

# What takes data away needs the name of it, from a person or from --lose; a reviewed change set has been seen.
cp stack.yml stack.kept
sed -i '/^Outputs/i\  Orders: {Type: AWS::DynamoDB::Table, Properties: {AttributeDefinitions: [], KeySchema: []}}' stack.yml
sandbox 0 -- "$DEPLOYER" deploy
cp stack.kept stack.yml
sandbox 9 -- "$DEPLOYER" deploy
err_has 'Orders (AWS::DynamoDB::Table) removed: takes its data away'
err_has 'Orders would lose its data, and nobody is there to ask'
err_has 'give --lose Orders where that is meant'
if command -v python3 >/dev/null; then
	question='Orders would lose its data. Type its name to go on: '
	sandbox 9 -- python3 "$testdir/at_pty.py" "$question" 'yes\n' -- "$DEPLOYER" deploy
	out_has 'declined: nothing was changed'
	sandbox 0 -- python3 "$testdir/at_pty.py" "$question" 'Orders\n' -- "$DEPLOYER" deploy
	out_has 'stack app is UPDATE_COMPLETE'
else
	sandbox 0 -- "$DEPLOYER" deploy --lose Orders
fi

# Interrupted, it goes on without us; watching joins it from its start.
tag 3c
sandbox 0 --scenario slow.yml -- sh -c '
	"$0" deploy & pid=$!
	while ! grep -q "Image.*UPDATE_IN_PROGRESS\|UPDATE_IN_PROGRESS.*Image" "$1"; do sleep 0.1; done
	kill -TERM $pid
	status=0; wait $pid || status=$?
	echo "detached: $status" >&2
	"$0" watch' "$DEPLOYER" "$tmp/err"
err_has 'detached: 12'
err_has "'deployer watch' shows it"
err_matches 'app is in UPDATE_IN_PROGRESS since .* by deployer, token '
err_has 'stack app is UPDATE_COMPLETE'

# Told to, it cancels and watches the way back.
tag 4d
sandbox 0 --scenario slow.yml -- sh -c '
	"$0" deploy --on-interrupt cancel & pid=$!
	while ! grep -q "UPDATE_IN_PROGRESS.*Image" "$1"; do sleep 0.1; done
	kill -TERM $pid
	status=0; wait $pid || status=$?
	echo "cancelled: $status" >&2' "$DEPLOYER" "$tmp/err"
err_has 'cancelled: the update is being rolled back'
err_has 'rolled back (UPDATE_ROLLBACK_COMPLETE): cancelled on request'
err_has 'cancelled: 10'

# Two at once: the second says who is first, or waits, and does not bring back an older commit.
tag "$second"
cp -R . "$tmp/../other.$$"
at_exit rm -rf "$tmp/../other.$$"
printf 'ApplicationImageTag=%s\n' "$first" >"$tmp/../other.$$/dev.cfg"
sandbox 0 --scenario slow.yml -- sh -c '
	"$0" deploy & pid=$!
	while ! grep -q "UPDATE_IN_PROGRESS.*Image" "$1"; do sleep 0.1; done
	cd "$2"
	status=0; "$0" deploy || status=$?
	echo "second: $status" >&2
	status=0; "$0" deploy --wait 5 || status=$?
	echo "waited: $status" >&2
	wait $pid' "$DEPLOYER" "$tmp/err" "$tmp/../other.$$"
err_has 'second: 13'
err_matches 'another operation runs: the stack is in UPDATE_IN_PROGRESS since .* by deployer'
err_has 'waiting for another operation: app is in UPDATE_IN_PROGRESS'
err_has "'$first' is older than '$second'"
err_has 'waited: 3'

# Without the right to read events, the status is watched.
tag 6f
cat >denied.yml <<-'YML'
	faults: [{action: DescribeStackEvents, count: 0, reply: error, status: 403, code: AccessDenied, message: no}]
YML
sandbox 0 --scenario denied.yml -- "$DEPLOYER" deploy
err_has "the stack's events may not be read"
err_has 'stack app is UPDATE_COMPLETE'

# Replies that are lost after the service acted: one change set, one execution, one success.
tag 7a
cat >lost.yml <<-'YML'
	faults:
	- {action: CreateChangeSet, reply: lost, count: 3}
	- {action: ExecuteChangeSet, reply: lost, count: 3}
	- {action: DescribeStackEvents, from: 2, count: 2, reply: throttle}
YML
sandbox 0 --scenario lost.yml -- "$DEPLOYER" deploy
err_has 'stack app is UPDATE_COMPLETE'

# What runs, and cannot be seen at all: nobody knows.
cat >unseen.yml <<-'YML'
	stacks: [{name: app, found: UPDATE_IN_PROGRESS, seconds: 6000, then: UPDATE_COMPLETE}]
	faults: [{action: DescribeStackEvents, reply: lost, count: 4}]
YML
cp -R "$tmp/state" "$tmp/state.kept"
sandbox 12 --scenario unseen.yml -- "$DEPLOYER" watch
err_has 'CloudFormation DescribeStackEvents'
rm -rf "$tmp/state"
mv "$tmp/state.kept" "$tmp/state"

# Why it failed, at once and afterwards.
tag 8b
cat >fail.yml <<-'YML'
	resources: [{logical_id: Limits, outcome: fail, count: 1, reason: 'limit of parameters reached'}]
YML
printf 'Limit=9\n' >>dev.cfg
sandbox 10 --scenario fail.yml -- "$DEPLOYER" deploy
err_has 'Limits (AWS::SSM::Parameter) UPDATE_FAILED: limit of parameters reached'
sandbox 0 -- "$DEPLOYER" diagnose
err_has 'Limits (AWS::SSM::Parameter) UPDATE_FAILED: limit of parameters reached'
err_has ' DescribeEvents'
cat >old.yml <<-'YML'
	faults: [{action: DescribeEvents, count: 0, reply: error, status: 400, code: InvalidAction, message: no such operation}]
YML
sandbox 0 --scenario old.yml -- "$DEPLOYER" diagnose
err_has 'Limits (AWS::SSM::Parameter) UPDATE_FAILED: limit of parameters reached'
sandbox 0 -- "$DEPLOYER" diagnose -o json
out_has '"is_cause":true'

# A creation that failed is made anew on request alone.
printf 'stack:\n  name: other\n  termination_protection: true\n' >deployer.yml
sandbox 11 --scenario fail.yml -- "$DEPLOYER" deploy
err_has 'deployer deploy --recreate'
sandbox 11 -- "$DEPLOYER" deploy
err_has 'the stack is in ROLLBACK_COMPLETE'
sandbox 0 -- "$DEPLOYER" deploy --recreate
err_has 'stack other is CREATE_COMPLETE'
err_has 'termination protection is on now'

# Settings that are no switches.
printf 'stack:\n  name: other\n  disable_rollback: perhaps\n' >deployer.yml
run 2 "$DEPLOYER" deploy
err_has "stack.disable_rollback 'perhaps' is neither true nor false"
run 2 "$DEPLOYER" release --approve often
err_has "--approve: 'often' is not one of its words"
