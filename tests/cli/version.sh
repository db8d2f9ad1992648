#!/bin/sh
# The version is what git itself would say, whatever the repository looks like; or a refusal with a remedy.
. "$(dirname "$0")/testlib.sh"
need git
git config --global user.name Tester
git config --global user.email tester@example.com
git config --global init.defaultBranch main
git config --global protocol.file.allow always
git config --global core.fsync none

repositories=0

# repository NAME: a new one with one commit, which becomes the current folder.
repository() {
	git init -q "$tmp/$1"
	cd "$tmp/$1"
	echo "$1" >file
	git add file
	git commit -qm "first of $1"
}

# agrees: with git, and says nothing else.
agrees() {
	run 0 "$DEPLOYER" version
	out_is "$(git -c core.abbrev=auto rev-parse --short HEAD)"
	[ ! -s "$tmp/err" ] || fail 'something was said'
	repositories=$((repositories + 1))
}

# commits FIRST LAST: a stream for git fast-import, which packs them: without files, all different.
commits() {
	awk -v first="$1" -v last="$2" 'BEGIN {
		for (i = first; i <= last; i++) {
			print "commit refs/heads/main"
			printf "committer Tester <tester@example.com> %d +0000\n", 1700000000 + i
			print "data 0"
		}
	}'
}

# One commit; as data; below the top; inside .git.
repository small
agrees
run 0 "$DEPLOYER" version --json
out_is "{\"Version\": \"$(git rev-parse --short HEAD)\"}"
run 0 "$DEPLOYER" --output json version
out_is "{\"Version\": \"$(git rev-parse --short HEAD)\"}"
mkdir sub
cd sub
agrees
cd ../.git
agrees

# A core.abbrev, of the repository or of the user, changes nothing.
cd "$tmp/small"
for abbrev in 4 12 40 no; do
	git config core.abbrev $abbrev
	agrees
	git config --unset core.abbrev
	git config --global core.abbrev $abbrev
	agrees
	git config --global --unset core.abbrev
done

# Detached; a branch named like a hash; a tag on it.
git tag -a -m v1 v1
git checkout -q --detach
agrees
git checkout -q -b 1234567
agrees

# A linked worktree, a submodule, a bare and a shallow clone, a sparse and a partial one.
git worktree add -q "$tmp/linked" -b linked
cd "$tmp/linked"
echo second >second
git add second
git commit -qm second
agrees
repository outer
git submodule --quiet add "$tmp/small" inner
git commit -qm inner
agrees
cd inner
agrees
git clone -q --bare "$tmp/small" "$tmp/bare"
cd "$tmp/bare"
agrees
git clone -q --depth 1 "file://$tmp/linked" "$tmp/shallow"
cd "$tmp/shallow"
agrees
cd "$tmp/outer"
mkdir a b
echo a >a/a
echo b >b/b
git add a b
git commit -qm folders
git sparse-checkout set a 2>/dev/null
[ ! -e b ] || fail 'git made no sparse checkout'
agrees
git -C "$tmp/small" config uploadpack.allowFilter true
git clone -q --filter=blob:none "file://$tmp/small" "$tmp/partial"
cd "$tmp/partial"
agrees

# The length grows with the number of packed objects: 2^14 and more take 8 digits, loose ones none.
git init -q "$tmp/packed"
cd "$tmp/packed"
commits 1 16000 | git -c fastimport.unpackLimit=1 fast-import --quiet
agrees
[ "$(wc -c <"$tmp/out")" -eq 8 ] || fail 'expected 7 digits'
commits 16001 16500 | git -c fastimport.unpackLimit=1000 fast-import --quiet --force
agrees
[ "$(wc -c <"$tmp/out")" -eq 8 ] || fail 'expected 7 digits'
commits 16501 17000 | git -c fastimport.unpackLimit=1 fast-import --quiet --force
agrees
[ "$(wc -c <"$tmp/out")" -eq 9 ] || fail 'expected 8 digits'
git multi-pack-index write
agrees
git commit -q --allow-empty -m loose
agrees
git repack -dq
agrees
git clone -q --shared "$tmp/packed" "$tmp/borrower"
cd "$tmp/borrower"
agrees
[ "$(wc -c <"$tmp/out")" -eq 9 ] || fail 'expected 8 digits'
# Hashes that begin alike: the id is lengthened until it is the only one, loose or packed. Of 60000
# commits some share seven digits; a repository of those alone counts too few for more than seven.
git init -q "$tmp/many"
cd "$tmp/many"
commits 1 60000 | git fast-import --quiet
git rev-list main | sort | awk '{
	if (substr($1, 1, 7) == substr(last, 1, 7)) { print last; print $1 }
	last = $1
}' >"$tmp/alike"
[ -s "$tmp/alike" ] || fail 'no two hashes begin alike'
git init -q "$tmp/pairs"
cd "$tmp/pairs"
git -C "$tmp/many" pack-objects --stdout <"$tmp/alike" 2>/dev/null | git unpack-objects -q
for where in loose packed; do
	while read -r commit; do
		git update-ref --no-deref HEAD "$commit"
		git update-ref "refs/kept/$commit" "$commit"
		agrees
		[ "$(wc -c <"$tmp/out")" -gt 8 ] || fail "not lengthened: $where"
	done <"$tmp/alike"
	git pack-objects -q .git/objects/pack/pack <"$tmp/alike" >/dev/null
	git prune-packed
