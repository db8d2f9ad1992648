#!/bin/sh
# The main job on real parts: the sample, a Docker engine, a registry and the sandbox's AWS; from login
# to a stack that is up to date, again with nothing to do, and through what fails on the way.
. "$(dirname "$0")/testlib.sh"
need git docker-registry busybox
need_engine
[ -n "${DEPLOYER_SANDBOX-}" ] || skip 'deployer-sandbox is not built'

name=todobackend-sample
project=deployer-test-$$
clean_up() {
	docker ps -aq --filter "label=com.docker.compose.project=$project" | xargs -r docker rm -fv
	docker volume ls -q --filter "label=com.docker.compose.project=$project" | xargs -r docker volume rm
	docker network ls -q --filter "label=com.docker.compose.project=$project" | xargs -r docker network rm
	docker images --format '{{.Repository}}:{{.Tag}}' | grep -F "$project" | xargs -r docker rmi -f
} >/dev/null 2>&1
at_exit clean_up

# As a newcomer's folder looks, but for the names that keep two test runs apart.
copy_sample
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

sandbox() { # STATUS [SCENARIO-OPTION...] -- COMMAND...
	want=$1
	shift
	run "$want" "$DEPLOYER_SANDBOX" run --state "$tmp/state" --repository "$project/todobackend" "$@"
}

containers() {
	docker ps -aq --filter "label=com.docker.compose.project=$project"
}

one_line_changed() { # FROM TO
	git diff --numstat | grep -qx '1	1	dev.cfg' || fail 'not one line of dev.cfg changed'
	git diff | grep -qx -e "-ApplicationImageTag=$1" || fail "the tag was not $1"
	git diff | grep -qx -e "+ApplicationImageTag=$2" || fail "the tag is not $2"
}

# A whole release.
# The application reads a secret from the sandbox.
hash=$(git rev-parse --short HEAD)
if has_entrypoint; then
	echo '{"ADMIN_TOKEN": "canary '\''$HOME"}' >"$tmp/secret"
	sandbox 0 -- "$DEPLOYER" secrets put "$name" --file "$tmp/secret"
	sandbox 0 --containers -- env APP_SECRETS="$name" "$DEPLOYER" release
	err_has "acceptance | Processing secrets [$name]..."
	err_matches 'acceptance \| ok [0-9]+ - it has read its secret'
	err_lacks canary
	out_lacks canary
else
	sandbox 0 -- "$DEPLOYER" release
fi
err_has 'ok login'
err_has 'ok test'
err_has 'acceptance | ok 1 '
err_has 'ok release'
err_matches "$project/todobackend:$hash published: sha256:[0-9a-f]{64}"
err_has "$project/todobackend:latest moved to it"
err_has "dev.cfg: ApplicationImageTag latest -> $hash"
err_has "stack $name is CREATE_COMPLETE"
err_matches "output ApplicationImage = .*:$hash"
one_line_changed latest "$hash"
err_has "changed: registry $hash, dev.cfg latest -> $hash, stack $name ("
err_matches "^$hash  git ok  ECR ok  dev\.cfg ok  stack ok  ([0-9]+)/\1 tasks\$"
address=$(sed -n 's,^app running at ,,p' "$tmp/err")
busybox wget -qO- "$address/health" | grep -q "\"version\":\"$hash\"" || fail "no application of $hash at $address"
[ ! -e "$HOME/.docker/config.json" ] || fail 'a credential was left in docker'\''s configuration'

# Again: nothing to do, nothing done.
cp dev.cfg "$tmp/dev.cfg"
sandbox 0 -- "$DEPLOYER" release
err_has "$hash is published already"
err_has "ApplicationImageTag is $hash already"
err_has 'up to date'
err_lacks 'CreateChangeSet'
same dev.cfg "$tmp/dev.cfg"

# A service that the stages need is missing; credentials have ended: known before anything is built.
cp docker-compose.yml "$tmp/compose.yml"
sed -i 's/^  acceptance:/  acceptances:/' docker-compose.yml
sandbox 2 -- "$DEPLOYER" release --allow-dirty --force
err_has "the compose file has no service 'acceptance'"
err_has 'compose.services'
err_lacks 'build |'
cp "$tmp/compose.yml" docker-compose.yml
cat >"$tmp/expired.yml" <<-'YML'
	faults:
	- {action: '*', reply: error, status: 403, code: ExpiredToken, message: 'The security token included in the request is expired', count: 0}
