#!/usr/bin/env python3
"""Releases in a row under faults and kills drawn at random: what is said must be true, and it must converge.

    soak.py [--rounds N] [--seed S] [--seconds LIMIT] [--real N] [--log FILE] [--keep]

One project, one account that lives in one sandbox throughout. Each round makes a commit, draws what goes
wrong (faults on calls, stale reads, resources, services and functions that fail, hidden rollbacks, change
sets, a registry, an Engine or tests that fail, an expired token, a full disk, signals at a random moment, a
rival release of the same commit; one in six two at once), runs `deployer release`, and holds its exit status
and its words against the account, the registry and the file:

    0 means that the stack is complete, its tasks run this tag, the registry has it and dev.cfg names it;
    a success that is told is one; 2 to 9 leave the stack's version alone; 10 means that the old version runs;
    'changed:' names what was changed, and nothing else.

Then, in every second round at least, the faults end, and a release, or the same with --resume, must bring it
about. Every tenth round looks at what may not pile up: temporary files, change sets, uploads, locks, and the
release records beyond their limit. Engine and compose are stubs (stub_engine.py), the registry is a real one;
--real N lets every Nth round use the machine's Engine and compose instead.

MEASURE names the program that tells a process's peak memory and its descriptors at its end (measure.c); with
it, their medians in the first and the last tenth of the runs are compared. The sandbox, whose account grows, is
compared with a new one that has read the same account. Ends with 'n/n rounds ...' and the seed. DEPLOYER and DEPLOYER_SANDBOX name the programs.
"""

import argparse
import collections
import datetime
import hashlib
import hmac
import json
import os
import pathlib
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import xml.etree.ElementTree

import catalogue

HERE = pathlib.Path(__file__).resolve().parent
SPEED = "600"
RUN_LIMIT_S = 240  # a run that takes longer hangs
KILL_WITHIN_S = 3.0  # about as long as a release takes here
RECORDS_MAX = 100
LARGE_TEMPLATES = 3  # that are uploaded, each under a key made of its contents
FLAT = 1.1
SANDBOX_FLAT = 1.5  # it has threads, each of which may keep what it freed
DISK = "48m"

STACK = """\
Parameters:
  ApplicationImageTag: {Type: String}
  Breaker: {Type: String, Default: 'true'}
Resources:
  Image:
    Type: AWS::SSM::Parameter
    Properties: {Type: String, Value: !Ref ApplicationImageTag}
""" + (HERE / "catalogue" / "ecs.yml").read_text(encoding="utf-8").partition("Resources:\n")[2].replace(
    "app:${ApplicationImageTag}", "PROJECT/app:${ApplicationImageTag}")

COMPOSE = """\
version: '2.4'
services:
  test: {image: 'PROJECT/test', build: ., command: [sh, -c, 'echo 1..1; echo ok 1']}
  release: {image: 'PROJECT/app:latest', build: .}
  app: {image: 'PROJECT/app:${APP_VERSION}', build: .}
  migrate: {image: 'PROJECT/app:latest', command: ['true']}
  acceptance: {image: 'PROJECT/app:latest', command: [sh, -c, 'echo 1..1; echo ok 1']}
"""

DOCKERFILE = """\
FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox", "--install", "-s", "/bin"]
ENV PATH=/bin
COPY source /source
"""

# Named as Debian's is, whose version is read in its head.
STUB_COMPOSE = """\
#!/bin/sh
# In the place of docker-compose==1.29.2.
stub=%(stub)s
for word; do
	case $word in config | build | run | up | down) step=$word && break ;; esac
done
for service; do :; done
case ${step-} in
config) sed "s/\\${APP_VERSION}/${APP_VERSION-none}/" docker-compose.yml ;;
build) cat source >"$stub/commit" ;;
run | up)
	[ ! -e "$stub/fail-$step" ] || { echo "not ok 1 - drawn"; exit 3; }
	for service; do case $service in test | migrate | acceptance) echo "$service" >>"$stub/done" ;; esac; done
	printf '1..1\\nok 1\\n'
	;;
down) rm -f "$stub/done" ;;
esac
"""


