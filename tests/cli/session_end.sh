#!/bin/sh
# A deployment that outlives the session it was begun with: the outcome is unknown, not a failure, and
# `watch` finds out with fresh credentials.
. "$(dirname "$0")/testlib.sh"
need git
[ -x "${DEPLOYER_SANDBOX-}" ] || skip 'the sandbox is absent'

copy_sample
cd "$tmp/sample"
git config --global user.name t
git config --global user.email t@example.com
git init -q .
git add -A
git commit -qm first

# in_sandbox STATUS SCENARIO COMMAND...
in_sandbox() {
	status=$1
	printf '%s\n' "$2" >"$tmp/scenario.yml"
	shift 2
	run "$status" "$DEPLOYER_SANDBOX" run --state "$tmp/state" --no-registry --scenario "$tmp/scenario.yml" \
		-- "$@"
}

in_sandbox 0 'faults: []' "$DEPLOYER" deploy
err_has 'CREATE_COMPLETE'

# ended FIRST-POLL CODE: the keys, which nothing renews, end while the update runs.
count=1
ended() {
	count=$((count + 1))
	sed -i "s/^ApplicationDesiredCount=.*/ApplicationDesiredCount=$count/" dev.cfg
	in_sandbox 12 "resources: [{logical_id: Service, action: UPDATE, outcome: slow, seconds: 900, count: 1}]
faults: [{action: DescribeStackEvents, from: $1, count: 0, reply: error, status: 403,
		code: $2, message: The security token included in the request is expired}]" "$DEPLOYER" deploy
	err_has "$2"
	err_has 'lost sight of stack'
	err_has 'deployer watch'
	err_lacks 'FAILED'
	err_lacks ' failed'
	in_sandbox 0 'faults: []' "$DEPLOYER" watch
	err_has 'UPDATE_COMPLETE'
}
ended 2 ExpiredToken
ended 4 ExpiredTokenException
ended 3 RequestExpired

# Ended before anything was begun: a matter of credentials, and nothing is touched.
sed -i "s/^ApplicationDesiredCount=.*/ApplicationDesiredCount=9/" dev.cfg
in_sandbox 4 'faults: [{action: CreateChangeSet, count: 0, reply: error, status: 403, code: ExpiredToken}]' \
	"$DEPLOYER" deploy
err_lacks 'deployer watch'
