#!/bin/sh
# A bump changes one value and no other byte, or nothing, and says which; whatever the file is.
. "$(dirname "$0")/testlib.sh"
need git
git config --global user.name Tester
git config --global user.email tester@example.com
git config --global init.defaultBranch main

# bumps BEFORE AFTER: printf formats of the file, before and after.
bumps() {
	# shellcheck disable=SC2059
	printf "$1" >dev.cfg
	# shellcheck disable=SC2059
	printf "$2" >"$tmp/want"
	run 0 "$DEPLOYER" bump 5fdbe62
	same "$tmp/want" dev.cfg
}

contents() {
	find . -type d -printf '%p %m\n' -o -printf '%p %s %T@ %m %i\n' | sort
}

# refuses STATUS TEXT COMMAND...: says TEXT where it is not empty, and the folder is as it was.
refuses() {
	refused_status=$1
	refused_text=$2
	shift 2
	contents >"$tmp/before"
	run "$refused_status" "$@"
	[ -z "$refused_text" ] || err_has "$refused_text"
	contents >"$tmp/after"
	same "$tmp/before" "$tmp/after"
}

mkdir "$tmp/stack"
cd "$tmp/stack"

# The diff is what changed, and is a patch.
printf 'VpcId=vpc-1\nApplicationImageTag=0b0e67b\nA=x' >dev.cfg
cp dev.cfg before
run 0 "$DEPLOYER" bump 5fdbe62
printf '%s\n' "--- $tmp/stack/dev.cfg" "+++ $tmp/stack/dev.cfg" '@@ -2 +2 @@' \
	-ApplicationImageTag=0b0e67b +ApplicationImageTag=5fdbe62 >"$tmp/want"
same "$tmp/want" "$tmp/out"
[ ! -s "$tmp/err" ] || fail 'something else was said'
printf 'VpcId=vpc-1\nApplicationImageTag=5fdbe62\nA=x' | cmp - dev.cfg || fail 'other bytes changed'
rm before

# Other formats.
bumps '{"Parameters":\n\t{"N": 1.10, "ApplicationImageTag": "old"}}' \
	'{"Parameters":\n\t{"N": 1.10, "ApplicationImageTag": "5fdbe62"}}'
bumps 'ApplicationImageTag: old # note\n' "ApplicationImageTag: '5fdbe62' # note\\n"

# SAM's file: one environment of several; .env: the value lies within the quotation marks.
printf '[default.deploy.parameters]\nparameter_overrides = "A=1 ApplicationImageTag=\\"old\\""\n[prod.deploy.parameters]\nparameter_overrides = "ApplicationImageTag=x"\n' >samconfig.toml
sed '4s/=x/=5fdbe62/' samconfig.toml >"$tmp/want"
run 0 "$DEPLOYER" --env prod bump --file samconfig.toml 5fdbe62
same "$tmp/want" samconfig.toml
sed '2s/old/5fdbe62/' samconfig.toml >"$tmp/want"
run 0 "$DEPLOYER" bump --file samconfig.toml 5fdbe62
same "$tmp/want" samconfig.toml
printf "A=1\nApplicationImageTag='old' # was\n" >.env
run 0 "$DEPLOYER" bump --file .env 5fdbe62
printf "A=1\nApplicationImageTag='5fdbe62' # was\n" | cmp - .env || fail '.env reads otherwise'
rm samconfig.toml .env

# The same value is no write.
run 0 "$DEPLOYER" bump 5fdbe62
[ ! -s "$tmp/out" ] || fail 'a diff of nothing'
err_has 'ApplicationImageTag is 5fdbe62 already'
run 0 "$DEPLOYER" --output json bump 5fdbe62
out_has '"changed": false'

# Nothing is written with --dry-run.
refuses 0 '' "$DEPLOYER" bump --dry-run 0b0e67b
out_has '+ApplicationImageTag=0b0e67b'

# What the file or the tag must not be, and what can be wrong underneath: tests/faults/rows-H.sh. Here, which
# file it is.
refuses 2 "cannot read 'none.cfg'" "$DEPLOYER" bump --file none.cfg 5fdbe62
rm dev.cfg
refuses 2 "no parameter file (dev.cfg) in '$tmp/stack'" "$DEPLOYER" bump 5fdbe62
printf 'A=1\n' >dev.cfg
run 0 "$DEPLOYER" bump --key A 5fdbe62

# A key that is not there is added where that is asked for; the diff is a patch.
printf 'A=1\nB=x\n' >dev.cfg
refuses 3 "add it once with 'deployer bump --add'" "$DEPLOYER" bump 5fdbe62
refuses 0 '' "$DEPLOYER" bump --add --dry-run 5fdbe62
run 0 "$DEPLOYER" bump --add 5fdbe62
printf '%s\n' "--- $tmp/stack/dev.cfg" "+++ $tmp/stack/dev.cfg" '@@ -2,0 +3 @@' +ApplicationImageTag=5fdbe62 >"$tmp/want"
same "$tmp/want" "$tmp/out"
[ ! -s "$tmp/err" ] || fail 'something else was said'
printf 'A=1\nB=x\nApplicationImageTag=5fdbe62\n' | cmp - dev.cfg || fail 'other bytes changed'
run 0 "$DEPLOYER" bump --add 5fdbe62
err_has 'ApplicationImageTag is 5fdbe62 already'
run 0 "$DEPLOYER" bump --add 0b0e67b
out_has '-ApplicationImageTag=5fdbe62'
rm dev.cfg

