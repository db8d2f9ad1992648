#!/usr/bin/env python3
"""Canaries in every channel that carries a secret, through every command, fault and level of talk.

    canaries.py [--long | --runs N] [--seed N] [--list] [WORD...]

Each run is one command with one source of credentials, one fault and one level of talk, watched by
strace, which misses nothing between two looks. In front of the sandbox stands an endpoint that passes
calls on, or answers them wrongly and echoes all that it was sent: headers, token, body. A canary is
looked for as it is, in base64, as a URL and JSON have it, in the arguments and the environments of
programs, in what is written to terminals, pipes and files, in names, in what lies on the disk
afterwards, and in memory that should have been wiped. secrecy_watch.py (tests/cli) knows where one may
be: in sockets, in an editor's draft, in the environment of a program that secrets are meant for.

Channels: static keys, session tokens, what a sign-in left behind, a web identity, a container's and an
instance's answers, a process's output, GitHub's request token and identity, the registry's token,
docker's own logins, a proxy's password, the webhook, values of secrets, .env files, parameters that the
template hides. A code of MFA is asked for at a terminal alone and is not among them.

--long plays all 10,528, --runs N so many; otherwise 60, drawn by the seed, with every command in it, and
every fault with a source of credentials as far as there is room. Prints
'N runs, N places, n hits'. DEPLOYER, DEPLOYER_ENTRYPOINT and DEPLOYER_SANDBOX name the programs.
"""

import base64
import concurrent.futures
import hashlib
import itertools
import json
import os
import pathlib
import random
import re
import shutil
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

import catalogue

HERE = pathlib.Path(__file__).resolve().parent
WATCH = HERE.parent / "cli" / "secrecy_watch.py"
TIMEOUT_S = 120
WORKERS = 3
FAST_RUNS = 60

LEVELS = [[], ["--quiet"], ["--verbose"], ["--output", "json"]]
FAULTS = ["none", "denied", "throttled", "broken", "garbled", "lost", "expired"]

# ---- the canaries: words that nothing else contains ----

NAMES = """key token sso refresh client web container container-key imds imds-key process oidc jwt ecr docker
           proxy webhook value other dotenv hidden assumed""".split()


class Canaries:
    def __init__(self):
        self.key_id = ""
        self.words = {name: f"cAnary/{name}+" + hashlib.sha1(os.urandom(8)).hexdigest()[:12] for name in NAMES}

    def __getitem__(self, name):
        return self.words[name]

    def forms(self, names=None):
        """As strace writes them, too."""
        forms = set()
        for name in names or self.words:
            text = self.words[name]
            forms |= {text, json.dumps(text)[1:-1], text.replace("/", "\\/"), text.encode().hex()}
            forms |= {urllib.parse.quote(text, safe=""), urllib.parse.quote(text)}
            for lead in range(3):
                forms.add(base64.b64encode(b"x" * lead + text.encode())[4 if lead else 0:-4].decode())
        forms |= {form.replace("\\", "\\\\") for form in forms}
        return sorted(forms)


# ---- the endpoint in front of the sandbox ----

def read_head(stream):
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = stream.readline(65536)
        if not line:
            return None
        head += line
    return head


def header(head, name):
    found = re.search(rb"(?im)^" + name + rb": *([^\r]*)", head)
    return found.group(1) if found else b""


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        try:
            while self.one():
                pass
        except OSError:
            pass

    def one(self):
        head = read_head(self.rfile)
        if not head:
            return False
        body = self.rfile.read(int(header(head, b"Content-Length") or 0))
        return self.server.front.answer(self.wfile.write, head, body)


