#!/bin/sh
# No script gives shellcheck anything to say.
. tests/lint/lint.sh
need shellcheck
scripts | xargs shellcheck || mend 'shellcheck FILE explains each number'
