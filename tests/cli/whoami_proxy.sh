#!/bin/sh
# whoami through a CONNECT proxy, to a service whose certificate is by a CA of our own: it makes the
# calls that the AWS CLI makes, trusts whom it is told to trust, and goes round the proxy where the CLI
# does.
. "$(dirname "$0")/testlib.sh"
need python3 openssl mkfifo

stub=$tmp/stub
mkdir "$stub"

# authority NAME, leaf AUTHORITY NAME DAYS SUBJECT-ALTERNATIVE-NAMES
authority() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$1" \
		-keyout "$stub/$1.key" -out "$stub/$1.pem" 2>>"$tmp/openssl.log"
}
leaf() {
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$2" \
		-keyout "$stub/$2.key" -out "$stub/$2.csr" 2>>"$tmp/openssl.log"
	printf 'subjectAltName=%s\n' "$4" >"$stub/names"
	openssl x509 -req -in "$stub/$2.csr" -CA "$stub/$1.pem" -CAkey "$stub/$1.key" -CAcreateserial \
		-days "$3" -extfile "$stub/names" -out "$stub/$2.pem" 2>>"$tmp/openssl.log"
}
names=DNS:sts.us-east-1.amazonaws.com,DNS:localhost,IP:127.0.0.1
authority ours
authority theirs
leaf ours good 2 "$names"
leaf theirs foreign 2 "$names"
leaf ours expired -1 "$names"
leaf ours misnamed 2 DNS:example.com

# The stub ends when its standard input does: also when this test is killed.
echo good >"$stub/mode"
mkfifo "$stub/hold"
python3 "$testdir/tls_stub.py" "$stub" <"$stub/hold" 2>"$stub/log" &
exec 9>"$stub/hold"
while [ ! -e "$stub/ports" ]; do
	kill -0 $! 2>/dev/null || fail "the stub did not start: $(cat "$stub/log")"
	sleep 0.1
done
read -r proxy direct <"$stub/ports"

export AWS_ACCESS_KEY_ID=AKIAFIRST AWS_SECRET_ACCESS_KEY=first AWS_REGION=us-east-1
export AWS_DEFAULT_REGION=us-east-1 AWS_STS_REGIONAL_ENDPOINTS=regional AWS_MAX_ATTEMPTS=3
export HTTPS_PROXY="http://127.0.0.1:$proxy" AWS_CA_BUNDLE="$stub/ours.pem"

# calls_of STATUS COMMAND...: what the stub saw of a command that ends so, in $tmp/calls.
calls_of() {
	: >"$stub/calls"
	run "$@"
	cp "$stub/calls" "$tmp/calls"
}

# as_the_cli NAME=VALUE...: both make the same calls.
as_the_cli() {
	rm -rf "$HOME/.aws/cli"
	calls_of 0 env "$@" "$DEPLOYER" whoami
	cp "$tmp/calls" "$tmp/ours"
	has_aws || return 0
	echo "$*" >>"$tmp/compared"
	rm -rf "$HOME/.aws/cli"
	calls_of 0 env "$@" aws sts get-caller-identity
	# A second connection to the same place is the CLI's own: ours is kept open.
	awk '!/^(CONNECT|direct)/ || !seen[$0]++' "$tmp/calls" >"$tmp/theirs"
	diff -u "$tmp/theirs" "$tmp/ours" || fail "the AWS CLI (-) makes other calls with $*"
}
: >"$tmp/compared"

as_the_cli HTTP_PROXY=http://127.0.0.1:1
cat >want <<-'END'
	CONNECT sts.us-east-1.amazonaws.com:443 -
	POST / HTTP/1.1 sts.us-east-1.amazonaws.com application/x-www-form-urlencoded; charset=utf-8 Action=GetCallerIdentity&Version=2011-06-15
	  signed with AKIAFIRST for us-east-1/sts/aws4_request
END
same want "$tmp/ours"

# A role, its own call before; user and password for the proxy, which the service must not see; the
# bundle by the profile; a proxy without a scheme.
mkdir "$HOME/.aws"
cat >"$HOME/.aws/config" <<-END
	[profile role]
	role_arn = arn:aws:iam::123456789012:role/r
	source_profile = keys
	[profile keys]
	aws_access_key_id = AKIASECOND
	aws_secret_access_key = second
END
(
	unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
	printf 'ca_bundle = %s\n' "$stub/ours.pem" | sed -i '1r /dev/stdin' "$HOME/.aws/config"
	as_the_cli -u AWS_CA_BUNDLE AWS_PROFILE=role HTTPS_PROXY="http://user:p%40ss@127.0.0.1:$proxy"
)
has "$tmp/ours" "Basic $(printf 'user:p@ss' | openssl base64)"
has "$tmp/ours" 'Action=AssumeRole'
has "$tmp/ours" '  signed with AKIASECOND for us-east-1/sts/aws4_request'
has "$tmp/ours" '  signed with ASIAROLE for us-east-1/sts/aws4_request'
lacks "$tmp/ours" 'went to the service'
as_the_cli HTTPS_PROXY="127.0.0.1:$proxy"
as_the_cli HTTPS_PROXY= https_proxy="127.0.0.1:$proxy"

