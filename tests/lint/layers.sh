#!/bin/sh
# Fails where a file includes a module that its own may not use. Run from the top folder.
# One line a module: its name, a colon, and the modules it may include (its own always).
set -eu
rules='
base:
sys: base
data: base
net: base
aws: base sys data net
repo: base sys
docker: base sys data net
secrets: base sys data net aws
stack: base sys data net aws repo docker secrets
deploy: base sys data net aws repo docker stack
ui: base sys data stack deploy
sandbox: base sys data net aws
cmd: base sys data net aws repo docker stack deploy secrets ui sandbox
'
bad=0
for file in $(find lib cmd -name '*.[ch]' | sort); do
	mod=$(echo "$file" | sed 's,^lib/,,; s,/.*,,')
	allowed=$(echo "$rules" | sed -n "s/^$mod://p")
	# shellcheck disable=SC2013 # A list of words.
	for used in $(sed -n 's,^#include "\([a-z]*\)/.*,\1,p' "$file" | sort -u); do
		case " $allowed $mod " in
		*" $used "*) ;;
		*) echo "$file: $mod may not include $used"; bad=1 ;;
		esac
	done
done

# Third-party headers stay behind the module that wraps them.
only() { # HEADER-REGEX MODULE-REGEX
	found=$(grep -rlE "^#include <($1)>" lib cmd | grep -vE "^lib/($2)/" || true)
	if [ -n "$found" ]; then
		echo "$found: <$1> belongs in lib/($2)"
		bad=1
	fi
}
only 'curl/.*' 'net'
only 'git2.*' 'repo'
only 'expat.h' 'data'
only 'isa-l.*' 'data'
only 'yaml.h' 'data'
only 'microhttpd.h' 'sandbox'

# The library never prints and never exits.
prints=$(grep -rnE '(^|[^_a-z])(printf|puts|putchar|perror|exit|_exit)[[:space:]]*\(' lib --include='*.c' |
	grep -vE '(snprintf|fprintf\(stderr, "deployer: out of resources)' | grep -v 'lint:allow' || true)
if [ -n "$prints" ]; then
	echo "$prints"
	echo "lib never prints, never exits"
	bad=1
fi
exit $bad
