#!/bin/sh
# publish --direct, on a real engine and registry: the image that is pulled is the one that was built,
# twice the same digest comes of it, only what the registry lacks is sent, uploads that break are sent
# again, an expired login is renewed, and memory stays bounded.
. "$(dirname "$0")/testlib.sh"
need git docker-registry docker-compose busybox python3 curl
need_engine
[ -n "${DEPLOYER_SANDBOX-}" ] || skip 'deployer-sandbox is not built'

me=deployer-direct-$$
clean_up() {
	remove_images "$me"
} >/dev/null 2>&1
at_exit clean_up
git config --global user.name t
git config --global user.email t@example.com

# build TEXT: an image of small layers and a large one that does not compress; it says the text.
mkdir app context
cd app
install -m 755 "$(command -v busybox)" ../context/busybox
head -c 20000000 /dev/urandom >../context/large
cat >../context/Dockerfile <<-DOCKERFILE
	FROM scratch
	LABEL deployer.test=$me
	COPY busybox /bin/busybox
	COPY large /large
	RUN ["/bin/busybox", "--install", "-s", "/bin"]
	COPY last /last
DOCKERFILE
build() {
	echo "$1" >../context/last
	DOCKER_BUILDKIT=0 docker build -q --no-cache -t "$me/app:1" ../context >/dev/null 2>&1
}

cat >docker-compose.yml <<-YML
	version: '2.4'
	services:
	  app: {image: '$me/app:1'}
YML
echo 'publish: {tags: [latest]}' >deployer.yml
git init -q .
git add -A
git commit -qm first

cat >../front.sh <<-'SH'
	# front [FAULT...]: a registry's front from now on, and what was asked of it in front.log.
	front() {
		[ -z "${front_pid-}" ] || kill "$front_pid"
		rm -f front
		python3 "$testdir/registry_faults.py" "$DEPLOYER_SANDBOX_REGISTRY" ../front "$@" &
		front_pid=$!
		trap 'kill $front_pid' EXIT
		until [ -e ../front ]; do sleep 0.1; done
		echo "publish: {tags: [latest], registry: 'http://127.0.0.1:$(cat ../front)'}" >deployer.yml
		registry=127.0.0.1:$(cat ../front)
		rm ../front
	}
	asked() { grep -c "$1" ../front.log || :; }
	# docker's login for the front, which is the registry's.
	log_in() {
		"$DEPLOYER" login --store
		sed -i "s,$DEPLOYER_SANDBOX_REGISTRY,$registry,g" "$HOME/.docker/config.json"
	}
	# change TEXT IMAGE: another layer on top of it.
	change() {
		echo "$1" >../context/last
		printf 'FROM %s\nCOPY last /last\n' "$2" | DOCKER_BUILDKIT=0 docker build -q --no-cache -t "$2" -f - ../context 2>/dev/null
	}
	direct() { "$DEPLOYER" publish --direct --allow-dirty --verbose "$@" 2>&1 | tee ../said; }
SH
export testdir

inside() { # SANDBOX-STATE: runs standard input as a script with a registry of its own
	{
		echo 'set -eu; . ../front.sh'
		cat
	} >../inside.sh
	run 0 "$DEPLOYER_SANDBOX" run --state "$tmp/$1" --repository "$me/app" --repository "$me/other" -- \
		sh ../inside.sh "$me"
}

build first
id=$(docker image inspect -f '{{.Id}} {{.RootFS.Layers}}' "$me/app:1")

# The same image from the registry as from the engine, and it runs.
inside a <<'SH'
	front
	direct -t one
	log_in
	docker images --format '{{.Repository}}:{{.Tag}}' | grep "/*$1/app:" | xargs docker rmi -f
	docker pull -q "$registry/$1/app:one"
	docker image inspect -f 'pulled {{.Id}} {{.RootFS.Layers}}' "$registry/$1/app:one"
	docker run --rm "$registry/$1/app:one" /bin/cat /last
	docker tag "$registry/$1/app:one" "$1/app:1"
SH
out_has "pulled $id"
out_matches '^first$'
out_has 'MB'
digest=$(sed -n 's/.*app:one published: \(sha256:.*\)/\1/p' "$tmp/out")
[ ${#digest} = 71 ] || fail 'no digest'
[ -z "$(docker images -q --filter dangling=true --filter "label=deployer.test=$me")" ] || fail 'it left images'

# Another registry gets the same digest. There, a second tag and an image that is there send nothing; a
# image with a layer more sends that; another repository gets what the first one has by mounting.
inside b <<'SH'
	front
	direct -t one
	echo "uploads of the first: $(asked PATCH)"
	front
	direct -t two
	direct -t two
	echo "uploads of the second: $(asked PATCH) $(asked POST)"
	change second "$1/app:1"
	front
	direct -t three
	echo "uploads of the changed: $(asked PATCH)"
	log_in
	docker pull -q "$registry/$1/app:three"
	sed -i "s,$1/app:1,$1/other:1," docker-compose.yml
	docker tag "$1/app:1" "$1/other:1"
	# The same front: that is where the engine knows the image from.
	: >../front.log
	direct -t one
	echo "uploads to the other: $(asked PATCH), mounts $(asked mount=)"
SH
out_has "app:one published: $digest"
out_has "app:two published: $digest"
out_has "app:two is there already: $digest"
out_has 'uploads of the first: 4'
out_has 'uploads of the second: 0 0'
out_has 'uploads of the changed: 1'
out_has 'uploads to the other: 0, mounts 5'
git checkout -q .

# An upload that is cut, one that is too early, a login whose time is over: sent again, a few times.
build first
inside c <<'SH'
	front cut
	direct -t one
	change second "$1/app:1"
	front busy
	direct -t two
	change third "$1/app:1"
	front expired
	direct -t three
	log_in
	docker pull -q "$registry/$1/app:three"
	docker run --rm "$registry/$1/app:three" /bin/cat /last
SH
[ "$(grep -c ': trying again$' "$tmp/out")" = 3 ] || fail 'not every failure was tried again'
out_has 'HTTP status 503: trying again'
out_has 'token has expired. Reauthenticate and try again.: trying again'
out_matches '^third$'

# Told to stop in the middle of an upload, it does, and what is half there has no tag.
inside d <<'SH'
	front slow
	: >../front.log
	"$DEPLOYER" publish --direct --allow-dirty -t one &
	pid=$!
	until grep -q PATCH ../front.log; do sleep 0.1; done
	begin=$(date +%s)
	kill -TERM $pid
	status=0
	wait $pid || status=$?
	echo "status $status after $(($(date +%s) - begin)) s"
	direct -t one
SH
out_matches '^status 143 after [12]?[0-9] s$'
out_matches 'app:one published: '

# Memory: 60 MB of buffers and 20 MB for the rest, however much there is to send.
if ! grep -q __asan_init "$DEPLOYER"; then
	head -c 150000000 /dev/urandom >../context/large
	build first
	inside e <<-'SH'
		front
		python3 -c 'import resource, subprocess, sys
		status = subprocess.call(sys.argv[1:])
		print("peak", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024, "MB")
		sys.exit(status)' "$DEPLOYER" publish --direct --allow-dirty -t one
	SH
	peak=$(sed -n 's/^peak \(.*\) MB$/\1/p' "$tmp/out")
	[ "$peak" -lt 80 ] || fail "it took $peak MB"
	echo "150 MB in $peak MB of memory"
fi
[ -z "$(git status --porcelain -- docker-compose.yml)" ] || fail 'a file was changed'
