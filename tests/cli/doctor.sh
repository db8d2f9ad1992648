#!/bin/sh
# What a release needs, looked at beforehand: all of it in under two seconds, each thing that is wrong
# with what to do about it and the status that a release would end with, and nothing changed.
. "$(dirname "$0")/testlib.sh"
need git docker-registry
need_engine
[ -n "${DEPLOYER_SANDBOX-}" ] || skip 'deployer-sandbox is not built'

mkdir app
cd app
cat >docker-compose.yml <<-'YML'
	version: '2.4'
	services:
	  test: {image: none, build: .}
	  release: {image: 'team/app:latest', build: .}
	  app: {image: 'team/app:${APP_VERSION}', build: .}
	  migrate: {image: 'team/app:latest'}
	  acceptance: {image: 'team/app:latest'}
YML
cat >stack.yml <<-'YML'
	Parameters:
	  ApplicationImageTag: {Type: String}
	Resources:
	  Image:
	    Type: AWS::SSM::Parameter
	    Properties: {Type: String, Value: !Ref ApplicationImageTag}
YML
printf 'ApplicationImageTag=old\n' >dev.cfg
git config --global user.name t
git config --global user.email t@example.com
git init -q .
git add -A
git commit -qm 'the first'
hash=$(git rev-parse --short HEAD)

sandbox() { # STATUS [OPTION...] -- COMMAND...
	want=$1
	shift
	run "$want" "$DEPLOYER_SANDBOX" run --state "$tmp/state" "$@"
}

# finding SEVERITY CHECK TEXT [FIX]: of what was found, one is that, and the fix stands below it.
finding() {
	grep -A 1 -E "^$1 +$2 .*$3" "$tmp/out" >"$tmp/found" || fail "no $1 of $2: $3"
	[ -z "${4-}" ] || grep -qE "^  -> .*$4" "$tmp/found" || fail "$1 of $2 without: $4"
}

# All is well: a line each, in two seconds. A sanitizer's build is given ten times as much; a machine with
# other work for its processors, as much more as there is of it.
limit=2000
has_entrypoint || limit=20000
limit=$(awk -v limit=$limit -v processors="$(nproc)" '{ print int(limit * (1 + $1 / processors)) }' /proc/loadavg)
sandbox 0 --repository team/app -- "$DEPLOYER" doctor -o json
out_has '"errors":0'
took=$(sed -n 's/.*"elapsedMs":\([0-9]*\).*/\1/p' "$tmp/out")
[ "$took" -lt "$limit" ] || fail "it took $took ms of $limit"
echo "in $took ms of $limit"
sandbox 0 --repository team/app -- "$DEPLOYER" doctor
finding ok git "version $hash: the first"
finding ok template 'stack.yml and dev.cfg agree'
finding ok engine 'Docker Engine .* answers'
finding ok compose 'compose [12]'
finding ok services '5 services; the image is team/app'
finding ok credentials 'from environment'
finding ok account 'account 123456789012, region us-east-1'
finding ok clock 'is right'
finding ok stack 'there is no app yet'
finding ok repository 'team/app, its tags are mutable'
finding ok registry 'lets us in'
err_has '0 errors'

# It only asked.
awk '$2 ~ /^(sts|ecr|ecs|cloudformation)$/ { print $3 }' "$tmp/err" >"$tmp/calls"
[ "$(wc -l <"$tmp/calls")" -ge 4 ] || fail 'the calls were not seen'
grep -vE '^(Describe|Get|List)' "$tmp/calls" && fail 'it did more than ask'
[ -z "$(git status --porcelain)" ] || fail 'the working tree changed'
[ ! -e "$HOME/.local/state" ] || fail 'it left something in the state folder'

# Git: files that differ, APP_VERSION, no repository.
echo '# more' >>stack.yml
sandbox 0 --repository team/app -- "$DEPLOYER" doctor
finding warning git "differs from $hash: stack.yml" 'commit or stash'
git checkout -q stack.yml
sandbox 0 --repository team/app -- env APP_VERSION=1.2 "$DEPLOYER" doctor
finding ok git 'version 1.2, from APP_VERSION'
mv .git "$tmp/git"
sandbox 3 --repository team/app -- "$DEPLOYER" doctor
finding error git 'is not in a git repository' 'git init'
mv "$tmp/git" .git

