#!/bin/sh
# An image of 300 MB in five layers of this machine's files, to a registry on the loopback address that
# has nothing yet: its first push, a second tag of it, an image whose last layer changed, and that one
# again. By deployer, with and without --direct, by docker push, and by docker-compose push, each with
# registries of its own; docker pushes one tag, the others one and latest. And the Engine's export of the
# image alone, which --direct has to wait for. Medians of $ROUNDS rounds.
. "$(dirname "$0")/../cli/testlib.sh"
. "$testdir/benchlib.sh"

ROUNDS=${ROUNDS:-3}
need_sandbox
need_engine
need git
compose=$(find_compose)
me=deployer-bench-$$
clean() {
	docker image ls --format '{{.Repository}}:{{.Tag}}' | grep -F "/$me/app:" | xargs -r docker image rm
	docker image ls -q --filter "label=deployer.bench=$me" | sort -u | xargs -r docker image rm -f
}
at_exit 'clean >/dev/null 2>&1'

# take FOLDER NAME TO: copies files of that name up to 60 MB in all.
take() {
	mkdir -p "$3"
	find "$1" -type f -name "$2" -size -20M -printf '%s %p\n' 2>/dev/null | sort -k 2 |
		awk '$1 + sum <= 60e6 { sum += $1; print substr($0, index($0, " ") + 1) }' |
		tar -cf - -T - 2>/dev/null | tar -xf - -C "$3"
}
mkdir app context
take /usr/lib '*.so*' context/so
take /usr/lib/python3 '*' context/python
take /usr/bin '*' context/bin
take /usr/lib '*.a' context/a
take /usr/share '*' context/share
{
	echo 'FROM scratch'
	for layer in so python bin a share; do echo "COPY $layer /$layer/"; done
	echo "LABEL deployer.bench=$me"
} >context/Dockerfile
for version in one other; do
	echo "$version" >context/share/version
	DOCKER_BUILDKIT=0 docker build -q -t "$me/$version" context >/dev/null 2>&1
done
docker image inspect -f 'image: {{.Size}} bytes' "$me/one"

cd app
# The services of the sample that are pushed; Compose v1 passes over one without `build`.
cat >docker-compose.yml <<YML
version: '2.4'
services:
  release: {build: ., image: '\${REGISTRY:-local}/$me/app:latest'}
  app: {build: ., image: '\${REGISTRY:-local}/$me/app:\${APP_VERSION}'}
YML
echo "image: $me/app" >deployer.yml
git init -q .
git add -A
git -c user.name=bench -c user.email=bench@localhost commit -qm begin

# Sourced in each sandbox: as WAY TAG gives the image that was built a tag, and pushes it.
cat >../push.sh <<'SH'
set -eu
as() {
	APP_VERSION=$2
	REGISTRY=$DEPLOYER_SANDBOX_REGISTRY
	export APP_VERSION REGISTRY
	uri=$DEPLOYER_SANDBOX_REGISTRY/$me/app
	case $1 in
	engine) "$DEPLOYER" --quiet publish --allow-dirty -t "$2" ;;
	direct) "$DEPLOYER" --quiet publish --allow-dirty --direct -t "$2" ;;
	docker) docker push -q "$uri:$2" ;;
	compose) $compose push release app ;;
	esac
}
timed() { # CASE IMAGE WAY TAG
	docker tag "$me/$2" "$me/app"
	for tag in latest "$4"; do
		docker tag "$me/$2" "$DEPLOYER_SANDBOX_REGISTRY/$me/app:$tag"
	done
	begin=$(date +%s%N)
	as "$3" "$4" >../said 2>&1 || { cat ../said; exit 1; }
	echo "$1 $3 $((($(date +%s%N) - begin) / 1000000))" >>../times
}
"$DEPLOYER" --quiet login --store
timed first one "$1" a
timed second one "$1" b
timed changed other "$1" c
timed nothing other "$1" c
SH
export me compose

round=0
while [ $((round += 1)) -le "$ROUNDS" ]; do
	begin=$(date +%s%N)
	docker save "$me/one" >/dev/null
	echo "first export $((($(date +%s%N) - begin) / 1000000))" >>../times
	for way in engine direct docker compose; do
		rm -rf "$tmp/state" "$HOME/.docker"
		"$DEPLOYER_SANDBOX" --quiet run --state "$tmp/state" --repository "$me/app" -- sh ../push.sh $way >../log 2>&1 ||
			fail "$(cat ../log)"
		docker image ls --format '{{.Repository}}:{{.Tag}}' | grep -F "/$me/app:" |
			xargs docker image rm >/dev/null
	done
done

# Milliseconds, and how many times as long as deployer publish --direct it took.
median() { awk -v c="$1" -v w="$2" '$1 == c && $2 == w { print $3 }' ../times | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
for case in first second changed nothing; do
	direct=$(median $case direct)
	printf '%-8s' $case
	for way in direct engine docker compose export; do
		[ -n "$(median $case $way)" ] || continue
		median $case $way | awk -v way=$way -v direct="$direct" \
			'{ printf "  %s %d ms (%.2f)", way, $1, $1 / direct }'
	done
	echo
done