class Aws:
    """The account, asked by somebody who has nothing to do with the deployer: SigV4 and nothing else."""

    def __init__(self, environment, repository):
        self.environment = environment
        self.repository = repository

    def call(self, service, body, headers):
        env = self.environment
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        host = urllib.parse.urlsplit(env["AWS_ENDPOINT_URL"]).netloc
        headers = dict(headers, host=host, **{"x-amz-date": now})
        names = ";".join(sorted(headers))
        lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
        request = f"POST\n/\n\n{lines}\n{names}\n{hashlib.sha256(body).hexdigest()}"
        scope = f"{now[:8]}/{env['AWS_REGION']}/{service}/aws4_request"
        text = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
        key = ("AWS4" + env["AWS_SECRET_ACCESS_KEY"]).encode()
        for part in scope.split("/") + [text]:
            key = hmac.digest(key, part.encode(), "sha256")
        headers["authorization"] = (f"AWS4-HMAC-SHA256 Credential={env['AWS_ACCESS_KEY_ID']}/{scope}, "
                                    f"SignedHeaders={names}, Signature={key.hex()}")
        request = urllib.request.Request(env["AWS_ENDPOINT_URL"] + "/", body, headers)
        with urllib.request.urlopen(request, timeout=120) as reply:
            return reply.read()

    def stack(self):
        form = urllib.parse.urlencode({"Action": "DescribeStacks", "Version": "2010-05-15", "StackName": "app"})
        try:
            reply = self.call("cloudformation", form.encode(),
                              {"content-type": "application/x-www-form-urlencoded"})
        except urllib.error.HTTPError:
            return "", ""
        tree = xml.etree.ElementTree.fromstring(re.sub(rb' xmlns="[^"]*"', b"", reply, count=1))
        tag = next((p.findtext("ParameterValue") for p in tree.iter("member")
                    if p.findtext("ParameterKey") == "ApplicationImageTag"), "")
        return tree.findtext(".//StackStatus") or "", tag

    def ask_json(self, service, target, **members):
        headers = {"content-type": "application/x-amz-json-1.1", "x-amz-target": target}
        return json.loads(self.call(service, json.dumps(members).encode(), headers))

    def ecs(self, operation, **members):
        return self.ask_json("ecs", "AmazonEC2ContainerServiceV20141113." + operation, **members)

    def running_tags(self):
        arns = self.ecs("ListTasks", cluster="app", serviceName="web")["taskArns"]
        tasks = self.ecs("DescribeTasks", cluster="app", tasks=arns)["tasks"] if arns else []
        definitions = {task["taskDefinitionArn"] for task in tasks if task["lastStatus"] == "RUNNING"}
        found = [self.ecs("DescribeTaskDefinition", taskDefinition=arn)["taskDefinition"] for arn in definitions]
        return {one["containerDefinitions"][0]["image"].partition(":")[2] for one in found}

    def has_image(self, tag):
        reply = self.ask_json("ecr", "AmazonEC2ContainerRegistry_V20150921.BatchGetImage",
                              repositoryName=self.repository, imageIds=[{"imageTag": tag}])
        return bool(reply.get("images"))


class Run:
    """One command of the deployer's, to its end."""

    def __init__(self, world, args, kill=None):
        self.args = args
        self.peak_kib = self.descriptors = None
        self.out = tempfile.TemporaryFile()
        self.killed_by = None
        reader = None
        command = [os.environ["DEPLOYER"]] + args
        extra = {}
        if world.measure:
            reader, writer = os.pipe()
            command = [world.measure, str(writer)] + command
            extra = {"pass_fds": [writer]}
        self.process = subprocess.Popen(command, cwd=world.project, env=world.environment(), stdin=subprocess.DEVNULL,
                                        stdout=self.out, stderr=self.out, start_new_session=True, **extra)
        self.told = None
        self.pid = self.process.pid
        if reader is not None:
            os.close(writer)
            self.told = os.fdopen(reader, encoding="ascii")
            self.pid = int(self.told.readline().split()[1])
        self.timer = None
        if kill:
            number, after = kill
            self.timer = threading.Timer(after, self.kill, [number])
            self.timer.start()

    def kill(self, number):
        try:
            os.kill(self.pid, number)
            self.killed_by = number
        except ProcessLookupError:
            pass

    def wait(self):
        self.hangs = False
        try:
            status = self.process.wait(RUN_LIMIT_S)
        except subprocess.TimeoutExpired:
            self.hangs = True
            self.kill(signal.SIGKILL)
            status = self.process.wait()
        if self.timer:
            self.timer.cancel()
        if self.told:
            status = self.read_told()
        self.status = status
        self.out.seek(0)
        self.text = self.out.read().decode(errors="replace")
        self.out.close()
        return self

    def read_told(self):
        status = -signal.SIGKILL
        for line in self.told:
            words = line.split()
            if words[0] == "exit":
                self.peak_kib, self.descriptors = int(words[1]), int(words[3])
            elif words[0] == "status":
                status = os.waitstatus_to_exitcode(int(words[1]))
        self.told.close()
        return status


