#!/bin/sh
# deployer credentials: what other programs are given, and that a terminal is not.
. "$(dirname "$0")/testlib.sh"

# Nobody has any: each provider says why, and nothing is printed.
run 4 "$DEPLOYER" credentials
err_has 'no AWS credentials; tried: environment (AWS_ACCESS_KEY_ID is not set)'
err_has 'EC2 instance (AWS_EC2_METADATA_DISABLED is true)'
err_has "-> sign in with"
[ ! -s "$tmp/out" ] || fail "something was printed"

# The contract of credential_process, and lines for a shell.
export AWS_ACCESS_KEY_ID=AKIDEXAMPLE AWS_SECRET_ACCESS_KEY='wJalr/+=Key' AWS_SESSION_TOKEN="it's"
export AWS_CREDENTIAL_EXPIRATION=2099-01-01T00:00:00Z AWS_ACCOUNT_ID=123456789012
run 0 "$DEPLOYER" credentials
cat >want <<-END
	{
	  "Version": 1,
	  "AccessKeyId": "AKIDEXAMPLE",
	  "SecretAccessKey": "wJalr/+=Key",
	  "SessionToken": "it's",
	  "Expiration": "2099-01-01T00:00:00Z",
	  "AccountId": "123456789012"
	}
END
same want "$tmp/out"
run 0 "$DEPLOYER" credentials --format env
cat >want <<-'END'
	export AWS_ACCESS_KEY_ID=AKIDEXAMPLE
	export AWS_SECRET_ACCESS_KEY=wJalr/+=Key
	export AWS_SESSION_TOKEN='it'\''s'
	export AWS_CREDENTIAL_EXPIRATION=2099-01-01T00:00:00Z
END
same want "$tmp/out"
(
	unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_CREDENTIAL_EXPIRATION
	# shellcheck source=/dev/null
	. ./want
	[ "$AWS_SESSION_TOKEN" = "it's" ]
) || fail 'a shell reads something else'
run 2 "$DEPLOYER" credentials --format yaml
err_has "'yaml' is neither process nor env"

# A terminal gets them only when told so.
if command -v script >/dev/null 2>&1; then
	script -qec "$DEPLOYER credentials" /dev/null </dev/null >seen 2>&1 && fail 'a terminal got secrets'
	has seen 'these are secrets, and standard output is a terminal'
	lacks seen 'wJalr'
	script -qec "$DEPLOYER credentials --reveal" /dev/null </dev/null >seen 2>&1 || fail 'not revealed'
	has seen 'wJalr/+=Key'
fi

# One of them below another, as a profile's credential_process; never a profile below itself.
mkdir "$HOME/.aws"
cat >"$HOME/.aws/config" <<-END
	[profile outer]
	credential_process = $DEPLOYER credentials --profile inner
	[profile inner]
	aws_access_key_id = INNER
	aws_secret_access_key = "s"
	[profile loop]
	credential_process = $DEPLOYER credentials --profile loop
	[profile broken]
	credential_process = sh -c 'echo SECRETWORD; echo cannot reach the vault >&2; exit 3'
	[profile torn]
	credential_process = echo '{"Version": 1, "SecretAccessKey": SECRETWORD'
END
run 0 "$DEPLOYER" credentials --profile outer
out_has '"AccessKeyId": "INNER"'
out_has '"SecretAccessKey": "\"s\""'
run 2 "$DEPLOYER" credentials --profile nonesuch
err_has "there is no profile 'nonesuch' (named by --profile)"
err_has 'the profiles are: outer, inner, loop, broken, torn'
run 4 "$DEPLOYER" credentials --profile loop
err_has 'it asks for the profile that it stands in'
run 4 "$DEPLOYER" credentials --profile broken
err_has "credential_process of profile 'broken'"
err_has 'cannot reach the vault'
err_lacks SECRETWORD
# Whoever starts us with SIGCHLD ignored, as some supervisors do, does not hide how it ended.
run 4 sh -c 'trap "" CHLD && exec "$0" credentials --profile broken' "$DEPLOYER"
err_has 'exited with status 3'
run 4 "$DEPLOYER" credentials --profile torn
err_has "credential_process of profile 'torn': line 1, column "
err_lacks SECRETWORD

# A profile that does not sign in with SSO is told so before anything is sent.
run 2 "$DEPLOYER" sso-login --profile inner
err_has "profile 'inner' does not sign in with SSO"
