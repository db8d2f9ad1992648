#!/bin/sh
# deployer secrets against the sandbox: what is stored, what is shown and what never is.
. "$(dirname "$0")/testlib.sh"

sandbox=${DEPLOYER_SANDBOX:-}
[ -x "$sandbox" ] || skip 'the sandbox is absent'
need python3

serve_sandbox --no-registry --state state

# put IN STATUS ARGUMENT...: 'secrets put' with a text on standard input.
put() {
	printf %s "$1" >stdin
	put_status=$2
	shift 2
	run_with_input "$put_status" stdin "$put_status" "$DEPLOYER" secrets put "$@"
}

# ---- put ----

put '{"USER":"todo","PASSWORD":"canary-1","BIG":12345678901234567890}' 0 app \
	--description 'of the app' --kms-key alias/app --tag team=web --tag note=a=b
err_has "'app' is created"
python3 - <<'END' || fail 'not created as it was asked for'
import json, time
for _ in range(1200):
    secret = json.load(open("state/account.json")).get("Secrets", {}).get("app", {})
    if secret:
        break
    time.sleep(0.1)
assert secret.get("KmsKeyId") == "alias/app" and secret.get("Description") == "of the app"
assert secret.get("Tags") == [{"Key": "team", "Value": "web"}, {"Key": "note", "Value": "a=b"}]
END
put '{"USER":"todo","PASSWORD":"canary-1","BIG":12345678901234567890}' 0 app
err_has "'app' has this value already"
put '{"USER":"todo",' 2 app
err_has "'standard input' is not a JSON object"
put '{"USER":"canary","USER":"b"}' 2 app
err_lacks canary
put 'canary-text' 2 text
err_has '  -> mend it, or store it as one value with --text'
put 'canary-text' 0 text --text
run 0 "$DEPLOYER" secrets get text --reveal
[ "$(cat out)" = canary-text ] || fail 'not the text'
put '{}' 2 app --tag team
err_has "--tag: 'team' is not KEY=VALUE"
python3 -c 'print("x" * 65537)' >large
run 2 "$DEPLOYER" secrets put app --text --file large
run 2 "$DEPLOYER" secrets put app --file nowhere
put '{}' 2 'app:KEY'
err_has "'app:KEY' is no name of a secret"
put '{}' 2 ''
put 'line
' 0 line --text
err_has 'the value ends with a line end, which is stored too'
put '' 2 text --text
err_has 'the value is empty'
printf 'a\000b' >nul
run 2 "$DEPLOYER" secrets put text --text --file nul
err_has 'the value has a NUL in it'
printf 'a\377b' >nul
run 2 "$DEPLOYER" secrets put text --text --file nul
err_has 'not UTF-8'
run 2 "$DEPLOYER" secrets
err_has "'secrets' is followed by one of: diff, edit, get, import, list, put, run"
err_has "  -> see 'deployer help secrets' for what they do"
run 0 "$DEPLOYER" secrets --help
out_has 'Usage: deployer secrets COMMAND [ARGUMENT...]'
out_has '  put               store a secret'
cp out family
run 0 "$DEPLOYER" help secrets
same out family

# ---- dry runs: what would change, by name; nothing is sent ----

put '{"USER":"todo","PASSWORD":"canary-9","NEW":"n"}' 0 app --dry-run
out_is '- PASSWORD  ********  (8 bytes)
+ PASSWORD  ********  (8 bytes)
- BIG  ********  (20 bytes)
+ NEW  ********  (1 byte)'
err_has "'app' would get a new version"
put '{"A":"canary-9"}' 0 dry --dry-run
err_has "'dry' would be created"
printf 'A=canary-9\n' >.env
run 0 "$DEPLOYER" secrets import dry --file .env -n
out_is '+ A  ********  (8 bytes)'
run 0 env EDITOR='sed -i s/todo/canary-9/' "$DEPLOYER" secrets edit app -n
out_is '- USER  ********  (4 bytes)
+ USER  ********  (8 bytes)'
run 1 "$DEPLOYER" secrets get dry
err_has "'deployer secrets list' has the names"
run 0 "$DEPLOYER" secrets get app:PASSWORD --reveal
[ "$(cat out)" = canary-1 ] || fail 'a dry run stored something'
run 2 "$DEPLOYER" secrets edit app
err_has 'no EDITOR is set, and this is no terminal for vi'

# ---- get and list ----

run 0 "$DEPLOYER" secrets get app
out_has 'PASSWORD  ********  (8 bytes)'
out_lacks canary
run 0 "$DEPLOYER" secrets get app --output json
out_is '{"USER": "********", "PASSWORD": "********", "BIG": "********"}'
run 0 "$DEPLOYER" secrets get app:BIG --reveal
[ "$(cat out)" = 12345678901234567890 ] || fail 'not the number'
run 0 "$DEPLOYER" secrets get app --reveal
[ "$(cat out)" = '{"USER":"todo","PASSWORD":"canary-1","BIG":12345678901234567890}' ] || fail 'not the bytes'
run 2 "$DEPLOYER" secrets get app:NOPE
err_has "the secret has no key 'NOPE'"
err_has "without ':KEY' shows its keys"
run 2 "$DEPLOYER" secrets get text:KEY
err_has "it is one value: name the secret without ':KEY'"
run 1 "$DEPLOYER" secrets list --versions nope
err_has "'deployer secrets list' has the names"
run 1 "$DEPLOYER" secrets get nope
err_has ResourceNotFoundException
run 0 "$DEPLOYER" secrets list a
out_matches '^20.*Z  app  of the app$'
out_lacks text
run 0 "$DEPLOYER" secrets list --output json
out_has '{"name": "app", "changed": "20'

