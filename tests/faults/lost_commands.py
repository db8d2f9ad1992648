"""The commands that lost-replies.py plays: what each finds, and what is run."""

import pathlib
import shutil
import subprocess

TABLES = pathlib.Path(__file__).resolve().parent / "catalogue"
PLAIN = (TABLES / "plain.yml").read_text(encoding="utf-8")
ECS = (TABLES / "ecs.yml").read_text(encoding="utf-8")
SPEED = "600"

APP = {"stack.yml": PLAIN, "dev.cfg": "ApplicationImageTag=1a\n", "deployer.yml": "stack: {name: app}\n"}
ECS_APP = {**APP, "stack.yml": ECS}
FIRST = '"$DEPLOYER" deploy'
LIVE = (FIRST + "; echo ApplicationImageTag=2b >dev.cfg", None)


class Command:
    """files: of the project. setup: (script, scenario) one after the other, each a run of the sandbox.
    script: what is played, with $DEPLOYER. status: how it ends untouched. scenario: what happens anyway.
    needs: programs. account: the one whose list of calls counts, where there are two. stub: the calls are
    those of sso_stub.py. once: calls that cannot be made twice, as the service gives what they ask for once.
    again: what ends a run that ended early, where it is not the same command.
    teardown: what is done in the end, whatever comes of it.
    ignored: parts of the account that depend on how long it took, such as tasks that crash until then.
    """

    def __init__(self, name, script, *, files=None, setup=(), options=(), status=0, scenario=None, needs=(),
                 speed=SPEED, account="123456789012", stub=False, once=(), ignored=(), again=None, teardown=None):
        self.name, self.script, self.status = name, script, status
        self.files, self.setup, self.needs = files or APP, setup, needs
        self.scenario, self.account, self.stub, self.once = scenario or {}, account, stub, once
        self.ignored, self.again, self.teardown = ignored, again or script, teardown
        self.options = ["--speed", speed, *options]
        if "docker-registry" not in needs:
            self.options.append("--no-registry")

    def missing(self):
        for program in self.needs:
            if not shutil.which(program):
                return f"{program} is absent"
        if "docker" in self.needs and subprocess.run(["docker", "info"], capture_output=True, check=False).returncode:
            return "no Docker engine answers"
        return None


def deployer(name, args, **more):
    return Command(name, f'"$DEPLOYER" {args}', **more)


# ---- stacks ----

FAILS = {"resources": [{"logical_id": "Image", "outcome": "fail", "reason": "limit reached", "count": 1}]}
STUCK = {"resources": [{"logical_id": "Image", "action": "UPDATE", "outcome": "fail", "count": 1},
                       {"logical_id": "Other", "action": "ROLLBACK", "outcome": "fail", "count": 1}]}
CRASHES = {"services": [{"outcome": "crash", "exit_code": 3, "log": ["no database"]}]}
BUSY = {"stacks": [{"name": "app", "found": "UPDATE_IN_PROGRESS", "seconds": 900, "then": "UPDATE_COMPLETE"}]}
# Beyond what CreateChangeSet takes itself.
LARGE = {**APP, "stack.yml": PLAIN + "# large\n" * 8000, "deployer.yml": "stack: {name: app, bucket: templates}\n"}
PROTECTED = {**APP, "deployer.yml": "stack: {name: app, termination_protection: true}\n"}
NO_ROLLBACK = {**APP, "deployer.yml": "stack: {name: app, disable_rollback: true}\n"}

