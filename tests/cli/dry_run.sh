#!/bin/sh
# --dry-run of everything that changes something: what would be done is said, and nothing is.
. "$(dirname "$0")/testlib.sh"
need git python3
[ -n "${DEPLOYER_SANDBOX-}" ] || skip 'deployer-sandbox is not built'

# Every command that changes something has it.
for command in release test publish bump deploy promote rollback recover clean login logout 'secrets put' \
	'secrets edit' 'secrets import'; do
	# shellcheck disable=SC2086
	"$DEPLOYER" help $command | grep -q -e '--dry-run' || fail "$command has no --dry-run"
done

cat >stack.yml <<-'YML'
	Parameters:
	  ApplicationImageTag: {Type: String}
	Resources:
	  Image:
	    Type: AWS::SSM::Parameter
	    Properties: {Type: String, Value: !Ref ApplicationImageTag}
YML
cat >docker-compose.yml <<-'YML'
	version: '2.4'
	services:
	  test: {image: team/test, build: .}
	  release: {image: 'team/app:${APP_VERSION}', build: .}
	  app: {image: 'team/app:${APP_VERSION}'}
	  migrate: {image: team/app, build: .}
	  acceptance: {image: team/test, build: .}
YML
printf 'ApplicationImageTag=1a\n' >dev.cfg
printf 'stack: {name: app}\nimage: team/app\n' >deployer.yml
git init -q .
printf '*\n!dev.cfg\n' >.gitignore
git add dev.cfg
git -c user.name=t -c user.email=t@example.com commit -qm first
hash=$(git rev-parse --short HEAD)

sandbox() { # STATUS [OPTION...] -- COMMAND...
	want=$1
	shift
	run "$want" "$DEPLOYER_SANDBOX" run --state "$tmp/state" --no-registry "$@"
}

unchanged() {
	git diff --quiet || fail 'a file was changed'
	[ ! -e "$HOME/.docker" ] || fail 'docker was given a configuration'
	[ -z "$(ls "$HOME/.local/state/deployer" 2>/dev/null)" ] || fail 'a record is kept of what was not done'
}

# A stack that is not there is not there afterwards; the plan is with the version that bump would write.
sandbox 0 -- "$DEPLOYER" deploy --dry-run
err_has 'deploy: what CloudFormation says of it'
err_has 'stack app: to be created, 1 resource'
err_lacks 'CREATE_IN_PROGRESS'
unchanged
sandbox 0 -- "$DEPLOYER" release --from bump --dry-run
err_has "bump: would write dev.cfg: ApplicationImageTag 1a -> $hash"
err_has "+ ApplicationImageTag: $hash"
unchanged
sandbox 0 -- sh -c '"$0" plan; "$0" status' "$DEPLOYER"
out_has 'no stack'

# Nothing to do is said as well; what the checks refuse is refused all the same.
sandbox 0 -- "$DEPLOYER" -q deploy
rm -rf "$HOME/.local"
sandbox 0 -- "$DEPLOYER" deploy -n
err_has 'is up to date: nothing would change'
sandbox 0 -- "$DEPLOYER" rollback --dry-run 7777777
err_has 'bump: would write dev.cfg: ApplicationImageTag 1a -> 7777777'
err_has 'image tag 1a -> 7777777'
unchanged
sandbox 0 -- "$DEPLOYER" recover --dry-run
err_has 'nothing to recover'
sandbox 0 -- "$DEPLOYER" recover
[ "$(grep -c 'stack app is' "$tmp/err")" = 1 ] || fail 'the status is told twice'
run 2 "$DEPLOYER" release --resume --dry-run
err_has '--resume has no dry run'
printf 'Nonsense=1\n' >>dev.cfg
sandbox 2 -- "$DEPLOYER" deploy --dry-run
err_has "'Nonsense'"
git checkout -q dev.cfg

# Who says no at the question has changed nothing either.
printf 'ApplicationImageTag=9z\n' >dev.cfg
sandbox 9 -- python3 "$testdir/at_pty.py" 'Execute these changes' 'n\n' -- "$DEPLOYER" deploy --approve never
out_has 'declined: nothing was changed'
rm -rf "$HOME/.local"
printf 'Other=1\n' >dev.cfg
sandbox 2 -- "$DEPLOYER" release --only bump --dry-run
err_has "dev.cfg has no 'ApplicationImageTag'"
git checkout -q dev.cfg
cp deployer.yml before
printf 'checks: {off: [nope]}\n' >>deployer.yml
sandbox 2 -- "$DEPLOYER" deploy --dry-run
err_has "checks.off: 'nope' is no rule of 'deployer check'"
err_has "'deployer check --rules' prints every rule"
mv before deployer.yml

# What Docker would be asked to do.
if command -v docker >/dev/null && docker info >/dev/null 2>&1; then
	sandbox 0 -- "$DEPLOYER" test --dry-run
	err_has 'test: would build release, build, run test'
	run 0 "$DEPLOYER" clean --dry-run
	err_has 'would remove the networks and volumes of'
	unchanged
fi
run 0 "$DEPLOYER" logout --dry-run registry.example.com
err_has "would log docker out of 'registry.example.com'"
unchanged
