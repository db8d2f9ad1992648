#!/bin/sh
# What a release publishes, on a real engine and registry, with compose v1 and v2: a private base image
# is pulled without a login, the images say where they come from, two checkouts that build under the
# same names at the same time publish each their own, and a commit's image is not replaced in silence.
users_plugin=$(ls "$HOME/.docker/cli-plugins/docker-compose" 2>/dev/null || :)
. "$(dirname "$0")/testlib.sh"
need aws git docker-registry busybox
need_engine
[ -n "${DEPLOYER_SANDBOX-}" ] || skip 'deployer-sandbox is not built'

me=deployer-publish-$$
# Compose v2 is found where HOME is; this test's is empty.
plugin=$users_plugin
clean_up() {
	docker ps -aq --filter "label=com.docker.compose.project=$me-a" | xargs -r docker rm -fv
	docker ps -aq --filter "label=com.docker.compose.project=$me-b" | xargs -r docker rm -fv
	docker network ls -q --filter "name=$me" | xargs -r docker network rm
	remove_images "$me"
} >/dev/null 2>&1
at_exit clean_up
export TMPDIR="$tmp/t"
mkdir "$TMPDIR"

git config --global user.name t
git config --global user.email t@example.com

# checkout NAME: a project whose images have the same names in every checkout, and say which it is.
checkout() {
	mkdir "$tmp/$1"
	cd "$tmp/$1"
	install -m 755 "$(command -v busybox)" busybox
	cat >base.Dockerfile <<-DOCKERFILE
		FROM scratch
		LABEL deployer.test=$me
		COPY busybox /bin/busybox
		RUN ["/bin/busybox", "--install", "-s", "/bin"]
		ENV PATH=/bin
	DOCKERFILE
	cat >Dockerfile <<-'DOCKERFILE'
		ARG BASE
		FROM $BASE
		COPY checkout /checkout
	DOCKERFILE
	echo "$1" >checkout
	cat >docker-compose.yml <<-YML
		version: '2.4'
		services:
		  test:
		    image: $me/app:latest
		    build: {context: ., args: [BASE]}
		    command: [sh, -c, 'echo 1..2; echo ok 1; echo ok 2; echo test in \$\$(cat /checkout)']
		  release:
		    image: $me/app:latest
		    build: {context: ., args: [BASE]}
		  app:
		    image: $me/app:\${APP_VERSION}
		    extends: {service: release}
		    init: true
		    command: [httpd, -f, -p, '8000', -h, /]
		    ports: ['127.0.0.1::8000']
		    healthcheck: {test: [CMD, wget, -qO-, 'http://127.0.0.1:8000/checkout'], interval: 1s, retries: 20}
		  acceptance:
		    extends: {service: release}
		    depends_on: {app: {condition: service_healthy}}
		    command: [sh, -c, 'sleep 3; echo acceptance in \$\$(cat /checkout) of \$\$(wget -qO- http://app:8000/checkout)']
	YML
	cat >deployer.yml <<-YML
		compose: {project: $me-$1}
		stack: {name: $me-$1}
		stages:
		  test: [{build: [], pull: true}, {up: test}]
		  release: [{up: acceptance}]
	YML
	cat >stack.yml <<-'YML'
		Parameters:
		  ApplicationImageTag: {Type: String}
		Resources:
		  Topic: {Type: 'AWS::SNS::Topic', Properties: {DisplayName: !Ref ApplicationImageTag}}
	YML
	echo 'ApplicationImageTag=none' >dev.cfg
	git init -q .
	git remote add origin "https://robot:s3cret@git.example.com/$1.git"
	git add -A
	git commit -qm first
}

sandbox() { # STATUS [SCENARIO-OPTION...] -- COMMAND...
	want=$1
	shift
	run "$want" "$DEPLOYER_SANDBOX" run --state "$tmp/state" --repository "$me/base" --repository "$me/app" "$@"
}

# The base image is in the private registry alone.
cat >with_base.sh <<-'SH'
	set -eu
	base=$DEPLOYER_SANDBOX_REGISTRY/$1/base:1
	# Once: who comes at the same time must not meet it half-way.
	if [ ! -e ../base-is-there ]; then
		export DOCKER_CONFIG="$PWD/docker-login"
		aws ecr get-login-password | docker login -u AWS --password-stdin "${base%%/*}" >/dev/null 2>&1
		DOCKER_BUILDKIT=0 docker build -q --no-cache -t "$base" -f base.Dockerfile . >/dev/null
		docker push -q "$base" >/dev/null
		rm -r "$DOCKER_CONFIG"
		unset DOCKER_CONFIG
		touch ../base-is-there
	fi
	docker rmi -f "$base" >/dev/null 2>&1 || :
	export BASE="$base"
	shift
	exec "$@"
SH

label() { # IMAGE KEY
	docker image inspect -f "{{index .Config.Labels \"$2\"}}" "$1"
}

