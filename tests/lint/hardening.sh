#!/bin/sh
# The programs are built so that a mistake is hard to exploit: hardening.sh PROGRAM...
# Position independent, relocations read-only before main() (full RELRO), no executable stack,
# stack protector, no search path for libraries. A static program is stripped: its stack protector is
# looked for in its code, and its fortified calls cannot be told from others.
. tests/lint/lint.sh
need objdump readelf
bad=0

# lacks PROGRAM WHAT
lacks() {
	echo "$1: $2"
	bad=1
}

for program; do
	header=$(readelf -hW "$program")
	segments=$(readelf -lW "$program")
	dynamic=$(readelf -dW "$program")
	symbols=$(readelf -sW "$program")
	echo "$header" | grep -q 'Type: *DYN' || lacks "$program" 'no position independent executable'
	echo "$segments" | grep -q 'GNU_RELRO' || lacks "$program" 'no RELRO segment'
	echo "$segments" | grep -qE 'GNU_STACK.* RW +' || lacks "$program" 'the stack is executable'
	echo "$segments" | grep -qE 'LOAD.* RWE ' && lacks "$program" 'a segment is writable and executable'
	echo "$dynamic" | grep -qE 'BIND_NOW|FLAGS_1.*NOW' || lacks "$program" 'symbols are bound lazily'
	echo "$dynamic" | grep -qE 'R(UN)?PATH' && lacks "$program" 'a run path is set'
	if ! echo "$segments" | grep -q INTERP; then
		[ "$(objdump -d "$program" | grep -c '%fs:0x28')" -ge 1000 ] || lacks "$program" 'no stack protector'
		continue
	fi
	echo "$symbols" | grep -q '__stack_chk_fail' || lacks "$program" 'no stack protector'
	echo "$symbols" | grep -q '_chk@' || lacks "$program" 'no fortified call: was it built without -O?'
done
[ $bad = 0 ] || mend 'the top meson.build has the options for it'
