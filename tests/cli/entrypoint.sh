#!/bin/sh
# The container's entrypoint against the sandbox, which checks every signature: what reaches the
# application, what is refused, what is said; then over TLS, under signals, and in a container FROM
# scratch.
. "$(dirname "$0")/testlib.sh"

sandbox=${DEPLOYER_SANDBOX:-}
entrypoint=${DEPLOYER_ENTRYPOINT:-}
[ -x "$sandbox" ] || skip 'the sandbox is absent'
[ -x "$entrypoint" ] || skip 'the entrypoint is absent'
need socat openssl python3 prlimit

"$sandbox" --quiet serve --no-registry --speed 1000 >sandbox.env &
sandbox_pid=$!
at_exit "kill $sandbox_pid 2>/dev/null"
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	grep -q no_proxy sandbox.env && break
	sleep 0.1
done
# shellcheck disable=SC1091
. ./sandbox.env
export SECRETS_INIT="$tmp/init"

# Puts what standard input has into a secret, through another client than ours.
cat >store.py <<'PY'
import json, os, sys, boto3
client = boto3.client("secretsmanager")
for line in sys.stdin:
    row = json.loads(line)
    args = {"SecretBinary": bytes.fromhex(row["hex"])} if "hex" in row else {"SecretString": row["text"]}
    client.create_secret(Name=row["name"], **args)
PY
python3 -c 'import boto3' 2>/dev/null || skip 'boto3 is absent'

# The inputs of the table, each with what must become of it: a variable V of these bytes, or a refusal
# that names the secret.
cat >rows.py <<'PY'
import json
rows = []
def exact(name, text, want, key="V"):
    rows.append({"name": name, "text": text, "key": key, "want": want})
def refused(name, text, why):
    rows.append({"name": name, "text": text, "refused": why})
def value(name, v):
    exact(name, json.dumps({"V": v}), v)
value("quote", "it's")
value("command", "x'; touch PWN; echo '")
refused("key-command", json.dumps({"A=1; touch PWN; export B": "v"}), "cannot be a variable")
value("lines", "line1\nline2\n")
value("blanks", "a  b\tc \n")
value("glob", "a *.py b")
refused("nul", '{"V":"a\\u0000b"}', "\\u0000 is not allowed")
exact("integer", '{"V":12345678901234567890}', "12345678901234567890")
exact("null", '{"V":null,"W":"w"}', None)
exact("object", '{"V":{"k": "v w"}}', '{"k":"v w"}')
exact("real", '{"V":1e21}', "1e21")
refused("key-dash", '{"A-B":"v"}', "'A-B' cannot be a variable")
refused("key-digit", '{"1A":"v"}', "'1A' cannot be a variable")
refused("plain", "hunter2-canary", "not a JSON object")
refused("string", '"hunter2-canary"', "not a JSON object")
refused("array", '["hunter2-canary"]', "not a JSON object")
refused("empty", " ", "it is empty")
refused("preload", '{"LD_PRELOAD":"/x.so"}', "takes orders from it")
refused("absent", None, "ResourceNotFoundException")
value("utf8", "é漢\U0001f600‮")
value("dollar", "$HOME `id` $(id) \\ \"")
refused("surrogate", '{"V":"hunter2-canary\\ud800"}', "not a JSON object")
refused("twice", '{"V":"hunter2-canary","V":"b"}', "not a JSON object")
exact("true", '{"V":true}', "true")
value("void", "")
value("long", "x" * 60000)
PY
python3 -c '
import json
from rows import rows
for row in rows:
    if row.get("text") is not None:
        print(json.dumps({"name": row["name"], "text": row["text"]}))
print(json.dumps({"name": "binary", "hex": "00ff68756e74657232"}))
print(json.dumps({"name": "app", "text": json.dumps({"DB_USER": "todo", "DB_PASSWORD": "hunter2-canary"})}))
print(json.dumps({"name": "text", "text": "hunter2-canary plain\n"}))
print(json.dumps({"name": "path", "text": json.dumps({"PATH": "/evil"})}))
' | python3 store.py

cat >check.py <<'PY'
import os, subprocess, sys
from rows import rows
passed = 0
for row in rows:
    env = dict(os.environ, SECRETS=row["name"])
    run = subprocess.run([sys.argv[1], "env", "-0"], env=env, capture_output=True)
    got = dict(e.split(b"=", 1) for e in run.stdout.split(b"\n", 1)[1].split(b"\0") if e)
    if "refused" in row:
        good = run.returncode == 125 and b"'" + row["name"].encode() + b"'" in run.stderr and \
            row["refused"].encode() in run.stderr and b"hunter2" not in run.stderr and not got
    else:
        want = row["want"]
        good = run.returncode == 0 and got.get(b"V") == (want.encode() if want is not None else None)
    if not good:
        print("FAILED:", row["name"], run.returncode, run.stderr, got.get(b"V"))
    passed += good
