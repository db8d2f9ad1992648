#!/bin/sh
# The stack that deployer is made for, as its authors wrote it: the tag in dev.cfg bumped, the stack
# created and updated in the sandbox, every resource type of it known.
. "$(dirname "$0")/testlib.sh"
need git
[ -n "${DEPLOYER_SANDBOX-}" ] || skip 'deployer-sandbox is not built'
corpus=$DEPLOYER_CORPUS/todobackend
[ -e "$corpus/stack.yml" ] || skip "$corpus is absent"

cp "$corpus/stack.yml" "$corpus/dev.cfg" "$corpus/dev.json" "$tmp"
chmod u+w stack.yml dev.cfg dev.json
git config --global user.name t
git config --global user.email t@example.com
printf 'home/\nstate/\nout\nerr\n' >.gitignore
git init -q .
git add .gitignore stack.yml dev.cfg dev.json
git commit -qm first
hash=$(git rev-parse --short HEAD)
cp dev.cfg dev.json home

sandbox() { # STATUS COMMAND...
	want=$1
	shift
	run "$want" "$DEPLOYER_SANDBOX" run --state "$tmp/state" --account 385605022855 --no-registry \
		--export "secrets-key=arn:aws:kms:us-east-1:385605022855:key/1" -- "$@"
}

# Created as it is, with the tag that its authors released last.
sandbox 0 "$DEPLOYER" deploy
err_has 'is CREATE_COMPLETE: 37 resources changed'
err_has 'output PublicURL = '

# Bumped: one value, and the missing newline at the end stays missing.
run 0 "$DEPLOYER" bump
printf 'ApplicationImageTag=%s\n' "$hash" | diff - dev.cfg | grep -c '^<' | grep -qx 0 || fail 'the tag is not in dev.cfg'
sed "s/=5fdbe62/=$hash/" home/dev.cfg | cmp - dev.cfg || fail 'more than the tag changed'
sandbox 0 "$DEPLOYER" deploy
err_has 'is UPDATE_COMPLETE'
err_has 'MigrateTaskDefinition'
sandbox 0 "$DEPLOYER" deploy
err_has 'is up to date'

# The other form of the parameter file: what it leaves out keeps its live value.
printf 'stack:\n  parameters: dev.json\n' >deployer.yml
run 0 "$DEPLOYER" bump 5fdbe63
sed 's/5fdbe62/5fdbe63/' home/dev.json | cmp - dev.json || fail 'more than the tag changed in dev.json'
sandbox 0 "$DEPLOYER" deploy
err_has 'is UPDATE_COMPLETE'
err_has 'ApplicationAutoscalingLaunchConfiguration'