class World:
    def __init__(self, keep):
        self.keep = keep
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="soak-"))
        self.name = "soak-" + self.dir.name[5:].lower().replace("_", "x")
        self.stack = STACK.replace("PROJECT", self.name)
        self.measure = os.environ.get("MEASURE")
        self.is_real = self.was_real = False
        self.engine_is_down = False
        self.stub = self.dir / "stub"
        self.bin = self.dir / "bin"
        self.disk = self.dir / "disk"
        self.project = self.disk / "project"
        # In memory, both: others' work on the disk is not to be waited for.
        self.has_memory = self.mount(self.dir, "1g")
        for folder in (self.stub, self.bin, self.disk):
            folder.mkdir()
        self.has_disk = self.mount(self.disk, DISK)
        for name in ("project", "home", "tmp"):
            (self.disk / name).mkdir()
        self.variables = catalogue.clean_environment(self.disk / "home")
        self.variables.update(TMPDIR=str(self.disk / "tmp"), XDG_STATE_HOME=str(self.disk / "home" / "state"))
        self.variables.update({f"GIT_{who}_{what}": f"soak{at}" for who in ("AUTHOR", "COMMITTER")
                               for what, at in (("NAME", ""), ("EMAIL", "@localhost"))})
        self.play({})
        self.start_engine()
        self.start_sandbox()
        self.make_project()

    @staticmethod
    def mount(folder, size):
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", str(folder)],
                              capture_output=True, check=False)
        return done.returncode == 0

    def environment(self):
        env = dict(self.variables, **self.aws.environment)
        if not self.is_real:
            env["DOCKER_HOST"] = f"unix://{self.dir}/{'nobody' if self.engine_is_down else 'engine'}.sock"
            env["PATH"] = f"{self.bin}:{env['PATH']}"
            env["DOCKER_CONFIG"] = str(self.disk / "home" / "docker")
        return env

    def start_engine(self):
        script = self.bin / "docker-compose"
        script.write_text(STUB_COMPOSE % {"stub": self.stub}, encoding="utf-8")
        script.chmod(0o755)
        self.engine = subprocess.Popen([sys.executable, str(HERE / "stub_engine.py"), str(self.dir / "engine.sock"),
                                        str(self.stub)], env=self.variables)

    def start_sandbox(self):
        self.sandbox = subprocess.Popen(
            [os.environ["DEPLOYER_SANDBOX"], "serve", "-q", "--state", str(self.dir / "account"), "--speed", SPEED,
             "--scenario", str(self.dir / "scenario.yml"), "--repository", f"{self.name}/app", "--bucket", "soak-templates"],
            env=self.variables, stdout=subprocess.PIPE, text=True)
        environment = {}
        for line in self.sandbox.stdout:
            found = re.match(r"export (\w+)='(.*)'$", line.rstrip("\n"))
            if found:
                environment[found.group(1)] = found.group(2)
            if line.startswith("export no_proxy"):
                break
        if "AWS_ENDPOINT_URL" not in environment:
            sys.exit("the sandbox did not start")
        self.aws = Aws(environment, f"{self.name}/app")

    def git(self, *args):
        done = subprocess.run(["git", *args], cwd=self.project, env=self.variables, capture_output=True, text=True,
                              check=True)
        return done.stdout.strip()

    def write(self, name, text):
        (self.project / name).write_text(text, encoding="utf-8")

    def make_project(self):
        self.write("stack.yml", self.stack)
        self.write("dev.cfg", "ApplicationImageTag=none\n")
        self.write("docker-compose.yml", COMPOSE.replace("PROJECT", self.name))
        self.write("Dockerfile", DOCKERFILE)
        self.write(".dockerignore", "*\n!busybox\n!source\n")
        self.write("source", "0\n")
        self.write("deployer.yml", f"project: {self.name}\nstack: {{name: app, bucket: soak-templates}}\n"
                                   "stages: {test: [{build: [test, release, app]}, {run: [test]}],"
                                   " release: [{up: migrate}, {up: acceptance}]}\n")
        if shutil.which("busybox"):
            shutil.copy(shutil.which("busybox"), self.project / "busybox")
        self.git("init", "-q", "-b", "main")
        self.git("add", "-A")
        self.git("commit", "-qm", "begin")

    def play(self, scenario):
        new = self.dir / "scenario.new"
        new.write_text(json.dumps(scenario), encoding="utf-8")
        new.replace(self.dir / "scenario.yml")

    def commit(self, number, draw):
        """A next version: other bits, another template, a large one, or nothing but a commit."""
        kind = draw.choice(["source", "source", "template", "large", "empty"])
        if kind == "source":
            self.write("source", f"{number}\n")
        elif kind == "template":
            self.write("stack.yml", self.stack + f"# {number}\n")
        elif kind == "large":
            self.write("stack.yml", self.stack + f"# {number % LARGE_TEMPLATES}\n" + "# padding\n" * 5200)
        self.git("commit", "-q", "--allow-empty", "-am", f"round {number}: {kind}")
        return self.git("rev-parse", "--short", "HEAD")

    def fill_disk(self):
        with open(self.disk / "ballast", "wb", buffering=0) as file:
            for size in (1 << 20, 4096):
                try:
                    while True:
                        file.write(bytes(size))
                except OSError:
                    pass

    def reset_faults(self):
        self.play({})
        self.engine_is_down = False
        for name in ("fail-run", "fail-up", "push"):
            (self.stub / name).unlink(missing_ok=True)
        (self.disk / "ballast").unlink(missing_ok=True)

    def file_tag(self):
        return (self.project / "dev.cfg").read_text(encoding="utf-8").strip().partition("=")[2]

    def sandbox_figures(self):
        text = pathlib.Path(f"/proc/{self.sandbox.pid}/status").read_text(encoding="ascii")
        return (int(re.search(r"VmRSS:\s+(\d+)", text).group(1)), len(os.listdir(f"/proc/{self.sandbox.pid}/fd")))

    def restart_sandbox(self):
        self.sandbox.terminate()
        self.sandbox.wait()
        self.start_sandbox()

    def clean_engine(self):
        self.is_real = True
        subprocess.run([os.environ["DEPLOYER"], "clean"], cwd=self.project, env=self.environment(), capture_output=True,
                       check=False)
        script = f"docker images --format '{{{{.Repository}}}}:{{{{.Tag}}}}' | grep -F {self.name} | xargs -r docker rmi -f"
        subprocess.run(["sh", "-c", script], capture_output=True, check=False)

    def close(self):
        if self.was_real:
            self.clean_engine()
        for process in (self.sandbox, self.engine):
            process.terminate()
            process.wait()
        if self.keep:
            return
        for folder in [self.disk] * self.has_disk + [self.dir] * self.has_memory:
            subprocess.run(["umount", str(folder)], check=False)
        shutil.rmtree(self.dir, ignore_errors=True)