STACKS = [
    deployer("deploy", "deploy", setup=[LIVE]),
    deployer("deploy of a new stack", "deploy"),
    deployer("deploy of ECS", "deploy", files=ECS_APP, setup=[LIVE]),
    deployer("deploy of nothing", "deploy", setup=[(FIRST, None)]),
    deployer("deploy by way of S3", "deploy", files=LARGE, setup=[LIVE], options=["--bucket", "templates"]),
    deployer("deploy with protection", "deploy", files=PROTECTED),
    deployer("deploy --recreate", "deploy --recreate", setup=[('! "$DEPLOYER" deploy', FAILS)]),
    deployer("deploy --changeset", 'deploy --changeset "$(cat arn)"',
             again='"$DEPLOYER" deploy --changeset "$(cat arn)" || "$DEPLOYER" watch',
             setup=[LIVE, ('"$DEPLOYER" plan --keep 2>plan; grep -o "arn:[^ ]*changeSet[^ ]*" plan | tail -n 1 >arn', None)]),
    deployer("deploy that fails", "deploy", setup=[LIVE], scenario=FAILS, status=10),
    deployer("deploy that is cancelled", "deploy --on-ecs-failure cancel", files=ECS_APP, setup=[LIVE], scenario=CRASHES,
             status=10, speed="120", ignored=("LogGroups", "Services", "TaskDefinitions")),
    deployer("plan", "plan", setup=[LIVE]),
    deployer("plan of a new stack", "plan"),
    deployer("plan --keep", "plan --keep", setup=[LIVE]),
    deployer("watch", "watch", setup=[LIVE], scenario=BUSY),
    deployer("watch of what is over", "watch", setup=[LIVE]),
    deployer("diagnose", "diagnose", files=ECS_APP,
             setup=[LIVE, ('! "$DEPLOYER" deploy --on-ecs-failure cancel', CRASHES)], speed="120"),
    deployer("recover", "recover", setup=[LIVE, ('! "$DEPLOYER" deploy', STUCK)]),
    deployer("recover without a rollback", "recover", files=NO_ROLLBACK, setup=[LIVE, ('! "$DEPLOYER" deploy', FAILS)]),
    deployer("status", "status", files=ECS_APP, setup=[LIVE]),
    deployer("check", "check", setup=[LIVE]),
    deployer("params diff", "params diff", setup=[LIVE]),
]

# ---- images, without an Engine ----

# An image of one layer under a tag, put there with the registry's own password.
PUSH = r"""set -eu
api=http://$DEPLOYER_SANDBOX_REGISTRY/v2/team/app
password=$(printf %s "$DEPLOYER_SANDBOX_REGISTRY" | ./docker-credential-deployer get |
	sed 's/.*"Secret": *"\([^"]*\)".*/\1/')
digest_of() { echo "sha256:$(sha256sum "$1" | cut -d ' ' -f 1)"; }
ask() { curl -sSf -u "AWS:$password" "$@"; }
upload() {
	place=$(ask -X POST -D - -o /dev/null "$api/blobs/uploads/" | tr -d '\r' | sed -n 's/^[Ll]ocation: //p')
	ask -X PUT -H 'Content-Type: application/octet-stream' --data-binary "@$1" "$place&digest=$(digest_of "$1")"
}
echo "$1" >layer
printf '{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":["%s"]}}' "$(digest_of layer)" >config
gzip -nf layer
upload layer.gz
upload config
type=application/vnd.oci.image
printf '{"schemaVersion":2,"mediaType":"%s.manifest.v1+json","config":{"mediaType":"%s.config.v1+json","size":%d,"digest":"%s"}' \
	$type $type "$(wc -c <config)" "$(digest_of config)" >manifest
printf ',"layers":[{"mediaType":"%s.layer.v1.tar+gzip","size":%d,"digest":"%s"}]}' \
	$type "$(wc -c <layer.gz)" "$(digest_of layer.gz)" >>manifest
ask -X PUT -H "Content-Type: $type.manifest.v1+json" --data-binary @manifest "$api/manifests/$1"
rm config manifest layer.gz
"""
IMAGE_APP = {**APP, "push.sh": PUSH, "deployer.yml": "stack: {name: app}\nimage: team/app\n",
             ".gitignore": "push.sh\ndocker-credential-deployer\ntag*\nboth.sh\ninner.sh\n"}
# Three commits, each with its image; the stack runs the second.
COMMITS = """ln -s "$DEPLOYER" docker-credential-deployer
git init -q .
for number in 1 2 3; do
	echo $number >source
	git add -A
	git commit -qm "number $number"
	git rev-parse --short HEAD >tag$number
	sh push.sh "$(cat tag$number)"
	[ $number = 3 ] || echo "ApplicationImageTag=$(cat tag$number)" >dev.cfg
	[ $number = 3 ] || "$DEPLOYER" deploy
done"""
REGISTRY = {"files": IMAGE_APP, "setup": [(COMMITS, None)], "options": ["--repository", "team/app"],
            "needs": ["docker-registry", "curl", "git"]}
