#!/bin/sh
# The fault catalogue, rows G: what may be wrong with the repository that the version comes from. It is
# the commit's, the same on every machine, or there is none and nothing is asked of anybody.
. "$(dirname "$0")/../cli/testlib.sh"
. "$testdir/rows.sh"
need git
git config --global user.name Tester
git config --global user.email tester@example.com
git config --global init.defaultBranch main
git config --global core.fsync none
# Nothing listens here: who asks AWS waits, and fails otherwise.
export AWS_ACCESS_KEY_ID=AKIDEXAMPLE AWS_SECRET_ACCESS_KEY=none AWS_REGION=us-east-1
export AWS_ENDPOINT_URL=http://127.0.0.1:9 AWS_MAX_ATTEMPTS=1

# project: the files of one, in the current folder.
project() {
	printf 'Parameters:\n  ApplicationImageTag: {Type: String}\nResources:\n  Topic: {Type: AWS::SNS::Topic}\n' >stack.yml
	printf 'ApplicationImageTag=old\n' >dev.cfg
	echo other >other
	printf 'version: "2.4"\nservices:\n  test: {image: team/app}\n' >docker-compose.yml
}
# repository NAME: a new one with one commit of a project, which becomes the current folder.
repository() {
	git init -q "$tmp/$1"
	cd "$tmp/$1"
	project
	git add -A
	git commit -qm "first of $1"
}
contents() {
	find "$PWD" -type f -printf '%p %s %T@ %i\n' | sort
}

# refuses TEXT...: version and the whole release end with 3 within a minute and say all of it, nothing
# is printed as a version, nobody is asked, and every file is as it was.
refuses() {
	contents >"$tmp/before"
	for refused in version release 'release --dry-run' bump; do
		# One or two words.
		# shellcheck disable=SC2086
		run 3 timeout 60 "$DEPLOYER" $refused
		[ ! -s "$tmp/out" ] || fail 'something is printed as if it were a version'
		for text; do
			err_has "$text"
		done
		err_has '  -> '
		err_lacks '127.0.0.1'
	done
	contents >"$tmp/after"
	same "$tmp/before" "$tmp/after"
}

# is_commit FOLDER COMMIT [DIGITS]: the version there is that commit's id, cut to its digits.
is_commit() {
	run 0 timeout 60 "$DEPLOYER" -C "$1" version
	full=$(git -C "$1" -c core.fsmonitor=false rev-parse --verify "$2^{commit}")
	out_is "$(echo "$full" | cut -c "1-${3:-7}")"
}