pushed_checkout() { # LOG: what is in the image that was published
	image=$(sed -n 's/^ *\([^ ]*\):\([^ :]*\) published: \(sha256:.*\)/\1:\2/p' "$1" | head -n 1)
	docker run --rm "$image" cat /checkout
}

cat >"$tmp/two.sh" <<-'SH'
	(cd ../a && sh ../with_base.sh "$1" true)
	(cd ../a && sh ../with_base.sh "$1" "$DEPLOYER" release --until publish) >../a.log 2>&1 &
	a=$!
	(cd ../b && sh ../with_base.sh "$1" "$DEPLOYER" release --until publish) >../b.log 2>&1 &
	wait $! && wait $a
SH

# The two at once, with whichever compose is found; GENERATION is what a failure calls it.
two_at_once() { # GENERATION
	rm -rf "$tmp/a" "$tmp/b"
	checkout a
	checkout b
	sandbox 0 -- sh ../two.sh "$me"
	for one in a b; do
		cat "$tmp/$one.log"
		has "$tmp/$one.log" "test in $one"
		grep -q '^ok test (.*): 2 tests, 0 failed$' "$tmp/$one.log" || fail "the tests of $one are not counted"
		has "$tmp/$one.log" "acceptance in $one of $one"
		[ "$(pushed_checkout "$tmp/$one.log")" = $one ] || fail "what $one published is not its own"
	done
	cd "$tmp/a"
	image=$(sed -n 's/^ *\([^ ]*\) published: sha256:.*/\1/p' "$tmp/a.log" | head -n 1)
	[ "$(label "$image" org.opencontainers.image.revision)" = "$(git rev-parse HEAD)" ] || fail "$1: no revision"
	[ "$(label "$image" org.opencontainers.image.source)" = https://git.example.com/a.git ] || fail "$1: no source"
	created=$(git log -1 --format=%cd --date=format-local:%Y-%m-%dT%H:%M:%SZ)
	[ "$(label "$image" org.opencontainers.image.created)" = "$created" ] || fail "$1: no time"
	git diff --exit-code || fail "$1: a file was changed"
	[ ! -e "$HOME/.docker/config.json" ] || fail "docker's configuration was written"
	[ -z "$(ls -A "$TMPDIR")" ] || fail "left behind: $(ls -A "$TMPDIR")"
}

export DEPLOYER
if command -v docker-compose >/dev/null; then
	two_at_once v1
	has "$tmp/a.log" "$me-a_test_1"
	# The same commit again, built to the same bits: nothing is pushed, though the tests ran.
	sandbox 0 -- sh ../with_base.sh "$me" "$DEPLOYER" release --until publish --force
	err_has 'ok test'
	err_has 'is there already: sha256:'
	err_lacks ' published: sha256:'
fi
if [ -n "$plugin" ]; then
	mkdir -p "$HOME/.docker/cli-plugins"
	ln -s "$plugin" "$HOME/.docker/cli-plugins/"
	two_at_once v2
	has "$tmp/a.log" "$me-a-test-1"
fi

# Built to other bits: not while it is deployed, unless told so.
sandbox 0 -- sh ../with_base.sh "$me" "$DEPLOYER" release --from publish
err_has "stack $me-a is CREATE_COMPLETE"
git checkout -q dev.cfg
# The commit does not say all: a file that git ignores is in the image, too.
sed -i 's,^COPY checkout /checkout,&\nCOPY noise /other,' Dockerfile
echo noise >>.gitignore
git add .gitignore
echo one >noise
git commit -q --amend -am first --date="$(git log -1 --format=%ad)"
hash=$(git rev-parse --short HEAD)
sandbox 0 -- sh ../with_base.sh "$me" "$DEPLOYER" release
err_has "stack $me-a is UPDATE_COMPLETE"
git checkout -q dev.cfg
echo other >noise
sandbox 8 -- sh ../with_base.sh "$me" "$DEPLOYER" release --force
err_matches "app:$hash is published as sha256:[0-9a-f]*, and deployed; what was built here from the same commit is another image"
err_has 'replace it with --rebuild'
sandbox 0 -- sh ../with_base.sh "$me" "$DEPLOYER" release --until publish --rebuild
err_matches "app:$hash published: sha256:"

# A repository that is missing: named in the remedy, and made when told so.
sed -i "s,$me/app,$me/new," docker-compose.yml
git commit -qam 'another repository'
sandbox 8 -- sh ../with_base.sh "$me" "$DEPLOYER" release --until publish
err_has "let it be made with --create, or make repository '$me/new' yourself"
err_lacks '==>'
sandbox 0 -- sh ../with_base.sh "$me" "$DEPLOYER" release --until publish --create
err_has "/$me/new created"
err_matches "$me/new:[0-9a-f]* published: sha256:"

# And nothing of it is left under a name of ours.
run 0 "$DEPLOYER" clean
! docker images --format '{{.Repository}}:{{.Tag}}' | grep "^localhost/deployer:$me-a\." || fail 'names are left'
