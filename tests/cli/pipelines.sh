#!/bin/sh
# The pipeline files of config/pipelines: every step of every one of them, as its service would run it, on
# the sample and the sandbox's AWS. The first builds and deploys, the others find it done; GitHub's job
# takes its role on with an identity token that it asks for, GitLab's with one from a file.
. "$(dirname "$0")/testlib.sh"
need git docker-registry busybox python3
need_engine
[ -n "${DEPLOYER_SANDBOX-}" ] || skip 'deployer-sandbox is not built'
pipelines=$(cd "$testdir/../../config/pipelines" && pwd)

# The commands of a file, a line each, in their order.
steps() {
	case $1 in
	github-actions.yml) sed -n 's/^        run: //p' "$pipelines/$1" ;;
	gitlab-ci.yml) sed -n '/^  script:/,$s/^    - //p' "$pipelines/$1" ;;
	buildspec.yml) sed -n 's/^      - //p' "$pipelines/$1" ;;
	Jenkinsfile) sed -n "s/^ *sh '\(.*\)'\$/\1/p" "$pipelines/$1" ;;
	esac
}

# Each file has the steps that a reader of YAML finds in it, where one is here.
count_steps() { # FILE PYTHON-EXPRESSION
	python3 -c "
import sys
try:
    import yaml
except ImportError:
    sys.exit(0)
file = yaml.safe_load(open('$pipelines/$1'))
steps = $2
found = [line for line in open('$1.steps').read().splitlines()]
sys.exit('$1: the steps are ' + repr(steps) if steps != found else 0)
" || fail "the steps of $1 are not all found"
}
for file in github-actions.yml gitlab-ci.yml buildspec.yml Jenkinsfile; do
	steps $file >$file.steps
	grep -q 'deployer release --from bump' $file.steps || fail "$file deploys nothing"
done
count_steps github-actions.yml "[s['run'] for s in file['jobs']['release']['steps'] if 'run' in s]"
count_steps gitlab-ci.yml "file['release']['script']"
count_steps buildspec.yml "[c for p in file['phases'].values() for c in p['commands']]"

# The sample, and a programs folder in which deployer is installed.
name=todobackend-sample
project=deployer-pipelines-$$
clean_up() {
	docker ps -aq --filter "label=com.docker.compose.project=$project" | xargs -r docker rm -fv
	docker volume ls -q --filter "label=com.docker.compose.project=$project" | xargs -r docker volume rm
	docker network ls -q --filter "label=com.docker.compose.project=$project" | xargs -r docker network rm
	docker images --format '{{.Repository}}:{{.Tag}}' | grep -F "$project" | xargs -r docker rmi -f
} >/dev/null 2>&1
at_exit clean_up
copy_sample
mkdir bin
ln -s "$DEPLOYER" bin/deployer
PATH=$tmp/bin:$PATH
cd "$tmp/sample"
sed -i "s,todobackend-sample/todobackend,$project/todobackend," docker-compose.yml stack.yml
install -m 755 "$(command -v busybox)" busybox
install_entrypoint
printf 'compose:\n  project: %s\n' "$project" >>deployer.yml
git config --global user.name t
git config --global user.email t@example.com
git init -q .
git add -A
git commit -qm first
hash=$(git rev-parse --short HEAD)

# GitHub's service that gives out identity tokens.
cat >"$tmp/identity.py" <<-'PYTHON'
	import http.server, os, sys
	class Handler(http.server.BaseHTTPRequestHandler):
	    def do_GET(self):
	        allowed = self.headers["Authorization"] == "bearer job-token-canary" and "audience=sts.amazonaws.com" in self.path
	        self.send_response(200 if allowed else 403)
	        self.end_headers()
	        self.wfile.write(b'{"count": 1, "value": "eyJ.identity.canary"}' if allowed else b"")
	    def log_message(self, *args):
	        pass
	server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
	open(sys.argv[1] + ".new", "w").write(str(server.server_port))
	os.rename(sys.argv[1] + ".new", sys.argv[1])
	server.serve_forever()
PYTHON
python3 "$tmp/identity.py" "$tmp/port" &
at_exit kill $!
wait_until [ -e "$tmp/port" ]

# play FILE NAME=VALUE...: its steps, one shell each as the services have it, in the job's environment.
cat >"$tmp/play" <<-'SH'
	set -e
	while IFS= read -r step; do
		echo "step: $step" >&2
		sh -ec "$step" </dev/null
	done <"$1"
