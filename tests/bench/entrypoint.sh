#!/bin/sh
# The start of a container with its secrets, over TLS on the loopback address: deployer-entrypoint beside
# the script that it stands in for (bash, the AWS CLI and jq), with one secret and with three; then what
# each adds to an image, by Debian's packages.
. "$(dirname "$0")/../cli/testlib.sh"
. "$testdir/benchlib.sh"

need_sandbox
need bash jq socat openssl python3
[ -x "${DEPLOYER_ENTRYPOINT-}" ] || skip 'this build has no entrypoint'
aws=$(find_aws)

openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost \
	-addext subjectAltName=IP:127.0.0.1 2>/dev/null
cat key.pem cert.pem >both.pem

# As the image of the original has it, but for the path of the AWS CLI.
cat >entrypoint.bash <<END
#!/bin/bash
set -e -o pipefail
echo "Processing secrets [\${SECRETS}]..."
read -r -a secrets <<< "\$SECRETS"
for secret in "\${secrets[@]}"; do
  vars=\$($aws secretsmanager get-secret-value --secret-id \$secret --query SecretString --output text \\
    | jq -r 'to_entries[] | "export \(.key)='\''\(.value)'\''"')
  eval \$vars
done
exec "\$@"
END

cat >bench <<'END'
set -eu
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
socat "OPENSSL-LISTEN:$port,bind=127.0.0.1,reuseaddr,fork,cert=both.pem,verify=0" \
	"TCP:${AWS_ENDPOINT_URL#http://}" 2>/dev/null &
trap 'kill $!' EXIT
for name in a b c; do
	printf '{"USER_%s": "todo", "PASSWORD_%s": "not so secret"}' $name $name | "$DEPLOYER" --quiet secrets put $name
done
sleep 0.5
export AWS_ENDPOINT_URL="https://127.0.0.1:$port" AWS_CA_BUNDLE="$PWD/cert.pem"
for SECRETS in a 'a b c'; do
	export SECRETS
	echo "secrets: $SECRETS"
	"$BENCH_COMPARE" 15 "$DEPLOYER_ENTRYPOINT" true -- bash entrypoint.bash true
done
echo 'one secret beside three'
"$BENCH_COMPARE" 31 env SECRETS=a "$DEPLOYER_ENTRYPOINT" true -- env SECRETS='a b c' "$DEPLOYER_ENTRYPOINT" true
END
"$DEPLOYER_SANDBOX" --quiet run --no-registry -- sh bench

echo "in an image: deployer-entrypoint $(($(stat -c %s "$DEPLOYER_ENTRYPOINT") / 1000)) kB"
if command -v apt-cache >/dev/null; then
	apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces \
		--no-enhances awscli jq bash ca-certificates | grep '^[a-z]' | sort -u |
		xargs apt-cache show --no-all-versions 2>/dev/null |
		awk '/^Installed-Size:/ { kb += $2 } END { printf "in an image: bash, awscli, jq, ca-certificates and what they need %d kB\n", kb }'
fi
