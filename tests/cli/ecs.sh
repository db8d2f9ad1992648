#!/bin/sh
# A stack with an ECS service, against the sandbox: what deployer says of its tasks while they are replaced,
# when it gives up on them, what it finds in their logs, and that CloudFormation's word alone is no success.
. "$(dirname "$0")/testlib.sh"
need git
[ -n "${DEPLOYER_SANDBOX-}" ] || skip 'deployer-sandbox is not built'

cat >stack.yml <<-'YML'
	Parameters:
	  ApplicationImageTag: {Type: String}
	  Breaker: {Type: String, Default: 'false'}
	  Password: {Type: String, NoEcho: true, Default: hunter2hunter2}
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
	        Image: !Sub 'app:${ApplicationImageTag}'
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
	        Image: !Sub 'app:${ApplicationImageTag}'
	        LogConfiguration: {LogDriver: awslogs, Options: {awslogs-group: !Ref Logs, awslogs-stream-prefix: docker}}
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
printf 'stack:\n  name: app\n' >deployer.yml
printf 'ApplicationImageTag=good\nPassword=correcthorse\n' >dev.cfg
git init -q .

# Each scenario finds the account as it was after the creation. speed: how many seconds of AWS pass in one.
speed=60
sandbox() { # STATUS SCENARIO COMMAND...
	want=$1
	printf '%s\n' "$2" >scenario.yml
	shift 2
	rm -rf state
	[ ! -e made ] || cp -R made state
	run "$want" "$DEPLOYER_SANDBOX" run -q --speed "$speed" --state state --no-registry --scenario scenario.yml -- "$@"
}

# How long after the first event of the service the update was turned back, in seconds of the stack's time.
verdict_seconds() {
	awk '/UPDATE_IN_PROGRESS +Service / { begin = seconds($1) }
		/UPDATE_ROLLBACK_IN_PROGRESS/ { print seconds($1) - begin; exit }
		function seconds(text, parts, n) {
			n = 0
			while (match(text, /^[0-9]+[hms]/)) {
				parts = substr(text, RLENGTH, 1)
				n += substr(text, 1, RLENGTH - 1) * (parts == "h" ? 3600 : parts == "m" ? 60 : 1)
				text = substr(text, RLENGTH + 1)
			}
			return n
		}' "$tmp/err"
}

speed=300
sandbox 0 '{}' "$DEPLOYER" deploy
err_has 'stack app is CREATE_COMPLETE'
mv state made

tag() {
	printf 'ApplicationImageTag=%s\nPassword=correcthorse\n' "$1" >dev.cfg
}

# A service whose tasks crash: CloudFormation waits for three hours, the verdict comes within three minutes.
# What was found is found again afterwards, as long as ECS remembers it.
tag bad
speed=20
sandbox 0 'services: [{outcome: crash, exit_code: 3, log: ["starting as correcthorse", "mysql://app:s3cret@db/todo refused"]}]' sh -c '
	status=0; "$0" deploy || status=$?
	echo "deploy: $status" >&2
	"$0" diagnose
	"$0" diagnose -o json' "$DEPLOYER"
err_has 'deploy: 10'
err_has 'warning: Service: its tasks crash one after another: Essential container in task exited; container'
err_matches '      task [0-9a-f]{32}: Essential container in task exited; container .web. exited with status 3'
err_has 'web | mysql://app:***@db/todo refused'
err_matches "more: aws logs get-log-events --log-group-name '/app' --log-stream-name 'docker/web/[0-9a-f]{32}'"
err_has 'cancelled: the update is being rolled back'
err_has 'rolled back (UPDATE_ROLLBACK_COMPLETE): cancelled because of Service: its tasks crash'
err_matches 'stack app is UPDATE_ROLLBACK_COMPLETE: Service .*; Service: [0-9]+ tasks failed, the last: Essential'
out_has '"evidence":{"resource":"Service","summary":"'
out_matches '"source":"web","group":"/app","stream":"docker/web/[0-9a-f]{32}","lines":\["starting as [*]{3}","mysql'
err_has 'web | starting as ***'
for secret in s3cret correcthorse; do
	err_lacks $secret
	out_lacks $secret
done
seconds=$(($(verdict_seconds) * speed))
[ "$seconds" -gt 0 ] && [ "$seconds" -le 180 ] || fail "the verdict took $seconds seconds of the stack's time"

# The other ways in which tasks fail.
failing() { # OUTCOME REASON
	sandbox 10 "services: [{outcome: $1}]" "$DEPLOYER" deploy --on-ecs-failure cancel
	err_has "cancelled because of Service: $2"
}
speed=60
failing pull 'its tasks cannot start: CannotPullContainerError: '
failing secret 'its tasks cannot start: ResourceInitializationError: '
failing oom "its tasks crash one after another: Essential container in task exited; container 'web' exited with status 137: OutOfMemoryError"
failing unhealthy 'its tasks fail their health checks: Task failed ELB health checks'

