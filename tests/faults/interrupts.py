#!/usr/bin/env python3
"""Interrupts a release at every named point with every signal, and looks at what is left and at the next run.

    interrupts.py [--list] [--all] [POINT...] [SIGNAL...]

Without a name it plays a quick selection; --all plays each point with each signal (INT, TERM, HUP, KILL, and
STOP, which is followed by CONT). A case passes if

  - the exit status is 128 + the signal's number, or 12 where the operation on the stack goes on, or 0 after STOP;
  - the last line says what the account, the registry and dev.cfg say: what was changed, what was not, what runs;
  - no process of the run is left, no container of its project, no change set that is not executed, no lock;
  - the next run (--resume after KILL and TERM, else the same command) comes to the same end: the stack is
    complete with the version, dev.cfg names it, the registry has it, and the stack was updated once.

Nothing of the program knows about the points. Calls to AWS and to the registry go through fronts that hold one
of them: before it is handed on, or before its reply is handed back. Hooks, steps and containers wait for a file.
System calls are delayed by strace. Prints 'POINT SIGNAL PASS' a case and n/n at the end.
"""

import concurrent.futures
import fcntl
import http.client
import http.server
import json
import os
import pathlib
import re
import shutil
import signal
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
import uuid

SIGNALS = ["INT", "TERM", "HUP", "KILL", "STOP"]
SPEED = "240"
# How long anything may take; the machine may be busy.
PATIENCE_S = 180
# How long what was killed may take to have its children ended (lib/sys/guard.h).
ORPHAN_S = 180
REACHED, GO = "reached", "go"

# What would lead to somebody's account, or change what is said.
CLEARED = re.compile(r"^(AWS_|DOCKER_|GIT_|COMPOSE_|XDG_)|_proxy$|_PROXY$|^(CI|NO_COLOR|APP_VERSION)$")


class Point:
    """A place where a run is held.

    kind: plain (bump and deploy alone), whole (all stages, with steps that are programs), docker (with containers).
    how: what holds it there. quick: the signals of the quick selection.
    """

    def __init__(self, name, kind="plain", *, new_stack=False, quick=(), **how):
        self.name, self.kind, self.new_stack, self.quick, self.how = name, kind, new_stack, quick, how


def aws(action, when="reply", nth=1):
    return {"front": "aws", "match": action, "when": when, "nth": nth}


def registry(pattern, when="reply", nth=1):
    return {"front": "registry", "match": pattern, "when": when, "nth": nth}