# The version is that of the application around deployer.yml; the file may be in another repository.
git init -q "$tmp/app"
git init -q "$tmp/infra"
cd "$tmp/infra"
printf 'A=1\nApplicationImageTag=old\nB=2\n' >dev.cfg
echo other >other
git add .
git commit -qm first
cd "$tmp/app"
printf 'stack:\n  parameters: ../infra/dev.cfg\n' >deployer.yml
git add .
git commit -qm app
hash=$(git -c core.abbrev=auto rev-parse --short HEAD)
run 0 "$DEPLOYER" bump
out_has "+ApplicationImageTag=$hash"
echo dirty >untracked
refuses 3 'differs from its commit' "$DEPLOYER" bump
refuses 0 '' "$DEPLOYER" bump --dry-run --allow-dirty
out_has "+ApplicationImageTag=$("$DEPLOYER" version --allow-dirty 2>/dev/null)"
rm untracked

# --commit: the one line, whatever else is staged or changed.
cd "$tmp/infra"
echo staged >>other
git add other
echo unstaged >>other
run 0 "$DEPLOYER" -C "$tmp/app" --output json bump --commit
out_has "\"commit\": \"$(git -c core.abbrev=auto rev-parse --short HEAD)\""
[ "$(git log -1 --format='%an <%ae> %s')" = "Tester <tester@example.com> Set ApplicationImageTag to $hash" ] ||
	fail 'the commit reads otherwise'
[ "$(git show --format= --numstat HEAD)" = "1	1	dev.cfg" ] || fail 'the commit has more in it'
[ "$(git diff --cached --numstat)" = "1	0	other" ] || fail 'what was staged is not any more'
[ "$(git diff --numstat)" = "1	0	other" ] || fail 'what was changed is not any more'
git fsck --strict >/dev/null 2>&1 || fail 'git finds the repository broken'
run 0 "$DEPLOYER" -C "$tmp/app" --output json bump --commit
out_has '"commit": ""'

# The environment's author comes before git's configuration, as with git.
run 0 env GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@x GIT_COMMITTER_NAME=C GIT_COMMITTER_EMAIL=c@x \
	"$DEPLOYER" bump --file dev.cfg --commit v1
[ "$(git log -1 --format='%an <%ae> %cn <%ce>')" = 'A <a@x> C <c@x>' ] || fail 'another author'

# A run that ended between the edit and the commit is finished by the next.
run 0 "$DEPLOYER" bump --file dev.cfg v2
run 0 "$DEPLOYER" bump --file dev.cfg --commit v2
[ "$(git show --format= --numstat HEAD)" = "1	1	dev.cfg" ] || fail 'nothing was committed'

# A mode that changed stays so, staged or not, and is in no commit.
chmod +x dev.cfg
run 0 "$DEPLOYER" bump --file dev.cfg --commit executable
[ "$(git show --format= --raw HEAD | cut -c1-14)" = ':100644 100644' ] || fail 'the mode was committed'
git diff --cached --quiet dev.cfg || fail 'the mode was staged'
[ "$(git diff --summary dev.cfg)" = ' mode change 100644 => 100755 dev.cfg' ] || fail 'the mode is not changed any more'
git add dev.cfg
chmod -x dev.cfg
run 0 "$DEPLOYER" bump --file dev.cfg --commit staged
[ "$(git show --format= --raw HEAD | cut -c1-14)" = ':100644 100644' ] || fail 'the staged mode was committed'
[ "$(git diff --cached --summary dev.cfg)" = ' mode change 100644 => 100755 dev.cfg' ] || fail 'the mode is not staged any more'
git reset -q dev.cfg
[ -z "$(git status --porcelain dev.cfg)" ] || fail 'something is left'
run 0 "$DEPLOYER" bump --file dev.cfg --commit v2