# ---- what goes wrong ----

READS = ["GetCallerIdentity", "DescribeStacks", "DescribeStackEvents", "DescribeChangeSet", "GetTemplateSummary",
         "DescribeRepositories", "GetAuthorizationToken", "ValidateTemplate", "DescribeServices", "ListTasks", "DescribeTasks",
         "DescribeTaskDefinition", "ListStackResources", "GetTemplate"]
WRITES = ["CreateChangeSet", "ExecuteChangeSet", "DeleteChangeSet", "PutObject"]


def call_fault(draw, reply, actions, **more):
    fault = {"action": draw.choice(actions), "reply": reply, "from": draw.randint(1, 3), "count": draw.randint(1, 4)}
    fault.update(more)
    return {"faults": [fault]}


FAULTS = {
    "throttled": lambda d: call_fault(d, "throttle", READS + WRITES),
    "busy": lambda d: call_fault(d, "error", READS + WRITES, status=503, code="ServiceUnavailable"),
    "internal error": lambda d: call_fault(d, "error", READS + WRITES, status=500),
    "dropped": lambda d: call_fault(d, "drop", READS + WRITES),
    "lost reply": lambda d: call_fault(d, "lost", WRITES, **{"from": 1, "count": d.choice([1, 1, 2])}),
    "cut reply": lambda d: call_fault(d, "cut", READS + WRITES),
    "slow reply": lambda d: call_fault(d, "delay", READS + WRITES, delay_ms=d.randint(100, 1500)),
    "no words": lambda d: call_fault(d, "error", READS + WRITES, status=d.choice([400, 403, 500, 502]), body="<html>"),
    "denied": lambda d: call_fault(d, "error", READS + WRITES, status=403, code="AccessDenied", count=0),
    "expired": lambda d: call_fault(d, "error", ["*"], status=403, code="ExpiredToken", count=0,
                                    **{"from": d.randint(1, 25)}),
    "gone": lambda d: call_fault(d, "drop", ["*"], count=d.randint(1, 6), **{"from": d.randint(1, 25)}),
    "stale reads": lambda d: {"stacks": [{"name": "app", "stale": d.randint(1, 6)}]},
    "resource fails": lambda d: {"resources": [{"logical_id": d.choice(["Image", "Service", "Definition", "Migrate"]),
                                                "action": "UPDATE", "outcome": "fail", "reason": "drawn", "count": 1}]},
    "rollback fails": lambda d: {"resources": [
        {"logical_id": "Service", "action": "UPDATE", "outcome": "fail", "reason": "drawn", "count": 1},
        {"logical_id": "Image", "action": "ROLLBACK", "outcome": "fail", "reason": "drawn", "count": 1}]},
    "slow resource": lambda d: {"resources": [{"logical_id": "Image", "action": "UPDATE", "outcome": "slow",
                                               "seconds": d.randint(100, 2000), "count": 1}]},
    "service fails": lambda d: {"services": [{"logical_id": "Service", "seconds": d.randint(5, 60), "failures": 0,
                                              "outcome": d.choice(["crash", "oom", "pull", "unhealthy", "secret"]),
                                              "breaker": d.choice(["on", "off"])}]},
    "service recovers": lambda d: {"services": [{"logical_id": "Service", "outcome": "crash", "seconds": 20,
                                                 "failures": d.randint(1, 3)}]},
    "hidden rollback": lambda d: {"services": [{"logical_id": "Service", "outcome": "crash", "seconds": 20,
                                                "breaker": "hidden"}]},
    "function fails": lambda d: {"functions": [{"logical_id": "Migrate", "outcome": "fail", "reason": "drawn"}]},
    "change set fails": lambda d: {"change_sets": [{"stack": "app", "outcome": d.choice(["fail", "obsolete"])}]},
    "operation denied": lambda d: {"lacks": [d.choice(["DescribeEvents", "GetTemplateSummary"])]},
    "registry token ends": lambda d: {"tokens": [{"requests": d.randint(0, 6) or 1, "status": d.choice([401, 403])}]},
}