assert not os.path.exists("PWN")
print("inputs exact or refused by name: %d/%d" % (passed, len(rows)))
sys.exit(passed != len(rows))
PY
python3 check.py "$entrypoint"

# ---- references ----

with() { # STATUS NAME=VALUE... COMMAND...
	with_status=$1
	shift
	run "$with_status" env "$@"
}
print_v='printf %s "$DB_PASSWORD"'

with 0 SECRETS='app' "$entrypoint" sh -c "$print_v"
out_has 'Processing secrets [app]...'
out_has 'hunter2-canary'
with 125 SECRETS="app
text" "$entrypoint" true
err_has "'text' is not a JSON object"
err_lacks hunter2
with 0 SECRETS='app:DB_PASSWORD' DB_USER=own "$entrypoint" sh -c 'echo "$DB_USER"'
out_has own
with 0 SECRETS='app' DB_USER=own "$entrypoint" sh -c 'echo "$DB_USER"'
out_has todo
with 0 SECRETS='app' SECRETS_OVERRIDE=false DB_USER=own "$entrypoint" sh -c 'echo "$DB_USER"'
out_has own
with 0 SECRETS='P=app:DB_PASSWORD:AWSCURRENT: T=text' "$entrypoint" sh -c 'echo "$P,$T."'
out_has 'hunter2-canary,hunter2-canary plain'
with 125 SECRETS='app:DB_PASSWORD:AWSPREVIOUS' "$entrypoint" true
err_has 'staging label: AWSPREVIOUS'
with 125 SECRETS='app:NOPE' "$entrypoint" true
err_has "the secret has no key 'NOPE'"
with 125 SECRETS=binary "$entrypoint" true
err_has "'binary' is a binary secret"
with 125 SECRETS='app?' "$entrypoint" true
err_has "'app?' names no secret"
with 125 SECRETS=path "$entrypoint" true
err_has "'PATH' cannot be a variable"
with 0 SECRETS=path SECRETS_ALLOW=PATH "$entrypoint" /bin/sh -c 'echo "$PATH"'
out_has /evil
with 0 SECRETS=key-dash SECRETS_SKIP_INVALID=true "$entrypoint" true
err_has "left out 'A-B'"
with 0 SECRETS=app SECRETS_OPTIONAL='nope other' "$entrypoint" sh -c "$print_v"
err_has "'nope' is absent, and may be"
with 125 SECRETS='app nope' "$entrypoint" echo started
err_has "'nope': Secrets Manager GetSecretValue: ResourceNotFoundException"
out_lacks started

# ---- commands ----

with 127 SECRETS=nope "$entrypoint" no-such-program
err_has "'no-such-program': no such program"
out_lacks Processing
: >plain-file
with 126 SECRETS=nope "$entrypoint" ./plain-file
with 125 SECRETS=nope "$entrypoint"
err_has 'no command to start'
run 0 "$entrypoint" true
nothing_said
run 7 "$entrypoint" sh -c 'exit 7'

# ---- /init ----

mkdir init
cat >init/environment <<'EOF'
# comment
export FROM_FILE='its $HOME'
PLAIN=a b  #c
QUOTED="x\ny \$Z" # comment
EOF
run 0 "$entrypoint" sh -c 'printf "%s|%s|%s\\n" "$FROM_FILE" "$PLAIN" "$QUOTED"'
out_is "its \$HOME|a b  #c|x
y \$Z"
echo 'hunter2-canary' >init/environment
run 125 "$entrypoint" true
err_has "line 1: no '=' in it"
err_lacks hunter2
rm init/environment
: >init/environment
run 0 "$entrypoint" true
nothing_said
echo 'export ADDED=$((1 + 2))' >init/commands
with 0 SECRETS=app "$entrypoint" sh -c 'echo "$ADDED $DB_USER $1"' sh 'a  b'
out_has '3 todo a  b'
echo 'false' >init/commands
run 1 "$entrypoint" echo started
out_lacks started
rm -r init

# ---- sizes ----

python3 -c '
import json
for i in range(3):
    print(json.dumps({"name": "big%d" % i, "text": json.dumps({"BIG%d%d" % (i, j): "x" * 20000 for j in range(3)})}))
' | python3 store.py
run 125 prlimit --stack=524288 env SECRETS='big0 big1 big2' "$entrypoint" true
err_has 'the environment is larger than Linux hands to a program'
err_has 'BIG00 (20006 bytes)'

# ---- the whole place is checked for values that were never to be seen ----