POINTS = [
    Point("identity-asked", **aws("GetCallerIdentity")),
    Point("stack-looked-at", **aws("DescribeStacks")),
    Point("bump-begins", hook="before_bump"),
    Point("bump-waits-for-lock", lock="dev.cfg", hook="before_bump"),
    Point("bump-file-written", strace="fsync:delay_enter=2000000:when=1"),
    Point("bump-file-renamed", strace="renameat:delay_enter=2000000:when=1", quick=("TERM",)),
    Point("bump-done", hook="after_bump"),
    Point("record-written", strace="fdatasync:delay_enter=2000000:when=3"),
    Point("deploy-begins", hook="before_deploy", quick=("KILL",)),
    Point("change-set-asked-for", **aws("CreateChangeSet", "request")),
    Point("change-set-made", **aws("CreateChangeSet"), quick=("INT",)),
    Point("change-set-described", **aws("DescribeChangeSet")),
    Point("execution-asked-for", **aws("ExecuteChangeSet", "request")),
    Point("execution-begun", **aws("ExecuteChangeSet"), quick=("TERM", "KILL")),
    Point("events-read", **aws("DescribeStackEvents", "reply", 2), quick=("HUP", "STOP")),
    Point("events-read-again", **aws("DescribeStackEvents", "request", 3)),
    Point("deploy-done", hook="after_deploy"),
    Point("new-stack-change-set-asked-for", new_stack=True, **aws("CreateChangeSet", "request")),
    Point("new-stack-change-set-made", new_stack=True, **aws("CreateChangeSet"), quick=("TERM",)),
    Point("new-stack-change-set-described", new_stack=True, **aws("DescribeChangeSet")),
    Point("new-stack-execution-begun", new_stack=True, **aws("ExecuteChangeSet")),
    Point("new-stack-events-read", new_stack=True, **aws("DescribeStackEvents", "reply", 2)),
    Point("login-asked", "whole", **aws("GetAuthorizationToken")),
    Point("login-begins", "whole", hook="before_login"),
    Point("login-done", "whole", hook="after_login"),
    Point("test-begins", "whole", hook="before_test"),
    Point("project-waits-for-lock", "whole", lock="project"),
    Point("test-runs", "whole", step="test"),
    Point("test-done", "whole", hook="after_test"),
    Point("release-begins", "whole", hook="before_release"),
    Point("release-runs", "whole", step="release"),
    Point("release-done", "whole", hook="after_release"),
    Point("publish-begins", "whole", hook="before_publish"),
    Point("layer-pushed", "whole", **registry(r"(PUT|PATCH|POST) /v2/.*/blobs/uploads", "request", 2)),
    Point("layer-taken", "whole", **registry(r"(PUT|PATCH|POST) /v2/.*/blobs/uploads", "reply", 2)),
    Point("manifest-pushed", "whole", **registry(r"PUT /v2/.*/manifests/", "request")),
    Point("manifest-taken", "whole", **registry(r"PUT /v2/.*/manifests/")),
    Point("between-tags", "whole", **registry(r"PUT /v2/.*/manifests/latest", "request"), quick=("TERM",)),
    Point("engine-pushes", "whole",
          slow_registry="{service: registry, action: POST uploads, reply: delay, delay_ms: 3000}"),
    Point("publish-done", "whole", hook="after_publish"),
    Point("build-runs", "docker", build=True),
    Point("test-container-runs", "docker", container="test"),
    Point("release-container-runs", "docker", container="acceptance"),
]


class Failure(Exception):
    """What a case found wrong."""


def want(condition, text):
    if not condition:
        raise Failure(text)


def until(condition, what, seconds=PATIENCE_S):
    """Waits; `what` says what is missing then."""
    deadline = time.monotonic() + seconds
    while not condition():
        want(time.monotonic() < deadline, f"not within {seconds} s: {what()}")
        time.sleep(0.05)


def read(path):
    return path.read_text(encoding="utf-8", errors="replace")


def shell(script, *args):
    """Runs a script with arguments; its lines."""
    done = subprocess.run(["sh", "-c", script, "sh", *args], capture_output=True, text=True, check=False)
    return done.stdout.splitlines()


