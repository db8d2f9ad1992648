#!/bin/sh
# From `git clone` to the first released sample: what a newcomer waits for, part by part, as config/demo
# names them. On a machine that has the packages the part called install is a look at dpkg's list.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
tmp=$(mktemp -d)
trap 'sh "$tmp/clone/config/demo" --clean >/dev/null 2>&1; rm -rf "$tmp"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Milliseconds; and the line of a part that began at SINCE.
now() {
	echo $(($(date +%s%N) / 1000000))
}
tell() { # PART SINCE
	awk -v part="$1" -v ms="$(($(now) - $2))" 'BEGIN { printf "%-38s %6.1f s\n", part, ms / 1000 }'
}

started=$(now)
git clone -q "$top" "$tmp/clone"
{ "$tmp/clone/config/demo" 2>&1 || echo "== failed with $?"; } >"$tmp/log" &
part='git clone' since=$started
tail -f --pid=$! -n +1 "$tmp/log" | while IFS= read -r line; do
	case $line in
	'== failed'*) cat "$tmp/log" && exit 1 ;;
	'== '*) tell "$part" "$since" && part=${line#== } since=$(now) ;;
	'the app runs'*) tell "$part" "$since" && tell 'from clone to running' "$started" ;;
	esac
done