# Who goes round the proxy: the endpoint is this machine's, by name and by number.
while read -r except route; do
	as_the_cli AWS_ENDPOINT_URL="https://localhost:$direct" NO_PROXY="$(echo "$except" | tr _ ' ')"
	seen=proxy
	! grep -qx direct "$tmp/ours" || seen=direct
	[ $seen = "$route" ] || fail "with NO_PROXY=$except it goes by $seen"
done <<-END
	localhost direct
	LocalHost direct
	.localhost direct
	* direct
	example.com,_localhost direct
	localhost:$direct direct
	localhost:1 proxy
	ocalhost proxy
	example.com_localhost proxy
	example.com,* proxy
END
as_the_cli AWS_ENDPOINT_URL="https://127.0.0.1:$direct" NO_PROXY=127.0.0.0/8
has "$tmp/ours" CONNECT
as_the_cli AWS_ENDPOINT_URL="https://127.0.0.1:$direct" no_proxy=127.0.0.1 NO_PROXY=example.com
has "$tmp/ours" direct

# A proxy that refuses, one that fails, and none at all: the remedy names it as its variable does, without the password.
python3 - >"$stub/refuser" <<-'PY' &
	import socket
	server = socket.create_server(("127.0.0.1", 0))
	print(server.getsockname()[1], flush=True)
	while True:
	    peer = server.accept()[0]
	    asked = b""
	    while not asked.endswith(b"\r\n\r\n") and (piece := peer.recv(4096)):
	        asked += piece
	    user = asked.split(b"Proxy-Authorization: Basic ")[-1][:4]
	    status = {b"YTpi": 407, b"Yzpk": 403}.get(user, 502)
	    peer.sendall(b"HTTP/1.1 %d no\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % status)
	    peer.close()
PY
at_exit "kill $!"
wait_until [ -s "$stub/refuser" ]
refuser=$(cat "$stub/refuser")
# by_proxy STATUS VARIABLE=PROXY REMEDY
by_proxy() {
	run "$1" timeout 60 env -u HTTPS_PROXY AWS_ENDPOINT_URL=https://sts.example "$2" "$DEPLOYER" whoami
	err_matches "^  -> check $3"
	err_lacks 'listening at'
	err_lacks "$(echo "$2" | sed 's,.*//\(.*\)@.*,\1@,')"
}
by_proxy 13 "HTTPS_PROXY=http://a:b@127.0.0.1:$refuser" "HTTPS_PROXY: .*password.* proxy 127.0.0.1:$refuser "
by_proxy 13 "https_proxy=http://c:d@127.0.0.1:$refuser/" "https_proxy: .*lets through"
by_proxy 13 "HTTPS_PROXY=e:f@127.0.0.1:$refuser" "HTTPS_PROXY: .*127.0.0.1:$refuser"
by_proxy 13 'HTTPS_PROXY=http://g:h@127.0.0.1:1' 'HTTPS_PROXY: .*127.0.0.1:1,'

# refused MODE MESSAGE: a certificate that does not hold, which no second attempt would better.
refused() {
	echo "$1" >"$stub/mode"
	calls_of 4 "$DEPLOYER" whoami
	err_has 'certificate refused'
	err_has "$2"
	err_has '  -> '
	[ "$(grep -c CONNECT "$tmp/calls")" = 1 ] || fail 'it was tried again'
	lacks "$tmp/calls" POST
}
refused foreign 'unable to get local issuer certificate'
refused expired 'certificate has expired'
refused misnamed 'no alternative certificate subject name matches'
echo good >"$stub/mode"
calls_of 4 env AWS_CA_BUNDLE= "$DEPLOYER" whoami
err_has 'AWS_CA_BUNDLE'
lacks "$tmp/calls" POST
calls_of 2 env AWS_CA_BUNDLE="$tmp/none.pem" "$DEPLOYER" whoami
err_has "cannot use the CA bundle '$tmp/none.pem'"

# A proxy that refuses, and one that is not there; its password stays unsaid.
for status in 403 407; do
	echo "refuse $status" >"$stub/mode"
	calls_of 13 env HTTPS_PROXY="http://user:canary@127.0.0.1:$proxy" "$DEPLOYER" whoami
	err_has "$status"
	err_has 'HTTPS_PROXY'
	err_lacks canary
	[ "$(grep -c CONNECT "$tmp/calls")" = 1 ] || fail 'it was tried again'
done
run 13 env HTTPS_PROXY=http://user:canary@127.0.0.1:1 AWS_MAX_ATTEMPTS=1 "$DEPLOYER" whoami
err_has 'HTTPS_PROXY'
err_lacks canary

echo "$(wc -l <"$tmp/compared") runs made the calls of the AWS CLI"
