#!/bin/sh
# How often is success claimed falsely? Plays all that holds a verdict against the account, and adds up: the
# fault catalogue with its stale reads and hidden rollbacks, lost replies, two deployers on one stack, and
# releases in a row under faults drawn at random. Each says at its end how often it met one.
#
#	false-successes.sh [--long] [PART...]
#
# A part is catalogue, lost-replies, race-deploy or soak; all of them where none is named. Some of each without
# --long; with it the whole, which takes an hour or two. Ends with 0 where all have passed and there is none.
# DEPLOYER and DEPLOYER_SANDBOX name the programs.
set -eu
cd "$(dirname "$0")"
lost='--fast' rounds=20 releases=20
[ "${1-}" != --long ] || { lost='' rounds=200 releases=500 && shift; }
[ $# -gt 0 ] || set -- catalogue lost-replies race-deploy soak
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

for part; do
	case $part in
	catalogue) play ./catalogue.py ;;
	lost-replies)
		# shellcheck disable=SC2086
		play ./lost-replies.py $lost
		;;
	race-deploy) play ./race-deploy.py --rounds $rounds ;;
	soak) play ./soak.py --rounds $releases ;;
	*)
		echo 'usage: false-successes.sh [--long] [catalogue | lost-replies | race-deploy | soak]...'
		exit 2
		;;
	esac
done
echo "false successes $sum"
[ "$sum" -eq 0 ] && exit $status
exit 1
