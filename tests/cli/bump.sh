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

# H1, H2, H4, H5: line ends, the last line, keys that look alike, quotes, a byte order mark.
bumps 'A=1\r\nApplicationImageTag=old\r\nB=2\n' 'A=1\r\nApplicationImageTag=5fdbe62\r\nB=2\n'
bumps 'ApplicationImageTag=old' 'ApplicationImageTag=5fdbe62'
bumps 'ApplicationImageTag=old\r\n' 'ApplicationImageTag=5fdbe62\r\n'
bumps '#ApplicationImageTag=a\nApplicationImageTagOld=b\nApplicationImageTag=c\n' \
	'#ApplicationImageTag=a\nApplicationImageTagOld=b\nApplicationImageTag=5fdbe62\n'
bumps 'ApplicationImageTag="a=b"\nQ='\''x'\''\n' 'ApplicationImageTag=5fdbe62\nQ='\''x'\''\n'
bumps 'ApplicationImageTag=\n' 'ApplicationImageTag=5fdbe62\n'
bumps '\357\273\277ApplicationImageTag=old\n' '\357\273\277ApplicationImageTag=5fdbe62\n'
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

# H7: the same value is no write, not even of a file that could not be written.
printf 'ApplicationImageTag=5fdbe62\n' >dev.cfg
chmod 444 dev.cfg
stat -c '%Y %Z %i' dev.cfg >"$tmp/before"
run 0 "$DEPLOYER" bump 5fdbe62
stat -c '%Y %Z %i' dev.cfg >"$tmp/after"
same "$tmp/before" "$tmp/after"
[ ! -s "$tmp/out" ] || fail 'a diff of nothing'
err_has 'ApplicationImageTag is 5fdbe62 already'
run 0 "$DEPLOYER" --output json bump 5fdbe62
out_has '"changed": false'

# H10: a read-only file is not replaced, also by root.
refuses 2 'read only' "$DEPLOYER" bump 0b0e67b
chmod 640 dev.cfg
run 0 "$DEPLOYER" bump 0b0e67b
[ "$(stat -c %a dev.cfg)" = 640 ] || fail 'the mode changed'

# Nothing is written with --dry-run.
refuses 0 '' "$DEPLOYER" bump --dry-run 5fdbe62
out_has '+ApplicationImageTag=5fdbe62'

# H3, H5, H6, H14, H20: what the file or the tag must not be.
printf 'ApplicationImageTag=a\nB=1\nApplicationImageTag=b\n' >dev.cfg
refuses 3 "'ApplicationImageTag' is there twice: lines 1 and 3" "$DEPLOYER" bump 5fdbe62
printf '\377\376A\0' >dev.cfg
refuses 2 'bytes that are no text' "$DEPLOYER" bump 5fdbe62
printf 'A=1\0\nApplicationImageTag=a\n' >dev.cfg
refuses 2 'bytes that are no text' "$DEPLOYER" bump 5fdbe62
printf 'ApplicationImageTag = a\n' >dev.cfg
refuses 2 'line 1 is not KEY=VALUE' "$DEPLOYER" bump 5fdbe62
err_has 'take out the blanks'
printf 'A=1\n' >dev.cfg
refuses 3 "'ApplicationImageTag' is not in it" "$DEPLOYER" bump 5fdbe62
run 0 "$DEPLOYER" bump --key A 5fdbe62
awk 'BEGIN { printf "A="; for (i = 0; i < 65536; i++) printf "x"; print "" }' >dev.cfg
refuses 2 'longer than 64 KiB' "$DEPLOYER" bump --key A 5fdbe62
awk 'BEGIN { for (i = 0; i < 150000; i++) print "K" i "=1" }' >dev.cfg
refuses 2 'larger than' "$DEPLOYER" bump --key K1 5fdbe62
printf 'ApplicationImageTag=a\n' >dev.cfg
for bad in 'a b' 'a/b' .a -- "$(printf 'a\nb')" "$(printf '%0129d' 0)"; do
	refuses 2 'not an image tag' "$DEPLOYER" bump -- "$bad"
done
refuses 2 "cannot read 'none.cfg'" "$DEPLOYER" bump --file none.cfg 5fdbe62
rm dev.cfg
refuses 2 "no parameter file (dev.cfg) in '$tmp/stack'" "$DEPLOYER" bump 5fdbe62

