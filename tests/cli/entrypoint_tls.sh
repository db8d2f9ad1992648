#!/bin/sh
# Whom the entrypoint takes for AWS: servers with all kinds of certificates, of which it may speak to those
# alone that are the host's, in force, for servers, and signed by the trusted root. Prints TAP.
. "$(dirname "$0")/testlib.sh"

sandbox=${DEPLOYER_SANDBOX:-}
entrypoint=${DEPLOYER_ENTRYPOINT:-}
[ -x "$sandbox" ] || skip 'the sandbox is absent'
[ -x "$entrypoint" ] || skip 'the entrypoint is absent'
need socat openssl faketime

serve_sandbox --no-registry
export SECRETS_INIT="$tmp/init"
printf '{"V": "v"}' | "$DEPLOYER" --quiet secrets put app
upstream=${AWS_ENDPOINT_URL#http://}

# issue NAME ISSUER EXTENSIONS [OPTION...]: a certificate and its key, with what leads to the root.
issue() {
	name=$1 issuer=$2
	printf %b "$3" >"$name.ext"
	shift 3
	openssl req -newkey "${key:-rsa:2048}" -nodes -keyout "$name.key" -out "$name.csr" -subj "/CN=${cn:-$name}" 2>log ||
		fail "$name: $(cat log)"
	$at openssl x509 -req -in "$name.csr" -CA "$issuer.crt" -CAkey "$issuer.key" -CAcreateserial -days 9 \
		-extfile "$name.ext" -out "$name.crt" "$@" 2>log || fail "$name: $(cat log)"
	cat "$name.key" "$name.crt" >"$name.pem"
	[ "$issuer" = root ] || cat "$issuer.crt" >>"$name.pem"
}

at=
for root in root stranger; do
	openssl req -x509 -newkey rsa:2048 -nodes -keyout $root.key -out $root.crt -days 9 -subj /CN=$root \
		-addext 'keyUsage=keyCertSign' 2>log || fail "$(cat log)"
done
ca='basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\n'
local='subjectAltName=DNS:localhost,IP:127.0.0.1\n'
issue middle root "$ca"
issue no-ca root "basicConstraints=CA:FALSE\n$local"
issue plain root "$local"
issue chain middle "$local"
openssl ecparam -name prime256v1 -out curve.pem
key=ec:curve.pem
issue ec root "$local"
key=

cn=localhost
issue other-name root 'subjectAltName=DNS:example.com,IP:127.0.0.1\n'
issue other-address root 'subjectAltName=DNS:localhost,IP:127.0.0.2\n'
issue long-address root 'subjectAltName=DNS:localhost,IP:7f00:1::\n'
issue address-as-name root 'subjectAltName=DNS:127.0.0.1\n'
issue wildcard root 'subjectAltName=DNS:*\n'
cn=127.0.0.1
issue name-alone root 'subjectAltName=DNS:localhost\n'
cn=localhost
issue clients root "extendedKeyUsage=clientAuth\n$local"
issue signed-by-leaf no-ca "$local"
issue other-root stranger "$local"
at="faketime -f -30d"
issue expired root "$local"
at="faketime -f +30d"
issue future root "$local"
at=
issue sha1 root "$local" -sha1
key=rsa:1024
issue short-key root "$local"

# Name of the certificate, host, what comes of it.
cat >rows <<-'ROWS'
	plain localhost started
	plain 127.0.0.1 started
	chain localhost started
	ec localhost started
	other-name 127.0.0.1 started
	other-name localhost hostname mismatch
	other-address localhost started
	other-address 127.0.0.1 mismatch
	long-address 127.0.0.1 mismatch
	address-as-name 127.0.0.1 mismatch
	name-alone 127.0.0.1 mismatch
	wildcard localhost mismatch
	clients localhost certificate refused
	signed-by-leaf localhost certificate refused
	other-root localhost certificate refused
	expired localhost certificate has expired
	future localhost certificate is not yet valid
	sha1 localhost certificate refused
	short-key localhost certificate refused
	old localhost TLS:
ROWS

# Servers that would show or speak anything.
cat >any.cnf <<-'CNF'
	openssl_conf = all
	[all]
	ssl_conf = ssl
	[ssl]
	system_default = lax
	[lax]
	CipherString = ALL@SECLEVEL=0
	MinProtocol = TLSv1
CNF
sed '$a MaxProtocol = TLSv1.1' any.cnf >old.cnf
ln -s plain.pem old.pem

serve() { # NAME: $port has its port
	port=$(free_port)
	config=any.cnf
	[ "$1" != old ] || config=old.cnf
	OPENSSL_CONF=$config socat "OPENSSL-LISTEN:$port,bind=127.0.0.1,reuseaddr,fork,cert=$1.pem,verify=0" \
		"TCP:$upstream" 2>>socat.log &
	at_exit "kill $! 2>/dev/null"
	wait_until accepts "$port"
}

echo "1..$(wc -l <rows)"
number=0
while read -r name host want; do
	number=$((number + 1))
	serve "$name"
	status=125
	[ "$want" != started ] || status=0
	run $status env SECRETS=app SSL_CERT_FILE=root.crt "AWS_ENDPOINT_URL=https://$host:$port" "$entrypoint" \
		sh -c 'echo "started $V"'
	case $want in
	started) out_has 'started v' ;;
	*)
		err_has "$want"
		out_lacks started
		;;
	esac
	echo "ok $number - $name as $host: $want"
done <rows
