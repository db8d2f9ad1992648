#!/bin/sh
# Every C file reads as .clang-format has it.
. tests/lint/lint.sh
need_version clang-format 14
c_files | xargs clang-format --dry-run -Werror || mend 'clang-format -i FILE'
