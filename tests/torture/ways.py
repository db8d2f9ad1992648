"""The main ways through the programs, for torture.py: what each does, and what must hold whatever fails.

Of every run: an exit status that is not 0 comes with one line that says what went wrong; status 0 only if all
that was asked for is there; the user's files are the old ones or the new ones; no temporary file is left
(none but that of a program that ran out of memory, which the next run removes); and the next run, in which
nothing fails, succeeds.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading
import time

CLEARED = re.compile(r"^(AWS_|DOCKER_|GIT_|COMPOSE_|XDG_)|_proxy$|_PROXY$|^(CI|NO_COLOR|APP_VERSION)$")
TEMPLATE = """Parameters:
  ApplicationImageTag: {Type: String}
Resources:
  Image:
    Type: AWS::SSM::Parameter
    Properties: {Type: String, Value: !Ref ApplicationImageTag}
"""
NEXT_RUN_S = 60


class Broken(Exception):
    """What must hold does not."""


class World:
    """A folder with a project, and an account of its own; one for each thread."""

    def __init__(self, way, programs, run):
        self.way, self.programs, self.start = way, programs, run
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="torture-way-"))
        self.project, self.home, self.tmp = self.dir / "project", self.dir / "home", self.dir / "tmp"
        for folder in (self.project, self.home, self.tmp):
            folder.mkdir()
        self.env = {key: value for key, value in os.environ.items() if not CLEARED.search(key)}
        self.env.update(HOME=str(self.home), LC_ALL="C", TZ="UTC", TERM="dumb", TMPDIR=str(self.tmp),
                        GIT_CONFIG_NOSYSTEM="1", AWS_EC2_METADATA_DISABLED="true")
        self.sandbox = None
        self.serial = 0
        self.write("stack.yml", TEMPLATE)
        self.write("deployer.yml", "stack: {name: app}\n")
        self.write("dev.cfg", "ApplicationImageTag=old\n")
        self.git("init", "-q", ".")
        self.git("config", "user.name", "t")
        self.git("config", "user.email", "t@example.com")
        self.commit()
        if way.needs_sandbox:
            self.serve()
        way.prepare(self)

    def write(self, name, text):
        (self.project / name).write_text(text, encoding="utf-8")

    def read(self, name):
        return (self.project / name).read_text(encoding="utf-8")

    def git(self, *args):
        dated = dict(self.env, GIT_AUTHOR_DATE="2026-01-01T00:00:00Z", GIT_COMMITTER_DATE="2026-01-01T00:00:00Z")
        return subprocess.run(["git", *args], cwd=self.project, env=dated, check=True, capture_output=True,
                              text=True).stdout.strip()

    def commit(self):
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", f"state {self.serial}")
        return self.git("rev-parse", "--short", "HEAD")

    def serve(self):
        """The sandbox prints what to export, a line a variable, and goes on."""
        self.sandbox = subprocess.Popen(
            [self.programs["sandbox"], "--quiet", "serve", "--no-registry", "--state", str(self.dir / "state"),
             "--speed", "2000"], env=self.env, stdout=subprocess.PIPE, text=True)
        for line in self.sandbox.stdout:
            found = re.match(r"export (\w+)='(.*)'$", line)
            if found:
                self.env[found.group(1)] = found.group(2)
            if line.startswith("export no_proxy"):
                break

    def deployer(self, *args, text=None):
        """A run in which nothing fails."""
        return subprocess.run([self.programs["deployer"], *args], cwd=self.project, env=self.env, text=True,
                              capture_output=True, timeout=NEXT_RUN_S, check=False, input=text)

    def expect(self, *args, text=None):
        done = self.deployer(*args, text=text)
        if done.returncode:
            raise Broken(f"the next run, '{' '.join(args)}', ends with {done.returncode}: {done.stderr.strip()[-300:]}")
        return done

    def live_tag(self):
        """What the account has, which is written down a moment later."""
        document = json.loads((self.dir / "state/account.json").read_text(encoding="utf-8"))
        for stack in document.get("Stacks", []):
            if stack["StackName"] == "app" and stack["StackStatus"].endswith("_COMPLETE"):
                return stack["Resources"]["Image"]["Properties"]["Value"]
        return None

    def expect_live(self, tag):
        until = time.monotonic() + 5
        while self.live_tag() != tag:
            if time.monotonic() > until:
                raise Broken(f"false success: {tag} was deployed, and the account has {self.live_tag()}")
            time.sleep(0.05)

    def left_behind(self):
        return sorted(str(path.relative_to(self.dir)) for folder in (self.tmp, self.project)
                      for path in folder.iterdir() if path.name.startswith(".deployer-") or folder == self.tmp)

    def end(self):
        if self.sandbox:
            self.sandbox.terminate()
            self.sandbox.wait()
        shutil.rmtree(self.dir, ignore_errors=True)


class Way:
    """One command line. A way that changes nothing prints each time the same."""

    needs_sandbox = False
    program = "tortured-deployer"
    args = []
    env = {}

    def __init__(self, programs, start):
        self.programs, self.start = programs, start
        self.local = threading.local()
        self.worlds = []
        self.usual = None
        self.timeout = 300  # where nothing fails

    @property
    def name(self):
        return type(self).label

    def world(self):
        if not hasattr(self.local, "world"):
            self.local.world = World(self, self.programs, self.start)
            self.worlds.append(self.local.world)
        return self.local.world

    def prepare(self, world):
        """Makes the world that the runs begin with."""

    def begin(self, world):
        """Before each run."""

    def holds(self, world, run):
        """After a run: raises Broken where something does not hold. `run` ended with status 0 or not."""
        if run.status == 0 and self.usual is not None and run.out != self.usual:
            raise Broken(f"status 0, and it did not print what it should: {run.out[-200:]!r}")

    def run_in(self, world, plan=None, suppressions=None, notes_paths=False):
        self.begin(world)
        return self.start([str(self.programs[self.program]), *self.args], dict(world.env, **self.env), world.project,
                          self.timeout, plan, suppressions, notes_paths)

    def count(self, notes_paths):
        world = self.world()
        self.run_in(world)
        run = self.run_in(world, notes_paths=notes_paths)
        if run.status or run.fault():
            raise Broken(f"goes wrong where nothing fails:\n{run.out}{run.err}")
        self.usual = run.out
        self.timeout = max(30, 20 * run.seconds)
        return run

    def check(self, plan, suppressions=None):
        world = self.world()
        run = self.run_in(world, plan, suppressions)
        fault = run.fault()
        if fault:
            return run, fault
        try:
            self.check_end(world, run)
            self.holds(world, run)
        except Broken as broken:
            return run, str(broken)
        except subprocess.TimeoutExpired:
            return run, "the next run hangs"
        return run, None

    def errors(self, run):
        return re.findall(r"^deployer[a-z-]*: .*", run.err, re.M)

    def check_end(self, world, run):
        errors = self.errors(run)
        if run.status and (len(errors) != 1 and not (errors and run.is_out_of_memory())):
            raise Broken(f"status {run.status}, and {len(errors)} lines that say why: {run.err.strip()[-300:]!r}")
        left = world.left_behind()
        if left and not run.is_out_of_memory():
            raise Broken(f"left behind: {', '.join(left)}")

    def end(self):
        for world in self.worlds:
            world.end()


class Version(Way):
    label = "cli-version"
    args = ["version"]


class Check(Way):
    label = "cli-check"
    args = ["check"]

    def prepare(self, world):
        world.write("dev.cfg", "ApplicationImageTag=new\n")

    def errors(self, run):
        """What it finds is its output."""
        return super().errors(run) or re.findall(": error: .*", run.out)


class Whoami(Way):
    label = "cli-whoami"
    needs_sandbox = True
    args = ["whoami"]


class Bump(Way):
    label = "cli-bump"
    args = ["bump", "new"]
    old, new, later = (f"A=1\nApplicationImageTag={tag}\nB=2" for tag in ("old", "new", "next"))

    def begin(self, world):
        world.write("dev.cfg", self.old)

    def holds(self, world, run):
        text = world.read("dev.cfg")
        if text not in (self.old, self.new):
            raise Broken(f"neither the old file nor the new one: {text!r}")
        if run.status == 0 and text != self.new:
            raise Broken("status 0, and the old file")
        world.expect("bump", "next")
        if world.read("dev.cfg") != self.later or world.left_behind():
            raise Broken(f"the next run leaves {world.left_behind()} and {world.read('dev.cfg')!r}")


class Plan(Way):
    label = "cli-plan"
    needs_sandbox = True
    args = ["plan"]

    def prepare(self, world):
        world.expect("deploy")
        world.write("dev.cfg", "ApplicationImageTag=new\n")

    def holds(self, world, run):
        super().holds(world, run)
        done = world.expect("plan")
        if done.stdout != self.usual:
            raise Broken(f"the next plan is another: {done.stdout!r}")


class Deploy(Way):
    label = "cli-deploy"
    needs_sandbox = True
    args = ["deploy"]

    def begin(self, world):
        world.serial += 1
        world.tag = f"t{world.serial}"
        world.write("dev.cfg", f"ApplicationImageTag={world.tag}\n")

    def holds(self, world, run):
        if world.read("dev.cfg") != f"ApplicationImageTag={world.tag}\n":
            raise Broken(f"dev.cfg was changed: {world.read('dev.cfg')!r}")
        if run.status == 0:
            world.expect_live(world.tag)
        world.expect("deploy")
        world.expect_live(world.tag)


class Release(Way):
    """What a release does without an engine: the file, the stack, the record, and going on with it."""

    label = "cli-release"
    needs_sandbox = True
    args = ["release", "--from", "bump"]

    def begin(self, world):
        world.serial += 1
        world.git("checkout", "-q", "--", "dev.cfg")
        world.before = world.read("dev.cfg")
        world.tag = world.commit()

    def holds(self, world, run):
        after = re.sub(r"(?<=ApplicationImageTag=).*", world.tag, world.before)
        text = world.read("dev.cfg")
        if text not in (world.before, after):
            raise Broken(f"dev.cfg is neither the old one nor the new one: {text!r}")
        if run.status == 0:
            world.expect_live(world.tag)
        world.expect("release", "--from", "bump")
        world.expect_live(world.tag)
        if world.read("dev.cfg") != after:
            raise Broken(f"the next run leaves {world.read('dev.cfg')!r}")
        world.expect("report")
        world.expect("history")


class WithSecrets(Way):
    needs_sandbox = True

    def prepare(self, world):
        world.expect("secrets", "put", "app", "--text", text='{"DB_USER": "todo", "DB_PASSWORD": "hunter2-canary"}')

    def holds(self, world, run):
        super().holds(world, run)
        if "canary" in run.err:
            raise Broken("a secret is shown")


class SecretsRun(WithSecrets):
    label = "cli-secrets-run"
    args = ["secrets", "run", "--secret", "app", "--", "sh", "-c", 'printf %s "$DB_PASSWORD"']


class Entrypoint(WithSecrets):
    label = "cli-entrypoint"
    program = "tortured-deployer-entrypoint"
    env = {"SECRETS": "app"}
    args = ["sh", "-c", 'printf %s "$DB_PASSWORD"']

    def errors(self, run):
        """A file of commands that cannot be looked at is left to the shell, which says why."""
        return super().errors(run) or re.findall("cannot open .*", run.err)

    def holds(self, world, run):
        """What it says by the way may be lost."""
        if run.status == 0 and not run.out.endswith("hunter2-canary"):
            raise Broken(f"status 0, and the application has no secret: {run.out[-200:]!r}")
        if "canary" in run.err:
            raise Broken("a secret is shown")


WAYS = {way.label: way for way in (Version, Check, Whoami, Bump, Plan, Deploy, Release, SecretsRun, Entrypoint)}
