#!/bin/sh
# The traps of compose, both generations of it, on a real Engine: each is stepped into, and what comes of
# it is said. tests/traps lists them all, with the tests that meet the others.
users_plugin=$(ls "$HOME/.docker/cli-plugins/docker-compose" 2>/dev/null || :)
. "$(dirname "$0")/testlib.sh"

# Every trap has its test.
while IFS='|' read -r trap file text; do
	case $trap in '#'*) continue ;; esac
	file=$(echo "$file" | tr -d ' ')
	has "$testdir/../$file" "${text# }"
done <"$testdir/../traps"

need git busybox
need_engine
me=deployer-traps-$$
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
	RUN ["/bin/busybox", "--install", "-s", "/bin"]
	ENV PATH=/bin
	STOPSIGNAL SIGKILL
DOCKERFILE
git init -q .
git config --global user.name t
git config --global user.email t@example.com

# services SERVICE...: the compose file, with a test service that builds the image of all.
services() {
	{
		printf "version: '2.4'\nservices:\n"
		printf '  test: {image: "%s/app", build: ., command: ["true"]}\n' "$me"
		for service; do printf '  %s\n' "$service"; done
	} >docker-compose.yml
	git add -A
	git commit -q --allow-empty -m 'another trap'
}
image="image: \"$me/app\""

# release STATUS [TEXT]: of the acceptance service; nothing of it is left.
release() {
	run "$1" "$DEPLOYER" release --from release --until release
	[ -z "${2-}" ] || err_has "$2"
	[ -z "$(docker ps -aq --filter "label=com.docker.compose.project=$me")" ] || fail 'containers are left'
}

settings() {
	printf 'compose: {project: %s%s}\nstages: {test: [{build: [test]}], release: [{up: acceptance}]}\n' \
		"$me" "${1-}" >deployer.yml
}

both() { # GENERATION
	settings
	services "app: {$image}" "acceptance: {$image}"
	run 0 "$DEPLOYER" test

	# a dollar: written twice in the file, once for the shell in the container.
	services "app: {$image}" "acceptance: {$image, environment: {PRICE: 'a\$\$b'}, command: [sh, -c, 'echo is \$\$PRICE \$\$\$\$']}"
	release 0 'acceptance | is a$b 1'

	# never healthy, or ends at once: the services that depend on it do not start.
	services "app: {$image, command: [sleep, '60'], healthcheck: {test: ['CMD', 'false'], interval: 1s, retries: 2}}" \
		"acceptance: {$image, depends_on: {app: {condition: service_healthy}}, command: [echo, it ran]}"
	release 7 "step 'up acceptance' failed with status 1"
	err_lacks 'it ran'
	services "app: {$image, command: ['true'], healthcheck: {test: ['CMD', 'true'], interval: 9s, retries: 2}}" \
		"acceptance: {$image, depends_on: {app: {condition: service_healthy}}, command: [echo, it ran]}"
	# Compose 1.29 looks at those containers that run (service.py, is_healthy()): none left is healthy to it.
	wanted=7
	status=0
	"$DEPLOYER" release --from release --until release >"$tmp/out" 2>"$tmp/err" </dev/null || status=$?
	if [ "$1" = v1 ] && grep -q 'acceptance | it ran' "$tmp/err"; then
		wanted=0
	else
		err_lacks 'it ran'
		err_has "step 'up acceptance'"
	fi
	[ $status = $wanted ] || fail "it ended with $status, not $wanted"

	# a dependency that is done, with 0 or not, before the service is: whose code alone counts.
	services "app: {$image, command: ['true']}" \
		"acceptance: {$image, depends_on: [app], command: [sh, -c, 'sleep 2; exit 4']}"
	release 7 "step 'up acceptance' failed with status 4"
	services "app: {$image, command: ['false']}" \
		"acceptance: {$image, depends_on: [app], command: [sh, -c, 'sleep 2; exit 0']}"
	release 0

	# every address: what it is published on is said.
	services "app: {$image, command: [httpd, -f, -p, '8000'], ports: ['8000']}" \
		"acceptance: {$image, depends_on: [app], command: ['true']}"
	run 0 "$DEPLOYER" release --from release --until release
	err_matches 'app running at http://localhost:[0-9]+'
	run 0 "$DEPLOYER" clean
}

if command -v docker-compose >/dev/null; then
	both v1
fi
if [ -n "$users_plugin" ]; then
	mkdir -p "$HOME/.docker/cli-plugins"
	ln -s "$users_plugin" "$HOME/.docker/cli-plugins/"
	both v2
fi

# A step without an end: compose.timeout, in minutes, which must be some.
settings ', timeout: soon'
services "app: {$image}" "acceptance: {$image}"
run 2 "$DEPLOYER" test
err_has "compose.timeout: 'soon' is not a number of minutes up to 1440"
settings

# A service has no image: there is nothing to publish, which compose's push would pass over.
export AWS_ACCESS_KEY_ID=AKIDEXAMPLE AWS_SECRET_ACCESS_KEY=none AWS_REGION=us-east-1
services "app: {build: .}" "acceptance: {$image}"
if [ -n "${DEPLOYER_SANDBOX-}" ]; then
	run 2 "$DEPLOYER_SANDBOX" run -q --no-registry -- "$DEPLOYER" publish
	err_has "service 'app' of the compose file has no image"
	# MISSING is set nowhere.
	services "app: {image: '$me/app:\${MISSING}', build: .}" "acceptance: {$image}"
	run 2 "$DEPLOYER_SANDBOX" run -q --no-registry -- "$DEPLOYER" publish
	err_matches 'compose: The "?MISSING"? variable is not set'
	err_has "'$me/app:' is not an image reference"
fi

# A blank APP_VERSION is none.
run 0 env APP_VERSION= "$DEPLOYER" version
out_is "$(git rev-parse --short HEAD)"
run 0 env APP_VERSION='  ' "$DEPLOYER" version
out_is "$(git rev-parse --short HEAD)"