YML
sandbox 4 --scenario "$tmp/expired.yml" -- "$DEPLOYER" release
err_has 'ExpiredToken'
err_has '  -> '
err_lacks 'build |'

# Git, file, registry and stack agree.
sandbox 0 -- "$DEPLOYER" bump --check
out_matches "^git +$hash\$"
out_matches "^file +$hash\$"
out_matches '^registry +sha256:[0-9a-f]{64}$'
out_matches "^stack +$hash\$"

# As JSON documents on stdout.
sandbox 0 -- "$DEPLOYER" release -o json
out_has '{"event": "stage_end", "stage": "deploy", "ok": true'
err_lacks '==>'

# A next commit: an update.
echo '# second' >>stack.yml
git commit -qam second
old=$hash
hash=$(git rev-parse --short HEAD)
sandbox 3 -- "$DEPLOYER" bump --check
out_matches "^file +$old\$"
out_matches '^registry +-$'
err_has "the registry has no image of $hash"
sandbox 3 -- "$DEPLOYER" bump --check "$old-x" -o json
out_has "\"stack\": \"$old\""
sandbox 0 -- "$DEPLOYER" release
err_has "stack $name is UPDATE_COMPLETE"
err_has "dev.cfg: ApplicationImageTag $old -> $hash"

# A resource that fails: rolled back, with the cause, and the file says what was tried.
git commit -qam bumped
hash=$(git rev-parse --short HEAD)
cat >"$tmp/scenario.yml" <<-'YML'
	resources:
	- {logical_id: Service, action: UPDATE, outcome: fail, count: 1, reason: 'circuit breaker was triggered'}
YML
sandbox 10 --scenario "$tmp/scenario.yml" -- "$DEPLOYER" release
err_has 'UPDATE_ROLLBACK_COMPLETE'
err_has 'Service (AWS::ECS::Service) UPDATE_FAILED: circuit breaker was triggered'
err_has 'the old version runs'
sandbox 10 -- "$DEPLOYER" watch
sandbox 0 -- "$DEPLOYER" deploy
err_has "stack $name is UPDATE_COMPLETE"

# Acceptance tests that fail: nothing is published, changed or left running.
cp dev.cfg "$tmp/dev.cfg"
printf '\necho "not ok 99 - on purpose"\nexit 4\n' >>tests/acceptance.sh
git commit -qam 'acceptance fails'
sandbox 7 -- "$DEPLOYER" release
err_has "step 'up acceptance' failed with status 4"
err_lacks 'published:'
same dev.cfg "$tmp/dev.cfg"
[ -z "$(containers)" ] || fail 'containers are left'

# Tests that fail, before that.
printf 'exit 3\n' >tests/run
git commit -qam 'tests fail'
sandbox 6 -- "$DEPLOYER" release
err_has "step 'run test' failed with status 3"
err_lacks 'acceptance |'
[ -z "$(containers)" ] || fail 'containers are left'

# Interrupted while the tests run: its own status, and nothing is left.
printf '#!/bin/sh\necho begun\nsleep 60\n' >tests/run
git commit -qam 'tests hang'
"$DEPLOYER_SANDBOX" run --state "$tmp/state" -- sh -c 'echo $$ >'"$tmp"'/pid; exec "$0" test' "$DEPLOYER" \
	>"$tmp/out" 2>"$tmp/err" </dev/null &
waiting=$!
while ! grep -q 'test | begun' "$tmp/err"; do
	kill -0 $waiting 2>/dev/null || fail 'the tests did not begin'
	sleep 0.2
done
kill -TERM "$(cat "$tmp/pid")"
status=0
wait $waiting || status=$?
[ $status = 143 ] || fail "interrupted, it ended with $status"
err_has 'interrupted by SIGTERM'
[ -z "$(containers)" ] || fail 'containers are left'

# Clean takes away what is left of a release.
run 0 "$DEPLOYER" clean
[ -z "$(docker volume ls -q --filter "label=com.docker.compose.project=$project")" ] || fail 'volumes are left'
