#!/bin/sh
# What deployer.yml says of a stack beside its name, against the sandbox: the bucket for a template that
# is too large for a request, role, tags, notifications, rollback and termination protection. Each is
# looked up in the account afterwards.
. "$(dirname "$0")/testlib.sh"
need git
[ -n "${DEPLOYER_SANDBOX-}" ] || skip 'deployer-sandbox is not built'

write_template() { # BYTES
	cat >stack.yml <<-'YML'
		Parameters:
		  ApplicationImageTag: {Type: String}
		Resources:
		  Image:
		    Type: AWS::SSM::Parameter
		    Properties: {Type: String, Value: !Ref ApplicationImageTag}
	YML
	printf '# ' >>stack.yml
	written=$(wc -c <stack.yml)
	head -c $(($1 - written)) /dev/zero | tr '\0' x >>stack.yml
}

settings() { # LINE...
	printf 'stack:\n  name: app\n' >deployer.yml
	for line; do
		printf '  %s\n' "$line" >>deployer.yml
	done
}

sandbox() { # STATUS [OPTION...] -- COMMAND...
	want=$1
	shift
	run "$want" "$DEPLOYER_SANDBOX" run --state "$tmp/state" --no-registry "$@"
}

printf 'ApplicationImageTag=1a\n' >dev.cfg
git init -q .
printf '*\n' >.gitignore

# A template that is too large for a request goes through the bucket, and is what the stack then has.
write_template 51201
settings
sandbox 2 -- "$DEPLOYER" deploy
err_has 'template has 51201 bytes: more than 51200 go through a bucket, and none is set'
err_has 'name a bucket of your account as stack.bucket in deployer.yml'
settings 'bucket: templates'
sandbox 2 -- "$DEPLOYER" deploy
err_has "uploading the template to 'templates'"
err_has "make the bucket 'templates'"
sandbox 0 --bucket templates -- "$DEPLOYER" deploy
err_has 'stack app is CREATE_COMPLETE'
digest=$(sha256sum <stack.yml)
grep -rqF "deployer/${digest%% *}.template" "$tmp/state" || fail 'the key is not the digest'
sandbox 0 -- "$DEPLOYER" deploy
err_has 'stack app is up to date'

# Nothing goes to a bucket of another account, and nothing too large to any.
cat >stranger.yml <<-'YML'
	faults: [{action: PutObject, reply: error, status: 403, code: AccessDenied, message: Access Denied}]
YML
printf 'ApplicationImageTag=2b\n' >dev.cfg
sandbox 4 --scenario stranger.yml -- "$DEPLOYER" deploy
err_has "uploading the template to 'templates', which must be account 123456789012's"
write_template 1000001
sandbox 2 -- "$DEPLOYER" deploy
err_has 'template has 1000001 bytes, and CloudFormation takes at most 1000000'

# The replies to an upload and to what follows it are lost: once more, and one change set.
write_template 60000
cat >lost.yml <<-'YML'
	faults:
	- {action: PutObject, reply: lost}
	- {action: CreateChangeSet, reply: lost}
YML
sandbox 0 --scenario lost.yml -- "$DEPLOYER" deploy
err_has 'stack app is UPDATE_COMPLETE'

# What the account has of a stack: role, tags, topics and protection as they are written.
write_template 1000
settings 'role: arn:aws:iam::123456789012:role/deploy' 'tags: {team: web, cost-center: "42"}' \
	'notifications: [arn:aws:sns:us-east-1:123456789012:deploys]' 'termination_protection: true'
sandbox 0 -- "$DEPLOYER" deploy
err_has 'termination protection is on now'
for text in role/deploy '"cost-center"' '"42"' '"team"' sns:us-east-1:123456789012:deploys \
	'"EnableTerminationProtection": *true'; do
	grep -rqE -e "$text" "$tmp/state" || fail "the account has no $text"
done
settings 'termination_protection: false'
sandbox 0 -- "$DEPLOYER" deploy
err_has 'termination protection is off now'
! grep -rqE '"EnableTerminationProtection": *true' "$tmp/state" || fail 'still protected'

# Without a rollback a failure stays as it is: another verdict, and what can be done then.
printf 'ApplicationImageTag=3c\n' >dev.cfg
cat >fail.yml <<-'YML'
	resources: [{logical_id: Image, outcome: fail, count: 1, reason: 'limit of parameters reached'}]
YML
settings 'disable_rollback: true'
sandbox 11 --scenario fail.yml -- "$DEPLOYER" deploy
err_has 'ended in UPDATE_FAILED: Image (AWS::SSM::Parameter) UPDATE_FAILED: limit of parameters'
err_has 'rollback was switched off'

# The buckets are S3's as the AWS CLI knows it, too.
if has_aws; then
	# shellcheck disable=SC2016
	sandbox 0 -- sh -c '
		aws s3 mb s3://other >&2
		aws s3 cp dev.cfg "s3://other/a b/dev.cfg" >&2
		aws s3 cp "s3://other/a b/dev.cfg" -
		! aws s3api put-object --bucket other --key k --body dev.cfg --expected-bucket-owner 999999999999 >&2'
	same dev.cfg "$tmp/out"
	err_has '(AccessDenied) when calling the PutObject operation'
fi
