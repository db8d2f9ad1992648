#!/bin/sh
# The container's entrypoint against the sandbox, which checks every signature: what reaches the
# application, what is refused, what is said; then over TLS and under signals.
. "$(dirname "$0")/testlib.sh"

sandbox=${DEPLOYER_SANDBOX:-}
entrypoint=${DEPLOYER_ENTRYPOINT:-}
[ -x "$sandbox" ] || skip 'the sandbox is absent'
[ -x "$entrypoint" ] || skip 'the entrypoint is absent'
need socat openssl python3 prlimit

serve_sandbox --no-registry --speed 1000
export SECRETS_INIT="$tmp/init"

# put NAME: what standard input has, as it is.
put() {
	"$DEPLOYER" --quiet secrets put "$1" --text
}
echo '{"DB_USER": "todo", "DB_PASSWORD": "hunter2-canary"}' | put app
echo 'hunter2-canary plain' | put text
echo '{"PATH": "/evil"}' | put path
echo '{"A-B": "v"}' | put key-dash

# What it adds to an image; that of a sanitizer or of gcov is for tests only.
if has_entrypoint && ! grep -q '[.]gcda' "$entrypoint"; then
	size=$(stat -c %s "$entrypoint")
	echo "size: $size bytes"
	[ "$size" -le 5000000 ] || fail 'larger than 5 MB'
fi

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
with 0 SECRETS='P=secretsmanager:app#DB_PASSWORD' "$entrypoint" sh -c 'echo "$P"'
out_has 'hunter2-canary'
# A value that is a reference stands for the secret, whoever wins otherwise, and needs no SECRETS.
with 0 P=secretsmanager:app#DB_PASSWORD T=secretsmanager:text N=secretsmanager SECRETS_OVERRIDE=false "$entrypoint" \
	sh -c 'echo "$P,$N,$T"'
out_has 'Processing secrets [P=secretsmanager:app#DB_PASSWORD T=secretsmanager:text]...'
out_has 'hunter2-canary,secretsmanager,hunter2-canary plain'
with 125 P=secretsmanager:app#NOPE "$entrypoint" true
err_has "'P=secretsmanager:app#NOPE': the secret has no key 'NOPE'"
with 125 PATH="$PATH" LD_PRELOAD=secretsmanager:text "$entrypoint" true
err_has "'LD_PRELOAD' cannot be a variable"
with 125 SECRETS='app:NOPE' "$entrypoint" true
err_has "the secret has no key 'NOPE'"
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

x=$(printf %20000s '' | tr ' ' x)
for i in 0 1 2; do
	echo "{\"BIG${i}0\": \"$x\", \"BIG${i}1\": \"$x\", \"BIG${i}2\": \"$x\"}" | put big$i
done
run 125 prlimit --stack=524288 env SECRETS='big0 big1 big2' "$entrypoint" true
err_has 'the environment is larger than Linux hands to a program'
err_has 'BIG00 (20006 bytes)'

# ---- TLS: a server of another make in front, its certificate trusted and not ----

openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost \
	-addext subjectAltName=DNS:localhost,IP:127.0.0.1 2>/dev/null