class Front:
    """fault: what becomes of calls to AWS; those that credentials come from are answered here."""

    def __init__(self, canaries, sandbox_port):
        self.canaries, self.sandbox_port = canaries, sandbox_port
        self.fault, self.hold, self.held = "none", None, threading.Event()
        self.release = threading.Event()
        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler, bind_and_activate=False)
        self.server.allow_reuse_address = self.server.daemon_threads = True
        self.server.request_queue_size = 50
        self.server.server_bind()
        self.server.server_activate()
        self.server.front = self
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self):
        self.release.set()
        self.server.shutdown()
        self.server.server_close()

    def keys(self, name):
        return {"AccessKeyId": "AKIDSANDBOX", "SecretAccessKey": self.canaries[name], "Token": self.canaries["token"],
                "Expiration": "2099-01-01T00:00:00Z", "RoleArn": "arn:aws:iam::123456789012:role/r"}

    def own(self, path, head, body):
        """What credentials come from, and the registry: (status, text) or None."""
        canaries = self.canaries
        if path == "/container":
            return 200, json.dumps(self.keys("container-key"))
        if path == "/latest/api/token":
            return 200, canaries["imds"]
        if path.startswith("/latest/meta-data/iam/security-credentials"):
            return 200, json.dumps({**self.keys("imds-key"), "Code": "Success"}) if path.endswith("/role") else "role"
        if path.startswith("/oidc"):
            return 200, json.dumps({"value": canaries["jwt"]})
        if path.startswith("/federation/credentials"):
            return 200, json.dumps({"roleCredentials": {"accessKeyId": "AKIDSANDBOX", "secretAccessKey": canaries["assumed"],
                                                        "sessionToken": canaries["token"], "expiration": 4070908800000}})
        if b"Action=AssumeRole" in body:
            return 200, ("<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>AKIDSANDBOX</AccessKeyId>"
                         f"<SecretAccessKey>{canaries['assumed']}</SecretAccessKey><SessionToken>{canaries['token']}</SessionToken>"
                         "<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials><AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/r/s</Arn>"
                         "<AssumedRoleId>A:s</AssumedRoleId></AssumedRoleUser></AssumeRoleWithWebIdentityResult><ResponseMetadata><RequestId>r</RequestId>"
                         "</ResponseMetadata></AssumeRoleWithWebIdentityResponse>")
        if b"GetAuthorizationToken" in head:
            token = base64.b64encode(b"AWS:" + canaries["ecr"].encode()).decode()
            return 200, json.dumps({"authorizationData": [{"authorizationToken": token, "expiresAt": 4070908800,
                                                           "proxyEndpoint": f"http://127.0.0.1:{self.port}"}]})
        if path.startswith(("/v2/", "/webhook")):
            return (200, "{}") if self.fault == "none" else (401, "no: " + self.echo(head, body))
        return None

    @staticmethod
    def echo(head, body):
        text = (head + body).decode("utf-8", "replace")
        return re.sub(r"\s+", " ", text + " " + urllib.parse.unquote_plus(text)).replace("<", "(").replace("&", "+")

    def answer(self, write, head, body):
        path = head.split(b" ")[1].decode()
        if self.hold and self.hold.encode() in head + body:
            self.held.set()
            self.release.wait(TIMEOUT_S)
        own = self.own(path, head, body)
        if own and (self.fault == "none" or "Action=AssumeRole" not in body.decode("latin-1")):
            self.write(write, own[0], own[1])
            return False
        return self.fail(write, head, body) if self.fault != "none" else self.forward(write, head, body)

    @staticmethod
    def write(write, status, text, kind="application/x-amz-json-1.1"):
        body = text.encode()
        write(f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)

    def fail(self, write, head, body):
        echo = self.echo(head, body)
        status, code = {"denied": (403, "AccessDenied"), "throttled": (400, "ThrottlingException"), "broken": (500, "InternalFailure"),
                        "expired": (403, "ExpiredToken"), "garbled": (200, ""), "lost": (0, "")}[self.fault]
        if self.fault == "lost":
            self.forward(lambda piece: None, head, body)
            return False
        if self.fault == "garbled":
            self.write(write, status, "{" + echo)
        elif b"Action=" in body or b"Action=" in head.split(b"\r\n")[0]:
            self.write(write, status, f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>refused: {echo}</Message></Error>"
                       "<RequestId>r</RequestId></ErrorResponse>", "text/xml")
        else:
            self.write(write, status, json.dumps({"__type": code, "message": "refused: " + echo}))
        return False

    def forward(self, write, head, body):
        with socket.create_connection(("127.0.0.1", self.sandbox_port), timeout=TIMEOUT_S) as upstream:
            upstream.sendall(head + body)
            stream = upstream.makefile("rb")
            reply = read_head(stream)
            if reply:
                write(reply + stream.read(int(header(reply, b"Content-Length") or 0)))
            return bool(reply)


# ---- what is run ----

