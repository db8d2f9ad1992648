#!/bin/sh
# clang-tidy has nothing to say about the sources of BUILD's compile database: tidy.sh BUILD [FILE].
# A file found clean is not looked at again, in any checkout, until it, a header of it or the rules
# change: an empty file in the user's cache is named by the hash of all that.
. tests/lint/lint.sh
need_version clang-tidy 14
build=$1
clean=${XDG_CACHE_HOME:-$HOME/.cache}/deployer/tidy

tidy() {
	# gcc's own warnings are in the database, and clang has not all of them. __NO_CTYPE: tolower() is
	# a call, not the nest of conditions that glibc's macro makes of it. _FORTIFY_SOURCE makes macros of
	# functions that banned.h poisons.
	set -- "$1" --extra-arg=-Wno-unknown-warning-option --extra-arg=-D__NO_CTYPE \
		--extra-arg=-U_FORTIFY_SOURCE
	case $1 in
	lib/base/error.c) ;;
	*) set -- "$@" --extra-arg=-include --extra-arg="$PWD/tests/lint/analyzer.h" ;;
	esac
	said=$(clang-tidy -p "$build" --quiet "$@" 2>&1) && return 0
	echo "$said"
	return 1
}

# What the preprocessor makes of the file, its comments (NOLINT is one) included.
hash_of() {
	{
		clang-tidy --version
		cat meson.build .clang-tidy tests/unit/.clang-tidy tests/lint/tidy.sh tests/lint/analyzer.h
		cc -E -C -I. -Ilib -D_GNU_SOURCE -DDEPLOYER_VERSION='""' "$1" || date +%s%N
	} 2>/dev/null | sha256sum | cut -d ' ' -f 1
}

if [ $# -gt 1 ]; then
	mark=$clean/$(hash_of "$2")
	[ -e "$mark" ] && exit 0
	tidy "$2" && : >"$mark"
	exit
fi

mkdir -p "$clean"
c_sources | while read -r file; do
	# The others are no part of this build: their parts were not found.
	grep -qF "$file\"" "$build/compile_commands.json" && echo "$file"
done | xargs -P "$(nproc)" -n 1 "$0" "$build" || mend 'each line names its check in brackets'