class Front(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """Hands requests on to `target` as they are, and holds the n-th that matches."""

    daemon_threads = True

    def __init__(self, target, how=None):
        super().__init__(("127.0.0.1", 0), FrontHandler)
        self.target, self.how = target, how
        self.seen, self.mutex = 0, threading.Lock()
        self.reached, self.go = threading.Event(), threading.Event()
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()

    def handle_error(self, request, client_address):
        """Whoever asked may have been killed."""

    def matches(self, request, body):
        if not self.how:
            return False
        if self.how["front"] == "aws":
            target = request.headers.get("X-Amz-Target", "")
            name = self.how["match"].encode()
            found = re.search(rb"(^|&)Action=" + name + rb"(&|$)", body) or target.endswith("." + self.how["match"])
        else:
            found = re.match(self.how["match"], f"{request.command} {request.path}")
        with self.mutex:
            self.seen += bool(found)
            return bool(found) and self.seen == self.how["nth"]

    def hold(self):
        self.reached.set()
        self.go.wait(PATIENCE_S)


class FrontHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def read_body(self):
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            body = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def is_client_gone(self):
        try:
            return self.connection.recv(1, 0x02 | 0x40) == b""  # MSG_PEEK | MSG_DONTWAIT
        except BlockingIOError:
            return False
        except OSError:
            return True

    def handle_any(self):
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.send_response_only(100)
            self.end_headers()
        body = self.read_body()
        is_held = self.server.matches(self, body)
        if is_held and self.server.how["when"] == "request":
            self.server.hold()
            if self.is_client_gone():  # never sent, as far as the other side knows
                self.close_connection = True
                return
        upstream = http.client.HTTPConnection(self.server.target, timeout=PATIENCE_S)
        upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in ("transfer-encoding", "expect", "content-length"):
                upstream.putheader(name, value)
        if body or self.command in ("POST", "PUT", "PATCH"):
            upstream.putheader("Content-Length", str(len(body)))
        upstream.endheaders(body)
        reply = upstream.getresponse()
        data = reply.read()
        if is_held and self.server.how["when"] == "reply":
            self.server.hold()
        self.send_response_only(reply.status, reply.reason)
        for name, value in reply.getheaders():
            if name.lower() not in ("transfer-encoding", "connection", "content-length"):
                self.send_header(name, value.replace(self.server.target, self.headers.get("Host", self.server.target)))
        length = reply.getheader("Content-Length") if self.command == "HEAD" else str(len(data))
        self.send_header("Content-Length", length or "0")
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else data)
        upstream.close()

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any


