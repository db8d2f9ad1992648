#!/bin/sh
# Programs of the user's before and after a stage and at the end of a run, what they are told and what
# their failure means; and the webhook, whose URL is a secret.
. "$(dirname "$0")/testlib.sh"
need git python3
[ -n "${DEPLOYER_SANDBOX-}" ] || skip 'deployer-sandbox is not built'

cat >stack.yml <<-'YML'
	Parameters:
	  ApplicationImageTag: {Type: String}
	Resources:
	  Image:
	    Type: AWS::SSM::Parameter
	    Properties: {Type: String, Value: !Ref ApplicationImageTag}
YML
printf 'ApplicationImageTag=1a\n' >dev.cfg
printf '#!/bin/sh\nprintenv | sort >"$HOME/env-$DEPLOYER_HOOK$1"; echo "told $DEPLOYER_HOOK"; exit "${2-0}"\n' >tell
chmod +x tell

# A webhook that keeps what it is sent, and answers as its path says.
cat >hook.py <<-'PYTHON'
	import http.server, sys
	class Handler(http.server.BaseHTTPRequestHandler):
	    def do_POST(self):
	        body = self.rfile.read(int(self.headers["Content-Length"]))
	        open(sys.argv[1] + "/posted", "wb").write(body)
	        self.send_response(500 if "refuse" in self.path else 200)
	        self.end_headers()
	    def log_message(self, *args):
	        pass
	server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
	open(sys.argv[1] + "/port.new", "w").write(str(server.server_port))
	import os; os.rename(sys.argv[1] + "/port.new", sys.argv[1] + "/port")
	server.serve_forever()
PYTHON
python3 hook.py "$tmp" &
at_exit kill $!
wait_until [ -e port ]
url="http://127.0.0.1:$(cat port)/services/T000/CANARYTOKEN"

settings() { # LINE...
	printf 'project: todo\nstack:\n  name: app\n' >deployer.yml
	printf '%s\n' "$@" >>deployer.yml
}

sandbox() { # STATUS [OPTION...] -- COMMAND...
	want=$1
	shift
	run "$want" "$DEPLOYER_SANDBOX" run --state "$tmp/state" --no-registry "$@"
}

posted() {
	has posted "$1"
	rm posted
}

# Each in its turn, with what is known by then; the webhook hears of the end.
settings 'hooks:' '  before_deploy: ./tell' '  after_deploy:' '  - [./tell, " two"]' '  - ./tell' \
	'  succeeded: ./tell' '  failed: ./tell' 'notify:' "  webhook: $url"
export APP_VERSION=1a
sandbox 0 -- env DEPLOYER_WEBHOOK="$url" "$DEPLOYER" deploy
err_matches 'before_deploy.*told before_deploy'
has home/env-before_deploy 'DEPLOYER_PROJECT=todo'
has home/env-before_deploy 'DEPLOYER_STACK=app'
has home/env-before_deploy 'DEPLOYER_VERSION=1a'
has home/env-before_deploy 'DEPLOYER_REGION=us-east-1'
[ -e 'home/env-after_deploy two' ] || fail 'a list is taken word by word'
has home/env-succeeded 'DEPLOYER_STATUS=0'
[ ! -e home/env-failed ] || fail 'the failure hook ran after a success'
posted '{"text": "todo 1a: deployed to app after '
sandbox 0 -- env DEPLOYER_WEBHOOK="$url" "$DEPLOYER" deploy
posted '{"text": "todo 1a: already runs in app after '
grep -qi webhook home/env-succeeded && fail 'a program has seen the webhook'

run 0 "$DEPLOYER" config
out_matches 'hooks.after_deploy +./tell  two, ./tell +# deployer.yml'
out_matches 'stages.release +up migrate, up acceptance +# convention'

# One that fails before a stage keeps it from beginning; after it, it is done all the same.
rm -f home/env-*
settings 'hooks:' '  before_deploy:' '  - [./tell, "", 3]' '  - ./tell' '  failed: ./tell' "notify: {webhook: '$url'}"
printf 'ApplicationImageTag=2b\n' >dev.cfg
sandbox 1 -- "$DEPLOYER" deploy
err_has "hook before_deploy: ./tell exited with status 3"
err_has '-> the deploy stage has not begun'
has home/env-failed 'DEPLOYER_STATUS=1'
has home/env-failed 'DEPLOYER_MESSAGE=hook before_deploy'
posted 'failed with status 1'
settings 'hooks:' '  after_deploy: [[./tell, "", 4]]'
sandbox 1 -- "$DEPLOYER" deploy
err_has 'stack app is UPDATE_COMPLETE'
err_has '-> the deploy stage itself is done'

# Telling changes no outcome, and the webhook's URL is never shown; the environment's comes first.
settings 'hooks:' '  succeeded: [[./tell, "", 5]]' "notify: {webhook: '$url/refuse'}"
sandbox 0 -- "$DEPLOYER" deploy
err_has 'hook succeeded: ./tell exited with status 5'
err_matches "the webhook at '127.0.0.1:[0-9]*' was not told: HTTP 500"
err_lacks CANARYTOKEN
for form in text json; do
	run 0 "$DEPLOYER" --output "$form" config
	out_lacks CANARYTOKEN
done
rm -f posted
sandbox 0 -- env DEPLOYER_WEBHOOK=http://127.0.0.1:1/CANARYTOKEN "$DEPLOYER" -v deploy
err_has "the webhook at '127.0.0.1:1' was not told: it cannot be reached"
err_lacks CANARYTOKEN
[ ! -e posted ] || fail 'the environment did not come first'

# What is no hook.
settings 'hooks:' '  before_deplyo: ./tell'
run 2 "$DEPLOYER" config
err_has "unknown key 'hooks.before_deplyo'"
err_has "did you mean 'hooks.before_deploy'?"
settings 'hooks:' '  before_deploy: [{up: migrate}]'
run 2 "$DEPLOYER" config
err_has "'hooks.before_deploy' is not a list of programs"
settings 'hooks:' '  before_deploy: [./absent]'
sandbox 5 -- "$DEPLOYER" deploy
err_has "./absent"
