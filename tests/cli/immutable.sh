#!/bin/sh
# Publishing to a registry that holds on to its rules: tags of an immutable repository stay what they
# are, and a login ends in the middle of whatever is done with it.
. "$(dirname "$0")/testlib.sh"
need git docker-registry busybox
need_engine
[ -n "${DEPLOYER_SANDBOX-}" ] || skip 'deployer-sandbox is not built'
"$DEPLOYER_SANDBOX" help run | grep -q -e --immutable || skip 'the sandbox has no immutable repositories'

me=deployer-immutable-$$
clean_up() {
	docker ps -aq --filter "label=com.docker.compose.project=$me" | xargs -r docker rm -fv
	docker network ls -q --filter "name=$me" | xargs -r docker network rm
	remove_images "$me"
} >/dev/null 2>&1
at_exit clean_up

mkdir "$tmp/project"
cd "$tmp/project"
install -m 755 "$(command -v busybox)" busybox
cat >Dockerfile <<-DOCKERFILE
	FROM scratch
	LABEL deployer.test=$me
	COPY busybox /bin/busybox
	COPY file /file
DOCKERFILE
printf '*\n!busybox\n!file\n' >.dockerignore
echo one >file
cat >docker-compose.yml <<-YML
	version: '2.4'
	services:
	  test: {image: '$me/app:latest', build: ., command: [busybox, 'true']}
	  release: {image: '$me/app:latest', build: .}
	  app: {image: '$me/app:\${APP_VERSION}', build: .}
	  acceptance: {image: '$me/app:latest', command: [busybox, 'true']}
YML
cat >deployer.yml <<-YML
	compose: {project: $me}
	stages: {test: [{build: []}, {up: test}], release: [{up: acceptance}]}
YML
git config --global user.name t
git config --global user.email t@example.com
git init -q .

commit() { # MESSAGE
	git add -A
	git commit -q --allow-empty -m "$1"
	hash=$(git rev-parse --short HEAD)
}

publish() { # STATUS [ARGUMENT...]
	want=$1
	shift
	run "$want" "$DEPLOYER_SANDBOX" run --state "$tmp/state" --immutable "$me/app" --scenario "$tmp/scenario.yml" -- \
		"$DEPLOYER" release --until publish "$@"
}
echo 'faults: []' >"$tmp/scenario.yml"

# The first commit: both tags are new. Again: what is there is the same.
commit first
publish 0
err_matches "app:$hash published: sha256:"
err_has 'app:latest moved to it'
first=$(sed -n 's/.*app:[^ ]* published: \(sha256:[0-9a-f]*\).*/\1/p' "$tmp/err" | head -n 1)
publish 0
err_has "app:$hash is there already: $first"
err_lacks warning
publish 0 --force
err_has 'ok test'
err_has "app:$hash is there already: $first"

# Another commit's image cannot be `latest`: worth a warning, and no failure.
echo two >file
commit second
publish 0
err_matches "app:$hash published: sha256:"
err_has "warning: tag latest stays at $first: the repository is immutable"
second=$(sed -n 's/.*app:[^ ]* published: \(sha256:[0-9a-f]*\).*/\1/p' "$tmp/err" | head -n 1)
publish 0
err_has "app:$hash is there already: $second"
err_has "warning: tag latest stays at $first: the repository is immutable"

# The same commit, other bits: stopped before anything is pushed, and by the registry where told to go on.
cat >"$tmp/other.sh" <<-'SH'
	echo "$RANDOM_BITS" >file
	"$DEPLOYER" release --until publish --allow-dirty --tag "$@"
	status=$?
	git checkout -q file
	exit $status
SH
export DEPLOYER RANDOM_BITS=other
other() { # STATUS ARGUMENT...
	want=$1
	shift
	run "$want" "$DEPLOYER_SANDBOX" run --state "$tmp/state" --immutable "$me/app" -- sh "$tmp/other.sh" "$hash" "$@"
}
other 8 --force
err_matches "app:$hash is published as $second, and the repository is immutable; what was built here from the same commit is another image"
err_has '  -> '
other 8 --rebuild
err_has "tag invalid: The image tag '$hash' already exists in the '$me/app' repository"
err_has '  -> commit, so that the image gets a tag of its own'
publish 0
err_has "app:$hash is there already: $second"

# Somebody else is quicker: with the same image, nothing is left to do; with another one, it is not ours
# that is published.
echo three >file
cat >>deployer.yml <<-'YML'
	hooks: {before_publish: [{exec: [sh, ../quicker.sh]}]}
YML
commit third
cat >"$tmp/quicker.sh" <<-'SH'
	set -eu
	image=$DEPLOYER_SANDBOX_REGISTRY/$ME/app
	docker tag "${OTHER:-$ME/app:latest}" "$image:$HASH"
	ln -sf "$DEPLOYER" ../docker-credential-deployer
	mkdir -p ../login
	printf '{"credHelpers": {"%s": "deployer"}}' "$DEPLOYER_SANDBOX_REGISTRY" >../login/config.json
	PATH="$(cd .. && pwd):$PATH" DOCKER_CONFIG=../login docker push -q "$image:$HASH"
SH
export ME="$me" HASH="$hash"
publish 0
err_matches "app:$hash is there already: sha256:"
echo four >file
commit fourth
HASH=$hash OTHER=$(docker images --format '{{.Repository}}:{{.Tag}}' | grep "$me/app:" | grep -v latest | head -n 1) publish 8
err_matches "app:$hash is published as sha256:[0-9a-f]*, by somebody else meanwhile"
sed -i /before_publish/d deployer.yml

# A login that ends after so many requests, in each of the ways that registries say so: got anew, once.
for terms in '{requests: 1}' '{requests: 4, status: 401}' '{requests: 8}'; do
	echo "tokens: [$terms]" >"$tmp/scenario.yml"
	echo "$terms" >file
	commit "$terms"
	publish 0
	err_matches "app:$hash published: sha256:"
	err_has "the registry's login is no longer taken: a new one"
done
# None that is taken: a matter of the login, said after one other try.
echo 'tokens: [{requests: 1, count: 0}]' >"$tmp/scenario.yml"
echo five >file
commit 'no login'
publish 4
err_has 'authorization token has expired'
