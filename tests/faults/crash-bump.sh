#!/bin/sh
# A bump that is killed or refused by the kernel at any of its system calls, or whose writes are cut short at
# any byte, leaves the old file or the new one, and the next bump works and cleans up. From the first look at the
# file to the end of the program; BUMP_FAULTS=all takes every system call of the program, the loader's too.
. "$(dirname "$0")/../cli/testlib.sh"
need strace
strace -o /dev/null true 2>/dev/null || skip 'strace cannot trace here'
# A sanitizer cannot look for leaks while it is traced.
export ASAN_OPTIONS=detect_leaks=0

mkdir "$tmp/stack"
cd "$tmp/stack"
printf 'A=1\nApplicationImageTag=old\nB=2' >"$tmp/old"
printf 'A=1\nApplicationImageTag=new\nB=2' >"$tmp/new"
printf 'A=1\nApplicationImageTag=next\nB=2' >"$tmp/next"

# The system calls of one run, and which of its name each is: "openat 12".
cp "$tmp/old" dev.cfg
run 0 strace -o "$tmp/trace" "$DEPLOYER" bump new
cmp -s dev.cfg "$tmp/new" || fail 'the bump did nothing'
awk -v all="${BUMP_FAULTS:-}" '
	/^[a-z0-9_]+\(/ {
		name = substr($0, 1, index($0, "(") - 1)
		count[name]++
		if (all == "all" || index($0, "dev.cfg")) begun = 1
		if (begun && name != "execve") print name, count[name]
	}' "$tmp/trace" >"$tmp/points"
[ "$(wc -l <"$tmp/points")" -ge 40 ] || fail 'too few system calls to believe'

tried=0 met=0 old=0 new=0 next=0
# fault NAME NUMBER WHAT: one run with that fault, and the next without.
fault() {
	rm -rf dev.cfg .deployer-*
	cp "$tmp/old" dev.cfg
	fault_status=0
	timeout 120 strace -o "$tmp/trace" -e "trace=$1" -e "inject=$1:$3:when=$2" "$DEPLOYER" bump new \
		>/dev/null 2>"$tmp/said" </dev/null || fault_status=$?
	tried=$((tried + 1))
	grep -Eq '\(INJECTED\)|^\+\+\+ killed by SIGKILL' "$tmp/trace" && met=$((met + 1))
	if cmp -s dev.cfg "$tmp/old"; then
		old=$((old + 1))
		[ "$fault_status" -ne 0 ] || fail "$*: status 0, and the old file"
	elif cmp -s dev.cfg "$tmp/new"; then
		new=$((new + 1))
	else
		fail "$*: neither the old file nor the new one: $(od -c dev.cfg | head -n 5)"
	fi
	[ "$fault_status" -ne 124 ] || fail "$*: it hangs"
	# Refused, it cleans up by itself; killed, the next run does.
	case $3 in
	error=*) [ "$(ls -A)" = dev.cfg ] || fail "$*: left behind: $(ls -A)" ;;
	esac
	run 0 timeout 120 "$DEPLOYER" bump next
	same dev.cfg "$tmp/next"
	[ "$(ls -A)" = dev.cfg ] || fail "$*: left behind for good: $(ls -A)"
	next=$((next + 1))
}

while read -r name number; do
	for what in signal=SIGKILL error=ENOSPC error=EIO error=EINTR error=EACCES; do
		case "$name $what" in
		# It cannot be refused; the C library repeats it until the program ends in another way.
		exit_group\ error=*) continue ;;
		esac
		fault "$name" "$number" "$what"
	done
done <"$tmp/points"
echo "$(wc -l <"$tmp/points") system calls: $((old + new))/$tried runs left the old file ($old) or the new ($new);" \
	"$next/$tried next runs worked"
[ "$met" -eq "$tried" ] || fail "only $met of $tried faults happened"
[ "$old" -gt 0 ] && [ "$new" -gt 0 ] || fail 'the faults do not reach both sides of the rename'

# A write that the kernel cuts short after each byte, in two ways: the program is told, or ended.
cut=0
size=$(wc -c <"$tmp/new")
for trap_xfsz in "trap '' XFSZ" :; do
	for limit in $(seq 0 "$((size - 1))"); do
		cp "$tmp/old" dev.cfg
		run_status=0
		prlimit --core=0 --fsize="$limit" sh -c "$trap_xfsz"'; exec "$0" bump new' "$DEPLOYER" \
			>/dev/null 2>&1 || run_status=$?
		[ "$run_status" -ne 0 ] || fail "a file of at most $limit bytes took more"
		same dev.cfg "$tmp/old"
		run 0 "$DEPLOYER" bump next
		same dev.cfg "$tmp/next"
		[ "$(ls -A)" = dev.cfg ] || fail "left behind: $(ls -A)"
		cut=$((cut + 1))
	done
done
echo "$cut/$((size * 2)) short writes left the old file, $cut/$((size * 2)) next runs worked"