SH
play() {
	file=$1
	shift
	# Another job is another machine, and each sandbox has sessions of its own.
	rm -rf "$HOME/.aws"
	run 0 "$DEPLOYER_SANDBOX" run --state "$tmp/state" --repository "$project/todobackend" -- \
		env "$@" DEPLOYER_RECORD="$tmp/$file.record" sh "$tmp/play" "$tmp/$file.steps"
	[ "$(grep -c '^step: ' "$tmp/err")" = "$(grep -c . "$tmp/$file.steps")" ] || fail "$file: not every step was run"
	err_lacks canary
	err_matches "^$hash +git ok +ECR ok +dev.cfg ok +stack ok"
	out_matches "^dev +$hash "
}

role=arn:aws:iam::123456789012:role/release
play github-actions.yml -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY -u AWS_SESSION_TOKEN CI=true GITHUB_ACTIONS=true \
	GITHUB_WORKSPACE="$PWD" GITHUB_STEP_SUMMARY="$tmp/summary.md" GITHUB_ACTOR=octo AWS_ROLE_ARN=$role \
	ACTIONS_ID_TOKEN_REQUEST_URL="http://127.0.0.1:$(cat "$tmp/port")/token?v=1" \
	ACTIONS_ID_TOKEN_REQUEST_TOKEN=job-token-canary
err_has '::group::test'
err_has '::endgroup::'
line=$(grep -n '^ApplicationImageTag=' dev.cfg | cut -d : -f 1)
err_has "::notice file=dev.cfg,line=$line::dev.cfg: ApplicationImageTag latest -> $hash"
err_matches 'sts AssumeRoleWithWebIdentity'
has "$tmp/summary.md" "$hash"
has "$tmp/summary.md" '| deploy |'
has "$tmp/summary.md" 'octo'

play gitlab-ci.yml -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY -u AWS_SESSION_TOKEN CI=true GITLAB_CI=true \
	AWS_ROLE_ARN=$role AWS_ID_TOKEN=eyJ.identity.canary AWS_WEB_IDENTITY_TOKEN_FILE="$tmp/identity.token"
err_matches 'section_start:[0-9]+:bump'
[ "$(stat -c %a "$tmp/identity.token")" = 600 ] || fail 'others may read the token'
play buildspec.yml CODEBUILD_BUILD_ID=release:1 CODEBUILD_BUILD_SUCCEEDING=1
err_has "$hash is published already"
play Jenkinsfile JENKINS_URL=http://ci.example.com/ BUILD_USER_ID=jane
err_has "$hash is published already"

# A wrong token is a refusal that says what the job lacks; what failed is marked where it stands.
run 4 "$DEPLOYER_SANDBOX" run --state "$tmp/state" --no-registry -- env -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY \
	-u AWS_SESSION_TOKEN GITHUB_ACTIONS=true AWS_ROLE_ARN=$role ACTIONS_ID_TOKEN_REQUEST_TOKEN=wrong-canary \
	ACTIONS_ID_TOKEN_REQUEST_URL="http://127.0.0.1:$(cat "$tmp/port")/token" "$DEPLOYER" whoami
err_matches '^::error title=deployer::whoami: .*identity token of GitHub Actions: status 403%0A-> give the job'
err_lacks canary
printf 'resources: [{logical_id: TaskDefinition, outcome: fail, count: 1, reason: no memory}]\n' >"$tmp/fail.yml"
sed -i 's/^ApplicationImageTag=.*/ApplicationImageTag=1234567/' dev.cfg
run 10 "$DEPLOYER_SANDBOX" run --state "$tmp/state" --no-registry --scenario "$tmp/fail.yml" -- env GITHUB_ACTIONS=true \
	GITHUB_WORKSPACE="$PWD" "$DEPLOYER" deploy
line=$(grep -n '^  TaskDefinition:' stack.yml | cut -d : -f 1)
err_has "::error file=stack.yml,line=$line::TaskDefinition UPDATE_FAILED: no memory"

# A secret that a program gets is masked before the program begins.
echo '{"PASSWORD": "hunter2"}' >"$tmp/secret"
run 0 "$DEPLOYER_SANDBOX" run --state "$tmp/state" --no-registry -- sh -c "
	deployer -q secrets put masked --file '$tmp/secret'
	GITHUB_ACTIONS=true deployer secrets run --secret masked -- sh -c 'echo began >&2'"
[ "$(grep -n -e '::add-mask::hunter2' -e '^began' "$tmp/err" | cut -d : -f 2- | tr '\n' ' ')" = '::add-mask::hunter2 began ' ] ||
	fail 'the secret was not masked in time'
run 0 "$DEPLOYER_SANDBOX" run --state "$tmp/state" --no-registry -- env GITHUB_ACTIONS=true "$DEPLOYER" secrets get masked:PASSWORD --reveal
err_has '::add-mask::hunter2'
out_matches '^hunter2'
