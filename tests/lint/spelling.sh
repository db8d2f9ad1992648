#!/bin/sh
# No word is spelled as no dictionary has it.
. tests/lint/lint.sh
need codespell
text_files | xargs codespell || mend 'codespell -w FILE, or rename what is rightly spelled so'