# H8: a symbolic link stays one; its end is what changes. Dangling ones and loops are refused.
mkdir real
printf 'ApplicationImageTag=a\n' >real/target.cfg
ln -s real/target.cfg middle.cfg
ln -s middle.cfg dev.cfg
run 0 "$DEPLOYER" bump 5fdbe62
[ -L dev.cfg ] && [ -L middle.cfg ] || fail 'a link was replaced'
grep -q 5fdbe62 real/target.cfg || fail 'the target is as it was'
ln -s nowhere dangling.cfg
ln -s loop.cfg loop.cfg
refuses 2 'No such file' "$DEPLOYER" bump --file dangling.cfg 5fdbe62
refuses 2 'symbolic links' "$DEPLOYER" bump --file loop.cfg 5fdbe62
rm -r dev.cfg middle.cfg dangling.cfg loop.cfg

# H9, H13: other names, and what is no regular file. A FIFO is not waited at.
printf 'ApplicationImageTag=a\n' >dev.cfg
ln dev.cfg other.cfg
refuses 2 'hard links' "$DEPLOYER" bump 5fdbe62
rm dev.cfg other.cfg
mkfifo dev.cfg
refuses 2 'not a regular file' timeout 10 "$DEPLOYER" bump 5fdbe62
refuses 2 'not a regular file' "$DEPLOYER" bump --file real 5fdbe62
refuses 2 'not a regular file' "$DEPLOYER" bump --file /dev/null 5fdbe62
rm dev.cfg

# H11, H12, H16: a folder that cannot be written, a mounted file, a full disk.
printf 'ApplicationImageTag=a\n' >dev.cfg
if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
	cp "$DEPLOYER" "$tmp/deployer" && chmod 755 "$tmp" "$tmp/deployer"
	mkdir -m 555 closed
	printf 'ApplicationImageTag=a\n' >closed/dev.cfg
	chmod 666 closed/dev.cfg
	refuses 2 'cannot write' setpriv --reuid 65534 --clear-groups "$tmp/deployer" bump \
		--file closed/dev.cfg 5fdbe62
	err_has "make the folder '$tmp/stack/closed' writable"
	refuses 2 'mounted as a single file' unshare -m sh -c \
		'mount --bind real/target.cfg dev.cfg && exec "$0" bump 0b0e67b' "$DEPLOYER"
	grep -q 5fdbe62 real/target.cfg || fail 'the mounted file changed'
	refuses 2 'Read-only file system' unshare -m sh -c \
		'mount --bind -r real real && exec "$0" bump --file real/target.cfg 0b0e67b' "$DEPLOYER"
	mkdir full
	refuses 1 'No space left' unshare -m sh -c 'mount -t tmpfs -o size=8k none full &&
		printf "ApplicationImageTag=a\n" >full/dev.cfg && cp full/dev.cfg "$1" &&
		{ cat /dev/zero >full/filler 2>/dev/null || :; } && "$0" bump --file full/dev.cfg 5fdbe62
		status=$?
		cmp full/dev.cfg "$1" && [ "$(ls -A full | wc -l)" = 2 ] && exit $status' \
		"$DEPLOYER" "$tmp/was"
	rm -r closed full
fi

# H18: the lock is the kernel's. Held by another, it is waited for, and its owner is named.
exec 9<dev.cfg
flock 9
(sleep 1; exec 9<&-) &
exec 9<&-
run 0 "$DEPLOYER" bump 5fdbe62
wait

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

# A run that ended between the edit and the commit is finished by the next.
run 0 "$DEPLOYER" bump --file dev.cfg v2
run 0 "$DEPLOYER" bump --file dev.cfg --commit v2
[ "$(git show --format= --numstat HEAD)" = "1	1	dev.cfg" ] || fail 'nothing was committed'

# Other lines that changed, no author, a file that is not tracked: refused with the remedy.
echo C=3 >>dev.cfg
run 3 "$DEPLOYER" bump --file dev.cfg --commit v3
err_has 'has other changes that are not committed'
git checkout -q dev.cfg
echo ApplicationImageTag=a >new.cfg
run 3 "$DEPLOYER" bump --file new.cfg --commit v3
err_has "'new.cfg' is in no commit yet"
git config --global --unset user.name
run 3 "$DEPLOYER" bump --file dev.cfg --commit v3
err_has 'git config --global user.name'
git config --global user.name Tester
git checkout -q dev.cfg
git stash -q

# --push takes the commit to where git would.
git clone -q --bare "$tmp/infra" "$tmp/remote"
git remote add origin "$tmp/remote"
git config push.default current
run 0 "$DEPLOYER" bump --file dev.cfg --push v4
[ "$(git -C "$tmp/remote" rev-parse main)" = "$(git rev-parse HEAD)" ] || fail 'not pushed'
git remote set-url origin "$tmp/nowhere"
run 1 "$DEPLOYER" bump --file dev.cfg --push v5
err_has 'git push:'
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
