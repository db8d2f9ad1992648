#!/bin/sh
# Every manual page is clean roff: manual.sh PROGRAM...
. tests/lint/lint.sh
need mandoc
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
bad=0

commands_of() {
	"$1" completion --words COMMAND
}

# check PROGRAM COMMAND, which may be empty (the overview) or two words.
check() {
	# shellcheck disable=SC2086
	"$1" help --man $2 >"$tmp/page.1"
	# The pages bear the program's version in place of a date: they change with it.
	if ! mandoc -T lint -W warning "$tmp/page.1" >"$tmp/said" && grep -v 'missing date' "$tmp/said"; then
		echo "${1##*/} help --man $2"
		bad=1
	fi
}

for program; do
	check "$program" ''
	commands_of "$program" >"$tmp/commands"
	[ -s "$tmp/commands" ] || mend "$program names no command"
	while read -r command; do
		check "$program" "$command"
	done <"$tmp/commands"
done
[ $bad = 0 ] || mend 'cmd/help.c makes the pages from the tables'
