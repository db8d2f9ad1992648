#!/bin/sh
# The sandbox's ECS, Lambda logs and CloudWatch Logs as the AWS CLI finds them: a service that rolls out,
# every way in which its tasks can fail, the circuit breaker seen and unseen, and a custom resource
# whose function runs a task. The AWS CLI is the second opinion on the shape of the replies.
. "$(dirname "$0")/testlib.sh"
need_aws
[ -n "${DEPLOYER_SANDBOX-}" ] || skip 'deployer-sandbox is not built'

cat >stack.yml <<-'YML'
	Parameters:
	  Tag: {Type: String}
	  Breaker: {Type: String, Default: 'false'}
	Resources:
	  Cluster: {Type: AWS::ECS::Cluster, Properties: {ClusterName: app}}
	  Logs: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: /app}}
	  Runner:
	    Type: AWS::Lambda::Function
	    Properties: {FunctionName: app-runner, Handler: index.handler, Role: 'arn:aws:iam::123456789012:role/r', Code: {ZipFile: ''}}
	  MigrateDefinition:
	    Type: AWS::ECS::TaskDefinition
	    Properties:
	      Family: migrate
	      ContainerDefinitions:
	      - Name: migrate
	        Image: !Sub 'app:${Tag}'
	        LogConfiguration: {LogDriver: awslogs, Options: {awslogs-group: !Ref Logs, awslogs-stream-prefix: docker}}
	  Migrate:
	    Type: Custom::Migrate
	    Properties: {ServiceToken: !GetAtt Runner.Arn, Cluster: !Ref Cluster, TaskDefinition: !Ref MigrateDefinition}
	  Definition:
	    Type: AWS::ECS::TaskDefinition
	    Properties:
	      Family: web
	      ContainerDefinitions:
	      - Name: web
	        Image: !Sub 'app:${Tag}'
	        Memory: '128'
	        PortMappings: [{ContainerPort: '8000'}]
	        LogConfiguration: {LogDriver: awslogs, Options: {awslogs-group: !Ref Logs, awslogs-stream-prefix: docker}}
	      - {Name: side, Image: side, Essential: 'false'}
	  Service:
	    Type: AWS::ECS::Service
	    DependsOn: Migrate
	    Properties:
	      ServiceName: web
	      Cluster: !Ref Cluster
	      LaunchType: FARGATE
	      DesiredCount: '2'
	      TaskDefinition: !Ref Definition
	      LoadBalancers: [{ContainerName: web, ContainerPort: '8000', TargetGroupArn: 'arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/1'}]
	      DeploymentConfiguration: {DeploymentCircuitBreaker: {Enable: !Ref Breaker, Rollback: !Ref Breaker}}
YML

cat >tools.sh <<-'SH'
	change() { # create-stack|update-stack TAG [BREAKER]
		aws cloudformation "$1" --stack-name app --template-body file://stack.yml --output text --query StackId \
			--parameters "ParameterKey=Tag,ParameterValue=$2" "ParameterKey=Breaker,ParameterValue=${3-false}" >&2
	}
	rest() {
		while :; do
			status=$(aws cloudformation describe-stacks --stack-name app --output text --query 'Stacks[0].StackStatus')
			case $status in *_IN_PROGRESS) sleep 0.2 ;; *) break ;; esac
		done
		echo "$status"
	}
	service() { # QUERY
		aws ecs describe-services --cluster app --services web --output text --query "services[0].$1"
	}
	stopped() { # QUERY, of a task that stopped; the first may take a while
		while
			arns=$(aws ecs list-tasks --cluster app --service-name web --desired-status STOPPED --query taskArns --output text)
			[ -z "${arns#None}" ]
		do sleep 0.2; done
		aws ecs describe-tasks --cluster app --tasks ${arns%%	*} --output text --query "tasks[0].$1"
	}
	failures() {
		aws cloudformation describe-stack-events --stack-name app --output text \
			--query 'StackEvents[?ends_with(ResourceStatus, `_FAILED`)].[LogicalResourceId,ResourceStatusReason]'
	}
SH

# An hour passes in 18 seconds, where nothing else is said. Each scenario finds the account as
# it was after the creation.
speed=200
sandbox() { # SCENARIO COMMANDS
	printf '%s\n' "$1" >scenario.yml
	rm -rf state
	[ ! -e made ] || cp -R made state
	run 0 "$DEPLOYER_SANDBOX" run -q --speed "$speed" --state state --no-registry --scenario scenario.yml -- \
		sh -euc ". ./tools.sh; $2"
}

sandbox '{}' 'change create-stack good; rest
	service "[desiredCount,runningCount,deployments[0].rolloutState,deployments[0].status]"
	aws ecs describe-services --cluster app --services other --output text --query "failures[0].reason"
	aws ecs list-services --cluster app --output text --query serviceArns
	aws ecs describe-task-definition --task-definition web --output text \
		--query "taskDefinition.[revision,status,containerDefinitions[0].memory,containerDefinitions[0].portMappings[0].containerPort]"
	aws logs describe-log-streams --log-group-name /aws/lambda/app-runner --output text --query "length(logStreams)"
	aws ecs list-tasks --cluster other || echo "status $?"'