TWO = {**IMAGE_APP, "dev.cfg": "ApplicationImageTag=none\n", "prod.cfg": "ApplicationImageTag=none\n",
       "deployer.yml": "project: app\nimage: team/app\nenvironments:\n  dev: {aws: {profile: one}}\n"
                       "  prod: {aws: {profile: two, account: '210987654321'}}\n",
       # The inner sandbox is the account "two"; $IN names the one that the fault is for.
       "both.sh": 'one=$AWS_ENDPOINT_URL one_id=$AWS_ACCESS_KEY_ID one_key=$AWS_SECRET_ACCESS_KEY\n'
                  'export one one_id one_key\n'
                  '[ ! -e ../inner.yml ] || set -- --scenario ../inner.yml "$@"\n'
                  'exec "$DEPLOYER_SANDBOX" run --speed 600 --state "$PWD/../two" --repository team/app --account 210987654321 "$@"\n',
       "inner.sh": 'mkdir -p "$HOME/.aws"\n'
                   'profile() {\n'
                   '\tprintf "[profile %s]\\nregion = us-east-1\\nendpoint_url = %s\\n" "$1" "$2"\n'
                   '\tprintf "aws_access_key_id = %s\\naws_secret_access_key = %s\\n" "$3" "$4"\n'
                   '}\n'
                   '{\n'
                   '\tprofile one "$one" "$one_id" "$one_key"\n'
                   '\tprofile two "$AWS_ENDPOINT_URL" "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY"\n'
                   '} >"$HOME/.aws/config"\n'
                   'unset AWS_ENDPOINT_URL AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_REGION AWS_DEFAULT_REGION\n'
                   'exec "$@"\n'}
RELEASED = """ln -s "$DEPLOYER" docker-credential-deployer
git init -q .
git add -A
git commit -qm first
sh push.sh "$(git rev-parse --short HEAD)"
sh both.sh -- sh inner.sh "$DEPLOYER" -e dev release --from bump"""
PROMOTE = {"files": TWO, "setup": [(RELEASED, None)], "options": ["--repository", "team/app"],
           "needs": ["docker-registry", "curl", "git"]}

def publish(name, args):
    """An image of one layer, built before; the Engine is rid of it and its tags in the end."""
    image = "deployer-lost/" + name.replace(" --", "-")
    script = f"""trap 'docker rmi "$DEPLOYER_SANDBOX_REGISTRY/{image}:$(git rev-parse --short HEAD)" >/dev/null 2>&1 || :' EXIT
"$DEPLOYER" publish {args}"""
    files = {"Dockerfile": "FROM scratch\nCOPY source /source\n", "source": f"{name}\n",
             "docker-compose.yml": f"services:\n  app: {{image: {image}}}\n",
             "deployer.yml": "project: app\npublish: {tags: [latest]}\n"}
    return Command(name, script, files=files, options=["--repository", image], needs=["docker-registry", "docker", "git"],
                   setup=[("git init -q .; git add -A; git commit -qm first\n"
                           f"docker build -q --no-cache -t {image} . >/dev/null 2>&1", None)],
                   teardown=f"docker rmi {image}")


IMAGES = [
    publish("publish", ""),
    publish("publish --direct", "--direct"),
    deployer("rollback, a list", "rollback", **REGISTRY),
    deployer("rollback", 'rollback "$(cat tag1)"', **REGISTRY),
    deployer("release --from bump", "release --from bump --allow-dirty", **REGISTRY),
    deployer("bump --check", "bump --check", status=3, **REGISTRY),
    deployer("doctor", "doctor", **REGISTRY),
    Command("login", 'PATH="$PWD:$PATH" "$DEPLOYER" login', **REGISTRY),
    deployer("login --store", "login --store", **REGISTRY),
    Command("credential helper", 'printf %s "$DEPLOYER_SANDBOX_REGISTRY" | ./docker-credential-deployer get >/dev/null', **REGISTRY),
    Command("promote, from", 'sh both.sh -- sh inner.sh "$DEPLOYER" promote dev prod', **PROMOTE),
    Command("promote, to", 'sh both.sh -- sh inner.sh "$DEPLOYER" promote dev prod', account="210987654321", **PROMOTE),
]

# ---- identities ----

ROLE = ('mkdir -p "$HOME/.aws"; printf "[profile dev]\\nrole_arn = arn:aws:iam::123456789012:role/dev\\n'
        'credential_source = Environment\\n" >"$HOME/.aws/config"', None)
