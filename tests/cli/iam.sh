#!/bin/sh
# The least policy: it allows what the commands were seen to call, on what the settings name, and no more.
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
printf 'ApplicationImageTag=1a\n' >dev.cfg
cat >deployer.yml <<-'YML'
	image: team/app
	aws: {account: '012345678901'}
	stack: {name: app}
	environments:
	  prod:
	    aws: {account: '222222222222', region: cn-north-1}
	    stack: {name: live, role: 'arn:aws-cn:iam::222222222222:role/cloudformation', bucket: templates}
YML
export AWS_REGION=eu-west-1

# allowed POLICY: "ACTION RESOURCE" of each, a line.
allowed() {
	python3 -c '
import json, sys
policy = json.load(open(sys.argv[1]))
assert policy["Version"] == "2012-10-17"
for statement in policy["Statement"]:
    assert statement["Effect"] == "Allow"
    for action in statement["Action"]:
        for resource in statement["Resource"]:
            print(action, resource)
' "$1"
}

run 0 "$DEPLOYER" iam
cp "$tmp/out" release.json
err_has 'without stack.role'
allowed release.json >release
has release 'ecr:PutImage arn:aws:ecr:eu-west-1:012345678901:repository/team/app'
has release 'ecr:GetAuthorizationToken *'
has release 'cloudformation:ExecuteChangeSet arn:aws:cloudformation:eu-west-1:012345678901:stack/app/*'
for more in ecr:CreateRepository secretsmanager: iam:PassRole s3:PutObject; do
	grep -q "^$more" release && fail "a release may $more"
done

# Another environment is another policy; reading changes nothing.
run 0 "$DEPLOYER" -e prod iam deploy
cp "$tmp/out" prod.json
allowed prod.json >prod
has prod 'iam:PassRole arn:aws-cn:iam::222222222222:role/cloudformation'
has prod 's3:PutObject arn:aws-cn:s3:::templates/*'
grep -q '^ecr:PutImage' prod && fail 'deploying needs no push'
run 0 "$DEPLOYER" iam watch diagnose
cp "$tmp/out" watch.json
allowed watch.json >watch
grep -qE ':(Create|Execute|Delete|Put|Cancel|Update)' watch && fail 'watching changes something'
run 0 "$DEPLOYER" iam 'secrets run'
out_has 'secretsmanager:GetSecretValue'
out_lacks 'secretsmanager:PutSecretValue'
run 2 "$DEPLOYER" iam rollouts
err_has "'rollouts' is no command that needs permissions"

# What a deployment and its watch were seen to call is allowed.
printf 'image: team/app\nstack: {name: app}\n' >deployer.yml
unset AWS_REGION
git init -q .
sandbox() { # COMMAND...
	# Nothing else is allowed, and it works (S22).
	run 0 "$DEPLOYER" iam --account 123456789012 "$1"
	cp "$tmp/out" policy.json
	{
		echo 'allows: ["sts:*"'
		allowed policy.json | sed 's/ .*//; s/.*/, "&"/'
		echo ']'
	} >scenario.yml
	run 0 "$DEPLOYER_SANDBOX" run --state "$tmp/state" --no-registry --scenario scenario.yml -- "$DEPLOYER" "$@"
	sed -n 's/^deployer-sandbox: *[0-9]*  *\([a-z0-9]*\) \([A-Za-z]*\)$/\1:\2/p; s/^ *[0-9]*  *\([a-z0-9]*\) \([A-Za-z]*\)$/\1:\2/p' \
		"$tmp/err" | grep -v '^sts:' >called
	[ -s called ] || fail 'no calls were counted'
	run 0 "$DEPLOYER" iam --account 123456789012 "$1"
	while read -r action; do
		out_has "\"$action\""
	done <called
}
sandbox plan
sandbox deploy
printf 'ApplicationImageTag=2b\n' >dev.cfg
sandbox deploy
sandbox diagnose
sandbox status
sandbox watch
echo 'allows: ["sts:*", "cloudformation:DescribeStacks"]' >scenario.yml
run 4 "$DEPLOYER_SANDBOX" run --state "$tmp/state" --no-registry --scenario scenario.yml -- "$DEPLOYER" plan
err_has 'is not authorized to perform: cloudformation:'
