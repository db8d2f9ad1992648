#!/bin/sh
# Bumps that run at the same time lose nothing, and bumps killed at any moment tear nothing.
# BUMP_ROUNDS and BUMP_KILLS make it longer.
. "$(dirname "$0")/../cli/testlib.sh"
rounds=${BUMP_ROUNDS:-25}
kills=${BUMP_KILLS:-100}
writers=8
# The file of gcov is not whole whose program was killed while it wrote it.
export GCOV_PREFIX="$tmp/gcov"

mkdir "$tmp/stack"
cd "$tmp/stack"

# Each writer has a key of its own in the one file, and looks after each bump whether it is still there.
awk -v n=$writers 'BEGIN { for (i = 1; i <= n; i++) print "Key" i "=none" }' >dev.cfg
write() {
	round=1
	while [ "$round" -le "$rounds" ]; do
		# On a busy machine the lock may be held for too long: that is told, and nothing is lost.
		status=3
		while [ $status -eq 3 ]; do
			status=0
			"$DEPLOYER" --quiet bump --key "Key$1" "v$round" >/dev/null 2>"$tmp/said.$1" || status=$?
		done
		[ $status -eq 0 ] || exit 1
		grep -qx "Key$1=v$round" dev.cfg || exit 2
		round=$((round + 1))
	done
}
pids=
for writer in $(seq $writers); do
	write "$writer" &
	pids="$pids $!"
done
for pid in $pids; do
	wait "$pid" || fail "a writer lost its update, or failed: $(cat "$tmp"/said.*)"
done
kept=$(grep -cx "Key[1-8]=v$rounds" dev.cfg)
echo "$kept/$writers writers of $rounds rounds kept their last update"
[ "$kept" -eq $writers ] || fail 'updates are lost'
[ "$(ls -A)" = dev.cfg ] || fail "left behind: $(ls -A)"

# Killed after a random time, between the start and a little after the end of what an undisturbed one takes.
printf 'A=1\nApplicationImageTag=none\nB=2' >dev.cfg
start=$(date +%s%N)
for i in 1 2 3 4 5 6 7 8 9 10; do
	timeout -s KILL 60 "$DEPLOYER" --quiet bump "w$i" >/dev/null
done
span=$(($(date +%s%N) - start))
awk -v kills="$kills" -v span="$span" 'BEGIN {
	srand(1)
	for (i = 0; i < kills; i++) printf "%.6f\n", (rand() + 0.02) * span / 10 / 1e9
}' >"$tmp/delays"
printf 'A=1\nApplicationImageTag=zero\nB=2' >dev.cfg
whole=0 killed=0 i=0
while read -r delay; do
	i=$((i + 1)) kill_status=0
	timeout -s KILL "$delay" "$DEPLOYER" --quiet bump "v$i" >/dev/null 2>&1 </dev/null || kill_status=$?
	[ "$kill_status" -ne 137 ] || killed=$((killed + 1))
	case $(cat dev.cfg; echo .) in
	"A=1
ApplicationImageTag=zero
B=2." | "A=1
ApplicationImageTag=v"*"
B=2.") whole=$((whole + 1)) ;;
	*) od -c dev.cfg | head -n 5 ;;
	esac
done <"$tmp/delays"
echo "$whole/$kills random kills left a whole file ($killed came before the end)"
[ "$whole" -eq "$kills" ] || fail 'a file is torn'
[ "$killed" -gt 0 ] || fail 'no kill came in time'
run 0 "$DEPLOYER" bump last
[ "$(ls -A)" = dev.cfg ] || fail "left behind: $(ls -A)"
