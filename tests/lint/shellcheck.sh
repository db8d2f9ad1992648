#!/bin/sh
# shellcheck has nothing to say about any script.
. tests/lint/lint.sh
need shellcheck
scripts | xargs shellcheck -x || mend 'shellcheck -x FILE explains each number'
