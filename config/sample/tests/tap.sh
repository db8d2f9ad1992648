# shellcheck shell=sh
# Checks that speak the Test Anything Protocol.
checks=0
failures=0

# is NAME GOT WANTED
is() {
	checks=$((checks + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $checks - $1"
		return
	fi
	failures=$((failures + 1))
	echo "not ok $checks - $1"
	printf '%s\n' "wanted: $3" "got: $2" | sed 's/^/# /'
}

# Print the plan; the status tells whether all checks passed.
done_testing() {
	echo "1..$checks"
	[ "$failures" = 0 ]
}
