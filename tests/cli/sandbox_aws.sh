#!/bin/sh
# The sandbox as the AWS CLI finds it: its own deploy command on the real stack, what it is told when
# something is wrong with template, parameters or signature.
. "$(dirname "$0")/testlib.sh"
need_aws
[ -n "${DEPLOYER_SANDBOX-}" ] || skip 'deployer-sandbox is not built'
corpus=${DEPLOYER_CORPUS:-}/todobackend
[ -e "$corpus/stack.yml" ] || skip "$corpus is absent"

# Days pass in a millisecond: the AWS CLI looks again after half a minute only.
sandbox() { # STATUS COMMAND...
	want=$1
	shift
	run "$want" "$DEPLOYER_SANDBOX" run -q --speed 100000000 --state "$tmp/state" --no-registry \
		--account 385605022855 --export secrets-key=arn:aws:kms:us-east-1:385605022855:key/1 -- "$@"
}

# The AWS CLI ends with 254 or 255, according to its version.
refused() { # COMMAND...
	# shellcheck disable=SC2016
	sandbox 1 sh -c '"$@" || exit 1' sh "$@"
}

deploy() { # STATUS ARGUMENT...
	# The AWS CLI names its change sets by the second.
	sleep 1
	want=$1
	shift
	# shellcheck disable=SC2016
	sandbox "$want" sh -c '"$@" || exit 1' sh aws cloudformation deploy --template-file "$corpus/stack.yml" \
		--stack-name todobackend --fail-on-empty-changeset "$@"
}

# shellcheck disable=SC2046
set -- $(cat "$corpus/dev.cfg")

# Who is not who he says.
sandbox 0 aws sts get-caller-identity --query Arn --output text
out_is 'arn:aws:iam::385605022855:user/sandbox'
refused env AWS_SECRET_ACCESS_KEY=wrong aws sts get-caller-identity
err_has '(SignatureDoesNotMatch) when calling the GetCallerIdentity operation: The request signature we calculated'
refused env AWS_SECRET_ACCESS_KEY=wrong aws ecr describe-repositories
err_has '(InvalidSignatureException)'
refused env AWS_ACCESS_KEY_ID=AKIANOBODY aws sts get-caller-identity
err_has '(InvalidClientTokenId)'

# What is wrong with parameters and capabilities; nothing is left behind.
deploy 1 --parameter-overrides "$@"
err_has '(InsufficientCapabilitiesException)'
err_has 'Requires capabilities : [CAPABILITY_IAM]'
deploy 1 --capabilities CAPABILITY_NAMED_IAM --parameter-overrides ApplicationDesiredCount=1
err_has 'Parameters: [ApplicationImageId, ApplicationSubnets, PrivateSubnets, VpcId] must have values'
deploy 1 --capabilities CAPABILITY_NAMED_IAM --parameter-overrides "$@" ApplicationDesiredCount=many
err_has "Parameter 'ApplicationDesiredCount' must be a number"
refused aws cloudformation create-stack --stack-name x --template-body 'Resources: {A: {Type: AWS::No::Such}}'
err_has 'Template format error: Unrecognized resource types: [AWS::No::Such]'
refused aws cloudformation describe-stacks --stack-name todobackend
err_has 'Stack with id todobackend does not exist'

# Created, unchanged, updated.
deploy 0 --capabilities CAPABILITY_NAMED_IAM --parameter-overrides "$@"
out_has 'Successfully created/updated stack - todobackend'
deploy 1 --capabilities CAPABILITY_NAMED_IAM --parameter-overrides "$@"
err_has 'No changes to deploy. Stack todobackend is up to date'
deploy 0 --capabilities CAPABILITY_NAMED_IAM --parameter-overrides "$@" ApplicationImageTag=abcdef1
out_has 'Successfully created/updated stack'
sandbox 0 aws cloudformation describe-stacks --stack-name todobackend \
	--query 'Stacks[0].[StackStatus,Parameters[?ParameterKey==`ApplicationImageTag`]|[0].ParameterValue]' --output text
