#!/bin/sh
# A release as a Makefile with compose, the AWS CLI and shell does it, each line a recipe's:
# login, test, release, publish, deploy. Run in a checkout of the sample, in the sandbox's environment.
#
#	makefile-way.sh AWS REPOSITORY COMPOSE...
#
# AWS is the AWS CLI; REPOSITORY is the ECR repository that it pushes to; COMPOSE is 'docker-compose' or
# 'docker compose'. The tag in dev.cfg, which people edited by hand, is set.
set -eu
aws_cli=$1
name=$2
shift 2
aws() { "$aws_cli" --endpoint-url "$AWS_ENDPOINT_URL" "$@"; }

APP_VERSION=$(git rev-parse --short HEAD)
export APP_VERSION

# login
repository=$(aws ecr describe-repositories --repository-names "$name" \
	--query 'repositories[0].repositoryUri' --output text)
aws ecr get-authorization-token --query 'authorizationData[0].authorizationToken' --output text |
	base64 -d | cut -d : -f 2 | docker login --username AWS --password-stdin "${repository%%/*}"

# test
"$@" build --pull release
"$@" build
"$@" run --rm test

# release
"$@" up --exit-code-from migrate migrate
"$@" run --rm app collectstatic
"$@" up --exit-code-from acceptance acceptance
echo "App running at http://$("$@" port app 8000)"

# publish
for tag in latest "$APP_VERSION"; do
	docker tag "todobackend-sample/todobackend:$tag" "$repository:$tag"
	docker push "$repository:$tag"
done

# deploy
sed -i "s/^ApplicationImageTag=.*/ApplicationImageTag=$APP_VERSION/" dev.cfg
# A list of words.
# shellcheck disable=SC2046
aws cloudformation deploy --template-file stack.yml --stack-name todobackend-sample \
	--parameter-overrides $(grep -v '^#' dev.cfg) --capabilities CAPABILITY_NAMED_IAM --no-fail-on-empty-changeset

# logout
docker logout "${repository%%/*}"