# ---- versions and diff ----

put '{"USER":"todo","PASSWORD":"canary-2","NEW":"n"}' 0 app
err_has "'app' has a new version"
run 0 "$DEPLOYER" secrets list --versions app
out_has AWSCURRENT
out_has AWSPREVIOUS
run 1 "$DEPLOYER" secrets diff app
out_has '- PASSWORD  ********'
out_has '+ NEW  ********'
out_lacks USER
out_lacks canary
run 0 "$DEPLOYER" secrets diff app app::AWSCURRENT
nothing_said
printf 'USER=todo\nPASSWORD=canary-2\nNEW=n\n' >.env
run 0 "$DEPLOYER" secrets diff app --file .env
run 0 "$DEPLOYER" secrets get app:PASSWORD:AWSPREVIOUS --reveal
[ "$(cat out)" = canary-1 ] || fail 'not the previous version'

# ---- import ----

cat >.env <<'END'
# comment
PASSWORD="canary \"3\"\n"
MORE='$HOME'
END
run 0 "$DEPLOYER" secrets import app --file .env
err_lacks canary
run 0 "$DEPLOYER" secrets get app --reveal
[ "$(cat out)" = '{"USER": "todo", "NEW": "n", "PASSWORD": "canary \"3\"\u000a", "MORE": "$HOME"}' ] ||
	fail 'not merged'
echo 'canary' >.env
run 2 "$DEPLOYER" secrets import app --file .env
err_has "'.env': line 1: no '=' in it"
err_lacks canary

# ---- edit ----

cat >editor <<'END'
#!/bin/sh
ls -l "$1" >>modes
[ -s edits ] || exit 0
sed -i "$(head -n 1 edits)" "$1"
sed -i 1d edits
END
chmod +x editor
export EDITOR="$tmp/editor"
: >edits
run 0 "$DEPLOYER" secrets edit app
err_has "'app' is left as it was"
# Broken first, mended then.
printf 's/}$/,/\ns/,$/, "EDITED": "e"}/\n' >edits
run 0 "$DEPLOYER" secrets edit app
err_has 'the editor is opened again'
err_has "'app' has a new version"
run 0 "$DEPLOYER" secrets get app:EDITED --reveal
[ "$(cat out)" = e ] || fail 'not edited'
grep -qv '^-rw------- ' modes && fail 'others can read the file'
wait_until no_draft_is_left
# No editor, and none that can be told from its words; a name that is longer than a file's may be.
run 2 env EDITOR="vi 'x" "$DEPLOYER" secrets edit app
err_has 'EDITOR: '
run 5 env EDITOR=/nonexistent/editor "$DEPLOYER" secrets edit app
err_has 'the editor: '
err_has 'name yours in EDITOR'
long=$(printf %0300d 7)
put old 0 "$long" --text
run 0 env EDITOR='sed -i s/old/new/' "$DEPLOYER" secrets edit --text "$long"
run 0 "$DEPLOYER" secrets get "$long" --reveal
[ "$(cat out)" = new ] || fail 'not edited'
put old 0 path/ --text
run 0 env EDITOR='sed -i s/old/new/' "$DEPLOYER" secrets edit --text path/
run 0 "$DEPLOYER" secrets get path/ --reveal
[ "$(cat out)" = new ] || fail 'not edited'
wait_until no_draft_is_left
# Quotation marks take two bytes in JSON.
python3 -c 'print("A=\x27" + 40000 * "\"" + "\x27")' >.env
run 2 "$DEPLOYER" secrets import app --file .env
err_has 'more than the 64 KiB that a secret holds'

# ---- run ----

run 0 "$DEPLOYER" secrets run --secret app -- sh -c 'echo "$USER $EDITED"'
out_is 'todo e'
run 0 env SECRETS=app:EDITED SECRETS_OPTIONAL=nope "$DEPLOYER" secrets run -- sh -c 'echo "$EDITED"; exit 0'
out_is e
run 7 "$DEPLOYER" secrets run -s app -- sh -c 'exit 7'
run 5 "$DEPLOYER" secrets run -s app -- no-such-program
run 2 "$DEPLOYER" secrets run -- true
err_has 'no secret is named'
run 1 "$DEPLOYER" secrets run -s nope -- true
echo garbage >program
chmod +x program
run 5 "$DEPLOYER" secrets run -s app -- ./program
err_has "cannot start './program': Exec format error"

# ---- what is no text, and what is not there ----

run 1 "$DEPLOYER" secrets get arn:aws:ssm:us-east-1:123456789012:parameter/no
err_has ParameterNotFound
err_has 'is it in this account and region?'
kill "$sandbox_pid"
wait "$sandbox_pid" || :
python3 - <<'END'
import base64, json
state = json.load(open("state/account.json"))
for version in state["Secrets"]["text"]["Versions"].values():
    version.pop("SecretString", None)
    version["SecretBinary"] = base64.b64encode(b"canary").decode()
json.dump(state, open("state/account.json", "w"))
END
serve_sandbox --no-registry --state state
run 3 "$DEPLOYER" secrets get text
err_has "'text' is a binary secret"
err_lacks canary
echo 'deployer secrets: ok'
