#!/bin/sh
# Release records against the sandbox: what a run leaves behind, also when it is killed; going on with
# it, watching it, listing and printing it; and one record through the steps of a CI job.
. "$(dirname "$0")/testlib.sh"
need git
[ -n "${DEPLOYER_SANDBOX-}" ] || skip 'deployer-sandbox is not built'

mkdir app
cd app
cat >stack.yml <<-'YML'
	Parameters:
	  ApplicationImageTag: {Type: String}
	Resources:
	  Image:
	    Type: AWS::SSM::Parameter
	    Properties: {Type: String, Value: !Ref ApplicationImageTag}
YML
printf 'ApplicationImageTag=1a\n' >dev.cfg
printf 'stack:\n  name: app\n' >deployer.yml
git config --global user.name t
git config --global user.email t@example.com
git init -q .
git add -A
git commit -qm 'first of all'
first=$(git rev-parse --short HEAD)

sandbox() { # STATUS [OPTION...] -- COMMAND...
	want=$1
	shift
	run "$want" "$DEPLOYER_SANDBOX" run --state "$tmp/state" --no-registry "$@"
}

printf 'resources: [{logical_id: Image, action: UPDATE, outcome: slow, seconds: 900, count: 1}]\n' >"$tmp/slow.yml"

# A run that comes to its end: who, what, where, and its last line.
run 3 "$DEPLOYER" report
err_has 'no run is recorded here'
sandbox 0 -- env GITHUB_ACTOR=octocat "$DEPLOYER" release --from bump
err_has "changed: dev.cfg 1a -> $first, stack app (1 changed); not: registry; next: deployer status"
run 0 "$DEPLOYER" history
out_matches "^[0-9-]+ [0-9:]+Z +- +$first +release +ok +[0-9a-z]+ +octocat@.* first of all\$"
run 0 "$DEPLOYER" report
out_matches '^  deploy +done '
out_matches '^stack +arn:aws:cloudformation:.*:stack/app/'
out_matches '^token +deployer-[0-9a-f]{32}$'
run 0 "$DEPLOYER" report --markdown
out_has "### release of $first: ok"
run 0 "$DEPLOYER" report -o json
out_has '"exit_status": 0'
out_has '{"stage": "deploy", "state": "done"'
sandbox 0 -- "$DEPLOYER" release --resume
err_has 'nothing is left to do'

# Of a later commit, whose run has left no record, something is left to do.
git commit -q --allow-empty -m 'without a record'
sandbox 3 -- "$DEPLOYER" release --resume
err_matches "run [0-9TZa-z.-]+ has come to its end, with $first; here is $(git rev-parse --short HEAD)"
err_has 'begin anew, without --resume'

# Killed while the stack is updated: the record says how far it was, and resuming joins the operation.
git commit -qam second
second=$(git rev-parse --short HEAD)
sandbox 0 --scenario "$tmp/slow.yml" -- sh -c '
	"$0" release --from bump & pid=$!
	while ! grep -q "UPDATE_IN_PROGRESS.*Image" "$1"; do sleep 0.1; done
	kill -KILL $pid
	wait $pid
	"$0" history
	"$0" release --resume' "$DEPLOYER" "$tmp/err"
out_matches "$second +release +ended early"
err_has 'the deployment that this release began is still under way'
err_has 'going on with run'
err_has 'stack app is up to date (UPDATE_COMPLETE)'
err_has 'changed: stack app; not: registry, parameter file; next: deployer status'
[ "$(grep -c 'CreateChangeSet' "$tmp/err")" -le 1 ] || fail 'it was deployed twice'
run 0 "$DEPLOYER" report -o json
out_has '"runs": 2'
out_has '"exit_status": 0'

# Detached, then watched without a name: the record learns the end, and nothing is left to resume.
git commit -qam third
sandbox 0 --scenario "$tmp/slow.yml" -- sh -c '
	"$0" release --from bump & pid=$!
	while ! grep -q "UPDATE_IN_PROGRESS.*Image" "$1"; do sleep 0.1; done
	kill -TERM $pid
	wait $pid
	printf "stack:\n  name: elsewhere\n" >deployer.yml
	"$0" watch
	git checkout -q deployer.yml
	"$0" release --resume' "$DEPLOYER" "$tmp/err"
err_has "running: the stack's operation; next: deployer watch"
err_has 'stack app is UPDATE_COMPLETE'
err_has 'nothing is left to do'

