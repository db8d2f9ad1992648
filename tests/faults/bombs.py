#!/usr/bin/env python3
"""Bombs: files and replies made to exhaust whoever reads them.

    bombs.py [--list] [--long] [--all] [WORD...]

Each input file that a command reads, and each reply that it takes from a service, a registry, an
engine or a program, becomes a bomb of size, depth, number, expansion or repetition. deployer must
end by itself with a known status and one line of error (or a right answer), within 2 s of processor
time and with at most 16 MiB of resident memory more than it takes in peace. In peace that is 4 MiB,
and 10.4 MiB with libcurl at work, most of it pages of the files of some 50 libraries, which every
process shares that has them open.

WORDs choose among the cases by what their names contain; without any, what once was too much and
two of each input are played, and with --long all. --all prints a line for each case, not only for
those that fail; the last line is 'n/n bombs, at most N MiB, N more than in peace, and N ms'. DEPLOYER, DEPLOYER_ENTRYPOINT
and PEAK (peak.c) name the programs, REPLAYS the folder of the fuzz targets.
"""

import concurrent.futures
import hashlib
import itertools
import os
import pathlib
import re
import shutil
import socketserver
import subprocess
import sys
import tempfile
import threading

# More than the same program takes in peace.
LIMIT_KB = 16 << 10
LIMIT_CPU_MS = 2000
# Beside a loaded machine's other work.
TIMEOUT_S = 60
WORKERS = 3
GB = 1 << 30
MILLION = 1000000
DEEP = 100000

# The statuses of README.md; what is killed by a signal or aborts has another one.
STATUSES = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 125}


# They list what they find instead.
FINDERS = {"check", "doctor"}


def times(unit, count):
    """Bytes in pieces, so that a gigabyte costs nothing here."""
    unit = unit.encode() if isinstance(unit, str) else unit
    many = max(1, 65536 // len(unit))
    whole, rest = divmod(count, many)
    piece = unit * many
    for _ in range(whole):
        yield piece
    yield unit * rest


def numbered(form, count):
    for start in range(0, count, 2000):
        yield "".join(form % i for i in range(start, min(start + 2000, count))).encode()


def chain(*parts):
    for part in parts:
        if isinstance(part, str):
            yield part.encode()
        elif isinstance(part, bytes):
            yield part
        else:
            yield from part


# ---- bombs by language: name -> a function that makes the bytes ----

LAUGHS = '<!DOCTYPE a [<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {chr(97 + i)} "{("&" + chr(96 + i) + ";") * 10}">' for i in range(1, 12)) + "]>"

XML = {
    "endless text": lambda: chain("<R><a>", times("x", GB)),
    "endless blanks": lambda: times(" ", GB),
    "deep": lambda: times("<a>", DEEP),
    "deep and closed": lambda: chain(times("<a>", DEEP), times("</a>", DEEP)),
    "many": lambda: chain("<R>", times("<m/>", MILLION), "</R>"),
    "many texts": lambda: chain("<R>", times("<m>x</m>", MILLION), "</R>"),
    "many members": lambda: chain("<R><S>", times("<member><StackName>a</StackName></member>", MILLION), "</S></R>"),
    "attributes": lambda: chain("<R ", numbered('a%d="" ', 200000), "/>"),
    "long attribute": lambda: chain('<R a="', times("x", GB), '"/>'),
    "long name": lambda: chain("<", times("x", GB)),
    "laughs": lambda: chain(LAUGHS, "<R>&l;</R>"),
    "doctype": lambda: chain("<!DOCTYPE R [", numbered('<!ENTITY e%d "x">', MILLION)),
    "comment": lambda: chain("<R><!--", times("x", GB)),
    "instructions": lambda: chain("<R>", times("<?a b?>", MILLION), "</R>"),
    "references": lambda: chain("<R>", times("&lt;", MILLION), "</R>"),
    "not even XML": lambda: times(b"\0", GB),
    # The most that is taken.
    "elements that fit": lambda: chain("<R>", times("<m/>", 49000), times(" ", 3 * MILLION), "</R>"),
    "texts that fit": lambda: chain("<R>", times(f"<m>{'x' * 70}</m>", 49000), "</R>"),
    "a text that fits": lambda: chain("<R>", times("x", 4 * MILLION), "</R>"),
}

