#!/bin/sh
# Functions are short and simple: 70 lines and a complexity of 15 at most, and half of the program's
# have at most 16 lines. A switch counts as one decision (pmccabe's modified complexity): a table of
# cases reads as one.
. tests/lint/lint.sh
need pmccabe
max_lines=70
max_complexity=15
max_median=16

# FILE... -> "COMPLEXITY LINES FILE: NAME"; one call a file, as pmccabe may lose itself in one.
functions() {
	for file; do
		pmccabe "$file" 2>/dev/null
	done | awk -F '\t' '{ sub(/\([0-9]+\)/, "", $6); print $1, $5, $6 }'
}

# The value at a percentage of the sorted numbers.
percentile() {
	sort -n | awk -v p="$1" '{ v[NR] = $1 } END { i = int((NR * p + 99) / 100); print v[i < 1 ? 1 : i] }'
}

# A list of words.
# shellcheck disable=SC2046
all=$(functions $(c_sources))
program=$(printf '%s\n' "$all" | grep -E ' (cmd|lib)/')
lines=$(printf '%s\n' "$program" | cut -d ' ' -f 2)
median=$(echo "$lines" | percentile 50)
echo "functions in cmd and lib: $(echo "$lines" | wc -l); lines: median $median," \
	"p90 $(echo "$lines" | percentile 90), most $(echo "$lines" | percentile 100)"

bad=$(printf '%s\n' "$all" | awk -v lines=$max_lines -v complexity=$max_complexity '
	$2 > lines { print $3 " " $4 ": " $2 " lines, " lines " are allowed" }
	$1 > complexity { print $3 " " $4 ": complexity " $1 ", " complexity " is allowed" }')
if [ -n "$bad" ]; then
	echo "$bad"
	mend 'take a step of it out into a function with a name of its own'
fi
[ "$median" -le $max_median ] || mend "the median may be $max_median lines: split what does two things"
