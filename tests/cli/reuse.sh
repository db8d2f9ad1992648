#!/bin/sh
# Nothing is done twice: a commit that changes nothing of what is built and tested gets the image of the
# one before it, without tests and without a push; whatever may change it is built and tested. And
# compose v1, of which each call takes a third of a second, is called no oftener than need be.
. "$(dirname "$0")/testlib.sh"
need git docker-registry busybox docker-compose
need_engine
[ -n "${DEPLOYER_SANDBOX-}" ] || skip 'deployer-sandbox is not built'

me=deployer-reuse-$$
clean_up() {
	docker ps -aq --filter "label=com.docker.compose.project=$me" | xargs -r docker rm -fv
	docker network ls -q --filter "name=$me" | xargs -r docker network rm
	remove_images "$me"
} >/dev/null 2>&1
at_exit clean_up
at_exit '[ $end_status = 0 ] || { echo "remembered:"; cat "$HOME"/.local/state/deployer/projects/*/tested.json; }'

# Writes down what compose v1 is called for.
mkdir "$tmp/bin" "$tmp/project"
cat >"$tmp/bin/docker-compose" <<-SH
	#!/bin/sh
	# In the place of docker-compose==1.29.2, whose version is read here.
	for word; do
		case \$word in
		config | build | up | run | down | version) echo "\$word" >>"$tmp/calls"; break ;;
		esac
	done
	exec "$(command -v docker-compose)" "\$@"
SH
chmod +x "$tmp/bin/docker-compose"
export PATH="$tmp/bin:$PATH"

cd "$tmp/project"
install -m 755 "$(command -v busybox)" busybox
cat >Dockerfile <<-DOCKERFILE
	FROM scratch
	LABEL deployer.test=$me
	COPY busybox /bin/busybox
	RUN ["/bin/busybox", "--install", "-s", "/bin"]
	ENV PATH=/bin
	COPY src /src
DOCKERFILE
printf '.git\n*\n!busybox\n!src\n' >.dockerignore
mkdir src
echo one >src/file
cat >docker-compose.yml <<-YML
	version: '2.4'
	services:
	  test: {image: '$me/app:latest', build: ., command: [sh, -c, 'echo 1..1; echo ok 1']}
	  release: {image: '$me/app:latest', build: .}
	  app: {image: '$me/app:\${APP_VERSION}', build: .}
	  migrate: {image: '$me/app:latest', command: [echo, migrated]}
	  acceptance:
	    image: '$me/app:latest'
	    environment: {APP_VERSION: '\${APP_VERSION}'}
	    command: [sh, -c, 'echo 1..1; echo ok 1']
YML
cat >deployer.yml <<-YML
	compose: {project: $me}
	stages: {test: [{build: [], pull: true}, {run: [test]}], release: [{up: migrate}, {up: acceptance}]}
YML
git config --global user.name t
git config --global user.email t@example.com
git init -q .
git add -A
git commit -qm first

# publish STATUS [ARGUMENT...]
publish() {
	want=$1
	shift
	: >"$tmp/calls"
	run "$want" "$DEPLOYER_SANDBOX" run --state "$tmp/state" --repository "$me/app" -- \
		"$DEPLOYER" release --until publish "$@"
}

commit() { # MESSAGE
	git add -A
	git commit -q --allow-empty -m "$1"
	old=$hash
	hash=$(git rev-parse --short HEAD)
}

tested() {
	err_has '==> test'
	err_has '==> release'
	err_lacks 'same inputs'
	err_matches "app:$hash published: sha256:[0-9a-f]{64}$"
}

reused() { # TAG
	err_has "$hash is made from the same inputs as $1, which is tested and published"
	err_lacks '==> test'
	err_lacks '==> release'
	err_matches "app:$hash published: $digest, the image of $1$"
}

hash=$(git rev-parse --short HEAD)
publish 0
tested
first=$hash
digest=$(sed -n 's/.* published: \(sha256:[0-9a-f]*\).*/\1/p' "$tmp/err")
# One for what the files mean, one a step, and one to leave nothing.
printf 'config\nbuild\nrun\nup\nup\ndown\n' | diff - "$tmp/calls" || fail 'compose was called otherwise'

# The same commit again: compose is asked only where the repository is to be found out.
publish 0
err_has "$hash is published already"
printf 'config\n' | diff - "$tmp/calls" || fail 'compose was called for what is published'

# What is no part of the image and of its tests changes nothing; nor does what is left out of it.
echo text >README.md
commit 'a page'
publish 0 --record "$tmp/record"
has "$tmp/record" "\"$digest\""
has "$tmp/record" '"published"'
reused "$first"
printf 'config\n' | diff - "$tmp/calls" || fail 'compose was called for what is tested'
commit 'nothing at all'
publish 0
reused "$first"

# Stopped between the two, and gone on with.
printf 'hooks: {before_publish: [{exec: [test, -e, ../go]}]}\n' >>deployer.yml
commit 'a hook'
: >"$tmp/calls"
run 1 "$DEPLOYER_SANDBOX" run --state "$tmp/state" --repository "$me/app" -- "$DEPLOYER" release --until publish
err_has "same inputs as $first"
touch "$tmp/go"
run 0 "$DEPLOYER_SANDBOX" run --state "$tmp/state" --repository "$me/app" -- "$DEPLOYER" release --resume
err_lacks '==> test'
err_matches "app:$hash published: $digest, the image of $first$"

# Told so, it is built and tested anew: other bits, since the labels name another commit.
commit 'nothing again'
publish 0 --force
tested
commit 'nothing, after that'
second=$old
digest=$(sed -n 's/.* published: \(sha256:[0-9a-f]*\).*/\1/p' "$tmp/err")
publish 0
reused "$second"

# Whatever goes into it.
echo two >src/file
commit 'a source'
publish 0
tested

# Nor where the registry has something else by now, or base images may be others.
commit 'nothing'
sed -i 's/"digest":"sha256:......../"digest":"sha256:00000000/' "$HOME"/.local/state/deployer/projects/*/tested.json
publish 0
tested
commit 'nothing, a day later'
sed -i 's/"at":[0-9]*/"at":1000/' "$HOME"/.local/state/deployer/projects/*/tested.json
publish 0
tested

# Nor where the project does not want it.
printf 'publish: {reuse: no}\n' >>deployer.yml
commit 'a setting'
publish 0
tested
commit 'nothing under the setting'
publish 0
tested
