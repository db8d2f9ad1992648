#!/bin/sh
# sed -i in a file of 1 MB and 20,000 keys, which replaces it without a lock, a check or an fsync, and what a
# bump costs beside it. Each run sets another value.
. "$(dirname "$0")/../cli/testlib.sh"

awk 'BEGIN { for (i = 0; i < 20000; i++) printf "Key%05d=a-value-of-forty-characters-to-fill-line\n", i }' >big.cfg
cp big.cfg other.cfg
"$BENCH_COMPARE" 40 sh -c 'exec sed -i "s/^Key10000=.*/Key10000=v$$/" other.cfg' -- \
	sh -c 'exec "$DEPLOYER" --quiet bump --file big.cfg --key Key10000 "v$$"'
