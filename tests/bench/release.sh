#!/bin/sh
# A release with nothing to do, the commit published and deployed already: deployer beside what a
# Makefile does, which tests, releases, pushes and deploys each time.
. "$(dirname "$0")/../cli/testlib.sh"
. "$testdir/benchlib.sh"

need_sandbox
need_engine
need git
aws=$(find_aws)
compose=$(find_compose)
project=deployer-bench-$$

# Of a name of its own: the demo's sample may be running.
cp -R "$testdir/../../config/sample" sample
cd sample
install -m 755 /bin/busybox busybox
install_entrypoint
sed -i "s/^project: .*/project: $project/" deployer.yml
git init -q -b main
git add -A
git -c user.name=bench -c user.email=bench@localhost commit -qm 'sample: begin'

# Takes away what both ways leave behind.
clean() {
	docker container ls -aq --filter "label=com.docker.compose.project=$project" | xargs -r docker container rm -fv
	docker network ls -q --filter "label=com.docker.compose.project=$project" | xargs -r docker network rm
	docker volume ls -q --filter "label=com.docker.compose.project=$project" | xargs -r docker volume rm
	docker image ls -q --filter "reference=$project*" | xargs -r docker image rm
	docker image ls --filter label=application=todobackend-sample --format '{{.Repository}}:{{.Tag}}' |
		grep '^127\.0\.0\.1:' | xargs -r docker image rm
}
at_exit 'clean >/dev/null 2>&1'

export COMPOSE_PROJECT_NAME="$project" DOCKER_CONFIG="$tmp/docker"
# The Makefile has a repository of its own: it builds the commit anew each time, and to move a deployed tag
# to other bits is what deployer does not pass over. Compose may be two words.
# shellcheck disable=SC2086
"$DEPLOYER_SANDBOX" --quiet run --state "$tmp/state" --repository todobackend-sample/todobackend \
	--repository todobackend-sample/by-make -- sh -c '
	"$DEPLOYER" --quiet release >/dev/null
	"$BENCH_COMPARE" 5 "$DEPLOYER" --quiet release -- sh "$@"' sh "$testdir/makefile-way.sh" "$aws" \
	todobackend-sample/by-make $compose \
	2>"$tmp/said" || fail "$(tail -20 "$tmp/said")"