STACK = """Parameters:
  ApplicationImageTag: {Type: String}
  Password: {Type: String, NoEcho: true}
Resources:
  Image: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: !Ref ApplicationImageTag}}
"""
COMPOSE = "services:\n" + "".join(f"  {name}: {{image: app}}\n" for name in ("test", "release", "app", "migrate", "acceptance"))
SETTINGS = """project: app
image: app
stack: {name: app}
stages: {test: [{exec: [./the-application]}], release: [{exec: [./the-application]}]}
hooks: {before_deploy: ./the-application, succeeded: ./the-application, failed: ./the-application}
environments: {dev: {}, prod: {stack: {name: app}}}
"""
# Says what it finds: what of it comes back is deployer's to hide.
APPLICATION = '#!/bin/sh\nexport -p\necho "key is $AWS_SECRET_ACCESS_KEY of $AWS_SESSION_TOKEN" >&2\n'
# In builtins alone: a program of its own would be looked at.
APPLICATION_OF_KEYS = '#!/bin/sh\nread -r keys <"${0%/*}/keys"\necho "$keys"\n'

COMMANDS = ["bump 5fdbe62", "check", "clean --dry-run", "completion bash", "config", "credentials", "deploy", "deploy --fix-forward",
            "diagnose", "doctor", "help", "history", "iam", "init --dry-run", "login", "login --store", "logout", "params diff", "plan",
            "promote dev prod", "publish", "recover", "release", "release --only deploy", "report", "rollback", "rollback 1a", "secrets diff app",
            "secrets diff app --file value.json", "secrets edit app", "secrets get app", "secrets get app:PASSWORD", "secrets import app --file in.env",
            "secrets import app --file bad.env", "secrets list", "secrets put app --file value.json", "secrets put app --file bad.json",
            "secrets put new --text --file value.json", "secrets run --secret app -- ./the-application", "sso-login", "status", "test", "version",
            "watch", "whoami", "entrypoint ./the-application", "helper get"]
SOURCES = ["file", "environment", "sso", "web", "container", "instance", "process", "github"]
# What a command is for: its standard output alone.
SHOWN = {"credentials", "helper get"}
STORED = {"login --store"}


class Run:
    def __init__(self, command, source, fault, level):
        self.command, self.source, self.fault, self.level = command, source, fault, level
        self.name = f"{command}, {source}, {fault}, {' '.join(level) or 'as it is'}"