JSON = {
    "endless string": lambda: chain('{"a":"', times("x", GB)),
    "endless blanks": lambda: times(" ", GB),
    "deep arrays": lambda: times("[", DEEP),
    "deep objects": lambda: times('{"a":', DEEP),
    "deep and closed": lambda: chain(times("[", DEEP), times("]", DEEP)),
    "keys": lambda: chain("{", numbered('"k%d":0,', MILLION), '"z":0}'),
    "same keys": lambda: chain("{", times('"k":0,', MILLION), '"z":0}'),
    "elements": lambda: chain("[", times("0,", MILLION), "0]"),
    "objects": lambda: chain('{"a":[', times('{"a":1},', MILLION), "{}]}"),
    "digits": lambda: chain('{"a":', times("1", MILLION), "}"),
    "exponent": lambda: chain('{"a":1e', times("9", MILLION), "}"),
    "escapes": lambda: chain('{"a":"', times("\\u0041", MILLION), '"}'),
    "long key": lambda: chain('{"', times("k", GB)),
    "nothing": lambda: times(b"\0", GB),
    # The most that is taken.
    "arrays that fit": lambda: chain("[", times("[],", 80000), "0]"),
    "objects that fit": lambda: chain('{"a":[', times('{"a":1},', 33000), "{}]}"),
    "a string that fits": lambda: chain('{"a":"', times("x", 4 * MILLION), '"}'),
}

# A file of a gigabyte is sparse: see World.put().
YAML = {
    "gigabyte": None,
    "deep flow": lambda: times("[", DEEP),
    "deep maps": lambda: times("{a: ", DEEP),
    "deep blocks": lambda: times("- ", DEEP),
    "deep indents": lambda: chain(*(" " * i + "a:\n" for i in range(1200))),
    "laughs": lambda: chain("a: &a [x,x]\n", *(f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)},*{chr(97 + i)},*{chr(97 + i)}]\n"
                                                for i in range(24))),
    "aliases": lambda: chain("a: &a x\nb: [", times("*a,", 200000), "x]\n"),
    "anchors": lambda: chain(*(f"k{i}: &a{i} x\n" for i in range(60000))),
    "merges": lambda: chain("a: &a {x: 1}\nb:\n", times("  <<: *a\n", 90000)),
    "keys": lambda: numbered("k%d: 0\n", 85000),
    "same keys": lambda: times("k: 0\n", 190000),
    "elements": lambda: times("- 0\n", 250000),
    "long line": lambda: chain("a: ", times("x", MILLION - 10), "\n"),
    "escapes": lambda: chain('a: "', times("\\x41", 200000), '"\n'),
    "documents": lambda: times("---\n", 200000),
    "comments": lambda: times("# x\n", 200000),
    "folds": lambda: chain("a: >\n", times(" x\n\n", 200000)),
    "questions": lambda: times("? ", DEEP),
    "tags": lambda: chain("a: [", times("!Ref b,", 120000), "c]\n"),
    "quotes": lambda: chain("a: '", times("''", 400000), "'\n"),
    "colons": lambda: times("a: ", 100000),
}

LINES = {
    "gigabyte": None,
    "many": lambda: numbered("K%d=1\n", 80000),
    "too many": lambda: numbered("K%d=1\n", MILLION),
    "same": lambda: times("ApplicationImageTag=a\n", 40000),
    "long line": lambda: chain("A=", times("x", MILLION - 10)),
    "blank lines": lambda: times("\n", MILLION),
    "equals": lambda: times("=", MILLION),
    "quotes": lambda: times("A='\n", 200000),
}

INI = {
    "gigabyte": None,
    "sections": lambda: chain("[default]\nregion=eu-west-1\n", numbered("[profile p%d]\nregion=x\n", 150000)),
    "same section": lambda: times("[profile a]\nregion=x\n", 150000),
    "keys": lambda: chain("[default]\n", numbered("k%d=1\n", 300000)),
    "same key": lambda: chain("[default]\n", times("region=eu-west-1\n", 200000)),
    "nested": lambda: chain("[default]\ns3 =\n", numbered("  k%d = 1\n", 250000)),
    "long line": lambda: chain("[default]\nregion=", times("x", 3 << 20)),
    "chain": lambda: chain("[default]\nrole_arn=arn:aws:iam::123456789012:role/r\nsource_profile=p0\n", *(
        f"[profile p{i}]\nrole_arn=arn:aws:iam::123456789012:role/r\nsource_profile=p{i + 1}\n" for i in range(30000))),
    "circle": lambda: chain("[default]\nrole_arn=arn:aws:iam::123456789012:role/r\nsource_profile=a\n[profile a]\n"
                            "role_arn=arn:aws:iam::123456789012:role/r\nsource_profile=default\n"),
    "brackets": lambda: times("[", MILLION),
    "blanks": lambda: chain("[default]\n", times(" \n", MILLION)),
}