cat key.pem cert.pem >both.pem
port=$(free_port)
upstream=${AWS_ENDPOINT_URL#http://}
socat "OPENSSL-LISTEN:$port,bind=127.0.0.1,reuseaddr,fork,cert=both.pem,verify=0" "TCP:$upstream" 2>/dev/null &
at_exit "kill $!"
wait_until accepts "$port"
for host in localhost 127.0.0.1; do
	with 0 SECRETS='app big0 big1' SSL_CERT_FILE=cert.pem "AWS_ENDPOINT_URL=https://$host:$port" \
		"$entrypoint" sh -c "$print_v"
	out_has hunter2-canary
done
with 0 SECRETS=app AWS_CA_BUNDLE=cert.pem "AWS_ENDPOINT_URL=https://localhost:$port" "$entrypoint" true
with 125 SECRETS=app "AWS_ENDPOINT_URL=https://localhost:$port" "$entrypoint" true
err_has 'certificate refused: '
with 125 SECRETS=app SSL_CERT_FILE=cert.pem "AWS_ENDPOINT_URL=https://ip6-localhost:$port" \
	"$entrypoint" true
with 125 SECRETS=app SSL_CERT_FILE=nowhere.pem "AWS_ENDPOINT_URL=https://localhost:$port" "$entrypoint" true
err_has "CA bundle 'nowhere.pem'"
with 125 SECRETS=app SSL_CERT_FILE=key.pem "AWS_ENDPOINT_URL=https://localhost:$port" "$entrypoint" true
err_has "CA bundle 'key.pem': no certificate in it"
with 125 SECRETS=app AWS_ENDPOINT_URL=http://example.com "$entrypoint" true
err_has 'is not https'

# ---- a proxy, which sees host and port alone, and whose password nobody sees ----

mkfifo hold
python3 "$testdir/proxy_stub.py" . 'me:hunter2 @:/' <hold &
exec 9>hold
wait_until [ -e proxy ]
proxy="me:hunter2%20%40%3A%2F@127.0.0.1:$(cat proxy)"
at() { # STATUS PROXY ENDPOINT
	with "$1" -u no_proxy -u NO_PROXY SECRETS=app SSL_CERT_FILE=cert.pem \
		HTTPS_PROXY="$2" AWS_ENDPOINT_URL="$3" "$entrypoint" sh -c 'echo "started $DB_USER"'
	err_lacks hunter2
}
at 0 "http://$proxy" "https://localhost:$port"
out_has 'started todo'
at 0 "$proxy/" "https://127.0.0.1:$port"
has connects "localhost:$port 200"
has connects "127.0.0.1:$port 200"
: >connects
at 125 "http://me:hunter@127.0.0.1:$(cat proxy)" "https://localhost:$port"
err_has "proxy 127.0.0.1:$(cat proxy): it refuses: status 407"
err_has '  -> check HTTPS_PROXY'
at 125 "http://$proxy" https://forbidden
err_has 'it refuses: status 403'
# Asking again would be of no use.
[ "$(wc -l <connects)" = 2 ] || fail "asked again: $(cat connects)"
at 125 "https://$proxy" "https://localhost:$port"
err_has 'HTTPS_PROXY is not an http URL with a host'
at 125 "http://127.0.0.1:1" "https://localhost:$port"
err_has 'proxy: connecting to 127.0.0.1 port 1'
with 0 -u no_proxy SECRETS=app HTTPS_PROXY=http://127.0.0.1:1 NO_PROXY=localhost SSL_CERT_FILE=cert.pem \
	"AWS_ENDPOINT_URL=https://localhost:$port" "$entrypoint" true

# ---- signals: nobody answers here ----

serve_silence
env SECRETS=app "AWS_ENDPOINT_URL=http://127.0.0.1:$silent_port" "$entrypoint" true >out 2>err &
waiting=$!
wait_until [ -s connected ]
before=$(date +%s%N)
kill -TERM $waiting
ran_status=0
wait $waiting || ran_status=$?
took_ms=$((($(date +%s%N) - before) / 1000000))
[ $ran_status = 143 ] || fail "SIGTERM while fetching: status $ran_status"
[ $took_ms -lt 15000 ] || fail "SIGTERM while fetching: ended after $took_ms ms"
echo "SIGTERM while fetching: over after $took_ms ms"
before=$(date +%s%N)
with 125 SECRETS=app SECRETS_TIMEOUT=1 "AWS_ENDPOINT_URL=http://127.0.0.1:$silent_port" "$entrypoint" true
err_has 'no answer within 1 s'
[ $((($(date +%s%N) - before) / 1000000)) -lt 15000 ] || fail 'the time limit was not kept'

# The application has the signals as they were, and the process.
run 0 "$entrypoint" sh -c 'grep -E "^Sig(Blk|Ign|Cgt)" /proc/self/status'
cp out with
run 0 sh -c 'exec sh -c "grep -E \"^Sig(Blk|Ign|Cgt)\" /proc/self/status"'
same out with
