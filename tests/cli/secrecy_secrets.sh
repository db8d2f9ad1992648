#!/bin/sh
# Secrets stay secret: deployer-entrypoint and every command of 'deployer secrets', at every level of
# talk, with good input and bad, are watched by strace, so that nothing between two looks is missed. A
# secret's value, in every form that it may take, and the keys of AWS are looked for in the arguments
# and environments of programs, in what is written to terminals, pipes and files, in the names of files,
# in what is left on disk and in memory's file system, and in core dumps.
. "$(dirname "$0")/testlib.sh"

sandbox=${DEPLOYER_SANDBOX:-}
entrypoint=${DEPLOYER_ENTRYPOINT:-}
[ -x "$sandbox" ] || skip 'the sandbox is absent'
[ -x "$entrypoint" ] || skip 'the entrypoint is absent'
need prlimit python3 socat strace
# They hide their memory, and so what they write, from a tracer of their own user.
[ "$(id -u)" = 0 ] || skip 'this needs root'
strace -o trace true 2>/dev/null || skip 'no program can be traced here'
# The leak detector cannot work beside a tracer.
export ASAN_OPTIONS=detect_leaks=0

serve_sandbox --no-registry
mkdir inputs t
export TMPDIR="$tmp/t" SECRETS_INIT="$tmp/inputs/init"

# ---- the canaries: a value as it is, and as JSON, base64, hexadecimal and URLs would have it ----

value='cana/ry "7'
python3 - "$value" "$AWS_SECRET_ACCESS_KEY" >canaries <<'END'
import base64, json, sys, urllib.parse
for text in sys.argv[1:]:
    forms = [text, json.dumps(text)[1:-1], text.encode().hex(), urllib.parse.quote(text, safe="")]
    # Wherever it stands in what is encoded.
    forms += [base64.b64encode(b"x" * lead + text.encode())[4 if lead else 0:-4].decode() for lead in range(3)]
    # As strace writes it.
    forms += [form.replace("\\", "\\\\").replace('"', '\\"') for form in forms]
    print("\n".join(sorted(set(forms))))
END

# ---- inputs ----

python3 - "$value" <<'END'
import json, sys
value = sys.argv[1]
quoted = json.dumps(value)
inputs = {
    "good.json": json.dumps({"USER": "todo", "PASSWORD": value}),
    "other.json": json.dumps({"USER": "todo", "PASSWORD": value + "2"}),
    "cut.json": '{"PASSWORD": %s' % quoted,
    "bare.json": '{"PASSWORD": %s}' % value,
    "twice.json": '{"PASSWORD": %s, "PASSWORD": 1}' % quoted,
    "list.json": "[%s]" % quoted,
    "plain": value,
    "good.env": "PASSWORD='%s'\n" % value,
    "noname.env": "%s\n" % value,
    "open.env": "PASSWORD='%s\n" % value,
    "after.env": "PASSWORD='' %s\n" % value,
    "nul": "{}" + value + "\0",
    "large": value * 7000,
}
for name, text in inputs.items():
    with open("inputs/" + name, "w", encoding="utf-8") as file:
        file.write(text)
END
for name in good other; do
	"$DEPLOYER" --quiet secrets put app --file "inputs/$name.json"
done
"$DEPLOYER" --quiet secrets put text --text --file inputs/plain
for name in cut twice list; do
	"$DEPLOYER" --quiet secrets put "$name" --text --file "inputs/$name.json"
done

cat >editor <<'END'
#!/bin/sh
case $0 in
*spoil) [ -e "$TMPDIR/spoilt" ] || sed -i 's/}//' "$1" ; : >"$TMPDIR/spoilt" ;;
*) sed -i 's/todo/done/;s/done/todo/' "$1" ;;
esac
END
chmod +x editor
ln -s editor spoil

# ---- what is run ----

ran=0
# watch WHAT...: runs it under the tracer, whatever it ends with.
watch() {
	ran=$((ran + 1))
	strace -f -y -v -s 1000000 -o "traces/$ran" -e signal=none \
		-e 'trace=execve,open,openat,creat,rename,link,symlink,mkdir,unlink,write,pwrite64,writev,sendto,sendmsg' \
		"$@" >>said 2>&1 </dev/null || :
}

mkdir traces
: >said
for level in --no-quiet --quiet --verbose --output=json; do
	deployer() { watch "$DEPLOYER" "$level" secrets "$@"; }
	deployer list
	deployer list --versions app
	for operand in app app:PASSWORD app:NOPE app::AWSPREVIOUS text text:KEY cut twice list nope; do
		deployer get "$operand"
	done
	for input in good.json other.json cut.json bare.json twice.json list.json plain nul large; do
		deployer put app --file "inputs/$input" --dry-run
		deployer put app --file "inputs/$input"
	done
	deployer put text --text --file inputs/plain
	deployer put text --text --file inputs/nul
	deployer put app "$level" --tag team
	deployer diff app
	deployer diff app text
	deployer diff app --file inputs/good.env
	deployer diff app --file inputs/noname.env
	for input in good.env noname.env open.env after.env; do
		deployer import app --file "inputs/$input" --dry-run
		deployer import app --file "inputs/$input"
	done
	deployer import text --file inputs/good.env
	rm -f t/spoilt
	# The editor has the environment of whoever edits, the keys in it too: they come from a file.
	mkdir "$HOME/.aws"
	printf '[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n' "$AWS_ACCESS_KEY_ID" \
		"$AWS_SECRET_ACCESS_KEY" >"$HOME/.aws/credentials"
	chmod 600 "$HOME/.aws/credentials"
	for editor in editor spoil; do
		watch env -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY EDITOR="$tmp/$editor" \
			"$DEPLOYER" "$level" secrets edit app
	done
	rm -r "$HOME/.aws"
	deployer run --secret app -- sh -c : the-application
	deployer run --secret text -- sh -c : the-application
	deployer run --secret app -- no-such-program