with 0 SECRETS=app strace -f -o trace -e trace=execve -s 100000 "$entrypoint" true 2>/dev/null || :
[ ! -e trace ] || lacks trace hunter2

# ---- TLS: a server of another make in front, its certificate trusted and not ----

openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost \
	-addext subjectAltName=DNS:localhost,IP:127.0.0.1 2>/dev/null
cat key.pem cert.pem >both.pem
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
upstream=${AWS_ENDPOINT_URL#http://}
socat "OPENSSL-LISTEN:$port,bind=127.0.0.1,reuseaddr,fork,cert=both.pem,verify=0" "TCP:$upstream" 2>/dev/null &
at_exit "kill $!"
sleep 0.5
for host in localhost 127.0.0.1; do
	with 0 SECRETS='app big0 big1' SSL_CERT_FILE=cert.pem "AWS_ENDPOINT_URL=https://$host:$port" \
		"$entrypoint" sh -c "$print_v"
	out_has hunter2-canary
done
with 0 SECRETS=app AWS_CA_BUNDLE=cert.pem "AWS_ENDPOINT_URL=https://localhost:$port" "$entrypoint" true
with 125 SECRETS=app "AWS_ENDPOINT_URL=https://localhost:$port" "$entrypoint" true
err_has 'certificate refused: self-signed certificate'
with 125 SECRETS=app SSL_CERT_FILE=cert.pem "AWS_ENDPOINT_URL=https://ip6-localhost:$port" \
	"$entrypoint" true
with 125 SECRETS=app SSL_CERT_FILE=nowhere.pem "AWS_ENDPOINT_URL=https://localhost:$port" "$entrypoint" true
err_has "CA bundle 'nowhere.pem'"
with 125 SECRETS=app AWS_ENDPOINT_URL=http://example.com "$entrypoint" true
err_has 'is not https'

# ---- signals: nobody answers here ----

hole=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
socat "TCP-LISTEN:$hole,bind=127.0.0.1,reuseaddr,fork" SYSTEM:'sleep 60' >/dev/null 2>&1 &
at_exit "kill $!"
sleep 0.3
env SECRETS=app "AWS_ENDPOINT_URL=http://127.0.0.1:$hole" "$entrypoint" true >out 2>err &
waiting=$!
sleep 0.5
before=$(date +%s%N)
kill -TERM $waiting
ran_status=0
wait $waiting || ran_status=$?
took_ms=$((($(date +%s%N) - before) / 1000000))
[ $ran_status = 143 ] || fail "SIGTERM while fetching: status $ran_status"
[ $took_ms -lt 1000 ] || fail "SIGTERM while fetching: ended after $took_ms ms"
echo "SIGTERM while fetching: over after $took_ms ms"
before=$(date +%s%N)
with 125 SECRETS=app SECRETS_TIMEOUT=1 "AWS_ENDPOINT_URL=http://127.0.0.1:$hole" "$entrypoint" true
err_has 'no answer within 1 s'
[ $((($(date +%s%N) - before) / 1000000)) -lt 2500 ] || fail 'the time limit was not kept'

# The application has the signals as they were, and the process.
run 0 "$entrypoint" sh -c 'grep -E "^Sig(Blk|Ign|Cgt)" /proc/self/status'
cp out with
run 0 sh -c 'exec sh -c "grep -E \"^Sig(Blk|Ign|Cgt)\" /proc/self/status"'
same out with

# ---- a container FROM scratch on the real engine ----

docker info >/dev/null 2>&1 || { echo 'no Docker engine: the container was left out'; exit 0; }
# A sanitized build has it dynamic, which a container of nothing cannot load.
if readelf -lW "$entrypoint" | grep -q INTERP; then
	echo 'this build is not static: the container was left out'
	exit 0
fi
need busybox
image=deployer-test-entrypoint-$$
mkdir image
cp "$entrypoint" image/deployer-entrypoint
cp "$(command -v busybox)" image/busybox
cat >image/Dockerfile <<'EOF'
FROM scratch
COPY deployer-entrypoint busybox /
ENTRYPOINT ["/deployer-entrypoint"]
EOF
DOCKER_BUILDKIT=0 docker build -q -t "$image" image >build.log 2>&1 || { cat build.log; fail 'docker build'; }
at_exit "docker rmi -f $image >/dev/null 2>&1"
env | grep -E '^AWS_' >container.env
run 0 docker run --rm --network host --env-file container.env -e SECRETS=app "$image" \
	/busybox sh -c 'echo "$DB_USER $$"'
out_has 'Processing secrets [app]...'
out_has 'todo 1'
run 125 docker run --rm --network host --env-file container.env -e SECRETS=nope "$image" /busybox true
err_has ResourceNotFoundException
echo 'a container FROM scratch started with its secrets, as process 1'