SIGNALS = [signal.SIGKILL, signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGTERM, signal.SIGINT, signal.SIGHUP]


class Plan:
    """What is drawn for a round."""

    def __init__(self, draw, has_disk):
        self.scenario = {}
        self.names = []
        self.kill = None
        self.files = {}
        self.engine_is_down = self.disk_is_full = self.has_rival = False
        others = [self.draw_kill] * 8 + [self.draw_stub] * 3 + [self.draw_rival] * 2 + [self.draw_nothing] * 2
        others += [self.draw_full] * 2 if has_disk else []
        for _ in range(2 if draw.random() < 1 / 6 else 1):
            chosen = draw.choice(list(FAULTS) + others)
            if callable(chosen):
                chosen(draw)
                continue
            for key, value in FAULTS[chosen](draw).items():
                self.scenario.setdefault(key, []).extend(value)
            self.names.append(chosen)
        self.name = " and ".join(self.names)

    def draw_kill(self, draw):
        number = draw.choice(SIGNALS)
        self.kill = (number, draw.uniform(0, KILL_WITHIN_S))
        self.names.append(f"{number.name} after {self.kill[1]:.2f} s")

    def draw_stub(self, draw):
        what = draw.choice(["tests fail", "acceptance fails", "engine down", "push fails", "push hangs up", "push says nothing"])
        self.names.append(what)
        self.files.update({"tests fail": {"fail-run": ""}, "acceptance fails": {"fail-up": ""}, "push fails": {"push": "fail"},
                           "push hangs up": {"push": "hangup"}, "push says nothing": {"push": "silent"}}.get(what, {}))
        self.engine_is_down = what == "engine down"

    def draw_rival(self, _):
        self.has_rival = True
        self.names.append("a rival")

    def draw_nothing(self, _):
        self.names.append("nothing")

    def draw_full(self, _):
        self.disk_is_full = True
        self.names.append("full disk")

    def begin(self, world):
        world.play(self.scenario)
        world.engine_is_down = self.engine_is_down
        for name, text in self.files.items():
            (world.stub / name).write_text(text, encoding="ascii")
        if self.disk_is_full:
            world.fill_disk()