done

# at NAME=VALUE...: the entrypoint with these.
at() {
	watch env "$@" "$entrypoint" sh -c : the-application
}
for secrets in app app:PASSWORD V=text text cut twice list nope 'app nope' LD_PRELOAD=text; do
	at "SECRETS=$secrets"
	at "SECRETS=$secrets" SECRETS_SKIP_INVALID=true SECRETS_OPTIONAL=nope
done
at SECRETS=app AWS_SESSION_TOKEN=none
at SECRETS=app AWS_ENDPOINT_URL=http://127.0.0.1:9 SECRETS_TIMEOUT=1
watch env SECRETS=app "$entrypoint" no-such-program
mkdir inputs/init
for input in good noname open after; do
	cp "inputs/$input.env" inputs/init/environment
	at SECRETS=app
done
rm -r inputs/init

# ---- core dumps, and a look from outside, while they wait for an answer with the keys in memory ----

serve_silence
# waits PID: it is the program itself by now, not what starts it; one of ours has asked and has no answer.
waits() {
	case $(readlink "/proc/$1/exe") in
	*/sleep) ;;
	*) [ -s connected ] ;;
	esac
}
mkdir cores
cores=0
# crash WHAT...: kills it with SIGSEGV while it waits.
crash() {
	: >connected
	(cd cores && exec prlimit --core=unlimited \
		env SECRETS=app AWS_ENDPOINT_URL="http://127.0.0.1:$silent_port" "$@") >/dev/null 2>&1 &
	crashing=$!
	wait_until waits $crashing
	kill -SEGV $crashing
	wait $crashing 2>/dev/null || :
	cores=$((cores + 1))
}
crash sleep 600
if [ -z "$(ls cores)" ]; then
	echo 'this machine writes no core dumps to the current folder: they were left out'
	cores=0
else
	rm -f cores/*
	# A sanitizer takes the signal itself.
	export ASAN_OPTIONS=detect_leaks=0:handle_segv=0
	cores=0
	crash "$entrypoint" true
	crash "$DEPLOYER" secrets get app
	crash "$DEPLOYER" secrets run --secret app -- true
	[ -z "$(ls cores)" ] || fail "a core dump was written: $(ls cores)"
fi

# Programs of the same user see neither memory nor environment of a process that waits.
onlookers=0
if command -v setpriv >/dev/null; then
	nobody='setpriv --reuid 65534 --regid 65534 --clear-groups'
	chmod 711 "$tmp"
	# shellcheck disable=SC2086
	for program in "$entrypoint true" "$DEPLOYER secrets get app" 'sleep 600'; do
		: >connected
		$nobody env HOME=/nonexistent SECRETS=app AWS_ENDPOINT_URL="http://127.0.0.1:$silent_port" $program >/dev/null 2>&1 &
		waiting=$!
		wait_until waits $waiting
		case $program in
		sleep*) $nobody cat "/proc/$waiting/environ" >/dev/null 2>&1 || fail 'the look itself fails' ;;
		*)
			! $nobody cat "/proc/$waiting/environ" >/dev/null 2>&1 || fail "$program: its environment is open"
			! $nobody head -c 1 "/proc/$waiting/mem" >/dev/null 2>&1 || fail "$program: its memory is open"
			onlookers=$((onlookers + 2))
			;;
		esac
		kill $waiting
		wait $waiting 2>/dev/null || :
	done
fi

# ---- the search ----

grep -q 'has a new version' said || fail 'nothing was stored'
grep -q 'Processing secrets' said || fail 'nothing was started'
grep -q 'the editor is opened again' said || fail 'no edit was broken'
python3 "$testdir/secrecy_watch.py" canaries traces/* >found
read -r places hits <found
! grep -nF -f canaries said || fail 'a secret was printed'
left=$(find . /dev/shm -newer sandbox.env -type f ! -path './inputs/*' ! -path './traces/*' ! -name canaries ! -name sandbox.env)
files=0
for file in $left; do
	files=$((files + 1))
	! grep -qaF -f canaries "$file" || fail "a secret was left in '$file'"
done
wait_until no_draft_is_left
echo "$ran runs, $(wc -l <canaries) forms of 2 canaries; $places arguments, environments, writes and names," \
	"$files files, $cores crashes, $onlookers looks from outside: $hits hits"
[ "$hits" = 0 ] || { sed 1d found; fail 'a secret was seen'; }
[ "$places" -ge 5000 ] || fail 'too little was looked at'

# The watch sees what there is to see: what is meant to be printed, and a planted argument.
rm traces/*
watch "$DEPLOYER" secrets get app --reveal
watch "$DEPLOYER" secrets run --secret app -- true
watch true "$value"
python3 "$testdir/secrecy_watch.py" canaries traces/* >found
for kind in written environment argument; do
	grep -q "^$kind" found || fail "the watch is blind: $kind"
done
