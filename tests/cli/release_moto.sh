#!/bin/sh
# The second opinion: the same path against moto, which somebody else wrote, with its ECR token as the
# password of a registry beside it. moto knows no failures and no events of resources.
. "$(dirname "$0")/testlib.sh"
need git docker-registry busybox moto_server htpasswd python3
need_aws
need_engine

name=todobackend-sample
project=deployer-moto-$$
clean_up() {
	kill "$moto" "$registry"
	docker ps -aq --filter "label=com.docker.compose.project=$project" | xargs -r docker rm -fv
	docker volume ls -q --filter "label=com.docker.compose.project=$project" | xargs -r docker volume rm
	docker network ls -q --filter "label=com.docker.compose.project=$project" | xargs -r docker network rm
	docker images --format '{{.Repository}}:{{.Tag}}' | grep -F "$project" | xargs -r docker rmi -f
} >/dev/null 2>&1

answers() { # URL
	busybox wget -qO /dev/null "$1" 2>/dev/null
}

moto_port=$(free_port)
# It starts no tasks: what is said here to run makes its services complete.
MOTO_ECS_SERVICE_RUNNING=10 moto_server -H 127.0.0.1 -p "$moto_port" >"$tmp/moto.log" 2>&1 &
moto=$!
registry_port=$(free_port)
htpasswd -Bbn -C 5 AWS 123456789012-auth-token >"$tmp/htpasswd"
cat >"$tmp/registry.yml" <<-YML
	version: 0.1
	storage: {filesystem: {rootdirectory: $tmp/registry}}
	http: {addr: '127.0.0.1:$registry_port'}
	auth: {htpasswd: {realm: moto, path: $tmp/htpasswd}}
YML
docker-registry serve "$tmp/registry.yml" >"$tmp/registry.log" 2>&1 &
registry=$!
at_exit clean_up
export AWS_ENDPOINT_URL="http://127.0.0.1:$moto_port" AWS_ACCESS_KEY_ID=AKIAEXAMPLE AWS_SECRET_ACCESS_KEY=s
export AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1
wait_until answers "$AWS_ENDPOINT_URL/moto-api/"
aws ecr create-repository --repository-name "$project/todobackend" >/dev/null
vpc=$(aws ec2 describe-vpcs --query 'Vpcs[0].VpcId' --output text)
subnets=$(aws ec2 describe-subnets --query 'Subnets[:2].SubnetId' --output text | tr '\t' ,)

copy_sample
cd "$tmp/sample"
sed -i "s,todobackend-sample/todobackend,$project/todobackend," docker-compose.yml stack.yml
install -m 755 "$(command -v busybox)" busybox
install_entrypoint
printf 'compose:\n  project: %s\npublish:\n  registry: http://127.0.0.1:%s\n' "$project" "$registry_port" >>deployer.yml
sed -i "s/^VpcId=.*/VpcId=$vpc/; s/^ApplicationSubnets=.*/ApplicationSubnets=$subnets/" dev.cfg
git config --global user.name t
git config --global user.email t@example.com
git init -q .
git add -A
git commit -qm first
hash=$(git rev-parse --short HEAD)

run 0 "$DEPLOYER" release
err_matches "127.0.0.1:$registry_port/$project/todobackend:$hash published: sha256:[0-9a-f]{64}"
err_has "stack $name is CREATE_COMPLETE"
[ "$(aws cloudformation describe-stacks --stack-name $name --query 'Stacks[0].StackStatus' --output text)" = CREATE_COMPLETE ] ||
	fail 'moto has no such stack'

# An update of the stack gives moto's service no new task definition: that is no success, unless nobody asks.
git commit -qam bumped
run 10 "$DEPLOYER" release
err_has 'Service: ECS has rolled back: '
printf 'ecs: {verify: false}\n' >>deployer.yml
git commit -qam verified
hash=$(git rev-parse --short HEAD)
run 0 "$DEPLOYER" release
err_has "stack $name is UPDATE_COMPLETE"
aws cloudformation describe-stacks --stack-name $name \
	--query 'Stacks[0].Parameters[?ParameterKey==`ApplicationImageTag`].ParameterValue' --output text | grep -qx "$hash" ||
	fail "the stack in moto is not at $hash"
