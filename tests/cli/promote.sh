#!/bin/sh
# The same image from one environment to the next, each an account of its own: two sandboxes with a
# registry each. Nothing is built; the digest is the same; what does not fit is refused.
. "$(dirname "$0")/testlib.sh"
need git docker-registry
need_engine
[ -n "${DEPLOYER_SANDBOX-}" ] || skip 'deployer-sandbox is not built'

image=deployer-promote-$$
at_exit 'docker images -q --filter "label=test=$image" | sort -u | xargs -r docker rmi -f >/dev/null'

mkdir app
cd app
cat >stack.yml <<-'YML'
	Parameters:
	  ApplicationImageTag: {Type: String}
	Resources:
	  Image:
	    Type: AWS::SSM::Parameter
	    Properties: {Type: String, Value: !Ref ApplicationImageTag}
YML
printf 'ApplicationImageTag=none\n' | tee dev.cfg prod.cfg >beta.cfg
cat >deployer.yml <<-YML
	project: app
	image: $image/app
	environments:
	  dev: {aws: {profile: one}}
	  beta: {aws: {profile: one}}
	  prod: {aws: {profile: two, account: '210987654321'}}
YML
git config --global user.name t
git config --global user.email t@example.com
git init -q .
git add -A
git commit -qm first
first=$(git rev-parse --short HEAD)

build() {
	DOCKER_BUILDKIT=0 docker build -q --no-cache -t "$image/app" "$tmp/context" >/dev/null 2>&1
}

mkdir "$tmp/context"
printf 'FROM scratch\nLABEL test=%s\nCOPY file /file\nCOPY more /more\n' "$image" >"$tmp/context/Dockerfile"
date >"$tmp/context/more"
head -c 3000000 /dev/urandom >"$tmp/context/file"
build
cat >docker-compose.yml <<-YML
	version: '2.4'
	services:
	  app: {image: "$image/app"}
	  test: {image: "$image/app"}
	  release: {image: "$image/app"}
YML
printf 'docker-compose.yml\n' >.git/info/exclude

# Two accounts at once: the inner one is "two". Each keeps its state.
cat >"$tmp/both.sh" <<-'SH'
	one=$AWS_ENDPOINT_URL one_id=$AWS_ACCESS_KEY_ID one_key=$AWS_SECRET_ACCESS_KEY one_token=${AWS_SESSION_TOKEN-}
	export one one_id one_key one_token
	exec "$DEPLOYER_SANDBOX" run --state "$tmp/two" --repository "$image/app" --account 210987654321 -- sh "$tmp/inner.sh" "$@"
SH
cat >"$tmp/inner.sh" <<-'SH'
	mkdir -p "$HOME/.aws"
	profile() { # NAME ENDPOINT ID KEY TOKEN
		printf '[profile %s]\nregion = us-east-1\nendpoint_url = %s\naws_access_key_id = %s\naws_secret_access_key = %s\n' "$1" "$2" "$3" "$4"
		[ -z "$5" ] || printf 'aws_session_token = %s\n' "$5"
	}
	{
		profile one "$one" "$one_id" "$one_key" "$one_token"
		profile two "$AWS_ENDPOINT_URL" "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY" "${AWS_SESSION_TOKEN-}"
	} >"$HOME/.aws/config"
	unset AWS_ENDPOINT_URL AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_REGION AWS_DEFAULT_REGION
	exec "$@"
SH
export tmp image DEPLOYER_SANDBOX

sandboxes() { # STATUS COMMAND...
	want=$1
	shift
	run "$want" "$DEPLOYER_SANDBOX" run --state "$tmp/one" --repository "$image/app" -- sh "$tmp/both.sh" "$@"
}

# Published and deployed in one.
sandboxes 0 "$DEPLOYER" -e dev release --from publish
digest=$(sed -n "s,.*/app:$first published: ,,p" "$tmp/err" | head -n 1)
[ "${digest#sha256:}" != "$digest" ] || fail 'no digest was published'

# Nothing to promote where nothing runs; names that make no sense.
sandboxes 3 "$DEPLOYER" promote beta prod
err_has 'environment beta'
err_has 'deploy there first'
sandboxes 3 "$DEPLOYER" promote dev prod --tag 0000000
err_has 'environment dev: the registry has no image of 0000000'
err_has "name a version that it has: 'deployer rollback' lists them"
run 2 "$DEPLOYER" promote dev dev
run 2 "$DEPLOYER" promote dev
run 2 "$DEPLOYER" promote dev prod --env dev

# Into the other account: same bits, its file, its stack.
sandboxes 0 "$DEPLOYER" promote dev prod
err_has "$first from dev to prod: $digest"
err_has "/app:$first published: $digest"
err_has "prod.cfg: ApplicationImageTag none -> $first"
err_has 'stack app-prod is CREATE_COMPLETE'
err_matches "^$first  git ok  ECR ok  prod\.cfg ok  stack ok\$"
err_lacks 'build |'
sandboxes 0 "$DEPLOYER" history
out_matches "prod +$first +promote +ok "
sandboxes 0 "$DEPLOYER" report
out_has 'promoted   from dev'
out_has "digest     $digest"

# Again: nothing to do.
sandboxes 0 "$DEPLOYER" promote dev prod
err_has "/app:$first is there already: $digest"
err_has 'changed: nothing'

# Within an account there is nothing to copy.
sandboxes 0 "$DEPLOYER" promote dev beta
err_has "/app:$first is there already: $digest"
err_has 'stack app-beta is CREATE_COMPLETE'

# The environments side by side.
sandboxes 0 "$DEPLOYER" status
out_matches "^dev   $first  git ok  ECR ok  dev\.cfg ok  stack ok\$"
out_matches "^prod  $first  git ok  ECR ok  prod\.cfg ok  stack ok\$"

# The same tag with other bits in the target: never taken for the same.
git commit -qam second
second=$(git rev-parse --short HEAD)
sandboxes 0 "$DEPLOYER" -e dev release --from publish
date >"$tmp/context/more"
build
sandboxes 0 "$DEPLOYER" -e prod release --only publish
sandboxes 8 "$DEPLOYER" promote dev prod
err_matches "$second is sha256:[0-9a-f]{64}, but sha256:[0-9a-f]{64} in environment dev"
err_has 'it was built twice'
grep -qx "ApplicationImageTag=$first" prod.cfg || fail 'prod.cfg was changed'

# Released to several in one go: the later ones get what the first has tested and published.
git commit -qam third
third=$(git rev-parse --short HEAD)
date >"$tmp/context/file"
build
sandboxes 0 "$DEPLOYER" release --env dev,prod --from publish
err_has 'environment dev'
err_has 'environment prod'
[ "$(grep -c "/app:$third published: sha256:" "$tmp/err")" -ge 2 ] || fail 'not published in both'
[ "$(sed -n "s,.*/app:$third published: \(sha256:.*\),\1,p" "$tmp/err" | sort -u | wc -l)" = 1 ] ||
	fail 'they have not the same digest'
sandboxes 0 "$DEPLOYER" status --env dev,prod --check

# The guard of the account: credentials of another one.
sed -i "s/profile: two/profile: one/" deployer.yml
sandboxes 3 "$DEPLOYER" promote dev prod
err_has 'the credentials belong to account 123456789012, not to 210987654321'
err_has '  -> '