# Template and parameters.
printf 'ApplicationImageTag=old\nVpcIp=vpc-1\n' >dev.cfg
sandbox 2 --repository team/app -- "$DEPLOYER" doctor
finding error template 'VpcIp' 'deployer check'
git checkout -q dev.cfg
mv stack.yml "$tmp"
sandbox 0 --repository team/app -- "$DEPLOYER" doctor
finding warning template 'no stack template' 'stack.template'
mv "$tmp/stack.yml" .

# Docker: an Engine that is down, compose that is to be refused, a service that is missing.
sandbox 5 --repository team/app -- env DOCKER_HOST=unix:///nonexistent/docker.sock "$DEPLOYER" doctor
finding error engine 'no Docker Engine answers' 'DOCKER_HOST'
[ "$(grep -c '^error' "$tmp/out")" = 1 ] || fail 'one failure is found more than once'
mkdir "$tmp/bin"
printf '#!/bin/sh\necho 2.32.1\n' >"$tmp/bin/docker-compose"
chmod 755 "$tmp/bin/docker-compose"
sandbox 5 --repository team/app -- env "PATH=$tmp/bin:$PATH" "$DEPLOYER" doctor
finding error compose '2.32.1 starts services without what they depend on' '2.33'
sed -i 's/  migrate:/  migrations:/' docker-compose.yml
sandbox 2 --repository team/app -- "$DEPLOYER" doctor
finding error services "no service 'migrate'" 'compose.services'
git checkout -q docker-compose.yml
sed -i "s|  app: {|&ports: ['80:8000', '127.0.0.1::9000'], |" docker-compose.yml
sandbox 0 --repository team/app -- "$DEPLOYER" doctor
finding warning services 'whoever reaches this machine reaches the ports of: app$' '"127.0.0.1::8000"'
git checkout -q docker-compose.yml
mkdir "$HOME/.docker"
echo '{"credHelpers": {"example.com": "not-there"}}' >"$HOME/.docker/config.json"
sandbox 0 --repository team/app -- "$DEPLOYER" doctor
finding warning 'docker config' 'docker-credential-not-there' 'install it'
echo '{' >"$HOME/.docker/config.json"
sandbox 2 --repository team/app -- "$DEPLOYER" doctor
finding error 'docker config' 'config.json'
rm -r "$HOME/.docker"

# AWS: no credentials, those that are about to end, another account, a permission, a repository that
# is missing, one whose tags cannot be moved.
run 4 "$DEPLOYER" doctor
finding error credentials 'no AWS credentials' 'aws configure'
grep -q ' account ' "$tmp/out" && fail 'without credentials, AWS was asked'
soon=$(date -u -d '+4 minutes' +%Y-%m-%dT%H:%M:%SZ)
sandbox 0 --repository team/app -- env AWS_CREDENTIAL_EXPIRATION="$soon" "$DEPLOYER" doctor
finding warning credentials 'they end in [34]m.*, and a release takes 15m' 'sign in again'
printf "aws: {account: '999999999999'}\n" >deployer.yml
sandbox 3 --repository team/app -- "$DEPLOYER" doctor
finding error account 'not to 999999999999' 'aws.account'
rm deployer.yml
cat >"$tmp/refused.yml" <<-'YML'
	faults:
	- {action: DescribeStacks, reply: error, status: 403, code: AccessDenied, message: 'not allowed', count: 0}
YML
sandbox 4 --repository team/app --scenario "$tmp/refused.yml" -- "$DEPLOYER" doctor
finding error stack 'AccessDenied' 'allow cloudformation:DescribeStacks: .deployer iam'
sandbox 8 --state "$tmp/state-2" -- "$DEPLOYER" doctor
finding error repository 'team/app' 'deployer release --create'
sandbox 0 --state "$tmp/state-3" --immutable team/app -- "$DEPLOYER" doctor
finding warning repository "immutable: 'latest'" 'publish: {tags: \[\]}'

# A stack that was deployed.
sandbox 0 --repository team/app -- "$DEPLOYER" deploy
sandbox 0 --repository team/app -- "$DEPLOYER" doctor
finding ok stack 'app is CREATE_COMPLETE'