TOML = {
    "gigabyte": None,
    "deep table": lambda: chain("[a", times(".a", DEEP), "]\n"),
    "deep key": lambda: chain("a", times(".a", DEEP), "=1\n"),
    "deep array": lambda: chain("a=", times("[", DEEP)),
    "deep inline": lambda: chain("a=", times("{a=", DEEP)),
    "tables": lambda: numbered("[t%d]\n", 100000),
    "array tables": lambda: times("[[t]]\n", 150000),
    "keys": lambda: numbered("k%d=1\n", 100000),
    "parameters": lambda: chain('version=0.1\n[default.deploy.parameters]\nparameter_overrides="', times("A=1 ", 200000), '"\n'),
    "long string": lambda: chain('a="', times("x", MILLION - 10), '"\n'),
}

MAKEFILE = {
    "gigabyte": None,
    "expansion": lambda: chain("A0=xxxxxxxxxx\n", *(f"A{i + 1}=" + f"$(A{i})" * 10 + "\n" for i in range(20)),
                               "release:\n\tdocker-compose up $(A20)\n"),
    "circle": lambda: chain("A=$(B)$(B)\nB=$(A)$(A)\nrelease:\n\tdocker-compose up $(A)\n"),
    "targets": lambda: numbered("t%d: t0\n\techo\n", 15000),
    "prerequisites": lambda: chain("release:", numbered(" t%d", 30000), "\n", numbered("t%d: release\n", 5000)),
    "continued": lambda: chain("A=", times("x \\\n", 60000), "\n"),
    "references": lambda: chain("A=", times("$(", 100000), "\n"),
    "defines": lambda: times("define A\n", 25000),
    "conditions": lambda: times("ifdef A\n", 30000),
}

# ---- replies ----

TEXTS = {"xml": ("text/xml", XML), "json": ("application/x-amz-json-1.1", JSON)}


