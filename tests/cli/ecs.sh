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
printf 'ApplicationImageTag=good\n' >dev.cfg
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
	printf 'ApplicationImageTag=%s\n' "$1" >dev.cfg
}

# A service whose tasks crash: CloudFormation waits for three hours, the verdict comes within three minutes.
tag bad
speed=20
sandbox 10 'services: [{outcome: crash, exit_code: 3, log: [starting, no database]}]' "$DEPLOYER" deploy
cat $tmp/err
