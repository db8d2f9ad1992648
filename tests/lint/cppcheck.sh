#!/bin/sh
# cppcheck has nothing to say: cppcheck.sh BUILD. What it is told to leave out, and why: cppcheck.supp.
. tests/lint/lint.sh
need cppcheck
mkdir -p "$1/lint/cppcheck"
cppcheck --enable=warning,style,performance,portability --error-exitcode=1 --inline-suppr --std=c11 --library=tests/lint/cppcheck.cfg \
	--project="$1/compile_commands.json" --cppcheck-build-dir="$1/lint/cppcheck" -j "$(nproc)" --quiet \
	--suppressions-list=tests/lint/cppcheck.supp ||
	mend 'mend it, or say in tests/lint/cppcheck.supp why cppcheck is wrong'
