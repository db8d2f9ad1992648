#!/bin/sh
# Runs every unit test that reads third-party vectors or has them written down, and prints one table: what was
# held against them, and how many of them hold. Status 1 where a test fails, 77 where the vectors are absent.
#	tests/vectors.sh [BUILD]        BUILD: a folder that is built (build, or build-gcc of tests/run)
set -eu

cd "$(dirname "$0")/.."
build=${1-}
for folder in build build-gcc; do
	[ -n "$build" ] || [ ! -d "$folder/tests/unit" ] || build=$folder
done
[ -d "${build:-none}/tests/unit" ] || {
	echo "tests/vectors.sh: nothing is built; run 'meson setup build && ninja -C build'" >&2
	exit 2
}
export DEPLOYER_CONFORMANCE="${DEPLOYER_CONFORMANCE-$PWD/../shared/conformance}"
[ -d "$DEPLOYER_CONFORMANCE" ] || {
	echo "tests/vectors.sh: there is no folder '$DEPLOYER_CONFORMANCE'; name it in DEPLOYER_CONFORMANCE" >&2
	exit 77
}

said=$(mktemp)
trap 'rm -f "$said"' EXIT
status=0
for source in tests/unit/test_*.c; do
	grep -qE 'vectors\.h|DEPLOYER_CONFORMANCE|/test-data/' "$source" || continue
	noun=${source##*/test_}
	noun=${noun%.c}
	# Without its part (libmicrohttpd for the sandbox's) a test is not built.
	[ -x "$build/tests/unit/test_$noun" ] || continue
	if ! "$build/tests/unit/test_$noun" >"$said" 2>&1 </dev/null; then
		status=1
		echo "FAILED: $build/tests/unit/test_$noun" >&2
	fi
	# "# signatures recomputed: 31/31", with more behind it at times.
	awk -v noun="$noun" '/^# .*: .*[0-9]/ {
		colon = index($0, ": ")
		printf "%-18s %-38s %s\n", noun, substr($0, 3, colon - 3), substr($0, colon + 2)
	}' "$said"
done
exit $status
