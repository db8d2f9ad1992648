# shellcheck shell=sh disable=SC2154
# Sourced by the tables of the fault catalogue, rows-X.sh, after tests/cli/testlib.sh. A case is a function;
# rows-X.sh plays them all, each in a process and a folder of its own, "rows-X.sh FUNCTION" one of them.
#
#	line_ends() { ...; }
#	rows_begin "$@"
#	row H1 line_ends 'line ends of each kind stay'
#	row_elsewhere H17 faults-crash-bump 'killed at each system call'
#	rows_end

rows_begin() {
	if [ $# -gt 0 ]; then
		"$1"
		exit
	fi
	rows_played=0 rows_passed=0 rows_skipped=0
}

# rows_ahead NUMBER: plays the cases before their rows come, so many at once: where most of them wait.
rows_ahead() {
	mkdir "$tmp/ahead"
	# The inner shell expands them.
	# shellcheck disable=SC2016
	sed -n 's/^row [A-Z0-9]* \([a-z_]*\) .*/\1/p' "$testdir/${0##*/}" |
		xargs -P "$1" -I NAME sh -c 'status=0
			sh "$1" NAME >"$2/NAME" 2>&1 </dev/null || status=$?
			echo $status >"$2/NAME.status"' sh "$testdir/${0##*/}" "$tmp/ahead"
}

play_row() {
	if [ -e "$tmp/ahead/$1.status" ]; then
		cat "$tmp/ahead/$1"
		return "$(cat "$tmp/ahead/$1.status")"
	fi
	sh "$testdir/${0##*/}" "$1" 2>&1 </dev/null
}

# row ID FUNCTION WHAT
row() {
	rows_status=0
	rows_played=$((rows_played + 1))
	play_row "$2" >"$tmp/row" || rows_status=$?
	case $rows_status in
	0) rows_passed=$((rows_passed + 1)) && echo "$1 PASS $3" ;;
	77) rows_skipped=$((rows_skipped + 1)) && echo "$1 SKIP $3: $(tail -n 1 "$tmp/row")" ;;
	*) echo "$1 FAIL $3" && sed 's/^/    /' "$tmp/row" ;;
	esac
	echo "$1" >>"$tmp/ids"
}

# row_long ID FUNCTION WHAT: takes long because the product waits; played where ROWS_LONG is set.
row_long() {
	[ -n "${ROWS_LONG-}" ] && row "$@" || echo "$1 LONG $3"
}

# row_elsewhere ID TEST WHAT: another test of this suite shows it better.
row_elsewhere() {
	echo "$1 SEE  $3: $2"
	echo "$1" >>"$tmp/ids"
}

rows_end() {
	echo "$rows_passed/$((rows_played - rows_skipped)) cases of $(sort -u "$tmp/ids" | wc -l) rows ($rows_skipped skipped)"
	[ $((rows_passed + rows_skipped)) -eq "$rows_played" ] || exit 1
	[ "$rows_passed" -gt 0 ] || exit 77
}