# ---- what must be true ----

class Truth:
    def __init__(self, world, tag):
        self.status, self.parameter = world.aws.stack()
        self.running = world.aws.running_tags() if self.status else set()
        self.is_published = world.aws.has_image(tag)
        self.file = world.file_tag()

    def has(self, tag):
        return (self.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE") and self.parameter == tag and
                self.running == {tag} and self.is_published and self.file == tag)

    def __str__(self):
        return (f"stack {self.status} {self.parameter}, running {','.join(sorted(self.running))}, "
                f"{'published' if self.is_published else 'not published'}, file {self.file}")


def judge(run, tag, before, after, has_rival):
    """What a run said and how it ended, against what is so."""
    problems = []
    text, status = run.text, run.status

    def want(condition, problem):
        if not condition:
            problems.append(problem)

    if run.hangs:
        return [f"it hangs for {RUN_LIMIT_S} s"]
    # A signal that comes while the program is being loaded finds nobody who handles it.
    is_unbegun = run.killed_by == -status and not text and str(before) == str(after)
    want(status >= 0 or is_unbegun or run.killed_by == -status == signal.SIGKILL, f"it was ended by signal {-status}")
    want(status in range(0, 14) or is_unbegun or status in (-9, 129, 130, 143), f"it ends with {status}")
    if status == 0:
        want(after.has(tag), f"0, but {after}")
    if re.search(r"stack app is (UPDATE|CREATE)_COMPLETE", text) and status in (0, -9):
        want(after.parameter == tag, f"it tells a success, but {after}")
    if status not in (0, 10, 11, 12, -9):
        want(not re.search(r"ok deploy", text), "a failure says that deploy is ok")
    if status in range(2, 10) and not has_rival:
        want(after.parameter == before.parameter and after.running == before.running, f"{status}, but {after}")
    # A rival may bring about what this one could not.
    if status == 10 and not has_rival:
        want(after.running != {tag}, f"10, but the new version runs: {after}")
        want(not after.status.endswith("FAILED"), f"10, but {after}")
    if status == 11 and not has_rival:
        want(not after.has(tag), f"11, but {after}")
    if status > 0:
        want(re.search(r"^deployer: ", text, re.M), "it fails without a line that says why")
    changed = re.findall(r"^changed: (.*)$", text, re.M)
    if changed and not has_rival:
        done = changed[-1].partition("; not:")[0].partition("; next:")[0]
        want(("dev.cfg" in done) == (before.file != after.file), f"'changed: {changed[-1]}', but the file had {before.file} and has {after.file}")
        if "registry" in done and "registry (unknown)" not in done:
            want(after.is_published, f"'changed: {changed[-1]}', but the registry has no {tag}")
    return problems