unborn() {
	mkdir new && cd new
	git init -q .
	project
	refuses 'has no commit yet' 'git add -A && git commit'
}
broken_head() {
	repository broken
	echo 0000000000000000000000000000000000000001 >.git/HEAD
	run 3 "$DEPLOYER" version
	err_has HEAD
	[ ! -s "$tmp/out" ] || fail 'something is printed as if it were a version'
}
no_repository() {
	mkdir nowhere && cd nowhere
	project
	refuses 'is not in a git repository' 'git init'
}
abbreviations() {
	repository small
	for abbrev in 4 12 40 no; do
		git config core.abbrev $abbrev
		is_commit . HEAD
		git config --unset core.abbrev
		git config --global core.abbrev $abbrev
		is_commit . HEAD
		git config --global --unset core.abbrev
	done
}
# The image says its whole commit, whatever length its tag has.
whole_id_on_image() {
	need docker-compose
	need_engine
	me=deployer-rows-g-$$
	at_exit "remove_images $me"
	repository labelled
	git config core.abbrev 12
	printf 'FROM scratch\nLABEL deployer.test=%s\nCOPY dev.cfg /dev.cfg\n' "$me" >Dockerfile
	printf 'version: "2.4"\nservices:\n  app: {image: %s/app, build: .}\n' "$me" >docker-compose.yml
	printf 'compose: {project: %s}\nstages: {test: [{build: []}], release: []}\n' "$me" >deployer.yml
	git add -A
	git commit -qm labelled
	run 0 timeout 600 "$DEPLOYER" test
	docker inspect -f '{{index .Config.Labels "org.opencontainers.image.revision"}}' "$me/app" >"$tmp/label"
	git rev-parse HEAD >"$tmp/want"
	same "$tmp/want" "$tmp/label"
}
dirty() {
	repository dirty
	hash=$(git rev-parse --short HEAD)
	for what in 'echo x >>stack.yml' 'echo x >untracked' 'echo x >>stack.yml; git add -A' \
		'git update-index --assume-unchanged stack.yml; echo x >>stack.yml' \
		'git update-index --skip-worktree stack.yml; echo x >>stack.yml' 'rm other'; do
		eval "$what"
		contents >"$tmp/before"
		run 3 timeout 60 "$DEPLOYER" release
		err_has "differs from its commit $hash"
		err_has 'commit or stash the changes'
		err_lacks '127.0.0.1'
		contents >"$tmp/after"
		same "$tmp/before" "$tmp/after"
		run 0 "$DEPLOYER" version --allow-dirty
		out_matches "^$hash-dirty\\.[0-9a-f]{7}\$"
		git update-index --no-assume-unchanged stack.yml
		git update-index --no-skip-worktree stack.yml
		git reset -q --hard
		git clean -qfd
	done
	run 0 "$DEPLOYER" version --allow-dirty
	out_is "$hash"
}
detached() {
	repository loose
	git checkout -q --detach
	is_commit . HEAD
	timeout 120 "$DEPLOYER" doctor >"$tmp/out" 2>&1 || :
	out_matches "git .*version $(git rev-parse --short HEAD) \\(detached HEAD\\)"
	git checkout -q main
	timeout 120 "$DEPLOYER" doctor >"$tmp/out" 2>&1 || :
	out_lacks 'detached HEAD'
}
places() {
	repository origin
	git commit -q --allow-empty -m second
	git worktree add -q "$tmp/linked" -b linked HEAD~1
	is_commit "$tmp/linked" HEAD
	git clone -q --depth 1 "file://$tmp/origin" "$tmp/shallow"
	is_commit "$tmp/shallow" HEAD
	mkdir below
	is_commit below HEAD
	repository outer
	git -c protocol.file.allow=always submodule --quiet add "$tmp/origin" inner
	git commit -qm inner
	is_commit . HEAD
	is_commit inner HEAD
	echo x >>inner/stack.yml
	run 3 timeout 60 "$DEPLOYER" release
	err_has 'differs from its commit'
	err_has inner
	git -C inner checkout -q HEAD~1
	run 3 timeout 60 "$DEPLOYER" release
	err_has inner
}
redirected() {
	repository other
	repository here
	hash=$(git rev-parse --short HEAD)
	run 0 env GIT_DIR="$tmp/other/.git" GIT_WORK_TREE="$tmp/other" GIT_INDEX_FILE=/nonexistent \
		GIT_OBJECT_DIRECTORY=/nonexistent GIT_COMMON_DIR="$tmp/other/.git" GIT_NAMESPACE=x "$DEPLOYER" version
	out_is "$hash"
	# As it is where git has set them: in a hook.
	printf '#!/bin/sh\nexec "%s" version >"%s/said"\n' "$DEPLOYER" "$tmp" >.git/hooks/post-commit
	chmod +x .git/hooks/post-commit
	git commit -q --allow-empty -m hooked
	git rev-parse --short HEAD | cmp - "$tmp/said" || fail 'another commit is named in a hook'
}
foreign() {
	[ "$(id -u)" = 0 ] || skip 'it takes root to have a folder of another user'
	repository foreign
	chown -R 12345 "$tmp/foreign"
	refuses 'is not owned by the current user' "git config --global --add safe.directory $tmp/foreign"
	[ ! -s "$HOME/.gitconfig" ] || ! grep -q safe "$HOME/.gitconfig" || fail 'it was trusted unasked'
}
runs_nothing() {
	repository trap
	printf '#!/bin/sh\ntouch "%s/sprung"\ncat\n' "$tmp" >"$tmp/spring"
	chmod +x "$tmp/spring"
	echo '* filter=x diff=x' >.git/info/attributes
	for setting in core.fsmonitor core.pager core.editor alias.rev-parse alias.status core.sshCommand filter.x.clean \
		filter.x.smudge filter.x.process diff.x.command diff.x.textconv diff.external gpg.program; do
		git config $setting "$tmp/spring"
	done
	git config filter.x.required true
	git config core.hooksPath "$tmp/hooks"
	mkdir "$tmp/hooks"
	for hook in post-index-change post-checkout reference-transaction pre-commit; do
		cp "$tmp/spring" "$tmp/hooks/$hook"
		cp "$tmp/spring" .git/hooks/$hook
	done
	rm -f "$tmp/sprung"
	touch stack.yml
	for command in version 'version --allow-dirty' 'release --dry-run' 'bump --commit' doctor; do
		# One or two words.
		# shellcheck disable=SC2086
		timeout 120 "$DEPLOYER" $command >"$tmp/out" 2>"$tmp/err" </dev/null || :
		[ ! -e "$tmp/sprung" ] || fail "$command ran something of the repository's"
	done
	git -c core.hooksPath=/dev/null status >/dev/null 2>&1 || :
	[ -e "$tmp/sprung" ] || fail 'the trap does not even catch git'
}
# libgit2 cannot read it: refused, and what it says to do works with names of either length.
sha256() {
	mkdir new && cd new
	git init -q --object-format=sha256 .
	project
	git add -A
	git commit -qm first
	refuses 'objectformat' 'APP_VERSION'
	run 0 env APP_VERSION="$(git rev-parse HEAD)" "$DEPLOYER" version
	out_matches '^[0-9a-f]{64}$'
	run 0 env APP_VERSION="$(git rev-parse HEAD)" "$DEPLOYER" bump
	grep -qx "ApplicationImageTag=$(git rev-parse HEAD)" dev.cfg || fail 'not the whole name'
}
# What was read first is what counts: a commit that comes while it is built and tested is not published
# under the name of the one before.
moved() {
	need docker-compose docker-registry
	need_engine
	[ -n "${DEPLOYER_SANDBOX-}" ] || skip 'deployer-sandbox is not built'
	unset AWS_ENDPOINT_URL
	me=deployer-rows-g-$$
	at_exit "remove_images $me"
	repository moving
	printf 'FROM scratch\nLABEL deployer.test=%s\nCOPY dev.cfg /dev.cfg\n' "$me" >Dockerfile
	printf 'version: "2.4"\nservices:\n  app: {image: %s/app, build: .}\n' "$me" >docker-compose.yml
	cat >deployer.yml <<-YML
		compose: {project: $me}
		stack: {name: app}
		stages: {test: [{build: []}], release: []}
		hooks: {after_test: [{exec: [sh, -c, 'test ! -e $tmp/go || git commit -q --allow-empty -m meanwhile']}]}
	YML
	git add -A
	git commit -qm moving
	hash=$(git rev-parse --short HEAD)
	touch "$tmp/go"
	run 3 timeout 600 "$DEPLOYER_SANDBOX" run --state "$tmp/state" --repository "$me/app" -- "$DEPLOYER" release
	err_has "the checkout went from commit $hash to $(git rev-parse --short HEAD) while $hash was built and tested"
	err_has 'nothing was published'
	err_has 'changed: nothing; not: registry'
	err_lacks CreateChangeSet
	grep -qx ApplicationImageTag=old dev.cfg || fail 'dev.cfg was changed'
	rm "$tmp/go"
	run 0 timeout 600 "$DEPLOYER_SANDBOX" run --state "$tmp/state" --repository "$me/app" -- "$DEPLOYER" release
	grep -qx "ApplicationImageTag=$(git rev-parse --short HEAD)" dev.cfg || fail 'the next run has another version'
}
# A name of digits alone is text wherever it is written.
digits() {
	mkdir all && cd all
	for digits in 0123456 1234567 1e10000; do
		export APP_VERSION=$digits
		run 0 "$DEPLOYER" version --json
		out_is "{\"Version\": \"$digits\"}"
		printf 'ApplicationImageTag: old\n' >p.yml
		run 0 "$DEPLOYER" bump --file p.yml
		grep -qx "ApplicationImageTag: '$digits'" p.yml || fail "YAML has $(cat p.yml)"
		printf 'Parameters: {ApplicationImageTag: "old"}\n' >p.yml
		run 0 "$DEPLOYER" bump --file p.yml
		grep -qx "Parameters: {ApplicationImageTag: \"$digits\"}" p.yml || fail "YAML has $(cat p.yml)"
		printf '{"ApplicationImageTag": "old"}\n' >p.json
		run 0 "$DEPLOYER" bump --file p.json
		grep -qx "{\"ApplicationImageTag\": \"$digits\"}" p.json || fail "JSON has $(cat p.json)"
	done
}
# ... and a number in its place is not taken for a text.
number() {
	printf '{"ApplicationImageTag": 1234567}\n' >p.json
	cp p.json before.json
	run 3 env APP_VERSION=0123456 "$DEPLOYER" bump --file p.json
	err_has 'write its value as plain text once by hand'
	same before.json p.json
}

rows_begin "$@"
row G1 unborn 'no commit yet: refused, nothing printed as a version'
row G1 broken_head 'a HEAD that names nothing'
row G2 no_repository 'no repository'
row G3 abbreviations 'core.abbrev, of the repository and of the user, changes nothing'
row_elsewhere G3 cli-version 'the length by the number of objects, and ids that begin alike'
row G3 whole_id_on_image 'the image is labelled with the whole id'
row G4 dirty 'changed, untracked, staged, hidden and missing files: refused, or a name of their own'
row G5 detached 'a detached HEAD is fine, and said'
row G6 places 'shallow clone, linked worktree, folder below, submodule and its changes'
row G7 redirected 'GIT_DIR and its like lead nowhere else, in a hook neither'
row G8 foreign "another user's repository: refused with the command that trusts it"
row G9 runs_nothing "nothing of the repository's own is run"
row G10 sha256 'a repository of SHA-256: refused with the way out, which takes 64 digits'
row G11 moved 'a commit that comes while it is built and tested'
row G12 digits 'a name of digits stays text in JSON and YAML'
row G12 number 'a number in its place is refused'
rows_end