def reply(status, kind, make):
    """A reply without Content-Length, to the end of the connection."""
    def send(write):
        write(f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nConnection: close\r\n\r\n".encode())
        for piece in make():
            write(piece)
    return send


def raw(*parts):
    def send(write):
        for piece in chain(*[part() if callable(part) else part for part in parts]):
            write(piece)
    return send


HEAD = "HTTP/1.1 200 OK\r\n"
TRANSPORT = {
    "endless headers": raw(HEAD, lambda: times("X-A: b\r\n", GB // 8)),
    "a long header": raw(HEAD + "X-A: ", lambda: times("b", GB)),
    "a long status": raw("HTTP/1.1 200 ", lambda: times("b", GB)),
    "endless continues": raw(lambda: times("HTTP/1.1 100 Continue\r\n\r\n", GB // 25)),
    "a length that is none": raw(HEAD + "Content-Length: 99999999999\r\n\r\n", lambda: times("x", GB)),
    "a chunk that is none": raw(HEAD + "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFF\r\n", lambda: times("x", GB)),
    "chunks of a byte": raw(HEAD + "Transfer-Encoding: chunked\r\n\r\n", lambda: times("1\r\nx\r\n", GB // 6)),
    "a chunk's extension": raw(HEAD + "Transfer-Encoding: chunked\r\n\r\n1;", lambda: times("x", GB)),
    "endless trailers": raw(HEAD + "Transfer-Encoding: chunked\r\n\r\n0\r\n", lambda: times("X-A: b\r\n", GB // 8)),
}


class Handler(socketserver.StreamRequestHandler):
    """Answers a request with what the world has for its operation or its path."""

    def handle(self):
        try:
            while self.one():
                pass
        except (OSError, ValueError):
            pass

    def one(self):
        line = self.rfile.readline(65536).decode("latin-1")
        if not line.strip():
            return False
        path, headers = line.split(" ")[1], {}
        while True:
            header = self.rfile.readline(65536).decode("latin-1").strip()
            if not header:
                break
            name, _, value = header.partition(":")
            headers[name.lower()] = value.strip()
        body = self.rfile.read(int(headers.get("content-length", 0))).decode("latin-1")
        found = re.search(r"\bAction=(\w+)", body + path)
        action = headers.get("x-amz-target", "").rpartition(".")[2] or (found and found.group(1)) or path
        replies = self.server.replies
        send = replies.get(action) or replies.get(line.split(" ")[0]) or replies.get("*")
        if not send:
            self.wfile.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            return True
        port = str(self.server.server_address[1]).encode()
        send(lambda piece: self.wfile.write(piece.replace(b"@PORT@", port) if len(piece) < 4096 else piece))
        return False


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 50

    def __init__(self, replies):
        super().__init__(("127.0.0.1", 0), Handler)
        self.replies = replies
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()


def canned(kind, text):
    return raw(f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nConnection: close\r\n\r\n", text)


IDENTITY = canned("text/xml", "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/u</Arn>"
                  "<UserId>A</UserId><Account>123456789012</Account></GetCallerIdentityResult><ResponseMetadata>"
                  "<RequestId>r</RequestId></ResponseMetadata></GetCallerIdentityResponse>")
# "AWS:password"
LOGIN = canned("application/x-amz-json-1.1", '{"authorizationData":[{"authorizationToken":"QVdTOnBhc3N3b3Jk",'
               '"expiresAt":4000000000,"proxyEndpoint":"http://127.0.0.1:@PORT@"}]}')
CHALLENGE = raw('HTTP/1.1 401 X\r\nWWW-Authenticate: Bearer realm="http://127.0.0.1:@PORT@/token",service="s"\r\n'
                "Content-Length: 0\r\nConnection: close\r\n\r\n")
KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "key", "AWS_REGION": "eu-west-1"}
STACK = "Parameters: {ApplicationImageTag: {Type: String}}\nResources: {A: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: a}}}\n"


class Case:
    """files: name -> bytes or a maker (None: a sparse gigabyte), below HOME ("~/") or the project."""

    def __init__(self, name, args, **how):
        self.name = name
        self.args = args.split() if isinstance(args, str) else args
        self.files = how.pop("files", {})
        self.replies = how.pop("replies", {})
        self.env = how.pop("env", {})
        self.uses_network = bool(self.replies)
        assert not how


class World:
    def __init__(self, case):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="bombs-"))
        self.home = self.dir / "home"
        self.project = self.dir / "project"
        self.case = case
        self.home.mkdir()
        self.project.mkdir()
        self.server = Server(case.replies) if case.replies else None
        for name, content in case.files.items():
            self.put(name, content)

    def put(self, name, content):
        path = self.home / name[2:] if name.startswith("~/") else self.project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "wb") as file:
            if content is None:
                file.write(b"a: b\n")
                file.truncate(GB)
            elif isinstance(content, (bytes, str)):
                file.write(content.encode() if isinstance(content, str) else content)
            else:
                for piece in content():
                    file.write(piece)
        path.chmod(0o700 if content and name.endswith(".sh") else 0o600)

    def expand(self, text):
        port = str(self.server.server_address[1]) if self.server else "9"
        return text.replace("@PORT@", port).replace("@DIR@", str(self.project)).replace("@HOME@", str(self.home))

    def run(self):
        env = {"PATH": os.environ["PATH"], "HOME": str(self.home), "LC_ALL": "C", "TERM": "dumb",
               "AWS_EC2_METADATA_DISABLED": "true", "AWS_MAX_ATTEMPTS": "1", "GIT_CONFIG_NOSYSTEM": "1",
               "TMPDIR": str(self.dir)}
        env.update({key: self.expand(value) for key, value in self.case.env.items()})
        if self.server and "AWS_ENDPOINT_URL" not in env:
            env["AWS_ENDPOINT_URL"] = self.expand("http://127.0.0.1:@PORT@")
        program = os.environ["DEPLOYER"]
        args = [self.expand(arg) for arg in self.case.args]
        if args[0] == "git":
            subprocess.run("git init -q . && git add -A && git -c user.name=t -c user.email=t@example.com commit -qm t",
                           shell=True, cwd=self.project, env=env, check=True, capture_output=True)
            args = args[1:]
        if args[0] == "entrypoint":
            program, args = os.environ["DEPLOYER_ENTRYPOINT"], args[1:]
        if args[0].startswith("replay_"):
            program, args = os.path.join(os.environ["REPLAYS"], args[0]), args[1:]
        cost = self.dir / "cost"
        process = subprocess.Popen([os.environ["PEAK"], str(cost), program] + args, cwd=self.project, env=env,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                   start_new_session=True)
        try:
            said = process.communicate(timeout=TIMEOUT_S)[1].decode("utf-8", "replace")
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait()
            return None, (0, 0, TIMEOUT_S * 1000), ""
        return process.returncode, tuple(map(int, cost.read_text().split())), said

    def close(self):
        if self.server:
            self.server.shutdown()
            self.server.server_close()
        shutil.rmtree(self.dir, ignore_errors=True)


# What the program takes in peace, without and with the libraries of the network.
def measure_peace():
    peace = []
    for case in (Case("peace", "config"),
                 Case("peace on the network", "whoami", env=KEYS, replies={"*": IDENTITY})):
        world = World(case)
        status, cost, said = world.run()
        world.close()
        if status != 0:
            sys.exit(f"'{' '.join(case.args)}' ends with status {status}: {said}")
        peace.append(cost[0])
    return peace


def play(case, peace):
    world = World(case)
    problems = []
    try:
        status, (memory_kb, cpu_ms, wall_ms), said = world.run()
    finally:
        world.close()
    errors = [line for line in said.splitlines() if re.match(r"deployer(-entrypoint)?: ", line)]
    if status is None:
        problems.append(f"still there after {TIMEOUT_S} s")
    elif status not in STATUSES:
        problems.append(f"status {status}")
    if status and len(errors) != 1 and case.args[0] not in FINDERS:
        problems.append(f"{len(errors)} lines of error")
    if any(len(line) > 4200 for line in said.splitlines()):
        problems.append("a line of more than 4,200 bytes")
    if cpu_ms > LIMIT_CPU_MS:
        problems.append(f"{cpu_ms} ms of processor time")
    more_kb = memory_kb - peace[case.uses_network]
    if more_kb > LIMIT_KB:
        problems.append(f"{memory_kb / 1024:.1f} MiB, {more_kb / 1024:.1f} more than in peace")
    return case, status, (memory_kb, more_kb), cpu_ms, problems, (errors or said.splitlines() or [""])[-1]


# ---- the cases ----

def of_files():
    project = {"stack.yml": STACK, "dev.cfg": "ApplicationImageTag=a\n"}
    yield from (Case(f"dev.cfg: {name}", "bump 5fdbe62", files={"dev.cfg": make}) for name, make in LINES.items())
    yield from (Case(f"dev.cfg, checked: {name}", "check", files={**project, "dev.cfg": make})
                for name, make in LINES.items())
    yield from (Case(f".env: {name}", "bump --file .env 5fdbe62", files={".env": make}) for name, make in LINES.items())
    yield from (Case(f"secrets from .env: {name}", "secrets import app --dry-run --file in.env", files={"in.env": make},
                     env=KEYS, replies={"GetSecretValue": canned("application/x-amz-json-1.1",
                                                                 '{"ARN":"a","Name":"app","VersionId":"v","SecretString":"{}"}')})
                for name, make in LINES.items())
    yield from (Case(f"dev.json: {name}", "bump --file dev.json 5fdbe62", files={"dev.json": make})
                for name, make in JSON_FILES.items())
    yield from (Case(f"stack.json: {name}", "check", files={**project, "stack.json": make, "deployer.yml": "stack: {template: stack.json}\n"})
                for name, make in JSON_FILES.items())
    yield from (Case(f"deployer.yml: {name}", "config", files={"deployer.yml": make}) for name, make in YAML.items())
    yield from (Case(f"stack.yml: {name}", "check", files={**project, "stack.yml": make}) for name, make in YAML.items())
    yield from (Case(f"resources: {name}", "check", files={**project, "stack.yml": make}) for name, make in TEMPLATES.items())
    yield from (Case(f"parameters.yml: {name}", "bump --file dev.yml 5fdbe62", files={"dev.yml": make})
                for name, make in YAML.items())
    yield from (Case(f"compose file: {name}", "init --dry-run", files={"docker-compose.yml": make}) for name, make in YAML.items())
    yield from (Case(f"samconfig.toml: {name}", "bump --file samconfig.toml 5fdbe62", files={"samconfig.toml": make})
                for name, make in TOML.items())
    yield from (Case(f"Makefile: {name}", "init --dry-run", files={"Makefile": make}) for name, make in MAKEFILE.items())
    yield from (Case(f"config: {name}", "whoami", files={"~/.aws/config": make}, replies={"GetCallerIdentity": IDENTITY})
                for name, make in INI.items())
    yield from (Case(f"credentials: {name}", "whoami", files={"~/.aws/credentials": make},
                     replies={"GetCallerIdentity": IDENTITY}) for name, make in INI.items())
    sso = "[default]\nsso_session=s\nsso_account_id=123456789012\nsso_role_name=r\n[sso-session s]\nsso_region=eu-west-1\nsso_start_url=https://x\n"
    cache = f"~/.aws/sso/cache/{hashlib.sha1(b's').hexdigest()}.json"
    yield from (Case(f"sign-in: {name}", "whoami", files={"~/.aws/config": sso, cache: make}, replies={"*": IDENTITY})
                for name, make in JSON_FILES.items())
    yield from (Case(f"docker's config.json: {name}", "logout", files={"~/.docker/config.json": make}, env=KEYS,
                     replies={"*": IDENTITY}) for name, make in JSON_FILES.items())
    yield from (Case(f"record: {name}", "report --record record", files={"record": make}) for name, make in JSON_FILES.items())
    token = {"AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/r", "AWS_WEB_IDENTITY_TOKEN_FILE": "@DIR@/token", "AWS_REGION": "eu-west-1"}
    yield Case("web identity: gigabyte", "whoami", files={"token": None}, env=token, replies={"*": IDENTITY})


# What fits into the megabyte that files may have.
JSON_FILES = {
    "gigabyte": None,
    "deep arrays": JSON["deep arrays"],
    "deep objects": JSON["deep objects"],
    "deep and closed": JSON["deep and closed"],
    "keys": lambda: chain("{", numbered('"k%d":0,', 85000), '"z":0}'),
    "same keys": lambda: chain("{", times('"k":0,', 160000), '"z":0}'),
    "elements": lambda: chain("[", times("0,", 500000), "0]"),
    "arrays": lambda: chain("[", times("[],", 340000), "0]"),
    "objects": lambda: chain('{"a":[', times('{"a":1},', 120000), "{}]}"),
    "digits": JSON["digits"],
    "exponent": JSON["exponent"],
    "escapes": lambda: chain('{"a":"', times("\\u0041", 170000), '"}'),
    "long string": lambda: chain('{"a":"', times("x", MILLION - 20), '"}'),
    "long key": lambda: chain('{"', times("k", MILLION - 20), '":0}'),
}

# The same for XML.
XML_FILES = {
    "deep": XML["deep"],
    "many": lambda: chain("<R>", times("<m/>", 250000), "</R>"),
    "cases": lambda: chain("<testsuite>", times("<testcase/>", 90000), "</testsuite>"),
    "attributes": lambda: chain("<R ", numbered('a%d="" ', 90000), "/>"),
    "laughs": XML["laughs"],
    "references": lambda: chain("<R>", times("&lt;", 250000), "</R>"),
}

RESOURCES = "Parameters: {ApplicationImageTag: {Type: String}}\nResources:\n"
TEMPLATES = {
    "many": lambda: chain(RESOURCES, *(f" R{i}: {{Type: 'AWS::SNS::Topic'}}\n" for i in range(22000))),
    "each on the next": lambda: chain(RESOURCES, *(f" R{i}: {{Type: A::B::C, DependsOn: R{i + 1}}}\n" for i in range(18000))),
    "all on all": lambda: chain(RESOURCES, *(f" R{i}: {{Type: A::B::C, DependsOn: [{','.join(f'R{j}' for j in range(300))}]}}\n" for i in range(600))),
    "parameters": lambda: chain("Resources: {A: {Type: A::B::C}}\nParameters:\n", numbered(" P%d: {Type: String}\n", 40000)),
    "Sub": lambda: chain(RESOURCES, " A:\n  Type: A::B::C\n  Properties: {X: !Sub '", times("${A}", 200000), "'}\n"),
    "Sub of unknown": lambda: chain(RESOURCES, " A:\n  Type: A::B::C\n  Properties: {X: !Sub '", numbered("${B%d}", 80000), "'}\n"),
    "conditions": lambda: chain(RESOURCES, " A: {Type: A::B::C}\nConditions:\n", *(f" C{i}: !Not [!Condition C{i + 1}]\n" for i in range(30000))),
}


def of_replies():
    for call, args, kind, more in (
            ("GetCallerIdentity", "whoami", "xml", {}),
            ("DescribeStacks", "status", "xml", {}),
            ("GetSecretValue", "secrets get app", "json", {}),
            ("ListSecrets", "secrets list", "json", {}),
            ("GetAuthorizationToken", "login", "json", {"GetCallerIdentity": IDENTITY}),
    ):
        content, bombs = TEXTS[kind]
        for name, make in bombs.items():
            for status in (200, 400, 500):
                yield Case(f"{call} {status}: {name}", args, env=KEYS, files={"stack.yml": STACK},
                           replies={**more, call: reply(status, content, make)})
    for name, send in TRANSPORT.items():
        yield Case(f"transport: {name}", "whoami", env=KEYS, replies={"*": send})
        yield Case(f"transport of the entrypoint: {name}", "entrypoint true", env={**KEYS, "SECRETS": "app"}, replies={"*": send})
    for name, make in JSON.items():
        bomb = reply(200, "application/json", make)
        yield Case(f"container: {name}", "whoami", env={"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:@PORT@/c"},
                   replies={"/c": bomb, "GetCallerIdentity": IDENTITY})
        yield Case(f"instance: {name}", "whoami", env={"AWS_EC2_METADATA_DISABLED": "false",
                                                       "AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:@PORT@"},
                   replies={"GET": bomb, "PUT": canned("text/plain", "token")})
        yield Case(f"instance's token: {name}", "whoami", env={"AWS_EC2_METADATA_DISABLED": "false",
                                                               "AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:@PORT@"},
                   replies={"PUT": bomb})
        yield Case(f"entrypoint's secret: {name}", "entrypoint true", env={**KEYS, "SECRETS": "app"}, replies={"*": bomb})
        registry = {"GetCallerIdentity": IDENTITY, "GetAuthorizationToken": LOGIN}
        for status in (200, 401):
            yield Case(f"registry {status}: {name}", "login --store", env=KEYS,
                       replies={**registry, "/v2/": reply(status, "application/json", make)})
        yield Case(f"registry's token: {name}", "login --store", env=KEYS, replies={**registry, "/v2/": CHALLENGE, "GET": bomb})
        yield Case(f"engine: {name}", "doctor", env={"DOCKER_HOST": "tcp://127.0.0.1:@PORT@", "PATH": "/nonexistent"},
                   replies={"*": bomb})
    for name, make in XML.items():
        yield Case(f"AssumeRole: {name}", "whoami", files={"~/.aws/config": "[default]\nrole_arn=arn:aws:iam::123456789012:role/r\n"
                                                                           "source_profile=b\nregion=eu-west-1\n[profile b]\n"
                                                                           "aws_access_key_id=a\naws_secret_access_key=b\n"},
                   replies={"AssumeRole": reply(200, "text/xml", make)})
    yield from of_programs()


# What only a whole release would read goes through the parser's fuzz target instead (tests/fuzz, replay.c).
PARSERS = {
    "junit": {name: make for name, make in XML_FILES.items()},
    "record": {**{name: make for name, make in JSON_FILES.items() if make},
               "lines": lambda: times('{"a":1}\n', 130000), "empty lines": lambda: times("\n", MILLION)},
    "push": {**{name: make for name, make in JSON_FILES.items() if make},
             "progress": lambda: times('{"status":"Pushing","progressDetail":{"current":1,"total":2},"id":"a"}\r\n', 14000),
             "layers": lambda: numbered('{"status":"Pushing","id":"%d"}\n', 30000)},
    "tap": {"tests": lambda: times("ok 1\n", 200000), "plan": lambda: chain("1..", times("9", MILLION)),
            "deep": lambda: chain(*(" " * i + "ok\n" for i in range(1400))), "long line": lambda: times("o", MILLION)},
    "ignore": {"stars": lambda: times("**/", 340000), "patterns": lambda: times("**/a*b*c*d*e\n", 80000),
               "brackets": lambda: times("[", MILLION), "stars in one": lambda: chain(times("*a", 250), "\n"),
               "long patterns": lambda: times("*a" * 250 + "\n", 2000)},
    "pattern": {"stars": lambda: times("*a", 500000), "brackets": lambda: times("[", MILLION)},
    "image": {"slashes": lambda: times("a/", 500000), "colons": lambda: times(":", MILLION)},
    "reference": {"colons": lambda: times("a:", 65000), "commas": lambda: times("a,", 65000)},
    "secret": {name: make for name, make in JSON_FILES.items() if make},
    "secret_reply": {name: make for name, make in JSON_FILES.items() if make},
    "environment": {name: make for name, make in LINES.items() if make},
    "log_line": {"words": lambda: times("password=a ", 90000), "braces": lambda: times("{", MILLION)},
    "tar": {"blocks": lambda: times(b"\xff" * 512, 2000), "nothing": lambda: times(b"\0" * 512, 2000),
            "large": lambda: chain("a" * 100, "0000644\0" * 3, "77777777777\0", times(b"0", 500000))},
    "helper": {name: make for name, make in JSON_FILES.items() if make},
    "http_reply": {"headers": lambda: chain("HTTP/1.1 200 OK\r\n", times("a: b\r\n", 170000)),
                   "chunks": lambda: chain("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", times("1\r\nx\r\n", 170000))},
}


def of_parsers():
    for parser, bombs in PARSERS.items():
        for name, make in bombs.items():
            yield Case(f"parser {parser}: {name}", [f"replay_{parser}", "@DIR@"], files={"bomb": make})


# A secret's value is JSON in JSON.
def of_programs():
    for name, make in JSON_FILES.items():
        if not make:
            continue
        yield Case(f"credential_process: {name}", "whoami", replies={"*": IDENTITY}, files={
            "out": make, "p.sh": "#!/bin/sh\ncat \"$(dirname \"$0\")/out\"\n",
            "~/.aws/config": "[default]\ncredential_process=sh -c 'cat \"$HOME/../project/out\"'\nregion=eu-west-1\n"})
    yield Case("credential_process: endless", "whoami", replies={"*": IDENTITY}, files={
        "~/.aws/config": "[default]\ncredential_process=sh -c 'timeout 1 cat /dev/zero'\nregion=eu-west-1\n"})
    yield Case("credential_process: endless complaint", "whoami", replies={"*": IDENTITY}, files={
        "~/.aws/config": "[default]\ncredential_process=sh -c 'timeout 1 cat /dev/zero >&2; exit 1'\nregion=eu-west-1\n"})


def report(results):
    failed = [result for result in results if result[4]]
    for case, status, _, _, problems, last in failed:
        print(f"FAIL {case.name} ({' '.join(case.args)}): {', '.join(problems)}; status {status}: {last[:200]}")
    if results:
        memory = max(results, key=lambda result: result[2][0])
        more = max(results, key=lambda result: result[2][1])
        cpu = max(results, key=lambda result: result[3])
        print(f"{len(results) - len(failed)}/{len(results)} bombs, at most {memory[2][0] / 1024:.1f} MiB ({memory[0].name}), "
              f"{more[2][1] / 1024:.1f} MiB more than in peace ({more[0].name}), and {cpu[3]} ms ({cpu[0].name})")
    return 1 if failed or not results else 0


# What deployer had no answer to once.
KNOWN = {"config: sections", "config: keys", "config: chain", "config: long line", "transport: endless trailers",
         "parser ignore: patterns", "parser environment: many", "stack.yml: tags", "resources: all on all",
         "GetCallerIdentity 200: many", "DescribeStacks 200: attributes", "GetSecretValue 200: objects",
         "GetSecretValue 200: endless string", "parameters.yml: keys", "compose file: gigabyte", "dev.json: arrays"}


def select(cases):
    """Those, and two of each input, for a suite that has no minutes."""
    taken = {}
    for case in cases:
        group = re.sub(r"[ 0-9]*:.*", "", case.name)
        order = hashlib.sha1(case.name.encode()).hexdigest()
        taken.setdefault(group, []).append((order, case))
    chosen = {case.name for group in taken.values() for _, case in sorted(group, key=lambda pair: pair[0])[:2]}
    return [case for case in cases if case.name in chosen | KNOWN]


def main(words):
    flags = {word for word in words if word.startswith("--")}
    words = [word for word in words if not word.startswith("--")]
    cases = [case for case in itertools.chain(of_files(), of_replies(), of_parsers())
             if all(word in case.name for word in words)]
    if not words and "--long" not in flags:
        cases = select(cases)
    if "--list" in flags:
        print("\n".join(case.name for case in cases))
        return 0
    for name in ("DEPLOYER", "DEPLOYER_ENTRYPOINT", "PEAK", "REPLAYS"):
        if name not in os.environ:
            print(f"{name} is not set")
            return 77
    peace = measure_peace()
    print(f"in peace {peace[0] / 1024:.1f} MiB, and {peace[1] / 1024:.1f} MiB on the network")
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        results = list(pool.map(lambda case: play(case, peace), cases))
    if "--all" in flags:
        for case, status, (memory_kb, more_kb), cpu_ms, _, last in results:
            print(f"{memory_kb / 1024:6.1f} MiB {more_kb / 1024:+6.1f} {cpu_ms:5d} ms status {status} {case.name}: {last[:150]}")
    return report(results)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
