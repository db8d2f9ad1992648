#!/bin/sh
# sso-login from the page to the cached token, and what signs with it afterwards: this program and,
# where it is there, the AWS CLI.
. "$(dirname "$0")/testlib.sh"
need python3 mkfifo sha1sum

stub=$tmp/stub
mkdir "$stub"
mkfifo "$stub/hold"
python3 "$testdir/sso_stub.py" "$stub" <"$stub/hold" 2>"$stub/log" &
exec 9>"$stub/hold"
while [ ! -e "$stub/port" ]; do
	kill -0 $! 2>/dev/null || fail "the stub did not start: $(cat "$stub/log")"
	sleep 0.1
done
url=http://127.0.0.1:$(cat "$stub/port")
export AWS_ENDPOINT_URL_SSO_OIDC="$url" AWS_ENDPOINT_URL_SSO="$url" AWS_ENDPOINT_URL_STS="$url"
export AWS_REGION=eu-west-1 AWS_DEFAULT_REGION=eu-west-1

mkdir "$HOME/.aws"
cat >"$HOME/.aws/config" <<-'END'
	[sso-session team]
	sso_start_url = https://team.example/start
	sso_region = eu-north-1
	sso_registration_scopes = sso:account:access, other:scope
	[profile dev]
	sso_session = team
	sso_account_id = 123456789012
	sso_role_name = Dev
	[profile old]
	sso_start_url = https://old.example/start
	sso_region = eu-north-1
	sso_account_id = 123456789012
	sso_role_name = Dev
END
cache_of() { echo "$HOME/.aws/sso/cache/$(printf '%s' "$1" | sha1sum | cut -d ' ' -f 1).json"; }

# expect STATUS DEVICE-LIFE REPLIES COMMAND...
expect() {
	: >"$stub/calls"
	echo "$2" >"$stub/device"
	echo "$3" >"$stub/replies"
	status=$1
	shift 3
	run "$status" "$@"
}

# Nobody has signed in: what to do, and not on to another provider.
expect 4 60 denied "$DEPLOYER" whoami --profile dev
err_has 'nobody has signed in with SSO'
err_has "  -> run 'deployer sso-login --profile dev'"
[ ! -s "$stub/calls" ] || fail 'a service was called'

# Refused, or not agreed to in time, told by the service and by our own clock: nothing is kept.
expect 4 60 'pending expired' "$DEPLOYER" sso-login --profile dev
err_has 'ExpiredTokenException'
expect 4 60 denied "$DEPLOYER" sso-login --profile dev
err_has 'AccessDeniedException'
expect 4 2 pending "$DEPLOYER" sso-login --profile dev
err_has 'nobody agreed to the sign-in in time'
[ ! -e "$(cache_of team)" ] || fail 'a token was kept'

# Agreed to after a while. The page and the code are shown, no token is.
expect 0 60 'pending slow_down 28800' "$DEPLOYER" sso-login --profile dev
err_has 'ABCD-EFGH'
err_has '  https://device.example/?user_code=ABCD-EFGH'
err_has 'Signed in to https://team.example/start until '
err_lacks ACCESS
[ ! -s "$tmp/out" ] || fail 'stdout is not for talk'
grep -v waited "$stub/calls" >calls
cat >want <<-'END'
	register public sso:account:access other:scope
	device CLIENT https://team.example/start
	token device_code DEVICE CLIENT CLIENTSECRET
	token device_code DEVICE CLIENT CLIENTSECRET
	token device_code DEVICE CLIENT CLIENTSECRET
END
same want calls
# RFC 8628 section 3.5: five seconds more after slow_down.
awk '/waited/ && $2 < (++n == 3 ? 6 : 1) { bad = 1 } END { exit bad }' "$stub/calls" ||
	fail "it asked too soon: $(grep waited "$stub/calls" | tr '\n' ' ')"

# The token where the AWS CLI looks for it, as it writes it, and for nobody else's eyes.
[ "$(stat -c %a "$(cache_of team)")" = 600 ] || fail 'others can read the token'
python3 - "$(cache_of team)" >seen <<-'END'
	import json, re, sys
	token = json.load(open(sys.argv[1]))
	for name in sorted(token):
	    print(name, re.sub(r"\d\d\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", "TIME", token[name]))
END
cat >want <<-'END'
	accessToken ACCESS-device_code
	clientId CLIENT
	clientSecret CLIENTSECRET
	expiresAt TIME
	refreshToken REFRESH
	region eu-north-1
	registrationExpiresAt TIME
	startUrl https://team.example/start
END
same want seen

# What signs with it.
cat >want <<-'END'
	role 123456789012 Dev ACCESS-device_code
	sts GetCallerIdentity ASIASSO t
END
expect 0 60 denied "$DEPLOYER" whoami --profile dev
out_has 'arn          arn:aws:sts::123456789012:assumed-role/Dev/me'
same want "$stub/calls"
if has_aws; then
	rm -rf "$HOME/.aws/cli"
	expect 0 60 denied aws --profile dev sts get-caller-identity
	same want "$stub/calls"
fi
rm -rf "$HOME/.aws/cli"
expect 0 60 denied "$DEPLOYER" credentials --profile dev
out_has '"AccessKeyId": "ASIASSO"'
out_has '"SessionToken": "t"'

# A token that ends soon is renewed without anybody; one that cannot be says what to do.
expect 0 60 300 "$DEPLOYER" sso-login --profile dev -o json
out_has '{"start_url": "https://team.example/start", "expires": "'
rm -rf "$HOME/.aws/cli"
expect 0 60 28800 "$DEPLOYER" whoami --profile dev
has "$stub/calls" 'token refresh_token REFRESH CLIENT CLIENTSECRET'
has "$stub/calls" 'role 123456789012 Dev ACCESS-refresh_token'
has "$(cache_of team)" ACCESS-refresh_token

# A profile of the older form: its own file name, no scopes.
expect 0 60 1 "$DEPLOYER" sso-login --profile old
has "$stub/calls" 'register public -'
[ -e "$(cache_of https://old.example/start)" ] || fail 'no token under the start URL'
sleep 1
rm -rf "$HOME/.aws/cli"
expect 4 60 denied "$DEPLOYER" whoami --profile old
err_has 'the SSO sign-in has ended'
err_has "  -> run 'deployer sso-login --profile old'"
lacks "$stub/calls" token