done

# Nothing of the repository's own is run, and the environment does not lead to another one.
repository trap
cat >"$tmp/spring" <<'EOF'
#!/bin/sh
touch "$HOME/sprung"
EOF
chmod +x "$tmp/spring"
for setting in core.fsmonitor core.pager alias.rev-parse core.sshCommand filter.x.clean; do
	git config $setting "$tmp/spring"
done
cp "$tmp/spring" .git/hooks/post-index-change
run 0 "$DEPLOYER" version
[ ! -e "$HOME/sprung" ] || fail 'the repository ran something'
run 0 env GIT_DIR="$tmp/small/.git" GIT_WORK_TREE="$tmp/small" GIT_INDEX_FILE=/nonexistent \
	GIT_OBJECT_DIRECTORY=/nonexistent "$DEPLOYER" version
out_is "$(git -c core.fsmonitor=false rev-parse --short HEAD)"
[ ! -e "$HOME/sprung" ] || fail 'the repository ran something'

# A dirty tree is named with a warning; its own tag says so, the same for the same changes.
repository dirty
hash=$(git rev-parse --short HEAD)
echo new >untracked
run 0 "$DEPLOYER" version
out_is "$hash"
err_has 'the working tree differs from the commit: untracked'
run 0 "$DEPLOYER" version --allow-dirty
out_matches "^$hash-dirty\\.[0-9a-f]{7}\$"
cp "$tmp/out" "$tmp/before"
touch file
run 0 "$DEPLOYER" version --allow-dirty
same "$tmp/before" "$tmp/out"
echo newer >untracked
run 0 "$DEPLOYER" version --allow-dirty
! cmp -s "$tmp/before" "$tmp/out" || fail 'another change has the same name'
rm untracked
echo ignored >.git/info/exclude
touch ignored .deployer-0123456789abcdef.tmp
run 0 "$DEPLOYER" version --allow-dirty
out_is "$hash"
for flag in assume-unchanged skip-worktree; do
	git update-index --$flag file
	echo hidden >file
	run 0 "$DEPLOYER" version --allow-dirty
	out_matches "^$hash-dirty\\."
	git update-index --no-$flag file
	git checkout -q file
done

# APP_VERSION is the version where it is set, inside a repository and outside.
run 0 env APP_VERSION=v1.2_3-rc.4 "$DEPLOYER" version
out_is v1.2_3-rc.4
cd "$tmp"
run 0 env APP_VERSION=0123456 "$DEPLOYER" version --json
out_is '{"Version": "0123456"}'
for bad in 'a b' .a -a a/b 'a:b' 'a;b'; do
	run 2 env APP_VERSION="$bad" "$DEPLOYER" version
	err_has "APP_VERSION: '$bad' is not an image tag"
done

# Refusals, each with the remedy.
run 3 "$DEPLOYER" version
err_has "'.' is not in a git repository"
err_has 'git init'
git init -q "$tmp/unborn"
cd "$tmp/unborn"
run 3 "$DEPLOYER" version
err_has 'has no commit yet'
err_has 'git add -A && git commit'
git init -q --object-format=sha256 "$tmp/sha256"
cd "$tmp/sha256"
git commit -q --allow-empty -m first
run 3 "$DEPLOYER" version
err_has 'objectformat'
err_has 'APP_VERSION'
cd "$tmp/small"
echo 0000000000000000000000000000000000000001 >.git/HEAD
run 3 "$DEPLOYER" version
err_has HEAD
err_has "'git fsck' says what is damaged"
err_has 'set APP_VERSION'
repository garbled
echo garbled >.git/refs/heads/main
run 3 "$DEPLOYER" version
err_has "cannot read HEAD of '$tmp/garbled/.git/'"
err_has "'git fsck' says what is damaged"

# Another user's repository is not looked into before it is trusted by name.
if [ "$(id -u)" = 0 ]; then
	repository foreign
	hash=$(git rev-parse --short HEAD)
	chown -R 12345 "$tmp/foreign"
	run 3 "$DEPLOYER" version
	err_has "the repository '$tmp/foreign' is not owned by the current user"
	err_has "git config --global --add safe.directory $tmp/foreign"
	! git rev-parse HEAD 2>/dev/null || fail 'git itself trusts it'
	git config --global --add safe.directory "$tmp/elsewhere"
	run 3 "$DEPLOYER" version
	err_has "git config --global --add safe.directory $tmp/foreign"
	sed -n "s/.*it: \(git config .*\)/\1/p" "$tmp/err" | sh
	run 0 "$DEPLOYER" version
	out_is "$hash"
fi
echo "$repositories of $repositories answers are git's"
