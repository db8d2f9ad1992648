#!/bin/sh
# The security checklist, tests/security.md, has its 25 rows, and whatever they name is there: files, tests of
# the unit, cli and faults suites, lints.
. tests/lint/lint.sh
list=tests/security.md
named=$(mktemp)
trap 'rm -f "$named"' EXIT
bad=0

lacks() {
	echo "$list: $1: $2"
	bad=1
}

# check_test ROW KIND-NAME TEST...: the tests are functions of a unit test.
check_test() {
	row=$1 kind=${2%%-*} name=${2#*-}
	shift 2
	case $kind in
	unit)
		grep -q "'$name'" tests/unit/meson.build || lacks "$row" "no unit test '$name'"
		for function; do
			grep -qE "\(${function}[,)]" "tests/unit/test_$name.c" || lacks "$row" "no test '$function' in test_$name.c"
		done
		;;
	cli) grep -q "'$name'" tests/cli/meson.build || lacks "$row" "no cli test '$name'" ;;
	faults) grep -qE "'(faults-)?$name'" tests/faults/meson.build || lacks "$row" "no faults test '$name'" ;;
	lint) grep -q "'$name'" tests/lint/meson.build || lacks "$row" "no lint '$name'" ;;
	*) lacks "$row" "'$kind' is no suite" ;;
	esac
}

rows=0
while IFS='|' read -r _ row _ how shown _; do
	row=${row# } row=${row% }
	case $row in
	S[0-9]*) rows=$((rows + 1)) ;;
	*) continue ;;
	esac
	[ "$row" = "S$rows" ] || lacks "$row" "stands where S$rows should"
	for file in $(echo "$how" | grep -oE '`[^`]*`' | tr -d '`' | grep / || :); do
		[ -e "$file" ] || lacks "$row" "no file '$file'"
	done
	echo "$shown" | grep -oE '`[^`]*`' | tr -d '`' >"$named"
	[ -s "$named" ] || lacks "$row" 'no test shows it'
	while read -r line; do
		# shellcheck disable=SC2086
		check_test "$row" $line
	done <"$named"
done <"$list"
[ $rows = 25 ] || lacks table "$rows rows, not 25"
[ $bad = 0 ] || mend "correct the row, or bring the test back"
echo "$rows/25 controls have their tests"