class World:
    """A home, a project and an endpoint of its own for each run."""

    def __init__(self, run, sandbox_port, canaries):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="canaries-"))
        self.run, self.canaries = run, canaries
        self.home, self.project, self.tmp = (self.dir / name for name in ("home", "project", "tmp"))
        for folder in (self.home, self.project, self.tmp, self.home / ".aws", self.home / ".docker", self.dir / "bin"):
            folder.mkdir()
        self.front = Front(canaries, sandbox_port)
        self.given = set()
        for name, text in {"stack.yml": STACK, "docker-compose.yml": COMPOSE, "deployer.yml": SETTINGS,
                           "dev.cfg": f"ApplicationImageTag=2b\nPassword={canaries['hidden']}\n",
                           "value.json": json.dumps({"USER": "u", "PASSWORD": canaries["other"]}),
                           "bad.json": '{"PASSWORD": "%s' % canaries["other"], "in.env": f"PASSWORD='{canaries['dotenv']}'\n",
                           "bad.env": f"{canaries['dotenv']}\n", ".env": f"DB_PASSWORD={canaries['dotenv']}\n"}.items():
            self.give(self.project / name, text)
        self.give(self.project / "the-application", APPLICATION, 0o755)
        self.give(self.dir / "editor", "#!/bin/sh\nsed -i 's/\"u\"/\"w\"/' \"$1\"\n", 0o755)
        login = base64.b64encode(f"u:{canaries['docker']}".encode()).decode()
        self.give(self.home / ".docker/config.json", json.dumps({"auths": {"registry.example.com": {"auth": login}}}))
        os.symlink(os.environ["DEPLOYER"], self.dir / "bin" / "docker-credential-deployer")
        self.env = self.environment()
        subprocess.run("git init -q . && git add -A . && git -c user.name=t -c user.email=t@example.com commit -qm t", shell=True,
                       cwd=self.project, env=self.env, check=True, capture_output=True)

    def give(self, path, text, mode=0o600):
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)
        self.given.add(path)

    def environment(self):
        canaries, url = self.canaries, f"http://127.0.0.1:{self.front.port}"
        env = catalogue.clean_environment(self.home)
        env.update(TMPDIR=str(self.tmp), PATH=f"{self.dir}/bin:" + env["PATH"], EDITOR=str(self.dir / "editor"), AWS_ENDPOINT_URL=url,
                   AWS_REGION="us-east-1", DOCKER_HOST="unix:///nonexistent", AWS_MAX_ATTEMPTS="2", SECRETS="app", SECRETS_TIMEOUT="20",
                   DEPLOYER_WEBHOOK=f"{url}/webhook/{canaries['webhook']}", HTTPS_PROXY=f"http://u:{canaries['proxy']}@127.0.0.1:9",
                   NO_PROXY="127.0.0.1", ASAN_OPTIONS="detect_leaks=0")
        config = "[default]\nregion = us-east-1\n"
        source = self.run.source
        keys = canaries.key_id, canaries["key"]
        if source == "environment":
            env.update(AWS_ACCESS_KEY_ID=keys[0], AWS_SECRET_ACCESS_KEY=keys[1])
        elif source == "file":
            self.give(self.home / ".aws/credentials", f"[default]\naws_access_key_id = {keys[0]}\naws_secret_access_key = {keys[1]}\n")
        elif source == "sso":
            config += "sso_session = s\nsso_account_id = 123456789012\nsso_role_name = r\n[sso-session s]\nsso_region = us-east-1\n"
            config += "sso_start_url = https://x.awsapps.com/start\n"
            (self.home / ".aws/sso/cache").mkdir(parents=True)
            self.give(self.home / f".aws/sso/cache/{hashlib.sha1(b's').hexdigest()}.json", json.dumps({
                "startUrl": "https://x.awsapps.com/start", "region": "us-east-1", "accessToken": canaries["sso"], "expiresAt": "2099-01-01T00:00:00Z",
                "clientId": "c", "clientSecret": canaries["client"], "refreshToken": canaries["refresh"], "registrationExpiresAt": "2099-01-01T00:00:00Z"}))
        elif source == "web":
            self.give(self.dir / "token", canaries["web"])
            env.update(AWS_ROLE_ARN="arn:aws:iam::123456789012:role/r", AWS_WEB_IDENTITY_TOKEN_FILE=str(self.dir / "token"))
        elif source == "container":
            env.update(AWS_CONTAINER_CREDENTIALS_FULL_URI=url + "/container", AWS_CONTAINER_AUTHORIZATION_TOKEN=canaries["container"])
        elif source == "instance":
            env.update(AWS_EC2_METADATA_DISABLED="false", AWS_EC2_METADATA_SERVICE_ENDPOINT=url)
        elif source == "process":
            self.give(self.dir / "the-application", APPLICATION_OF_KEYS, 0o755)
            self.give(self.dir / "keys", json.dumps({"Version": 1, "AccessKeyId": "AKIDSANDBOX", "SecretAccessKey": canaries["process"],
                                                     "SessionToken": canaries["token"]}) + "\n")
            config += f"credential_process = {self.dir}/the-application\n"
        elif source == "github":
            env.update(GITHUB_ACTIONS="true", ACTIONS_ID_TOKEN_REQUEST_URL=url + "/oidc?x=1", ACTIONS_ID_TOKEN_REQUEST_TOKEN=canaries["oidc"],
                       AWS_ROLE_ARN="arn:aws:iam::123456789012:role/r")
        self.give(self.home / ".aws/config", config)
        return env

    def args(self):
        words = self.run.command.split()
        if words[0] == "entrypoint":
            return [os.environ["DEPLOYER_ENTRYPOINT"]] + words[1:]
        if words[0] == "helper":
            return [str(self.dir / "bin" / "docker-credential-deployer")] + words[1:]
        return [os.environ["DEPLOYER"]] + self.run.level + words

    def play(self, canary_file):
        trace, said = self.dir / "trace", self.dir / "said"
        self.front.fault = self.run.fault
        command = ["strace", "-f", "-y", "-v", "-s", "1000000", "-o", str(trace), "-e", "signal=none", "-e",
                   "trace=execve,open,openat,creat,rename,renameat,link,symlink,mkdir,unlink,write,pwrite64,writev,sendto,sendmsg"]
        stdin = f"127.0.0.1:{self.front.port}\n".encode() if self.run.command == "helper get" else b""
        with open(said, "wb") as out:
            done = subprocess.run(command + self.args(), cwd=self.project, env=self.env, input=stdin, stdout=out, stderr=subprocess.STDOUT,
                                  timeout=TIMEOUT_S, check=False)
        found = subprocess.run([sys.executable, str(WATCH), str(canary_file), str(trace)], capture_output=True, text=True, check=True).stdout.splitlines()
        users = set(re.findall(r"(?m)^(\d+) +execve\(\"[^\"]*the-application\"", trace.read_text(encoding="utf-8", errors="replace")))
        hits = [hit for hit in found[1:] if hit.strip() and not self.is_meant(hit, users)]
        places = int(found[0].split()[0])
        # Removed by itself: it has the whole of what was traced.
        trace.unlink()
        left, files = self.look_at_files(canary_file)
        if self.run.command == "credentials" and not done.returncode and len(hits) == len([hit for hit in found[1:] if hit.strip()]):
            hits.append("the watch is blind")
        return places, files, hits + left, done.returncode

    def is_meant(self, hit, users):
        """The user's own program says what it likes; a parameter file keeps its other lines; what the AWS CLI
        caches of a role, it reads there again; a token is stored where somebody says so."""
        process = re.match(r"\w+: (\d+)", hit)
        if process and process.group(1) in users:
            return True
        if re.search(r"/project/\.deployer-\w+\.tmp>, .*/hidden", hit) or "/.aws/cli/cache/" in hit:
            return True
        # The other logins in it stay; what else may have come is looked for in the file itself.
        if self.run.command.split()[0] in ("login", "logout") and "/.docker/.deployer-" in hit:
            return True
        if self.run.command in SHOWN and "::add-mask::" in hit:
            return True
        return self.run.command in SHOWN and re.search(r"\bwrite\(1<", hit)

    def look_at_files(self, canary_file):
        forms = canary_file.read_text(encoding="utf-8").split("\n")
        hits, files = [], 0
        config = (self.home / ".docker/config.json").read_text(encoding="utf-8")
        for form in self.canaries.forms([name for name in NAMES if name != "docker"]):
            if form in config and self.run.command not in STORED:
                hits.append(f"file config.json: {form}")
        for path in self.dir.rglob("*"):
            if path in self.given or not path.is_file() or path.is_symlink() or ".git" in path.parts:
                continue
            if "/.aws/cli/cache/" in str(path):
                continue
            if path.name == "said" and self.run.command in SHOWN:
                continue
            files += 1
            text = path.read_bytes().decode("utf-8", "replace")
            hits += [f"file {path.relative_to(self.dir)}: {form}" for form in forms if form and form in text]
        return hits, files

    def close(self):
        self.front.close()
        shutil.rmtree(self.dir, ignore_errors=True)


