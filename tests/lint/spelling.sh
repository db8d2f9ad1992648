#!/bin/sh
# No common misspelling. Words that codespell takes for one, and are none here: spelling.words.
. tests/lint/lint.sh
need codespell
text_files | xargs codespell -I tests/lint/spelling.words || mend 'codespell -w FILE, or name the word in tests/lint/spelling.words'
