#!/bin/sh
# The truth line against the sandbox: after a deployment and on request, for one environment and for
# several at once, as text and as JSON, and what it says where things do not agree.
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
	  Cluster: {Type: AWS::ECS::Cluster}
	  Definition:
	    Type: AWS::ECS::TaskDefinition
	    Properties: {Family: web, ContainerDefinitions: [{Name: web, Image: !Sub 'team/app:${ApplicationImageTag}'}]}
	  Service:
	    Type: AWS::ECS::Service
	    Properties: {ServiceName: web, Cluster: !Ref Cluster, DesiredCount: 2, TaskDefinition: !Ref Definition}
YML
printf 'ApplicationImageTag=none\n' | tee dev.cfg >prod.cfg
cat >deployer.yml <<-'YML'
	project: app
	image: team/app
	environments:
	  dev: {}
	  prod: {}
YML
git config --global user.name t
git config --global user.email t@example.com
git init -q .
git add -A
git commit -qm first
first=$(git rev-parse --short HEAD)

sandbox() { # STATUS [OPTION...] -- COMMAND...
	want=$1
	shift
	run "$want" "$DEPLOYER_SANDBOX" run --state "$tmp/state" --no-registry "$@"
}

# Nothing is there yet.
sandbox 0 -- "$DEPLOYER" status dev
out_matches "^dev  $first  git ok  ECR missing  dev\.cfg none  no stack\$"
sandbox 3 -- "$DEPLOYER" status dev --check
err_has "stack 'app-dev' and what is meant for it do not agree"

# After a release it is the last line.
sandbox 0 -- "$DEPLOYER" -e dev release --from bump
tail -n 20 "$tmp/err" | grep -B 1 '^deployer-sandbox:' | grep -qE "^$first  git ok  ECR missing  dev\.cfg ok  stack ok  2/2 tasks\$" ||
	fail 'the truth is not the last line'

# All environments at once, each with its own; one that is behind says what it has.
git commit -qam bumped
second=$(git rev-parse --short HEAD)
sandbox 0 -- "$DEPLOYER" status
out_matches "^dev   $first  git $second  ECR missing  dev\.cfg ok  stack ok  2/2 tasks\$"
out_matches "^prod  $second  git ok  ECR missing  prod\.cfg none  no stack\$"
sandbox 0 -- "$DEPLOYER" status -o json
out_has "\"version\": \"$first\", \"git\": \"$second\""
out_has '"status": "CREATE_COMPLETE"'
out_has '"agrees": false'
[ "$(wc -l <"$tmp/out")" = 2 ] || fail 'not one document an environment'

# A stack that went back, and an environment whose account is another one.
printf 'resources: [{logical_id: Image, outcome: fail, count: 1, reason: no}]\n' >"$tmp/fail.yml"
sandbox 10 --scenario "$tmp/fail.yml" -- "$DEPLOYER" -e dev release --from bump
err_has 'stack (rolled back)'
sandbox 0 -- "$DEPLOYER" status dev
out_matches "^dev  $first  .*dev\.cfg $second  stack UPDATE_ROLLBACK_COMPLETE  2/2 tasks\$"
sed -i "s/dev: {}/dev: {aws: {account: '999999999999'}}/" deployer.yml
sandbox 3 -- "$DEPLOYER" status
out_has 'the credentials belong to account 123456789012, not to 999999999999'
out_matches "^prod  "
sandbox 3 -- "$DEPLOYER" status -o json
out_matches '^\{"environment": "dev", "error": \{"status": 3, "message": ".*not to 999999999999", "fix": "use --profile'
out_matches '^\{"environment": "prod", "version": '
run 2 "$DEPLOYER" status nowhere
err_has "has no environment 'nowhere'"

# What was released without an environment stands beside them.
git checkout -q deployer.yml
sandbox 0 -- "$DEPLOYER" deploy
sandbox 0 -- "$DEPLOYER" status
out_matches "^-     $second  git ok  ECR missing  dev\.cfg ok  stack ok  2/2 tasks\$"
out_matches '^dev   '
sandbox 0 -- "$DEPLOYER" status -o json
out_has '{"environment": "", '

# A handful of calls.
sandbox 0 -- "$DEPLOYER" status dev
calls=$(awk '$2 ~ /^(sts|ecr|ecs|cloudformation)$/ { n += $1 } END { print n + 0 }' "$tmp/err")
[ "$calls" -ge 2 ] && [ "$calls" -le 5 ] || fail "it took $calls calls"
