#!/bin/sh
# What stands in the way of a release is found beforehand, in one line with a remedy, and nothing is
# half done: no file changed, no container left, the exit status of its kind.
. "$(dirname "$0")/testlib.sh"
need git

project() { # a folder with what a release needs, committed
	rm -rf "$tmp/p"
	mkdir "$tmp/p"
	cd "$tmp/p"
	cat >docker-compose.yml <<-'YML'
		version: '2.4'
		services:
		  test: {image: scratch-test}
		  release: {image: 'team/app:latest'}
		  app: {image: 'team/app:${APP_VERSION}'}
		  migrate: {image: 'team/app:latest'}
		  acceptance: {image: 'team/app:latest'}
	YML
	cat >stack.yml <<-'YML'
		Parameters:
		  ApplicationImageTag: {Type: String}
		  VpcId: {Type: String}
		Resources:
		  Logs: {Type: 'AWS::Logs::LogGroup', Properties: {LogGroupName: !Ref VpcId}}
	YML
	printf 'ApplicationImageTag=old\nVpcId=vpc-1' >dev.cfg
	git init -q .
	commit
}

commit() {
	git add -A
	git -c user.name=t -c user.email=t@example.com commit -qm one
}

# refuse STATUS WHAT FIX [ARGUMENT...]: the whole pipeline, unless told otherwise.
refuse() {
	want_status=$1
	want_text=$2
	want_fix=$3
	shift 3
	cp dev.cfg "$tmp/dev.cfg" 2>/dev/null || true
	run "$want_status" "$DEPLOYER" "${@:-release}"
	err_has "$want_text"
	err_has "$want_fix"
	[ "$(grep -c '^deployer: ' "$tmp/err")" = 1 ] || fail 'not one line that says what'
	[ ! -e dev.cfg ] || same dev.cfg "$tmp/dev.cfg"
}

export AWS_ACCESS_KEY_ID=AKIDEXAMPLE AWS_SECRET_ACCESS_KEY=none AWS_REGION=us-east-1
# Nobody listens there.
export AWS_ENDPOINT_URL=http://127.0.0.1:9 AWS_MAX_ATTEMPTS=1
export DOCKER_HOST=unix:///nonexistent/docker.sock

# Git.
mkdir "$tmp/plain"
cd "$tmp/plain"
printf 'ApplicationImageTag=old' >dev.cfg
refuse 3 'not in a git repository' 'APP_VERSION'
git init -q .
refuse 3 'no commit' 'commit'
project
echo '# changed' >>stack.yml
refuse 3 'stack.yml' 'commit'
run 0 "$DEPLOYER" version
project
chown -R 65534:65534 . 2>/dev/null && refuse 3 'not owned by' 'safe.directory'

# The stack's files.
project
rm stack.yml
commit
refuse 2 'no stack template' 'stack.template'
project
rm dev.cfg
commit
refuse 2 'no parameter file' 'stack.parameters'
project
printf 'ApplicationImageTag=old\nVpcId=vpc-1\nVpcIdd=x\n' >dev.cfg
commit
refuse 2 "parameter 'VpcIdd' is not in template" 'dev.cfg'
echo Nonsense=y >>dev.cfg
commit
refuse 2 "parameter 'VpcIdd' is not in template" "('deployer check' shows 1 more)"
project
printf 'ApplicationImageTag=a\nVpcId=v\nApplicationImageTag=b\n' >dev.cfg
commit
refuse 3 'ApplicationImageTag' '1'
project
sed -i 's/ApplicationImageTag/Tag/' stack.yml
sed -i 's/ApplicationImageTag/Tag/' dev.cfg
commit
refuse 2 "no parameter 'ApplicationImageTag'" 'stack.tag_parameter'
project
printf 'Resources: [\n' >stack.yml
commit
refuse 2 "template '$tmp/p/stack.yml'" ''

# Settings.
project
printf 'stak:\n  name: x\n' >deployer.yml
commit
refuse 2 "deployer.yml:1: unknown key 'stak'" "did you mean 'stack'?"
refuse 2 "'stagee' is not a stage" 'login, test, release' release --only stagee
refuse 2 'comes after' '' release --from deploy --until test

# AWS.
project
refuse 13 'http://127.0.0.1:9' 'is a service listening'
unset AWS_ENDPOINT_URL AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
refuse 4 'no AWS credentials; tried: environment' 'aws configure'
export AWS_ACCESS_KEY_ID=AKIDEXAMPLE AWS_SECRET_ACCESS_KEY=none
export AWS_ENDPOINT_URL=http://192.0.2.1
refuse 2 'is not https' 'https'

# Docker: found out before a build is begun.
project
refuse 5 'nonexistent/docker.sock' '' test
rm docker-compose.yml
commit
refuse 2 'no compose file' 'compose.files' test