class World:
    """A project, an account and their names, for one case."""

    def __init__(self, base, point):
        self.point = point
        self.project_name = f"deployer-interrupts-{os.getpid()}-{uuid.uuid4().hex[:6]}"
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="in-"))
        self.project, self.state, self.home = self.dir / "project", self.dir / "state", self.dir / "home"
        self.hold = self.dir / "hold"
        for folder in (self.home, self.hold, self.dir / "tmp"):
            folder.mkdir()
        self.mark = uuid.uuid4().hex
        self.image = base.image
        shutil.copytree(base.dir / "project", self.project)
        if not point.new_stack:
            shutil.copytree(base.dir / "state", self.state)
        self.link_compose()
        self.write_files()
        self.version = self.commit()
        self.log = self.dir / "said"

    def link_compose(self):
        plugin = pathlib.Path.home() / ".docker/cli-plugins/docker-compose"
        if plugin.exists():
            (self.home / ".docker/cli-plugins").mkdir(parents=True)
            (self.home / ".docker/cli-plugins/docker-compose").symlink_to(plugin)

    def write_files(self):
        how, wait = self.point.how, str(self.project / "wait.sh")
        hooks = [f"{how['hook']}: [{{exec: [sh, {wait}]}}]"] if "hook" in how else []
        steps = {"test": "{exec: ['true']}", "release": "{exec: ['true']}"}
        if "step" in how:
            steps[how["step"]] = f"{{exec: [sh, {wait}]}}"
        if self.point.kind == "docker":
            steps = {"test": "{build: []}, {run: [test]}", "release": "{up: acceptance}"}
        (self.project / "wait.sh").write_text(
            f"touch {self.hold}/{REACHED}\nwhile [ ! -e {self.hold}/{GO} ]; do sleep 0.1; done\n", encoding="utf-8")
        command = {name: f"touch /hold/{REACHED}; while [ ! -e /hold/{GO} ]; do sleep 0.1; done"
                   if how.get("container") == name else "true" for name in ("test", "acceptance")}
        # A build of its own each time: its last step must not come from the cache.
        pause = f"RUN echo {self.mark} && sleep $(cat /pause)\n" if how.get("build") else ""
        (self.project / "pause").write_text("20\n", encoding="utf-8")
        image = self.project_name if self.point.kind == "docker" else self.image
        (self.project / "Dockerfile").write_text(
            f"FROM {self.image}\nCOPY pause /pause\n{pause}", encoding="utf-8")
        (self.project / "docker-compose.yml").write_text(json.dumps({"version": "2.4", "services": {
            "app": {"image": f"{image}/app" if self.point.kind == "docker" else image, "build": "."},
            "test": {"image": f"{image}/app", "command": ["sh", "-c", command["test"]],
                     "volumes": [f"{self.hold}:/hold"]},
            "acceptance": {"image": f"{image}/app", "command": ["sh", "-c", command["acceptance"]],
                           "volumes": [f"{self.hold}:/hold"]}}}), encoding="utf-8")
        self.settings = (f"compose: {{project: {self.project_name}}}\nstack: {{name: app}}\n"
                         f"image: {self.project_name}/app\n"
                         f"stages: {{test: [{steps['test']}], release: [{steps['release']}]}}\n"
                         f"hooks: {{{', '.join(hooks)}}}\n")
        (self.project / "deployer.yml").write_text(self.settings, encoding="utf-8")

    def commit(self):
        git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "core.fsync=none"]
        subprocess.run(git + ["add", "-A"], cwd=self.project, check=True)
        subprocess.run(git + ["commit", "-qm", self.mark], cwd=self.project, check=True)
        return subprocess.run(git + ["rev-parse", "--short=7", "HEAD"], cwd=self.project, check=True,
                              capture_output=True, text=True).stdout.strip()

    def environment(self):
        env = {key: value for key, value in os.environ.items() if not CLEARED.search(key)}
        env.update(HOME=str(self.home), TMPDIR=str(self.dir / "tmp"), LC_ALL="C", TZ="UTC", TERM="dumb",
                   GIT_CONFIG_NOSYSTEM="1", AWS_EC2_METADATA_DISABLED="true", INTERRUPTS_MARK=self.mark,
                   ASAN_OPTIONS="detect_leaks=0")
        return env

    # What there is

    def account(self):
        return json.loads((self.state / "account.json").read_text(encoding="utf-8"))

    def stack(self):
        stacks = [s for s in self.account().get("Stacks", []) if s["StackName"] == "app"]
        return stacks[-1] if stacks else {}

    def open_change_sets(self):
        return [s["ChangeSetName"] for s in self.account().get("ChangeSets", []) if "ExecutedBy" not in s]

    def file_version(self):
        return (self.project / "dev.cfg").read_text(encoding="utf-8").strip().partition("=")[2]

    def tags(self):
        return {path.name for path in self.state.glob("registry/**/_manifests/tags/*") if path.is_dir()}

    def processes(self):
        """Those that were started with the mark, and have not ended."""
        found = []
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                is_dead = read(process / "stat").rpartition(")")[2].split()[0] == "Z"
                if f"INTERRUPTS_MARK={self.mark}" in read(process / "environ") and not is_dead:
                    found.append(f"{process.name}: {read(process / 'cmdline')}".replace("\0", " "))
            except OSError:
                pass
        return found

    def containers(self):
        if self.point.kind == "plain":
            return []
        label = f"label=com.docker.compose.project={self.project_name}"
        return shell('docker ps -a --filter "$1" --format "{{.Names}} {{.Status}}"', label)

    def locks(self):
        """Those that somebody holds."""
        held = []
        for path in [self.project / "dev.cfg", *self.home.glob(".local/state/deployer/**/*")]:
            if path.is_file():
                with path.open("rb") as file:
                    try:
                        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    except BlockingIOError:
                        held.append(str(path))
        return held

    def remove(self):
        if self.point.kind != "plain":
            shell("""docker ps -aq --filter "label=com.docker.compose.project=$1" | xargs -r docker rm -fv
                docker network ls -q --filter "name=$1" | xargs -r docker network rm
                docker images --format '{{.Repository}}:{{.Tag}}' | grep -F "$1" | xargs -r docker rmi -f""",
                  self.project_name)
        shutil.rmtree(self.dir, ignore_errors=True)


