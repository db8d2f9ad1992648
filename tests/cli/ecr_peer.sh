#!/bin/sh
# Amazon's credential helper and ours, beside each other: each answers for the hosts that it is
# configured for, both answer alike for one registry, and neither's entry disturbs the other's.
. "$(dirname "$0")/testlib.sh"
need docker-credential-ecr-login python3 openssl docker-registry curl
[ -n "${DEPLOYER_SANDBOX-}" ] || skip 'deployer-sandbox is not built'

# Theirs knows no other endpoint than Amazon's own.
openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=api.ecr.us-east-1.amazonaws.com \
	-addext 'subjectAltName=DNS:api.ecr.us-east-1.amazonaws.com,DNS:api.ecr.eu-west-1.amazonaws.com' \
	-keyout key.pem -out cert.pem 2>/dev/null
ln -s "$DEPLOYER" docker-credential-deployer
export DEPLOYER testdir PATH="$tmp:$PATH" REGISTRY=123456789012.dkr.ecr.us-east-1.amazonaws.com

# What both say to "get" of one host, and to "list".
cat >both.sh <<-'SH'
	set -eu
	python3 "$testdir/ecr_front.py" cert.pem key.pem "${AWS_ENDPOINT_URL##*:}" "$REGISTRY" port &
	front=$!
	trap 'kill $front' EXIT
	while [ ! -e port ]; do sleep 0.1; done
	theirs() { HTTPS_PROXY="http://127.0.0.1:$(cat port)" SSL_CERT_FILE=cert.pem docker-credential-ecr-login "$@"; }
	echo "$REGISTRY" | theirs get >theirs.get
	echo "$REGISTRY" | docker-credential-deployer get >ours.get
	printf 'https://%s' "$REGISTRY" | docker-credential-deployer get >ours.get_url
	printf 'https://%s' "$REGISTRY" | theirs get >theirs.get_url
	# The registry takes either's answer, each a token of its own, and no other.
	takes() {
		printf 'user = "AWS:%s"\n' "$(sed -n 's/.*"Secret": *"\([^"]*\)".*/\1/p' "$1")" >login.curl
		[ "$(curl -s -o /dev/null -w '%{http_code}' -K login.curl "http://$DEPLOYER_SANDBOX_REGISTRY/v2/")" = "$2" ]
	}
	takes theirs.get 200
	takes ours.get 200
	takes ours.get_url 200
	echo '{"Secret": "other"}' >no.get
	takes no.get 401 || takes no.get 403
	# What neither answers for: docker goes on without a login.
	! echo registry.example.com | theirs get >theirs.other 2>/dev/null
	! echo registry.example.com | docker-credential-deployer get >ours.other 2>/dev/null
SH
run 0 "$DEPLOYER_SANDBOX" run -q --state "$tmp/state" -- sh both.sh
python3 - <<-'PY'
	import json

	def read(name):
	    return json.load(open(name))

	ours, theirs = read("ours.get"), read("theirs.get")
	assert set(ours) == set(theirs) == {"ServerURL", "Username", "Secret"}, (ours.keys(), theirs.keys())
	assert ours["Username"] == theirs["Username"] == "AWS"
	assert ours["Secret"] and theirs["Secret"]
	assert set(read("ours.get_url")) == set(read("theirs.get_url"))
PY
same ours.other theirs.other

# In one docker configuration, each for its hosts.
mkdir "$HOME/.docker"
other=210987654321.dkr.ecr.eu-west-1.amazonaws.com
printf '{"credHelpers": {"%s": "ecr-login"}, "detachKeys": "ctrl-e"}\n' "$other" >"$HOME/.docker/config.json"
cp "$HOME/.docker/config.json" before.json
run 0 "$DEPLOYER_SANDBOX" run -q --state "$tmp/state" -- "$DEPLOYER" login
run 0 docker-credential-deployer list
out_lacks "$other"
has "$HOME/.docker/config.json" "\"$other\": \"ecr-login\""
has "$HOME/.docker/config.json" '"deployer"'
run 0 "$DEPLOYER_SANDBOX" run -q --state "$tmp/state" -- "$DEPLOYER" logout
same "$HOME/.docker/config.json" before.json