class Soak:
    def __init__(self, options):
        self.options = options
        self.draw = random.Random(options.seed)
        self.world = World(options.keep)
        self.begun = time.monotonic()
        self.log = open(options.log, "w", encoding="utf-8") if options.log else None
        self.statuses = collections.Counter()
        self.figures = []  # KiB and descriptors of each run that came to its end
        self.sandbox = []
        self.good = self.rounds = self.converged = self.convergences = self.lies = 0

    def say(self, text):
        if self.log:
            self.log.write(text + "\n")
            self.log.flush()

    def run(self, args, kill=None):
        done = Run(self.world, args, kill).wait()
        self.note(done)
        return done

    def note(self, done):
        self.say(f"  {' '.join(done.args)}: {done.status}, {done.peak_kib} KiB, {done.descriptors} descriptors\n" +
                 "".join(f"    | {line}\n" for line in done.text.splitlines()))
        if done.peak_kib and done.args[0] == "release":
            self.figures.append((done.peak_kib, done.descriptors))

    def play(self, plan, number, tag):
        """The release under faults; returns what is wrong with it."""
        before = Truth(self.world, tag)
        plan.begin(self.world)
        args = ["release", "--wait", "2"]
        rival = Run(self.world, args) if plan.has_rival else None
        runs = [self.run(args, plan.kill)]
        if rival:
            self.note(rival.wait())
            runs.append(rival)
        self.world.reset_faults()
        after = Truth(self.world, tag)
        problems = []
        for run in runs:
            self.statuses[run.status] += 1
            found = judge(run, tag, before, after, plan.has_rival)
            self.lies += run.status == 0 and not after.has(tag)
            problems += [f"release: {problem}" for problem in found]
        self.say(f"  before: {before}\n  after: {after}")
        return problems

    def converge(self, tag, is_first=False):
        """Without faults it must come to its end, at the second command at the latest."""
        self.convergences += 1
        status, _ = self.world.aws.stack()
        if status == "UPDATE_ROLLBACK_FAILED":
            done = self.run(["recover"])
            if done.status != 0:
                return [f"recover ends with {done.status}"]
        args = ["release", "--wait", "10"]
        resume = not is_first and self.draw.random() < 0.5
        done = self.run(args + ["--resume"] * resume)
        after = Truth(self.world, tag)
        problems = judge(done, tag, after, after, True)
        # What a resumed run cannot go on with (its record was never written) is begun anew.
        if done.status != 0 and resume and done.status in (2, 3):
            done = self.run(args)
            after = Truth(self.world, tag)
        # CloudFormation has nothing to update then: the remedy that is told is another version.
        if done.status == 10 and "deploy another version" in done.text:
            tag = self.world.commit(0, self.draw)
            done = self.run(args)
            after = Truth(self.world, tag)
        if done.status != 0 or not after.has(tag):
            problems.append(f"it does not converge: {done.status}, {after}")
        self.converged += not problems
        return [f"again: {problem}" for problem in problems]

    def written_account(self):
        """The sandbox writes it down within seconds of a change: as it is once it stays the same for some."""
        path, before = self.world.dir / "account" / "account.json", None
        while True:
            text = path.read_text(encoding="utf-8")
            if text == before:
                return json.loads(text)
            before = text
            time.sleep(3)

    def look_for_leftovers(self):
        world, problems = self.world, []
        done = self.run(["test"])  # which has private folders, and removes those of the killed
        if done.status:
            problems.append(f"test ends with {done.status}")
        left = sorted(path.name for path in (world.disk / "tmp").iterdir())
        if left:
            problems.append(f"temporary files: {' '.join(left[:5])} ({len(left)})")
        dirty = [line for line in world.git("status", "--porcelain").splitlines() if not line.endswith(" dev.cfg")]
        if dirty:
            problems.append(f"in the project: {' '.join(dirty[:5])}")
        state = world.disk / "home" / "state"
        records = len(list(state.rglob("*.jsonl")))
        others = len([path for path in state.rglob("*") if path.is_file() and path.suffix != ".jsonl"])
        if records > RECORDS_MAX or others > 20:
            problems.append(f"{records} records and {others} other files of state")
        account = self.written_account()
        waiting = [one for one in account.get("ChangeSets", []) if not one.get("ExecutedBy")]
        if waiting:
            problems.append(f"{len(waiting)} change sets are left")
        objects = sum(len(bucket) for bucket in account.get("Buckets", {}).values())
        if objects > LARGE_TEMPLATES:
            problems.append(f"{objects} objects are in the bucket")
        self.say(f"  {records} records, {others} other files, {len(account.get('ChangeSets', []))} change sets, "
                 f"sandbox {self.sandbox[-1]}, account {sum(len(json.dumps(v)) for v in account.values())} bytes: " +
                 ", ".join(f"{key} {len(json.dumps(value))}" for key, value in account.items()))
        return problems

    def round(self, number):
        world = self.world
        world.is_real = bool(self.options.real) and number % self.options.real == 0
        world.was_real = world.was_real or world.is_real
        plan = Plan(self.draw, world.has_disk)
        tag = world.commit(number, self.draw)
        self.say(f"round {number}, {tag}: {plan.name}{', real engine' if world.is_real else ''}")
        problems = self.play(plan, number, tag)
        is_tenth = number % 10 == 0 or number == self.options.rounds
        if is_tenth or self.draw.random() < 0.6:
            problems += self.converge(tag)
        self.sandbox.append(world.sandbox_figures())
        if is_tenth and not problems:
            problems += self.look_for_leftovers()
        self.rounds += 1
        self.good += not problems
        if problems:
            print(f"round {number} ({plan.name}), commit {tag}:\n" + "".join(f"    {problem}\n" for problem in problems),
                  end="", flush=True)
            self.say("  FAILED: " + "; ".join(problems))

    def compare(self, name, unit, first, last, limit=FLAT):
        print(f"{name}: {first:.0f} -> {last:.0f} {unit} ({last / first:.2f} times)")
        return last <= first * limit

    def is_flat(self):
        """Medians of the runs' first tenth and last; the sandbox beside a new one that has the same account."""
        if self.rounds < 50:
            return True
        tenth = len(self.figures) // 10
        flat = [self.compare(f"deployer, first {tenth} runs and last", unit,
                             statistics.median(row[column] for row in self.figures[:tenth]),
                             statistics.median(row[column] for row in self.figures[-tenth:]))
                for column, unit in enumerate(("KiB", "descriptors")) if tenth]
        old = self.sandbox[-1]
        self.world.restart_sandbox()
        problems = self.converge(self.world.commit(0, self.draw))
        new = self.world.sandbox_figures()
        flat += [self.compare("sandbox, a new one of this account and the old", "KiB", new[0], old[0], SANDBOX_FLAT),
                 self.compare("sandbox, first round and last", "descriptors", self.sandbox[0][1], old[1])]
        return all(flat) and not problems

    def main(self):
        options = self.options
        try:
            problems = self.converge(self.world.git("rev-parse", "--short", "HEAD"), is_first=True)
            if problems:
                print("\n".join(problems))
                return 1
            for number in range(1, options.rounds + 1):
                if options.seconds and time.monotonic() - self.begun > options.seconds:
                    print(f"the {options.seconds} s are over")
                    break
                self.round(number)
            flat = self.is_flat()
        finally:
            self.world.close()
        statuses = ", ".join(f"{status}: {count}" for status, count in sorted(self.statuses.items()))
        print(f"exit statuses: {statuses}")
        print(f"{self.good}/{self.rounds} rounds, {self.converged}/{self.convergences} converged, "
              f"false successes {self.lies}, {time.monotonic() - self.begun:.0f} s, seed {options.seed}")
        return 0 if self.good == self.rounds and self.rounds and flat else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--seconds", type=float, default=0)
    parser.add_argument("--real", type=int, default=0)
    parser.add_argument("--log")
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(1 << 32)
    for name in ("DEPLOYER", "DEPLOYER_SANDBOX"):
        if name not in os.environ:
            print(f"{name} is not set: nothing to play with")
            return 77
    for program in ("git", "docker-registry"):
        if not shutil.which(program):
            print(f"{program} is absent")
            return 77
    return Soak(options).main()


if __name__ == "__main__":
    sys.exit(main())
