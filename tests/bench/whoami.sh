#!/bin/sh
# Who am I: deployer beside the AWS CLI, at one endpoint.
. "$(dirname "$0")/../cli/testlib.sh"
. "$testdir/benchlib.sh"

need_sandbox
aws=$(find_aws)
exec "$DEPLOYER_SANDBOX" run -- sh -c '"$BENCH_COMPARE" 20 "$DEPLOYER" whoami -- \
	"$1" --endpoint-url "$AWS_ENDPOINT_URL" sts get-caller-identity' sh "$aws"