class Sandbox:
    """The account of a world; closed, it has written down everything."""

    def __init__(self, world, faults=""):
        command = [os.environ["DEPLOYER_SANDBOX"], "-q", "run", "--state", str(world.state), "--speed", SPEED]
        if world.point.kind == "plain":
            command.append("--no-registry")
        else:
            command += ["--repository", f"{world.project_name}/app"]
        scenario = world.dir / "scenario.yml"
        scenario.write_text(f"faults: [{faults}]\nresources: [{{logical_id: Image, outcome: slow, seconds: 480}}]\n",
                            encoding="utf-8")
        env = world.environment()
        del env["INTERRUPTS_MARK"]
        command += ["--scenario", str(scenario), "--", "sh", "-c", "env; echo; read -r _"]
        self.process = subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        self.env = {}
        for line in self.process.stdout:
            name, _, value = line.rstrip("\n").partition("=")
            if name.startswith(("AWS_", "DEPLOYER_SANDBOX_")):
                self.env[name] = value
            if not name:
                break

    def close(self):
        if self.process:
            self.process.communicate("\n", timeout=PATIENCE_S)
        self.process = None


class Run:
    """A run of the program in a world, through fronts of which one may hold a call."""

    def __init__(self, world, sandbox, how, args):
        self.world, self.how = world, how
        self.fronts = {"aws": Front(sandbox.env["AWS_ENDPOINT_URL"].partition("//")[2],
                                    how if how.get("front") == "aws" else None)}
        env = world.environment() | sandbox.env
        env["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{self.fronts['aws'].server_port}"
        if world.point.kind != "plain":
            self.fronts["registry"] = Front(sandbox.env["DEPLOYER_SANDBOX_REGISTRY"],
                                            how if how.get("front") == "registry" else None)
            direct = f", direct: true, registry: 'http://127.0.0.1:{self.fronts['registry'].server_port}'"
            (world.project / "deployer.yml").write_text(
                f"{world.settings}publish: {{tags: [latest]{'' if 'slow_registry' in how else direct}}}\n",
                encoding="utf-8")
        command = [os.environ["DEPLOYER"], "release", *args]
        if "strace" in how:
            trace = how["strace"].partition(":")[0]
            options = ["-o", str(world.dir / "trace"), "-e", f"trace={trace}", "-e", f"inject={how['strace']}"]
            command = ["strace", *options, *command]
        self.output = world.log.open("w", encoding="utf-8")
        self.process = subprocess.Popen(command, cwd=world.project, env=env, stdin=subprocess.DEVNULL,
                                        stdout=self.output, stderr=subprocess.STDOUT, start_new_session=True)

    def said(self):
        return read(self.world.log)

    def pid(self):
        """The program itself, also below strace."""
        if "strace" not in self.how:
            return self.process.pid
        own = self.process.pid
        return int(read(pathlib.Path(f"/proc/{own}/task/{own}/children")).split()[0])

    def is_there(self):
        how, world = self.how, self.world
        want(self.process.poll() is None, f"it ended before the point, with {self.process.returncode}")
        if "front" in how:
            return self.fronts[how["front"]].reached.is_set()
        if how.get("lock") == "project":
            return "waiting for another release" in self.said()
        if how.get("build"):
            return world.mark in self.said()
        if "slow_registry" in how:
            return "==> publish" in self.said()
        if "strace" in how:
            return self.is_at_call()
        return (world.hold / REACHED).exists()

    def is_at_call(self):
        """The call that is delayed is the last that strace has begun to write down."""
        call, nth = self.how["strace"].partition(":")[0], int(self.how["strace"].rpartition("=")[2])
        trace = self.world.dir / "trace"
        return trace.exists() and read(trace).count(f"{call}(") >= nth

    def release(self):
        for front in self.fronts.values():
            front.go.set()
        (self.world.hold / GO).touch()

    def end(self):
        try:
            return self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            raise Failure(f"it does not end:\n{self.said()}") from None
        finally:
            self.release()
            self.output.close()
            for front in self.fronts.values():
                front.shutdown()
                front.server_close()


def take_lock(world, which):
    """As another program would have it: of dev.cfg, or of the project."""
    if not which:
        return None
    path = world.project / "dev.cfg"
    if which == "project":
        path = world.home / f".local/state/deployer/project-{world.project_name}.lock"
        path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("ab")
    fcntl.flock(file, fcntl.LOCK_EX)
    return file


def interrupt(run, world, name, lock):
    """Sends the signal and has what was held go on where that is wanted."""
    until(run.is_there, lambda: f"the point is reached\n{run.said()}")
    if world.point.how.get("lock") == "dev.cfg":
        (world.hold / GO).touch()
    if {"lock", "slow_registry"} & set(world.point.how):
        time.sleep(2)  # nothing tells more exactly that it is there
    pid = run.pid()
    os.kill(pid, getattr(signal, f"SIG{name}"))
    sent = time.monotonic()
    if name == "STOP":
        time.sleep(1)
        run.release()
        if lock:
            lock.close()
        (world.project / "pause").write_text("0\n", encoding="utf-8")
        os.kill(pid, signal.SIGCONT)
    status = run.end()
    if lock:
        lock.close()
    return status, time.monotonic() - sent


def operation_of(world, before):
    """Whether the stack has, or had, an operation since."""
    stack = world.stack()
    return stack.get("StackStatus") not in (None, "REVIEW_IN_PROGRESS", "DELETE_COMPLETE") and (
        len(stack.get("Events", [])) > before)


def last_lines(said):
    errors = [line for line in said.splitlines() if line.startswith("deployer: ")]
    summaries = [line for line in said.splitlines() if line.startswith("changed: ")]
    return (errors or [""])[-1], (summaries or [""])[-1]


def check_status(name, status, runs):
    if name == "STOP":
        want(status == 0, f"stopped and continued, it ends with {status}")
    elif name == "KILL":
        want(status == -signal.SIGKILL, f"killed, it ends with {status}")
    else:
        number = 128 + getattr(signal, f"SIG{name}")
        allowed = (12, number) if runs else (number,)
        want(status in allowed, f"status {status}, and {'an' if runs else 'no'} operation was begun")


def check_words(world, name, status, said, runs):
    """The last lines against the account, the file and the registry."""
    if name in ("KILL", "STOP"):
        return
    error, summary = last_lines(said)
    want(f"interrupted by SIG{name}" in error, f"the error is: {error}")
    want(summary, "there is no summary")
    changed = summary.partition("; not: ")[0]
    want(("dev.cfg" in changed) == (world.file_version() == world.version),
         f"dev.cfg has {world.file_version()}, and it says: {summary}")
    want(("registry" in changed) == (world.version in world.tags()),
         f"the registry has {world.tags()}, and it says: {summary}")
    if runs and status == 12:
        want("running: the stack's operation" in summary and "deployer watch" in summary,
             f"the stack's operation runs, and it says: {summary}")
    elif runs:
        want(re.search(r"stack app", changed), f"the stack was changed, and it says: {summary}")
    else:
        want(re.search(r"; not: .*stack", summary), f"the stack was not changed, and it says: {summary}")


def check_leftovers(world, name):
    until(lambda: not world.processes(), lambda: f"processes are left: {world.processes()}", ORPHAN_S)
    want(not world.locks(), f"locks are held: {world.locks()}")
    # What was killed cannot remove containers: the next run does.
    if name != "KILL":
        until(lambda: not world.containers(), lambda: f"containers are left: {world.containers()}", ORPHAN_S)
        files = list((world.dir / "tmp").glob("*"))
        want(not files, f"files are left: {files}")


def check_end(world, executed):
    stack = world.stack()
    status = stack.get("StackStatus", "")
    want(re.fullmatch(r"(UPDATE|CREATE)_COMPLETE", status), f"the stack is {status}")
    live = stack["Resources"]["Image"]["Properties"]["Value"]
    want(live == world.version, f"the stack has {live}, not {world.version}")
    want(world.file_version() == world.version, f"dev.cfg has {world.file_version()}")
    want(executed == 1, f"the stack was updated {executed} times")
    want(not world.open_change_sets(), "a change set is left")
    if world.point.kind != "plain":
        want(world.tags() == {world.version, "latest"}, f"the registry has {world.tags()}")
    want(not list(world.project.glob(".deployer-*")), "a temporary file is left")


def count_operations(stack):
    return sum(1 for event in stack.get("Events", [])
               if event.get("ResourceType") == "AWS::CloudFormation::Stack"
               and event.get("ResourceStatus") in ("UPDATE_IN_PROGRESS", "CREATE_IN_PROGRESS"))


STAGES = {"plain": ["--only", "bump", "--only", "deploy"], "whole": [], "docker": []}


def play(base, point, name):
    """One case: nothing where all is well, else what is not, and what was said."""
    world = World(base, point)
    sandbox, said = None, ""
    try:
        before = count_operations(world.stack()) if not point.new_stack else 0
        events = len(world.stack().get("Events", [])) if not point.new_stack else 0
        sandbox = Sandbox(world, point.how.get("slow_registry", ""))
        lock = take_lock(world, point.how.get("lock"))
        run = Run(world, sandbox, point.how, STAGES[point.kind])
        status, took = interrupt(run, world, name, lock)
        said = f"-- interrupted, it ended with {status} after {took:.1f} s --\n{run.said()}"
        check_leftovers(world, name)
        time.sleep(0.3)  # what was under way has arrived
        # The account is written down when the sandbox ends: it goes on with it.
        sandbox.close()
        runs = operation_of(world, events)
        check_status(name, status, runs)
        check_words(world, name, status, run.said(), runs)
        if not runs and name != "KILL":
            want(not world.open_change_sets(), "a change set is left")
        (world.project / "pause").write_text("0\n", encoding="utf-8")
        sandbox = Sandbox(world)
        args = ["--resume", "--wait", "5"] if name in ("KILL", "TERM") else [*STAGES[point.kind], "--wait", "5"]
        again = Run(world, sandbox, {}, args)
        again.release()
        status = again.end()
        said += f"-- the next run ended with {status} --\n{again.said()}"
        want(status == 0, f"the next run ended with {status}")
        check_leftovers(world, "next")
        sandbox.close()
        check_end(world, count_operations(world.stack()) - before)
        return None
    except (Failure, OSError, subprocess.SubprocessError, KeyError, ValueError) as problem:
        return f"{type(problem).__name__ if not isinstance(problem, Failure) else ''} {problem}\n{said}"
    finally:
        if sandbox:
            sandbox.close()
        world.remove()


class Base:
    """What every case begins with: a project, an account in which version 'old' is live, and an image."""

    def __init__(self, needs_docker):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="interrupts-base-"))
        self.image = f"deployer-interrupts-{os.getpid()}-base/app:latest"
        project = self.dir / "project"
        project.mkdir()
        (project / "stack.yml").write_text(
            "Parameters:\n  ApplicationImageTag: {Type: String}\nResources:\n  Image:\n    Type: AWS::SSM::Parameter\n"
            "    Properties: {Type: String, Value: !Ref ApplicationImageTag}\n", encoding="utf-8")
        (project / "dev.cfg").write_text("ApplicationImageTag=old\n", encoding="utf-8")
        (project / "deployer.yml").write_text("stack: {name: app}\n", encoding="utf-8")
        subprocess.run(["git", "init", "-q", "."], cwd=project, check=True)
        # These change from run to run.
        (project / ".git/info/exclude").write_text("deployer.yml\npause\n", encoding="utf-8")
        env = {key: value for key, value in os.environ.items() if not CLEARED.search(key)}
        env.update(HOME=str(self.dir), AWS_EC2_METADATA_DISABLED="true")
        sandbox = [os.environ["DEPLOYER_SANDBOX"], "-q", "run", "--speed", SPEED, "--no-registry"]
        subprocess.run(sandbox + ["--state", str(self.dir / "state"), "--", os.environ["DEPLOYER"], "-q", "deploy"],
                       cwd=project, env=env, check=True)
        if needs_docker:
            self.build()

    def build(self):
        context = self.dir / "context"
        context.mkdir()
        shutil.copy(shutil.which("busybox"), context / "busybox")
        (context / "Dockerfile").write_text(
            f"FROM scratch\nLABEL deployer.test={self.image.partition('/')[0]}\n"
            "COPY busybox /bin/busybox\nRUN [\"/bin/busybox\", \"--install\", \"-s\", \"/bin\"]\n"
            "ENV PATH=/bin\nSTOPSIGNAL SIGKILL\n",
            encoding="utf-8")
        subprocess.run(["docker", "build", "-q", "-t", self.image, str(context)], check=True, capture_output=True,
                       env=os.environ | {"DOCKER_BUILDKIT": "0"})

    def remove(self, needs_docker):
        if needs_docker:
            subprocess.run(["docker", "rmi", "-f", self.image], capture_output=True, check=False)
        shutil.rmtree(self.dir, ignore_errors=True)


