#!/bin/sh
# Every row of the fault catalogue has a test, and the page that says so is what its tables say.
. tests/lint/lint.sh
need python3
tests/faults/page.py --check || mend 'give each row a case in tests/faults; tests/faults/page.py LOG... writes the page'
