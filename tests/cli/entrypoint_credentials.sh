#!/bin/sh
# Every place that deployer-entrypoint takes credentials from, at its real address: a network of the
# test's own has the link-local addresses of ECS, EKS and EC2 on its loopback interface. What they hand
# out is a session of the sandbox, which checks every signature made with it.
if [ -z "${ENTRYPOINT_NETWORK-}" ]; then
	export ENTRYPOINT_NETWORK=own
	# In the first place as root, else as root of a user namespace.
	for as in '' -r; do
		# shellcheck disable=SC2086
		unshare $as -n true 2>/dev/null && exec unshare $as -n "$0" "$@"
	done
	echo 'no network namespace can be made here'
	exit 77
fi
. "$(dirname "$0")/testlib.sh"

sandbox=${DEPLOYER_SANDBOX:-}
entrypoint=${DEPLOYER_ENTRYPOINT:-}
[ -x "$sandbox" ] || skip 'the sandbox is absent'
[ -x "$entrypoint" ] || skip 'the entrypoint is absent'
need ip python3
ip link set lo up
for address in 169.254.170.2 169.254.170.23 169.254.169.254; do
	ip addr add "$address/32" dev lo
done

serve_sandbox --no-registry
echo '{"PASSWORD": "hunter2-canary"}' | "$DEPLOYER" --quiet secrets put app

# The session that is handed out.
mkdir stub "$HOME/.aws"
cat >"$HOME/.aws/config" <<'END'
[profile role]
role_arn = arn:aws:iam::123456789012:role/app
credential_source = Environment
END
"$DEPLOYER" credentials --profile role >stub/credentials
rm -r "$HOME/.aws"
printf 'eyJhbGciOi.TOKEN' >stub/token
mkfifo open
python3 "$testdir/metadata_stub.py" stub 169.254.170.2:80 169.254.170.23:80 169.254.169.254:80 127.0.0.1:0 <open &
exec 9>open
wait_until [ -e stub/ports ]
loopback=http://127.0.0.1:$(sed -n 4p stub/ports)

key_id=$AWS_ACCESS_KEY_ID
key=$AWS_SECRET_ACCESS_KEY
unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
export SECRETS=app
# The command line of a start: what it gets is seen by its length alone.
start='echo "started with ${#PASSWORD}"'
rows=0

# gets CALL NAME=VALUE...: starts the application, having asked CALL; "" where nothing is asked.
gets() {
	: >stub/calls
	call=$1
	shift
	run 0 env "$@" "$entrypoint" sh -c "$start"
	out_has 'started with 14'
	if [ -n "$call" ]; then
		grep -qxF -e "$call" stub/calls || fail "not asked: $call"
	else
		[ ! -s stub/calls ] || fail "asked: $(cat stub/calls)"
	fi
	rows=$((rows + 1))
}

# refuses TEXT NAME=VALUE...: starts nothing, and says why.
refuses() {
	text=$1
	shift
	run 125 env "$@" "$entrypoint" sh -c "$start"
	err_has "$text"
	out_lacks started
	err_lacks hunter2
	err_lacks "$(cat stub/token)"
	rows=$((rows + 1))
}

session() {
	sed -n "s/.*\"$1\": \"\(.*\)\".*/\1/p" stub/credentials
}

# ---- environment ----

no_instance=AWS_EC2_METADATA_DISABLED=true
gets '' AWS_ACCESS_KEY_ID="$key_id" AWS_SECRET_ACCESS_KEY="$key"
gets '' AWS_ACCESS_KEY_ID="$(session AccessKeyId)" AWS_SECRET_ACCESS_KEY="$(session SecretAccessKey)" \
	AWS_SESSION_TOKEN="$(session SessionToken)"
refuses 'InvalidSignatureException' AWS_ACCESS_KEY_ID="$key_id" AWS_SECRET_ACCESS_KEY=hunter2-canary
refuses 'UnrecognizedClientException' AWS_ACCESS_KEY_ID="$(session AccessKeyId)" \
	AWS_SECRET_ACCESS_KEY="$(session SecretAccessKey)" AWS_SESSION_TOKEN=hunter2-canary
