#!/bin/sh
# The fault catalogue, rows H: what may be wrong with dev.cfg and with what is under it. Whatever it is, the
# file has its old bytes or the new ones, every byte outside the value stays, and nothing is left behind.
. "$(dirname "$0")/../cli/testlib.sh"
. "$testdir/rows.sh"
# A sanitizer cannot look for leaks while it is traced.
export ASAN_OPTIONS=detect_leaks=0
# Nor is a file of gcov's whole whose program was killed while it wrote it.
export GCOV_PREFIX="$tmp/gcov"
mkdir "$tmp/stack"
cd "$tmp/stack"

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

# refuses STATUS TEXT [COMMAND...]: bump, or the command, says TEXT, and the folder is as it was.
refuses() {
	refused_status=$1
	refused_text=$2
	shift 2
	[ $# -gt 0 ] || set -- "$DEPLOYER" bump 5fdbe62
	contents >"$tmp/before"
	run "$refused_status" "$@"
	err_has "$refused_text"
	contents >"$tmp/after"
	same "$tmp/before" "$tmp/after"
}

# injected FAULT [STATUS]: a bump with one system call failing; the next one works, and nothing is left.
injected() {
	need strace
	strace -o /dev/null true 2>/dev/null || skip 'strace cannot trace here'
	printf 'A=1\nApplicationImageTag=old' >dev.cfg
	injected_status=0
	strace -o "$tmp/trace" -e "trace=${1%%:*}" -e "inject=$1" "$DEPLOYER" bump 5fdbe62 >"$tmp/out" 2>"$tmp/err" ||
		injected_status=$?
	ran_command="bump with $1" ran_status=$injected_status
	[ "$injected_status" = 137 ] || grep -q INJECTED "$tmp/trace" || fail "$1 did not happen"
}

plain() { printf 'ApplicationImageTag=a\n' >dev.cfg; }
need_root() {
	[ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null || skip 'it takes root to make such a file system'
}

crlf() {
	bumps 'A=1\r\nApplicationImageTag=old\r\nB=2\n' 'A=1\r\nApplicationImageTag=5fdbe62\r\nB=2\n'
	bumps 'A=1\nApplicationImageTag=old\nB=2\r\n' 'A=1\nApplicationImageTag=5fdbe62\nB=2\r\n'
}
lone_cr() {
	printf 'A=1\rApplicationImageTag=old\r' >dev.cfg
	refuses 2 'line 1 has bytes that are no text'
}
no_final_newline() {
	bumps 'A=1\nApplicationImageTag=old' 'A=1\nApplicationImageTag=5fdbe62'
	bumps 'ApplicationImageTag=old\r\n' 'ApplicationImageTag=5fdbe62\r\n'
}
duplicate() {
	printf 'ApplicationImageTag=a\nB=1\nApplicationImageTag=b\n' >dev.cfg
	refuses 3 "'ApplicationImageTag' is there twice: lines 1 and 3"
}
look_alikes() {
	bumps '#ApplicationImageTag=a\nApplicationImageTagOld=b\nApplicationImageTag=c\n' \
		'#ApplicationImageTag=a\nApplicationImageTagOld=b\nApplicationImageTag=5fdbe62\n'
	bumps 'ApplicationImageTag="a=b"\nQ='\''x'\''\n' 'ApplicationImageTag=5fdbe62\nQ='\''x'\''\n'
	bumps 'ApplicationImageTag=\n' 'ApplicationImageTag=5fdbe62\n'
	for line in ' ApplicationImageTag=a' 'ApplicationImageTag = a'; do
		echo "$line" >dev.cfg
		refuses 2 'line 1 is not KEY=VALUE'
		err_has 'take out the blanks'
	done
}
byte_order_mark() {
	bumps '\357\273\277ApplicationImageTag=old\n' '\357\273\277ApplicationImageTag=5fdbe62\n'
}
no_text() {
	printf '\377\376A\0' >dev.cfg
	refuses 2 'bytes that are no text'
	printf 'A=1\0\nApplicationImageTag=a\n' >dev.cfg
	refuses 2 'bytes that are no text'
}
missing_key() {
	printf 'A=1\n' >dev.cfg
	refuses 3 "'ApplicationImageTag' is not in it"
	err_has "add it once with 'deployer bump --add'"
	refuses 3 "'ApplicationImageTag' is not in it" "$DEPLOYER" bump --dry-run 5fdbe62
}
# added NAME BEFORE AFTER: with --add there is one line more; printf formats of the file.
added() {
	# shellcheck disable=SC2059
	printf "$2" >"$1"
	# shellcheck disable=SC2059
	printf "$3" >"$tmp/want"
	refuses 3 'is not in it' "$DEPLOYER" bump --file "$1" 5fdbe62
	contents >"$tmp/before"
	run 0 "$DEPLOYER" bump --file "$1" --add --dry-run 5fdbe62
	contents >"$tmp/after"
	same "$tmp/before" "$tmp/after"
	run 0 "$DEPLOYER" bump --file "$1" --add 5fdbe62
	out_has '+ApplicationImageTag=5fdbe62'
	same "$tmp/want" "$1"
	rm "$1"
}
added_key() {
	added dev.cfg 'A=1\n' 'A=1\nApplicationImageTag=5fdbe62\n'
	added dev.cfg 'A=1\r\nB=2' 'A=1\r\nB=2\r\nApplicationImageTag=5fdbe62'
	added .env "export A='1'\n" "export A='1'\nexport ApplicationImageTag='5fdbe62'\n"
	added dev.json '{"Parameters": {\n  "A": "1"\n}}\n' \
		'{"Parameters": {\n  "A": "1",\n  "ApplicationImageTag": "5fdbe62"\n}}\n'
	added dev.json '[\n {"ParameterKey": "A", "ParameterValue": "1"}\n]' \
		'[\n {"ParameterKey": "A", "ParameterValue": "1"},\n {"ParameterKey": "ApplicationImageTag", "ParameterValue": "5fdbe62"}\n]'
	added dev.yml 'Parameters:\n  A: 1 # one\n' "Parameters:\n  A: 1 # one\n  ApplicationImageTag: '5fdbe62'\n"
	added samconfig.toml "[default.deploy.parameters]\nparameter_overrides = 'A=1'\n" \
		"[default.deploy.parameters]\nparameter_overrides = 'A=1 ApplicationImageTag=5fdbe62'\n"
	echo 'Parameters: {A: 1}' >dev.cfg
	refuses 3 'cannot be added' "$DEPLOYER" bump --add 5fdbe62
	err_has 'add it once by hand'
}
same_value() {
	printf 'ApplicationImageTag=5fdbe62\n' >dev.cfg
	stat -c '%Y %Z %i' dev.cfg >"$tmp/before"
	run 0 "$DEPLOYER" bump 5fdbe62
	stat -c '%Y %Z %i' dev.cfg >"$tmp/after"
	same "$tmp/before" "$tmp/after"
	chmod 444 dev.cfg
	run 0 "$DEPLOYER" bump 5fdbe62
}
links() {
	mkdir real
	printf 'ApplicationImageTag=a\n' >real/target.cfg
	ln -s real/target.cfg middle.cfg
	ln -s middle.cfg dev.cfg
	run 0 "$DEPLOYER" bump 5fdbe62
	[ -L dev.cfg ] && [ -L middle.cfg ] || fail 'a link was replaced'
	echo ApplicationImageTag=5fdbe62 | cmp - real/target.cfg || fail 'the target is as it was'
}
broken_links() {
	ln -s nowhere dangling.cfg
	ln -s loop.cfg loop.cfg
	refuses 2 'No such file' "$DEPLOYER" bump --file dangling.cfg 5fdbe62
	refuses 2 'symbolic links' "$DEPLOYER" bump --file loop.cfg 5fdbe62
}
trap_link() {
	[ "$(id -u)" = 0 ] || skip 'it takes root to have a file of another user'
	mkdir -m 1777 public
	printf 'ApplicationImageTag=a\n' >public/dev.cfg
	chown 65534 public/dev.cfg
	ln -s public/dev.cfg dev.cfg
	refuses 2 "leads to another user's file"
}
hard_links() {
	plain
	ln dev.cfg other.cfg
	refuses 2 'hard links'
}
read_only() {
	plain
	chmod 444 dev.cfg
	refuses 2 'read only'
	chmod 640 dev.cfg
	run 0 "$DEPLOYER" bump 5fdbe62
	[ "$(stat -c %a dev.cfg)" = 640 ] || fail 'the mode changed'
	# Where the file system knows it and this user may.
	chattr +i dev.cfg 2>/dev/null || return 0
	refuses 2 'is immutable' "$DEPLOYER" bump 0b0e67b
	chattr -i dev.cfg
}
closed_folder() {
	need_root
	cp "$DEPLOYER" "$tmp/deployer" && chmod 755 "$tmp" "$tmp/deployer"
	mkdir -m 555 closed
	printf 'ApplicationImageTag=a\n' >closed/dev.cfg
	chmod 666 closed/dev.cfg
	refuses 2 'cannot write' setpriv --reuid 65534 --clear-groups "$tmp/deployer" bump \
		--file closed/dev.cfg 5fdbe62
	err_has "make the folder '$tmp/stack/closed' writable"
}
read_only_system() {
	need_root
	mkdir real
	printf 'ApplicationImageTag=a\n' >real/dev.cfg
	refuses 2 'Read-only file system' unshare -m sh -c \
		'mount --bind -r real real && exec "$0" bump --file real/dev.cfg 0b0e67b' "$DEPLOYER"
}
mounted_file() {
	need_root
	plain
	cp dev.cfg other.cfg
	refuses 3 'mounted as a single file' unshare -m sh -c \
		'mount --bind other.cfg dev.cfg && exec "$0" bump 5fdbe62' "$DEPLOYER"
	err_has 'mount its folder instead'
}
# As long as before: the bytes are written where they are, by one call that cannot be cut short.
mounted_as_long() {
	need_root
	need strace
	for fault in none pwrite64:signal=SIGKILL:when=1 pwrite64:error=EIO:when=1 fsync:signal=SIGKILL:when=2; do
		printf 'A=1\nApplicationImageTag=0b0e67b\nB=1' | tee dev.cfg >other.cfg
		printf 'A=1\nApplicationImageTag=5fdbe62\nB=1' >"$tmp/new"
		mounted_status=0
		unshare -m sh -c 'mount --bind other.cfg dev.cfg
			case $1 in
			none) exec "$0" bump 5fdbe62 ;;
			*) exec strace -o /dev/null -e "trace=${1%%:*}" -e "inject=$1" "$0" bump 5fdbe62 ;;
			esac' "$DEPLOYER" "$fault" >"$tmp/out" 2>"$tmp/err" || mounted_status=$?
		ran_command="bump with $fault" ran_status=$mounted_status
		case $fault-$mounted_status in
		none-0 | fsync*-137) same "$tmp/new" other.cfg ;;
		none-* | *-0) fail "status $mounted_status" ;;
		*) same dev.cfg other.cfg ;;
		esac
	done
	run 0 "$DEPLOYER" bump next
	rm other.cfg
	[ "$(ls -A)" = dev.cfg ] || fail "left behind: $(ls -A)"
}
mounted_folder() {
	need_root
	mkdir real mounted
	printf 'ApplicationImageTag=a\n' >real/dev.cfg
	run 0 unshare -m sh -c \
		'mount --bind real mounted && exec "$0" bump --file mounted/dev.cfg 5fdbe62' "$DEPLOYER"
	echo ApplicationImageTag=5fdbe62 | cmp - real/dev.cfg || fail 'not changed'
}
no_file() {
	mkfifo dev.cfg
	refuses 2 'not a regular file' timeout 60 "$DEPLOYER" bump 5fdbe62
	rm dev.cfg && mkdir dev.cfg
	refuses 2 'not a regular file'
	refuses 2 'not a regular file' "$DEPLOYER" bump --file /dev/null 5fdbe62
}
too_large() {
	awk 'BEGIN { printf "A="; for (i = 0; i < 65536; i++) printf "x"; print "" }' >dev.cfg
	refuses 2 'longer than 64 KiB' "$DEPLOYER" bump --key A 5fdbe62
	awk 'BEGIN { for (i = 0; i < 150000; i++) print "K" i "=1" }' >dev.cfg
	refuses 2 'larger than' "$DEPLOYER" bump --key K1 5fdbe62
}
# The kernel makes the fsync take seconds, and an editor saves the file meanwhile.
is_written() {
	ls .deployer-*.tmp >/dev/null 2>&1
}
edited_meanwhile() {
	need strace
	strace -o /dev/null true 2>/dev/null || skip 'strace cannot trace here'
	plain
	(
		wait_until is_written
		echo edited=1 >>dev.cfg
	) &
	run 3 strace -o /dev/null -e trace=fsync -e inject=fsync:delay_enter=4000000:when=1 \
		"$DEPLOYER" bump 5fdbe62
	err_has 'was changed meanwhile'
	wait
	printf 'ApplicationImageTag=a\nedited=1\n' | cmp - dev.cfg || fail "the editor's work is gone"
	[ "$(ls -A)" = dev.cfg ] || fail "left behind: $(ls -A)"
}
# Each way in which the kernel can refuse to take the new bytes: the old ones stay, and nothing beside them.
kernel_refuses() {
	for fault in write:error=ENOSPC:when=1 write:error=EDQUOT:when=1 write:error=EIO:when=1 \
		fsync:error=EIO:when=1 fsync:error=ENOSPC:when=1 fchmod:error=EIO:when=1 flock:error=ENOLCK:when=1 \
		renameat:error=EIO:when=1 renameat:error=EBUSY:when=1 getrandom:error=EIO; do
		injected "$fault"
		[ "$injected_status" -ne 0 ] || fail 'status 0'
		printf 'A=1\nApplicationImageTag=old' | cmp - dev.cfg || fail 'the old bytes are gone'
		[ "$(ls -A)" = dev.cfg ] || fail "left behind: $(ls -A)"
	done
}
# Interrupted calls are made again, a short write goes on.
kernel_interrupts() {
	for fault in write:error=EINTR:when=1 fsync:error=EINTR:when=1 flock:error=EINTR:when=1; do
		injected "$fault"
		[ "$injected_status" = 0 ] || fail "status $injected_status"
		printf 'A=1\nApplicationImageTag=5fdbe62' | cmp - dev.cfg || fail 'not the new bytes'
	done
}
full_disk() {
	need_root
	mkdir full
	plain
	refuses 1 'No space left' unshare -m sh -c 'mount -t tmpfs -o size=8k none full &&
		cp dev.cfg full && { cat /dev/zero >full/filler 2>/dev/null || :; } && "$0" bump --file full/dev.cfg 5fdbe62
		status=$?
		cmp dev.cfg full/dev.cfg && [ "$(ls -A full | wc -l)" = 2 ] && exit $status' "$DEPLOYER"
}
no_descriptors() {
	plain
	run_status=0
	for limit in 4 5 6 7; do
		plain
		sh -c 'ulimit -n "$1"; exec "$0" bump 5fdbe62' "$DEPLOYER" "$limit" >"$tmp/out" 2>"$tmp/err" || run_status=$?
		case $(cat dev.cfg) in
		ApplicationImageTag=a | ApplicationImageTag=5fdbe62) ;;
		*) fail "with $limit descriptors: $(cat dev.cfg)" ;;
		esac
		[ "$(ls -A)" = dev.cfg ] || fail "left behind: $(ls -A)"
	done
	[ "$run_status" -ne 0 ] || fail 'four descriptors are enough'
}
killed() {
	for fault in write fchmod fsync renameat; do
		injected "$fault:signal=SIGKILL:when=1"
		[ "$injected_status" = 137 ] || fail "status $injected_status"
		case $(cat dev.cfg) in
		*=old | *=5fdbe62) ;;
		*) fail "killed at $fault: $(cat dev.cfg)" ;;
		esac
		run 0 "$DEPLOYER" bump next
		printf 'A=1\nApplicationImageTag=next' | cmp - dev.cfg || fail 'the next run is wedged'
		[ "$(ls -A)" = dev.cfg ] || fail "left behind: $(ls -A)"
	done
}
two_writers() {
	printf 'A=1\nB=1\n' >dev.cfg
	for i in 1 2 3 4 5; do
		"$DEPLOYER" --quiet bump --key A "a$i" >/dev/null 2>&1 &
		run 0 "$DEPLOYER" bump --key B "b$i"
		wait $! || fail 'the other one failed'
		printf 'A=a%s\nB=b%s\n' "$i" "$i" | cmp - dev.cfg || fail 'an update is lost'
	done
}
held_lock() {
	need flock
	plain
	exec 9<dev.cfg
	flock 9
	(sleep 1; exec 9<&-) &
	exec 9<&-
	run 0 "$DEPLOYER" bump 5fdbe62
}
no_fsync() {
	for error in EINVAL EOPNOTSUPP; do
		injected "fsync:error=$error"
		[ "$injected_status" = 0 ] || fail "status $injected_status"
		printf 'A=1\nApplicationImageTag=5fdbe62' | cmp - dev.cfg || fail 'not the new bytes'
	done
}
# Only the fsync of the folder fails: the new bytes are there, and it is said that they may not last.
folder_not_synced() {
	injected fsync:error=EIO:when=2
	[ "$injected_status" = 1 ] || fail "status $injected_status"
	printf 'A=1\nApplicationImageTag=5fdbe62' | cmp - dev.cfg || fail 'not the new bytes'
	err_has 'cannot be made durable'
}
bad_tags() {
	plain
	for bad in 'a b' 'a/b' .a -- '' "$(printf 'a\nb')" "$(printf 'a\033b')" "$(printf '%0129d' 0)"; do
		refuses 2 'not an image tag' "$DEPLOYER" bump -- "$bad"
	done
}