SSO = """stub=$PWD/../stub
mkdir -p "$stub" "$HOME/.aws"
printf '[sso-session team]\\nsso_start_url = https://team.example/start\\nsso_region = eu-north-1\\n' >"$HOME/.aws/config"
printf '[profile dev]\\nsso_session = team\\nsso_account_id = 123456789012\\nsso_role_name = Dev\\n' >>"$HOME/.aws/config"
echo 60 >"$stub/device"
echo '28800' >"$stub/replies"
echo "$LOST" >"$stub/lost"
rm -f "$stub/port" "$stub/hold" "$stub/calls"
mkfifo "$stub/hold"
python3 "$TESTDIR/sso_stub.py" "$stub" <"$stub/hold" &
exec 9>"$stub/hold"
while [ ! -e "$stub/port" ]; do sleep 0.05; done
url=http://127.0.0.1:$(cat "$stub/port")
export AWS_ENDPOINT_URL_SSO_OIDC="$url" AWS_ENDPOINT_URL_SSO="$url" AWS_ENDPOINT_URL_STS="$url"
export AWS_REGION=eu-north-1
unset AWS_ENDPOINT_URL AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
"$DEPLOYER" """
SSO_NEEDS = {"needs": ["python3", "mkfifo"], "stub": True}

IDENTITIES = [
    deployer("whoami", "whoami"),
    # The sandbox forgets its sessions when it ends, the cache does not.
    deployer("whoami in a role", "whoami --profile dev", setup=[ROLE],
             again='rm -rf "$HOME/.aws/cli"; "$DEPLOYER" whoami --profile dev'),
    deployer("credentials of a role", "credentials --profile dev >/dev/null", setup=[ROLE]),
    # A code is good for one token (RFC 8628 section 3.5, RFC 6749 section 4.1.2): the next try is refused.
    Command("sso-login", SSO + "sso-login --profile dev", once=("token",), **SSO_NEEDS),
    Command("whoami by SSO", SSO + "whoami --profile dev", setup=[(SSO + "sso-login --profile dev", None)], **SSO_NEEDS),
]

# ---- secrets ----

PUT = ("""printf '{"USER":"todo","PASSWORD":"one"}' >app.json; "$DEPLOYER" secrets put app --file app.json
printf '{"USER":"todo","PASSWORD":"two"}' >app.json; printf 'PASSWORD=two\\nMORE=three\\n' >.env""", None)

SECRETS = [
    deployer("secrets put of a new one", "secrets put other --file app.json", setup=[PUT]),
    deployer("secrets put", "secrets put app --file app.json", setup=[PUT]),
    deployer("secrets import", "secrets import app --file .env", setup=[PUT]),
    Command("secrets edit", 'EDITOR="sed -i s/todo/done/" "$DEPLOYER" secrets edit app', setup=[PUT]),
    deployer("secrets get", "secrets get app", setup=[PUT]),
    deployer("secrets get --reveal", "secrets get app --reveal", setup=[PUT]),
    deployer("secrets diff", "secrets diff app --file app.json", setup=[PUT], status=1),
    deployer("secrets list", "secrets list", setup=[PUT]),
    deployer("secrets list --versions", "secrets list --versions app", setup=[PUT]),
    Command("secrets run", """"$DEPLOYER" secrets run -s app -- sh -c 'echo "$USER"'""", setup=[PUT]),
    Command("the entrypoint", """SECRETS=app SECRETS_TIMEOUT=20 "$DEPLOYER_ENTRYPOINT" sh -c 'echo "$USER"'""", setup=[PUT]),
]

# ---- what asks nobody ----

ALONE = [deployer(args.split(" ")[0], args, files=IMAGE_APP, status=status, setup=[("git init -q .; git add -A; git commit -qm first", None)])
         for args, status in [("bump", 0), ("completion bash", 0), ("config", 0), ("help", 0),
                              ("history", 0), ("iam", 0), ("init --dry-run", 0), ("logout", 0), ("report", 3), ("version", 0)]]

# Those of a fast run: what changes something, each in a way of its own.
FAST = {"deploy", "deploy of a new stack", "plan of a new stack", "recover", "secrets put", "secrets put of a new one"}
COMMANDS = STACKS + IMAGES + IDENTITIES + SECRETS + ALONE
