#!/bin/sh
# whoami against the sandbox, which checks every signature: what it prints, what it makes of a service
# that stumbles, and of credentials that are missing or wrong.
. "$(dirname "$0")/testlib.sh"

sandbox=${DEPLOYER_SANDBOX:-}
[ -x "$sandbox" ] || skip 'the sandbox is absent'

# in_sandbox STATUS SCENARIO [NAME=VALUE...] ARGUMENT...: whoami with the arguments and variables.
in_sandbox() {
	status=$1
	printf '%s\n' "$2" >scenario.yml
	shift 2
	run "$status" "$sandbox" --quiet run --no-registry --scenario scenario.yml -- env "$@"
}

none='faults: []'

in_sandbox 0 "$none" "$DEPLOYER" whoami
out_has 'account      123456789012'
out_has 'arn          arn:aws:iam::123456789012:user/sandbox'
out_has 'region       us-east-1 (AWS_REGION)'
out_has 'credentials  environment'

in_sandbox 0 "$none" "$DEPLOYER" --region eu-west-1 whoami --output json
out_has '"account": "123456789012"'
out_has '"region": "eu-west-1", "regionSource": "--region"'
out_has '"credentialsEnd": null'

# A reply that is cut, lost or late is asked for again; three in a row are not.
for reply in drop lost cut throttle; do
	in_sandbox 0 "faults: [{action: GetCallerIdentity, reply: $reply, count: 2}]" "$DEPLOYER" whoami
	out_has 'account      123456789012'
	in_sandbox 13 "faults: [{action: GetCallerIdentity, reply: $reply, count: 0}]" \
		AWS_MAX_ATTEMPTS=2 "$DEPLOYER" whoami
	err_has 'STS GetCallerIdentity: '
	err_has '  -> '
done

# A client that keeps to a rate of its own comes to the same.
in_sandbox 0 'faults: [{action: GetCallerIdentity, reply: throttle, count: 1}]' AWS_RETRY_MODE=adaptive \
	"$DEPLOYER" whoami
out_has 'account      123456789012'

# A wrong secret is a matter of credentials, whose value is not shown.
in_sandbox 4 "$none" AWS_SECRET_ACCESS_KEY=canary "$DEPLOYER" whoami
err_has 'SignatureDoesNotMatch'
err_has '  -> the secret key does not belong to the access key'
err_lacks canary

in_sandbox 4 "$none" AWS_ACCESS_KEY_ID=AKIANOBODY "$DEPLOYER" whoami
err_has '  -> the access key is unknown to AWS'

# Nobody there, and nobody to ask.
run 13 env AWS_ENDPOINT_URL=http://127.0.0.1:1 AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b \
	AWS_MAX_ATTEMPTS=1 "$DEPLOYER" whoami
err_has '  -> is a service listening at the configured endpoint http://127.0.0.1:1?'

run 4 "$DEPLOYER" whoami
err_has 'environment'

# Credentials do not go over plain http, but to this machine.
run 2 env AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b "$DEPLOYER" whoami \
	--endpoint-url http://example.com
err_has "'http://example.com' is not https"
