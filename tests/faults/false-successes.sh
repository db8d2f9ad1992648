#!/bin/sh
# How often is success claimed falsely? Plays all that holds a verdict against the account, and adds up: the
# fault catalogue with its stale reads and hidden rollbacks, lost replies, two deployers on one stack, and
# releases in a row under faults drawn at random. Each says at its end how often it met one.
#
#	false-successes.sh [--long]
#
# A part of each without --long; with it all of them, which takes an hour or two. Ends with 0 where all have
# passed and there is none. DEPLOYER and DEPLOYER_SANDBOX name the programs.
set -eu
cd "$(dirname "$0")"
case $* in
--long) lost='' rounds=200 releases=500 ;;
'') lost='--fast' rounds=20 releases=20 ;;
*)
	echo 'usage: false-successes.sh [--long]'
	exit 2
	;;
esac
said=$(mktemp)
trap 'rm -f "$said"' EXIT
sum=0 status=0

play() {
	"$@" >"$said" 2>&1 || {
		cat "$said"
		status=1
	}
	found=$(sed -n 's/.*false successes \([0-9][0-9]*\).*/\1/p' "$said" | tail -n 1)
	if [ -z "$found" ]; then
		echo "$1 does not say how many"
		status=1
	fi
	sum=$((sum + ${found:-0}))
	echo "$1: $(grep 'false successes [0-9]' "$said" | tail -n 1)"
}

play ./catalogue.py
# shellcheck disable=SC2086
play ./lost-replies.py $lost
play ./race-deploy.py --rounds $rounds
play ./soak.py --rounds $releases
echo "false successes $sum"
[ "$sum" -eq 0 ] && exit $status
exit 1
