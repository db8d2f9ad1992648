#!/bin/sh
# Several environments in one command, against the sandbox: in their order, up to the first failure.
. "$(dirname "$0")/testlib.sh"
need git
[ -n "${DEPLOYER_SANDBOX-}" ] || skip 'deployer-sandbox is not built'

cat >stack.yml <<-'YML'
	Parameters:
	  ApplicationImageTag: {Type: String}
	Resources:
	  Image:
	    Type: AWS::SSM::Parameter
	    Properties: {Type: String, Value: !Ref ApplicationImageTag}
YML
printf 'ApplicationImageTag=none\n' | tee dev.cfg beta.cfg >prod.cfg
cat >deployer.yml <<-'YML'
	project: app
	environments:
	  dev: {}
	  beta: {aws: {account: '999999999999'}}
	  prod: {}
YML
git config --global user.name t
git config --global user.email t@example.com
git init -q .
printf 'home\nstate\nout\nerr\n' >.gitignore
git add -A
git commit -qm first
first=$(git rev-parse --short HEAD)

sandbox() { # STATUS [OPTION...] -- COMMAND...
	want=$1
	shift
	run "$want" "$DEPLOYER_SANDBOX" run --state "$tmp/state" --no-registry "$@"
}

# One after the other: the file of the first makes no dirty tree for the second.
sandbox 0 -- "$DEPLOYER" release --env dev,prod --from bump
err_has 'environment dev'
err_has 'stack app-dev is CREATE_COMPLETE'
err_has 'stack app-prod is CREATE_COMPLETE'
grep -qx "ApplicationImageTag=$first" prod.cfg || fail 'prod.cfg was not bumped'
[ "$(grep -c '^changed: ' "$tmp/err")" = 2 ] || fail 'not a last line for each'
sandbox 0 -- "$DEPLOYER" plan -e dev,prod
out_has 'stack app-dev is up to date'
out_has 'stack app-prod is up to date'
sandbox 0 -- "$DEPLOYER" status -e prod,dev
out_matches '^prod '
out_matches '^dev '
[ "$(wc -l <"$tmp/out")" = 2 ] || fail 'other environments were looked at'

# The first that fails ends it, and the rest is named.
git commit -qam bumped
sandbox 3 -- "$DEPLOYER" release --env dev,beta,prod --from bump
err_has 'environment beta: the credentials belong to account 123456789012, not to 999999999999'
err_has 'not begun: prod'
err_has 'stack app-dev is UPDATE_COMPLETE'
grep -qx "ApplicationImageTag=$first" prod.cfg || fail 'prod was begun'
run 0 "$DEPLOYER" bump 5fdbe62 --env beta,prod -n
out_has 'beta.cfg'
out_has 'prod.cfg'

# What means one environment says so.
run 2 "$DEPLOYER" config --env dev,prod
err_has "--env: one environment, not 'dev,prod'"
run 2 "$DEPLOYER" deploy --env dev,prod --record r.jsonl
err_has '--record is of one environment'
run 2 "$DEPLOYER" deploy --env dev,nowhere --wait x
err_has "--wait: 'x' is not a number of minutes"