out_is 'UPDATE_COMPLETE	abcdef1'
sandbox 0 aws cloudformation describe-stack-resources --stack-name todobackend \
	--query 'StackResources[?LogicalResourceId==`ApplicationTaskDefinition`].PhysicalResourceId' --output text
out_is 'arn:aws:ecs:us-east-1:385605022855:task-definition/todobackend:2'

# The other templates of the same stack's owners.
for name in ecr kms stack-master; do
	sandbox 0 aws cloudformation validate-template --template-body "file://$corpus/$name.yml"
done
sandbox 0 sh -c "aws cloudformation create-stack --stack-name ecr --template-body file://$corpus/ecr.yml &&
	aws cloudformation wait stack-create-complete --stack-name ecr &&
	aws ecr describe-repositories --query 'repositories[].repositoryUri' --output text"
out_has '385605022855.dkr.ecr.us-east-1.amazonaws.com/docker-in-aws/todobackend'

# A scenario: the update fails, the AWS CLI says so, the old values are back.
cat >"$tmp/scenario.yml" <<-'YML'
	faults:
	- {action: DescribeChangeSet, reply: throttle}
	resources:
	- {logical_id: ApplicationService, action: UPDATE, outcome: fail, count: 1, reason: did not stabilize}
YML
# shellcheck disable=SC2016
run 1 "$DEPLOYER_SANDBOX" run --speed 100000000 --state "$tmp/state" --no-registry --scenario "$tmp/scenario.yml" -- \
	sh -c '"$@" || exit 1' sh aws cloudformation deploy --template-file "$corpus/stack.yml" --stack-name todobackend \
	--capabilities CAPABILITY_NAMED_IAM --parameter-overrides "$@" ApplicationImageTag=bad
err_has 'Failed to create/update the stack'
err_has 'stack  todobackend  UPDATE_ROLLBACK_COMPLETE'
err_has 'cloudformation DescribeChangeSet (fault)'
sandbox 0 aws cloudformation describe-stack-events --stack-name todobackend \
	--query 'StackEvents[?ResourceStatus==`UPDATE_FAILED`].ResourceStatusReason' --output text
out_has 'did not stabilize'
sandbox 0 sh -c 'aws cloudformation delete-stack --stack-name todobackend &&
	aws cloudformation wait stack-delete-complete --stack-name todobackend'

# Stacks that are there in a status, events by operation, small pages, and a region without the newest
# operation.
cat >states.yml <<-'YML'
	page_size: 1
	resources:
	- {logical_id: A, outcome: fail, reason: no luck}
	stacks:
	- {name: left, is_made: true, found: UPDATE_FAILED}
	- {name: busy, is_made: true, found: IMPORT_IN_PROGRESS, then: IMPORT_COMPLETE, seconds: 1}
YML
cat >states.sh <<-'SH'
	set -eu
	c() { aws cloudformation "$@" --output text; }
	c rollback-stack --stack-name left --query StackId
	c describe-stacks --query 'Stacks[].[StackName,StackStatus]'
	c create-stack --stack-name new --template-body 'Resources: {A: {Type: AWS::SSM::Parameter}}' --query StackId
	c describe-events --stack-name new --filters FailedEvents=true \
		--query 'OperationEvents[].[OperationType,EventType,ResourceStatusReason]'
	c list-stack-resources --stack-name left --query 'StackResourceSummaries[].LogicalResourceId'
SH
run 0 "$DEPLOYER_SANDBOX" run --speed 100000000 --no-registry --scenario states.yml -- sh states.sh
out_has 'left	UPDATE_ROLLBACK_COMPLETE'
out_has 'busy	IMPORT_COMPLETE'
out_has 'CREATE_STACK	PROVISIONING_ERROR	no luck'
printf 'lacks: [DescribeEvents]\nstacks: [{name: app, is_made: true}]\n' >older.yml
# shellcheck disable=SC2016
run 1 "$DEPLOYER_SANDBOX" run -q --no-registry --scenario older.yml -- \
	sh -c 'aws cloudformation describe-events --stack-name app || exit 1'
err_has '(InvalidAction)'