refuses 'no AWS credentials; tried: environment' "$no_instance"
err_has '  -> give the task a role'
refuses 'needs a region' "$no_instance" AWS_REGION= AWS_DEFAULT_REGION= AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b
err_has '  -> set AWS_REGION in the container'

# ---- ECS ----

uri=AWS_CONTAINER_CREDENTIALS_RELATIVE_URI
gets '169.254.170.2 GET /v2/credentials/task' $uri=/v2/credentials/task
gets '169.254.170.2 GET /v2/credentials/flaky' $uri=/v2/credentials/flaky
full=AWS_CONTAINER_CREDENTIALS_FULL_URI
gets '169.254.170.2 GET /v2/credentials/guarded' $full=http://169.254.170.2/v2/credentials/guarded \
	AWS_CONTAINER_AUTHORIZATION_TOKEN="$(cat stub/token)"
gets '127.0.0.1 GET /task' "$full=$loopback/task"
refuses 'status 404' $uri=/v2/credentials/absent
refuses 'premature end of input' $uri=/broken
refuses "no 'SecretAccessKey' in it" $uri=/partial
refuses 'the credentials from container ended at 2020-01-01T00:00:00Z' $uri=/expired
refuses 'InvalidSignatureException' $uri=/forged
refuses 'is not a host to ask for credentials' $full=http://192.0.2.1/task
# The environment comes first, the container before the instance.
gets '' $uri=/absent AWS_ACCESS_KEY_ID="$key_id" AWS_SECRET_ACCESS_KEY="$key"

# ---- EKS: the token is in a file that is renewed ----

eks=$full=http://169.254.170.23/v1/guarded
file=AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE
gets '169.254.170.23 GET /v1/guarded' "$eks" $file=stub/token
echo "hunter2-canary" >wrong
refuses 'has a line end in it' "$eks" $file=wrong
printf 'hunter2-canary' >wrong
refuses 'status 401' "$eks" $file=wrong
refuses 'No such file or directory' "$eks" $file=nowhere

# ---- EC2: IMDSv2 ----

unset AWS_EC2_METADATA_DISABLED
role='GET /latest/meta-data/iam/security-credentials/web%20role'
gets "169.254.169.254 $role" A=
gets '169.254.169.254 PUT /latest/api/token' A=
gets "127.0.0.1 $role" "AWS_EC2_METADATA_SERVICE_ENDPOINT=$loopback"
gets '169.254.169.254 GET /latest/meta-data/placement/region' AWS_REGION= AWS_DEFAULT_REGION=
refuses 'EC2 instance (AWS_EC2_METADATA_DISABLED is true)' "$no_instance"
refuses 'EC2 instance (' AWS_EC2_METADATA_SERVICE_ENDPOINT=http://127.0.0.1:9
export AWS_EC2_METADATA_DISABLED=true

# ---- web identity: a token of an OIDC provider for a role, at STS ----

token=AWS_WEB_IDENTITY_TOKEN_FILE=stub/token
gets '' $token AWS_ROLE_ARN=arn:aws:iam::123456789012:role/app AWS_ROLE_SESSION_NAME=web
# Before the container: EKS sets both.
gets '' $token AWS_ROLE_ARN=arn:aws:iam::123456789012:role/app $uri=/v2/credentials/task
refuses 'a web identity token and no role' $token
refuses 'web identity token: cannot read' AWS_WEB_IDENTITY_TOKEN_FILE=nowhere AWS_ROLE_ARN=arn:aws:iam::1:role/app
refuses 'AssumeRoleWithWebIdentity' $token AWS_ROLE_ARN=arn:aws:iam::1:user/app

# ---- a signal while nobody answers ----

env $uri=/slow "$entrypoint" true >out 2>err &
waiting=$!
wait_until grep -q /slow stub/calls
before=$(date +%s%N)
kill -TERM $waiting
ran_status=0
wait $waiting || ran_status=$?
took_ms=$((($(date +%s%N) - before) / 1000000))
[ $ran_status = 143 ] && [ $took_ms -lt 15000 ] || fail "SIGTERM: status $ran_status after $took_ms ms"
rows=$((rows + 1))

# Nothing was cached on the way.
[ -z "$(find "$HOME" -type f)" ] || fail "a file was left: $(find "$HOME" -type f)"
echo "credentials of a container: $rows/$rows"