out_has 'CREATE_COMPLETE'
out_has '2	2	COMPLETED	PRIMARY'
out_has 'MISSING'
out_has 'arn:aws:ecs:us-east-1:123456789012:service/app/web'
out_has '1	ACTIVE	128	8000'
err_has '(ClusterNotFoundException)'
mv state made

# Without a circuit breaker the stack waits for three hours; the reason is there all the time.
speed=10000
sandbox 'services: [{outcome: crash}]' 'change update-stack bad; rest; failures'
out_has 'UPDATE_ROLLBACK_COMPLETE'
out_has 'HandlerErrorCode: NotStabilized'
speed=100
sandbox 'services: [{outcome: crash, exit_code: 3, log: [starting, no database]}]' 'change update-stack bad
	stopped "[stopCode,stoppedReason,containers[0].exitCode,containers[0].lastStatus]"
	service "deployments[].[status,rolloutState]"
	aws logs filter-log-events --log-group-name /app --filter-pattern "\"no database\"" --max-items 1 \
		--query "events[0].message" --output text'
out_has 'PRIMARY	IN_PROGRESS'
out_has 'ACTIVE	COMPLETED'
out_has 'EssentialContainerExited	Essential container in task exited	3	STOPPED'
out_has 'no database'

# With it, it takes minutes.
sandbox 'services: [{outcome: pull}]' 'change update-stack bad true; rest; failures
	service "events[].message"'
out_has 'UPDATE_ROLLBACK_COMPLETE'
out_has "'ECS Deployment Circuit Breaker was triggered'"
out_has 'rolling back to deployment ecs-svc/'

# It rolled back, and the stack is complete all the same.
sandbox 'services: [{outcome: oom, breaker: hidden}]' 'change update-stack bad; rest; service "deployments[].[status,taskDefinition]"
	aws cloudformation describe-stack-resource --stack-name app --logical-resource-id Definition --output text \
		--query StackResourceDetail.PhysicalResourceId'
out_has 'UPDATE_COMPLETE'
out_has 'PRIMARY	arn:aws:ecs:us-east-1:123456789012:task-definition/web:1'
out_has 'arn:aws:ecs:us-east-1:123456789012:task-definition/web:2'

# The other ways to fail, one look each, and a cancel that works meanwhile.
failing() { # OUTCOME
	sandbox "services: [{outcome: $1}]" 'change update-stack bad
		stopped "[stopCode,stoppedReason,containers[0].[reason,exitCode]]"; service "events[].message"
		aws cloudformation cancel-update-stack --stack-name app; rest'
	out_has UPDATE_ROLLBACK_COMPLETE
}
failing pull
out_has 'TaskFailedToStart	CannotPullContainerError: pull image manifest has been retried 1 time(s)'
failing oom
out_has 'OutOfMemoryError: Container killed due to memory usage	137'
failing secret
out_has 'TaskFailedToStart	ResourceInitializationError: unable to pull secrets or registry auth'
failing unhealthy
out_has 'ServiceSchedulerInitiated	Task failed ELB health checks in (target-group '
out_has 'is unhealthy in (target-group'
sandbox 'services: [{outcome: unplaced, failures: 8}]' 'change update-stack bad; rest; service "events[].message"'
out_has UPDATE_COMPLETE
out_has 'was unable to place a task because no container instance met all of its requirements'

# A custom resource: its function's log leads to the task, and that to the container's log. ECS forgets a
# task that ended after an hour, which is three minutes here.
speed=20
sandbox 'functions: [{logical_id: Migrate, outcome: fail, exit_code: 2, task_log: [no such table]}]' \
	'change update-stack bad; rest; failures
	stream=$(failures | sed -n "s/.*Log Stream: \([^ ]*\) .*/\1/p")
	aws logs get-log-events --log-group-name /aws/lambda/app-runner --log-stream-name "$stream" --output text \
		--query "events[].[message]" | tee function.log
	task=$(sed -n "s/^Started ECS task //p" function.log)
	aws ecs describe-tasks --cluster app --tasks "$task" --output text --query "tasks[0].containers[].[name,exitCode]"
	aws logs get-log-events --log-group-name /app --log-stream-name "docker/migrate/${task##*/}" --output text \
		--query "events[].[message]"'
out_has 'UPDATE_ROLLBACK_COMPLETE'
out_has 'Received response status [FAILED] from custom resource. Message returned: See the details in CloudWatch Log Stream: '
out_has 'failed with exit code 2'
out_has 'migrate	2'
out_has 'no such table'

# One that never answers holds the stack up for an hour.
speed=3600
sandbox 'functions: [{logical_id: Migrate, outcome: silent}]' 'change update-stack bad; rest; failures
	aws logs filter-log-events --log-group-name /aws/lambda/app-runner --filter-pattern "\"timed out\"" \
		--output text --query "events[].message"'
out_has 'CloudFormation did not receive a response from your Custom Resource.'
out_has 'Task timed out after 300.00 seconds'

# Small pages; the AWS CLI turns them.
sandbox 'page_size: 1' 'aws ecs list-tasks --cluster app --output text --query "length(taskArns)" --page-size 50 | wc -l'
out_is 2