rows_begin "$@"
row H1 crlf 'CRLF and mixed line ends stay'
row H1 lone_cr 'a CR alone is no line end: refused'
row H2 no_final_newline 'a missing last newline stays missing'
row H3 duplicate 'a key twice: refused, both lines named'
row H4 look_alikes 'comments, longer keys, quotes, =, nothing; blanks are refused with the remedy'
row H5 byte_order_mark 'a byte order mark stays'
row H5 no_text 'UTF-16 and NUL are refused'
row H6 missing_key 'a key that is not there'
row H6 added_key '--add appends it in every format'
row H7 same_value 'the same value is no write'
row H8 links 'symbolic links stay, their target changes'
row H8 broken_links 'dangling and looping links'
row H8 trap_link "another user's file in a sticky folder"
row H9 hard_links 'more names: refused'
row H10 read_only 'a mode without w: refused; other modes stay'
row H11 closed_folder 'a folder that may not be written'
row H11 read_only_system 'a file system that may not be written'
row H12 mounted_file 'a file mounted by itself, another length: refused, with what to do'
row H12 mounted_as_long 'a file mounted by itself, the same length: written in place, whole or not'
row H12 mounted_folder 'a file in a mounted folder'
row H13 no_file 'a FIFO, a folder, a device'
row H14 too_large 'more than 1 MiB, a line over 64 KiB'
row H15 edited_meanwhile "an editor's save between reading and replacing"
row H16 kernel_refuses 'ENOSPC, EDQUOT, EIO, EBUSY, ENOLCK'
row H16 kernel_interrupts 'EINTR'
row H16 full_disk 'a full disk'
row H16 no_descriptors 'EMFILE'
row H17 killed 'killed at what changes files; the next run works'
row_elsewhere H17 faults-crash-bump 'each system call, each way'
row H18 two_writers 'two at once lose nothing'
row H18 held_lock "another's lock is waited for"
row_elsewhere H18 faults-race-bump 'eight writers, many rounds'
row H19 no_fsync 'EINVAL and ENOTSUP of fsync are ignored'
row H19 folder_not_synced 'EIO of it is not'
row H20 bad_tags 'a value that is no tag'
rows_end