class Sandbox:
    """One account for all runs: a live stack, a secret."""

    def __init__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="canaries-"))
        env_file = self.dir / "env"
        with open(env_file, "wb") as out:
            self.process = subprocess.Popen([os.environ["DEPLOYER_SANDBOX"], "--quiet", "serve", "--no-registry", "--speed", "600"], stdout=out,
                                            stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        for _ in range(200):
            if "no_proxy" in env_file.read_text(encoding="utf-8"):
                break
            time.sleep(0.05)
        self.env = dict(re.findall(r"export (\w+)='?([^'\n]*)'?", env_file.read_text(encoding="utf-8")))
        self.port = int(re.search(r":(\d+)", self.env["AWS_ENDPOINT_URL"]).group(1))

    def prepare(self, canaries):
        env = {**catalogue.clean_environment(self.dir), **self.env}
        (self.dir / "stack.yml").write_text(STACK, encoding="utf-8")
        (self.dir / "dev.cfg").write_text(f"ApplicationImageTag=1a\nPassword={canaries['hidden']}\n", encoding="utf-8")
        (self.dir / "deployer.yml").write_text("stack: {name: app}\n", encoding="utf-8")
        (self.dir / "v.json").write_text(json.dumps({"USER": "u", "PASSWORD": canaries["value"]}), encoding="utf-8")
        for args in (["secrets", "put", "app", "--file", "v.json"], ["deploy"]):
            subprocess.run([os.environ["DEPLOYER"], "--quiet"] + args, cwd=self.dir, env=env, check=True, stdin=subprocess.DEVNULL)

    def close(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)


# ---- memory ----

# What got the credentials is nobody's any more once they are there; what lies in the environment stays there.
GONE = {"sso": ["sso", "refresh", "client"], "web": ["web"], "process": [], "instance": ["imds"], "github": ["jwt"]}


def scan_memory(pid, forms):
    hits, places = set(), 0
    with open(f"/proc/{pid}/maps", encoding="utf-8") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            span, mode = line.split()[:2]
            if "rw" not in mode:
                continue
            start, end = (int(part, 16) for part in span.split("-"))
            try:
                memory.seek(start)
                content = memory.read(end - start)
            except (OSError, ValueError, OverflowError):
                continue
            places += 1
            hits |= {form for form in forms if form.encode() in content}
    return places, hits


def look_at_memory(source, sandbox, canaries):
    """Held at a call of CloudFormation, with the credentials in use."""
    run = Run("status", source, "none", [])
    world = World(run, sandbox.port, canaries)
    world.front.hold = "DescribeStacks"
    try:
        process = subprocess.Popen(world.args(), cwd=world.project, env=world.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        if not world.front.held.wait(TIMEOUT_S):
            process.kill()
            return 0, [f"{source}: it never came to the call"]
        places, hits = scan_memory(process.pid, canaries.forms(GONE[source]) if GONE[source] else [])
        # What is in use must be there: else nothing could be seen.
        if not scan_memory(process.pid, [canaries["token"]])[1]:
            hits.add("the scan is blind")
        world.front.release.set()
        process.wait(TIMEOUT_S)
        return places, [f"memory, {source}: {hit}" for hit in sorted(hits)]
    finally:
        world.close()


def choose(runs, options):
    """Every command once, then every source with every fault, then whatever comes."""
    random.Random(options["seed"]).shuffle(runs)
    if options["long"]:
        return runs
    first, pairs, rest = {}, {}, []
    for run in runs:
        if run.command not in first:
            first[run.command] = run
        elif (run.source, run.fault) not in pairs:
            pairs[run.source, run.fault] = run
        else:
            rest.append(run)
    return (list(first.values()) + list(pairs.values()) + rest)[:options["runs"]]


def play_all(runs, sandbox, canaries, canary_file):
    def one(run):
        world = World(run, sandbox.port, canaries)
        try:
            return run, world.play(canary_file)
        except subprocess.TimeoutExpired:
            return run, (0, 0, [f"still there after {TIMEOUT_S} s"], None)
        finally:
            world.close()

    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(one, runs))


def main(words):
    numbers = {"--seed": 9, "--runs": FAST_RUNS}
    for name in numbers:
        if name in words:
            at = words.index(name)
            numbers[name] = int(words[at + 1])
            del words[at:at + 2]
    options = {"seed": numbers["--seed"], "runs": numbers["--runs"], "long": "--long" in words}
    wanted = [word for word in words if not word.startswith("--")]
    runs = [Run(*parts) for parts in itertools.product(COMMANDS, SOURCES, FAULTS, LEVELS)]
    if wanted:
        runs = [run for run in runs if all(word in run.name for word in wanted)]
    else:
        runs = choose(runs, options)
    if "--list" in words:
        print("\n".join(run.name for run in runs))
        return 0
    for name in ("DEPLOYER", "DEPLOYER_ENTRYPOINT", "DEPLOYER_SANDBOX"):
        if name not in os.environ:
            print(f"{name} is not set")
            return 77
    if os.geteuid() != 0 or not shutil.which("strace") or subprocess.run(["strace", "-o", "/dev/null", "true"], check=False).returncode:
        print("this needs root and strace: they hide their memory, and so what they write")
        return 77
    sandbox = Sandbox()
    try:
        canaries = Canaries()
        canaries.words["key"] = sandbox.env["AWS_SECRET_ACCESS_KEY"]
        canaries.key_id = sandbox.env["AWS_ACCESS_KEY_ID"]
        canary_file = sandbox.dir / "canaries"
        canary_file.write_text("\n".join(canaries.forms()), encoding="utf-8")
        sandbox.prepare(canaries)
        results = play_all(runs, sandbox, canaries, canary_file)
        memory = [] if wanted else [look_at_memory(source, sandbox, canaries) for source in GONE]
    finally:
        sandbox.close()
    return report(results, memory, canaries)


def report(results, memory, canaries):
    places, files, hits = 0, 0, []
    for run, (run_places, run_files, run_hits, status) in results:
        places, files = places + run_places, files + run_files
        hits += [f"{run.name} (status {status}): {hit[:300]}" for hit in run_hits]
    hits += [hit for _, found in memory for hit in found]
    print("\n".join(hits))
    print(f"{len(results)} runs of {len({run.command for run, _ in results})} commands, {len(canaries.words)} canaries in {len(canaries.forms())} forms; "
          f"{places} arguments, environments, writes and names, {files} files, {sum(count for count, _ in memory)} parts of memory: {len(hits)} hits")
    return 1 if hits or not results else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
