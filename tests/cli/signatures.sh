#!/bin/sh
# Every call that the library signs, before two verifiers that others than its author wrote down: moto,
# with its authorisation on, and the sandbox. Both take each of them, and refuse each with a wrong key.
. "$(dirname "$0")/testlib.sh"
[ -x "${EVERY_CALL-}" ] || skip 'the program every-call is not built'
export AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1 AWS_MAX_ATTEMPTS=1

# What the two say when it is the signature, the key or the right that is wrong.
refusal='SignatureDoesNotMatch|InvalidSignature|IncompleteSignature|InvalidClientTokenId|UnrecognizedClient'
refusal="$refusal|InvalidAccessKeyId|AccessDenied|AuthFailure|MissingAuthenticationToken"

# accepted, rejected: what became of the calls in $tmp/out. An answer with another error is one to a
# signature that holds, moto's own breakdown (500, behind its check: see the wrong key) included; no
# answer at all is neither. Services that a verifier does not play (InvalidAction
# of the sandbox, whose dispatch comes before its check) are not counted.
tally() {
	sed -i '/^[A-Za-z]* InvalidAction: /d' "$tmp/out"
	calls=$(wc -l <"$tmp/out")
	refused=$(grep -cE "^[A-Za-z]+ ($refusal)" "$tmp/out" || true)
	! grep -E '^[A-Za-z]+ (-|[0-9]+): ' "$tmp/out" | grep -v 'unintelligible error, HTTP 500$' || fail 'a call was not answered'
	[ "$calls" -gt 0 ] || fail 'no call was made'
}
accepted() {
	tally
	[ "$refused" = 0 ] || fail "$1 refused $refused of $calls signatures"
	echo "$1: $calls/$calls signatures accepted"
}
rejected() {
	tally
	[ "$refused" = "$calls" ] || fail "$1 refused only $refused of $calls signatures by a wrong key"
	echo "$1: $calls/$calls signatures by a wrong key refused"
}

# The sandbox.
verifiers=0
if [ -x "${DEPLOYER_SANDBOX-}" ]; then
	verifiers=$((verifiers + 1))
	run 0 "$DEPLOYER_SANDBOX" -q run --no-registry -- "$EVERY_CALL"
	accepted sandbox
	run 0 "$DEPLOYER_SANDBOX" -q run --no-registry -- env AWS_SECRET_ACCESS_KEY=wrong "$EVERY_CALL"
	rejected sandbox
fi

# moto: the first three calls make a user who may do everything; from then on it looks at all.
if command -v moto_server >/dev/null && has_aws && command -v python3 >/dev/null; then
	verifiers=$((verifiers + 1))
	port=$(free_port)
	INITIAL_NO_AUTH_ACTION_COUNT=3 moto_server -H 127.0.0.1 -p "$port" >"$tmp/moto.log" 2>&1 &
	moto=$!
	at_exit "kill $moto"
	url=http://127.0.0.1:$port
	wait_until accepts "$port"
	export AWS_ENDPOINT_URL="$url" AWS_ACCESS_KEY_ID=AKIANOBODY AWS_SECRET_ACCESS_KEY=none
	aws iam create-user --user-name caller >/dev/null
	aws iam put-user-policy --user-name caller --policy-name all --policy-document \
		'{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'
	# shellcheck disable=SC2046
	set -- $(aws iam create-access-key --user-name caller --output text \
		--query 'AccessKey.[AccessKeyId, SecretAccessKey]')
	! aws s3api create-bucket --bucket signed-calls 2>"$tmp/err" || fail 'moto checks no signature'
	export AWS_ACCESS_KEY_ID="$1" AWS_SECRET_ACCESS_KEY="$2"
	aws s3api create-bucket --bucket signed-calls >/dev/null

	run 0 "$EVERY_CALL"
	accepted moto
	run 0 env AWS_SECRET_ACCESS_KEY=wrong "$EVERY_CALL"
	rejected moto

	# Keys of objects, as far as moto understands the AWS CLI's own requests for them.
	keys=0
	both=0
	while read -r key; do
		keys=$((keys + 1))
		aws s3api put-object --bucket signed-calls --key "$key" >/dev/null 2>"$tmp/theirs" || continue
		both=$((both + 1))
		run 0 "$EVERY_CALL" signed-calls "ours/$key"
		out_is 'PutObject ok'
		printf 'ours/%s\n' "$key" >>"$tmp/keys"
	done <<-'END'
		plain
		a b
		a+b
		a//b
		a/./b
		a/../b
		ü/€
		a%20b
		a&b=c
		a?b#c
		(x)!*'
		~tilde
		a:b@c,d;e$
		trailing/
		odd/a b+c/d=e&f %20 é€ ~*'()!
	END
	# Its check does not understand the AWS CLI's listing: off for that.
	python3 - "$url/moto-api/reset-auth" <<-'END'
		import sys, urllib.request
		urllib.request.urlopen(urllib.request.Request(sys.argv[1], b"100", {"Content-Type": "text/plain"}))
	END
	aws s3api list-objects-v2 --bucket signed-calls --prefix ours/ --query 'Contents[].[Key]' --output text |
		LC_ALL=C sort >"$tmp/stored"
	LC_ALL=C sort "$tmp/keys" | diff - "$tmp/stored" || fail 'the objects have other names'
	echo "moto: $both/$both of $keys odd keys stored, as the AWS CLI does"
fi
[ $verifiers -gt 0 ] || skip 'neither the sandbox nor moto is here'