def choose(words):
    names = [word for word in words if word in {point.name for point in POINTS}]
    signals = [word for word in words if word in SIGNALS]
    unknown = set(words) - set(names) - set(signals) - {"--all", "--list"}
    if unknown:
        sys.exit(f"no such point or signal: {' '.join(sorted(unknown))}")
    everything = names or signals or "--all" in words or "--list" in words
    return [(point, name) for point in POINTS if not names or point.name in names
            for name in SIGNALS if (name in (signals or SIGNALS) if everything else name in point.quick)]


def lacks(point, absent):
    """What is absent that a point needs, in words."""
    needs = ["git"] + ["strace"] * ("strace" in point.how)
    if point.kind != "plain":
        needs += ["docker", "docker-registry", "busybox", "a Docker engine"]
    return ", ".join(name for name in needs if name in absent)


def find_absent():
    absent = {name for name in ("git", "strace", "docker", "docker-registry", "busybox") if not shutil.which(name)}
    if "docker" in absent or subprocess.run(["docker", "info"], capture_output=True, check=False).returncode:
        absent.add("a Docker engine")
    if "strace" not in absent and subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True,
                                                 check=False).returncode:
        absent.add("strace")
    return absent


def main(words):
    cases = choose(words)
    if "--list" in words:
        print("\n".join(point.name for point in POINTS))
        return 0
    for name in ("DEPLOYER", "DEPLOYER_SANDBOX"):
        if name not in os.environ:
            print(f"{name} is not set: nothing to play with")
            return 77
    absent = find_absent()
    for point, name in cases:
        if lacks(point, absent):
            print(f"{point.name} {name} SKIP absent: {lacks(point, absent)}")
    cases = [(point, name) for point, name in cases if not lacks(point, absent)]
    if not cases:
        return 77
    needs_docker = any(point.kind != "plain" for point, _ in cases)
    base = Base(needs_docker)
    passed = 0
    try:
        with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("INTERRUPTS_WORKERS", "4"))) as pool:
            played = [(point, name, pool.submit(play, base, point, name)) for point, name in cases]
            for point, name, future in played:
                problem = future.result()
                passed += problem is None
                print(f"{point.name} {name} {'FAIL' if problem else 'PASS'}", flush=True)
                if problem:
                    print("\n".join(f"    {line}" for line in problem.splitlines()), flush=True)
    finally:
        base.remove(needs_docker)
    print(f"{passed}/{len(cases)} interruptions of {len({point.name for point, _ in cases})} points")
    return 0 if passed == len(cases) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