# Told to wait, it says why all the same; the tasks get well.
sandbox 0 'services: [{outcome: crash, failures: 6, log: [no database]}]' "$DEPLOYER" deploy --on-ecs-failure wait
err_has 'why Service fails:'
err_has 'web | no database'
err_has 'stack app is UPDATE_COMPLETE'
printf 'stack:\n  name: app\necs:\n  on_failure: wait\n' >deployer.yml
sandbox 0 'services: [{outcome: crash, failures: 6}]' "$DEPLOYER" deploy
err_has 'why Service fails:'
printf 'stack:\n  name: app\n' >deployer.yml

# A person at a terminal is asked, having seen why.
if command -v python3 >/dev/null; then
	question='or \(g\)o on waiting\? '
	pull='services: [{outcome: pull}]'
	sandbox 10 "$pull" python3 "$testdir/at_pty.py" "$question" 'c\n' -- "$DEPLOYER" deploy
	out_has 'why Service fails:'
	out_has 'cancelled because of Service: its tasks cannot start'
	sandbox 12 "$pull" python3 "$testdir/at_pty.py" "$question" '\x03' -- "$DEPLOYER" deploy
	sandbox 0 'services: [{outcome: crash, failures: 6}]' \
		python3 "$testdir/at_pty.py" "$question" 'g\n' -- "$DEPLOYER" deploy
	out_has 'stack app is UPDATE_COMPLETE'
fi

# ECS rolls back behind an UPDATE_COMPLETE: no success, not now and not when nothing is left to do.
speed=300
hidden='services: [{outcome: crash, breaker: hidden}]'
sandbox 0 "$hidden" sh -c '
	for command in "deploy --on-ecs-failure wait" deploy watch "status --check"; do
		status=0; "$0" $command || status=$?
		echo "$command: $status" >&2
	done
	"$0" status -o json
	"$0" diagnose
	printf "stack:\n  name: app\necs:\n  verify: false\n" >deployer.yml
	"$0" deploy' "$DEPLOYER"
printf 'stack:\n  name: app\n' >deployer.yml
err_has 'Service: ECS has rolled back: web:2 is deployed, but web:1 runs'
err_has 'deploy --on-ecs-failure wait: 10'
err_has 'deploy: 10'
err_has 'watch: 10'
err_has 'changed: stack app (4 changed, but ECS runs the old version); not: registry, parameter file; next: deployer diagnose'
out_has 'stack ok  2/2 tasks, 1 service rolled back by ECS'
err_has 'status --check: 3'
out_matches '"rolled_back": 1, "agrees": false'
err_has 'Service (AWS::ECS::Service) UPDATE_COMPLETE: ECS has rolled back: web:2 is deployed, but web:1 runs'
err_matches 'web:1 runs.*; Service: [0-9]+ tasks failed, the last: Essential container in task exited'
err_has 'stack app is up to date (UPDATE_COMPLETE)'

# What may not be seen is no success either.
speed=60
sandbox 12 'faults: [{service: ecs, action: "*", count: 0, reply: error, status: 400, code: AccessDeniedException, message: no}]' \
	"$DEPLOYER" deploy
err_has 'warning: Service: its tasks may not be watched'
err_has 'the stack is deployed, but whether Service runs it cannot be said'
err_has "allow 'ecs:DescribeServices' to this identity in IAM; or set ecs.verify: false in deployer.yml"
err_matches '^changed: stack app \([0-9]+ changed\); not: registry, parameter file; next: deployer watch$'

# A custom resource that fails: its function's log, the task that this started, and the log of that.
sandbox 0 'functions: [{logical_id: Migrate, outcome: fail, exit_code: 2, task_log: [no such table]}]' sh -c '
	status=0; "$0" deploy || status=$?
	echo "deploy: $status" >&2
	"$0" diagnose -o json' "$DEPLOYER"
err_has 'deploy: 10'
err_has 'behind it is function app-runner'
err_matches 'app-runner \| ECS task arn:aws:ecs:.* failed with exit code 2'
err_has 'migrate | no such table'
err_matches 'Migrate \(Custom::Migrate\) UPDATE_FAILED: .*; Migrate: .* exited with status 2'
out_has '"lines":["no such table"]'
err_lacks ResponseURL
out_lacks ResponseURL

# A creation is cancelled by deleting what there is of the new stack.
rm -rf made
speed=60
sandbox 10 'services: [{outcome: pull}]' "$DEPLOYER" deploy
err_has 'cancelled: the new stack is being deleted'
err_has 'cancelled, the new stack is deleted: Service: its tasks cannot start'

# Settings and options that are none.
printf 'stack:\n  name: app\necs:\n  on_failure: panic\n' >deployer.yml
run 2 "$DEPLOYER" deploy
err_has "ecs.on_failure 'panic' is not one of its words"
printf 'stack:\n  name: app\n' >deployer.yml
run 2 "$DEPLOYER" deploy --on-ecs-failure panic
err_has "--on-ecs-failure: 'panic' is not one of its words"