# An entry that is added is committed alone, whatever it takes: a comma, a line end, lines of its own.
# adds NUMSTAT BEFORE: a printf format of the file.
adds() {
	rm -rf "$tmp/adds"
	git init -q "$tmp/adds"
	# shellcheck disable=SC2059
	printf "$2" >"$tmp/adds/new"
	git -C "$tmp/adds" add new
	git -C "$tmp/adds" commit -qm first
	cd "$tmp/adds"
	refuses 0 '' "$DEPLOYER" bump --file new --add --commit --dry-run v3
	sed -i '1s/1/2/' new
	refuses 3 'has other changes that are not committed' "$DEPLOYER" bump --file new --add --commit v3
	git checkout -q new
	run 0 "$DEPLOYER" bump --file new --add --commit v3
	[ "$(git show --format= --numstat HEAD)" = "$1	new" ] || fail 'the commit has another line in it'
	[ -z "$(git status --porcelain)" ] || fail 'not all was committed'
	# A run that ended before the commit is finished by the next, where the entry is one line.
	git reset -q --soft HEAD^
	git reset -q
	if [ "${1%%	*}" -gt 2 ]; then
		refuses 3 'has other changes that are not committed' "$DEPLOYER" bump --file new --commit v3
	else
		run 0 "$DEPLOYER" bump --file new --commit v3
		[ "$(git show --format= --numstat HEAD)" = "$1	new" ] || fail 'the next commit has another line in it'
	fi
	cd "$tmp/infra"
}
adds '1	0' '# 1\nA=1\n'
adds '2	1' '# 1\nA=1'
adds '2	1' '{"B": "1",\n"A": "1"\n}\n'
adds '4	0' '[{"ParameterKey": "1", "ParameterValue": "1"},\n {\n "ParameterKey": "A",\n "ParameterValue": "1"\n }\n]\n'

# Other lines that changed, or are staged; no author; a file that is not tracked: refused with the remedy,
# before anything is written.
for value in v2 v3; do
	sed -i 's/^A=1/A=2/' dev.cfg
	refuses 3 'has other changes that are not committed' "$DEPLOYER" bump --file dev.cfg --commit "$value"
	refuses 3 'has other changes that are not committed' "$DEPLOYER" bump --file dev.cfg --commit --dry-run "$value"
	git add dev.cfg
	git show HEAD:dev.cfg >dev.cfg
	refuses 3 'has other changes that are not committed' "$DEPLOYER" bump --file dev.cfg --commit "$value"
	git checkout -q HEAD dev.cfg
done
echo ApplicationImageTag=a >new.cfg
refuses 3 "'new.cfg' is in no commit yet" "$DEPLOYER" bump --file new.cfg --commit v3
git config --global --unset user.name
refuses 3 'git config --global user.name' "$DEPLOYER" bump --file dev.cfg --commit v3
refuses 0 '' env GIT_AUTHOR_NAME=A GIT_COMMITTER_NAME=C "$DEPLOYER" bump --file dev.cfg --commit --dry-run v3
git config --global user.name Tester
rm new.cfg
git stash -q
git init -q "$tmp/unborn"
echo ApplicationImageTag=a >"$tmp/unborn/dev.cfg"
run 3 "$DEPLOYER" bump --file "$tmp/unborn/dev.cfg" --commit v3
err_has "'dev.cfg' is in no commit yet"

# A commit is signed where git's would be; where that fails, the next run goes on.
git config commit.gpgsign true
git config gpg.format ssh
git config user.signingkey "$tmp/key"
run 1 "$DEPLOYER" bump --file dev.cfg --commit v3
err_has 'the file is changed, not committed: git cannot sign the commit: '
if command -v ssh-keygen >/dev/null; then
	ssh-keygen -q -t ed25519 -N '' -f "$tmp/key"
	run 0 "$DEPLOYER" bump --file dev.cfg --commit v3
	git cat-file commit HEAD | grep -q '^gpgsig ' || fail 'it is not signed'
	[ "$(git log -1 --format='%an <%ae> %s')" = 'Tester <tester@example.com> Set ApplicationImageTag to v3' ] ||
		fail 'the signed commit reads otherwise'
	[ "$(git show --format= --numstat HEAD)" = "1	1	dev.cfg" ] || fail 'the signed commit has more in it'
	[ "$(git reflog -1 --format=%gs)" = 'commit: Set ApplicationImageTag to v3' ] || fail 'the reflog reads otherwise'
fi
git config --unset commit.gpgsign
git checkout -q HEAD dev.cfg

# --push takes the commit to where git would.
git clone -q --bare "$tmp/infra" "$tmp/remote"
git remote add origin "$tmp/remote"
git config push.default current
run 0 "$DEPLOYER" bump --file dev.cfg --push v4
[ "$(git -C "$tmp/remote" rev-parse main)" = "$(git rev-parse HEAD)" ] || fail 'not pushed'
git remote set-url origin "$tmp/nowhere"
run 1 "$DEPLOYER" bump --file dev.cfg --push v5
err_has "git push: fatal: '$tmp/nowhere' does not appear to be a git repository"
err_has 'push it by hand'

# An application and its parameter file in one repository: the bump does not make it dirty.
rm "$tmp/app/deployer.yml"
cd "$tmp/app"
echo ApplicationImageTag=old >dev.cfg
git add -A
git commit -qm together
hash=$(git -c core.abbrev=auto rev-parse --short HEAD)
run 0 "$DEPLOYER" bump
out_has "+ApplicationImageTag=$hash"
run 0 "$DEPLOYER" bump
[ ! -s "$tmp/out" ] || fail 'bumped twice'