# Killed between the change set and its execution: the one that was made is executed.
git commit -qam fourth
git commit -qam fifth --allow-empty
fifth=$(git rev-parse --short HEAD)
sandbox 0 -- "$DEPLOYER" bump
record=$(find "$HOME" -name '*.jsonl' | sort | tail -n 1)
sandbox 0 -- "$DEPLOYER" plan --keep
arn=$(sed -n 's/.*--changeset //p' "$tmp/err")
stack=$(sed -n 's/.*"stack_arn", "value": "\([^"]*\)".*/\1/p' "$record" | tail -n 1)
cat >"$(dirname "$record")/29990101T000000Z-killed00.jsonl" <<-END
	{"type": "run", "at": 1, "format": 1, "id": "29990101T000000Z-killed00", "command": "release", "stages": ["bump", "deploy"]}
	{"type": "fact", "at": 2, "name": "version", "value": "$fifth"}
	{"type": "stage", "at": 3, "stage": "bump", "state": "done"}
	{"type": "stage", "at": 3, "stage": "deploy", "state": "running"}
	{"type": "fact", "at": 4, "name": "stack", "value": "app"}
	{"type": "fact", "at": 4, "name": "stack_arn", "value": "$stack"}
	{"type": "fact", "at": 4, "name": "change_set", "value": "$arn"}
END
printf '{"type": "fa' >>"$(dirname "$record")/29990101T000000Z-killed00.jsonl"
sandbox 0 -- "$DEPLOYER" release --resume
err_has 'which this release made, is executed'
err_has 'stack app is UPDATE_COMPLETE'
run 0 "$DEPLOYER" history -n 1
out_matches "$fifth +release +ok"
rm "$(dirname "$record")/29990101T000000Z-killed00.jsonl"

# Killed at whatever moment: the record can be read, and going on with it ends the release. Killed before
# there is one, there is nothing to go on with.
for moment in 0.02 0.06 0.1 0.2 0.4 0.8 1.2; do
	git commit -q --allow-empty -m "killed after $moment seconds"
	sandbox 0 -- sh -c '
		"$0" release --from bump & pid=$!
		sleep "$1"
		kill -KILL $pid
		wait $pid
		"$0" report
		"$0" release --resume || [ $? = 3 ] && "$0" release --from bump' "$DEPLOYER" "$moment"
	out_has 'release'
	grep -qx "ApplicationImageTag=$(git rev-parse --short HEAD)" dev.cfg || fail "not bumped after $moment"
	run 0 "$DEPLOYER" history -n 1
	out_matches "$(git rev-parse --short HEAD) +release +ok"
done

# A record of something else: refused, with what to do.
git commit -qam sixth
sandbox 9 -- "$DEPLOYER" release --from bump --approve never
git commit -q --allow-empty -m seventh
sandbox 3 -- "$DEPLOYER" release --resume
err_matches 'the release is of [0-9a-f]+, here is [0-9a-f]+'
err_has 'begin anew, without --resume'
run 2 "$DEPLOYER" release --resume --only test
err_has '--resume knows its stages'

# The steps of a CI job hand one record on.
sandbox 0 -- "$DEPLOYER" release --only bump --record "$tmp/ci.jsonl"
sandbox 0 -- env DEPLOYER_RECORD="$tmp/ci.jsonl" "$DEPLOYER" deploy
run 0 "$DEPLOYER" report --record "$tmp/ci.jsonl" -o json
out_has '"runs": 2'
out_has '{"stage": "bump", "state": "done"'
out_has '{"stage": "deploy", "state": "done"'

# Of another stack by now, it has nothing to join.
cp deployer.yml "$tmp/deployer.yml"
printf 'stack:\n  name: second\n' >deployer.yml
sandbox 0 -- "$DEPLOYER" deploy --record "$tmp/ci.jsonl"
err_has 'stack second is CREATE_COMPLETE'
cp "$tmp/deployer.yml" deployer.yml

# What a step finds must be what the record says.
printf 'ApplicationImageTag=other\n' >dev.cfg
sandbox 3 -- "$DEPLOYER" deploy --record "$tmp/ci.jsonl"
err_has 'dev.cfg says other'
err_has 'deployer bump '
git checkout -q dev.cfg
git commit -q --allow-empty -m eighth
sandbox 3 -- "$DEPLOYER" release --only bump --record "$tmp/ci.jsonl"
err_has 'the release is of'
echo nonsense >"$tmp/ci.jsonl"
sandbox 2 -- "$DEPLOYER" deploy --record "$tmp/ci.jsonl"
err_has 'line 1 of the record'
sandbox 1 -- "$DEPLOYER" deploy --record /proc/nowhere/ci.jsonl
err_has "release record '/proc/nowhere/ci.jsonl'"

# Where nothing can be kept, the release goes on without.
sandbox 0 -- env XDG_STATE_HOME=/proc/nowhere "$DEPLOYER" deploy
err_has 'no record of this run is kept'
