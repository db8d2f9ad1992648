#!/usr/bin/env python3
"""Every call of every command acts, and its reply is lost: one effect, and a true verdict.

    lost-replies.py [--list] [--fast] [--jobs N] [--command NAME]... [--call NAME:NUMBER]

Each command is run untouched on a prepared account; the sandbox's list of calls says which it makes and
how often. Then it is run again on a fresh copy of that account for the n-th call of each operation:

    once    the sandbox acts and drops this one reply (lib/sandbox/scenario.h, reply: lost)
    silent  ... and those of the next three calls of the operation too: every attempt that is made of one
            call, four with the one that libcurl makes by itself where a kept connection turns out closed

Once must end as untouched: the same status, the same words on stdout, the same account, the same files.
Silent may end so too; otherwise it must end with a failure that is told, must not say of anything that
it was not changed where it was, must not claim a failure where all is done (11 and 12 claim none: they
ask for a look), and the same command, run again, must come to the same end with one effect.

What is compared is the whole account as the sandbox wrote it down (stacks, events, change sets, secrets
and their versions, objects, task definitions, services, tasks, what the registry has), project and
docker's configuration, with times and random names made equal; two untouched runs must agree on it.

A false success is status 0 where the account or the files are not what an untouched run makes of them; a
false failure is one that is claimed where they are. A call that is not made again in the second run (polls
depend on time) is tried three times and then told as not met: it counts neither way.

--fast keeps to the calls that change something, once, of a few commands. Prints a line a command and n/n in the
end. DEPLOYER, DEPLOYER_SANDBOX and DEPLOYER_ENTRYPOINT name the programs.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import catalogue
import lost_commands

TIMEOUT_S = 180
UNMET_TRIES = 3

# What no two runs have in common: random names, times, how long something took.
RANDOM = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b[0-9a-f]{32}\b|(?<=ecs-svc/)\d+"
    r"|\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?Z?|\b(\d+(\.\d+)? ?(h|m|s|ms))+\b|(?<=Z-)\d+\b|(?<=changeSet/)[^/\"]+"
    r"|127\.0\.0\.1:\d+|/tmp/lost-[^/]+|(?<=secret:)\S+"
    r"|(?<=-)[A-Z0-9]{12,13}\b|\bA[A-Z]{3}[A-Z0-9]{12,}\b|\b\d{10,13}\b")
CHANGING = re.compile(r"(Create|Execute|Delete|Cancel|Continue|Rollback|Put|Update|Stop|Register)[A-Z]|PUT |POST |PATCH ")
UNBORN = {"REVIEW_IN_PROGRESS", "DELETE_IN_PROGRESS", "DELETE_COMPLETE"}


def plain(value):
    """The same for two values that differ in nothing but order, times and random names."""
    if isinstance(value, dict):
        return sorted(RANDOM.sub("#", key) + "=" + plain(item) for key, item in value.items()).__repr__()
    if isinstance(value, list):
        return sorted(plain(item) for item in value).__repr__()
    if isinstance(value, (int, float)) and value > 1e9:
        return "#"
    return RANDOM.sub("#", str(value))


def account_of(state):
    """The account by what it is made of; a stack's events by themselves."""
    path = state / "account.json"
    document = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    parts = {"operations": []}
    for stack in document.pop("Stacks", []):
        events = stack.pop("Events", [])
        # A stack that was made for a change set and went with it has not lived.
        if {event["ResourceStatus"] for event in events} <= UNBORN and stack["StackStatus"] == "DELETE_COMPLETE":
            continue
        parts["operations"] += [f"{stack['StackName']} {event['ResourceStatus']}" for event in events
                                if event.get("ResourceStatusReason", "").lower() == "user initiated"
                                and event["ResourceStatus"] != "REVIEW_IN_PROGRESS"]
        parts[f"stack {stack['StackName']}"] = plain(stack)
        parts[f"events of {stack['StackName']}"] = plain([
            (event["LogicalResourceId"], event["ResourceStatus"], event.get("ResourceStatusReason"))
            for event in events])
    sets = document.pop("ChangeSets", [])
    parts["change sets that wait"] = len([entry for entry in sets if not entry.get("ExecutedBy")])
    for name in ("Account", "Region", "RegistryPort", "Counters"):
        document.pop(name, None)
    # What has stopped is forgotten after an hour, which goes by in seconds here.
    document["Tasks"] = [task for task in document.get("Tasks", []) if task["lastStatus"] == "RUNNING"]
    for name, value in document.items():
        if value:
            parts[name] = plain(value)
    parts["images"] = registry_of(state / "registry")
    return parts


def registry_of(folder):
    """Tags and what they name (distribution, "storage drivers": the layout of v2); blobs of none are nobody's."""
    found = []
    for path in folder.rglob("*"):
        where = str(path.relative_to(folder))
        if where.endswith("/current/link"):
            found.append(where + " " + path.read_text(encoding="utf-8"))
    return sorted(found)


def git_of(project):
    if not (project / ".git").exists():
        return ""
    command = ["git", "-C", str(project), "log", "--format=%T %s"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def files_of(world):
    parts = {"commits": git_of(world.project)}
    for path in sorted(world.project.rglob("*")):
        if path.is_file() and ".git" not in path.parts:
            parts[path.relative_to(world.project).as_posix()] = path.read_bytes().hex()
    for path in sorted(world.home.glob(".docker/*")) + sorted(world.home.glob(".aws/sso/cache/*.json")):
        text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
        parts[path.relative_to(world.home).as_posix()] = re.sub(r"[A-Za-z0-9+/=._-]{40,}", "#", RANDOM.sub("#", text))
    return parts


class World:
    """A folder with an account, a project and a home; a copy of another one."""

    def __init__(self, command, source=None):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="lost-"))
        self.command = command
        self.state, self.project, self.home = (self.dir / name for name in ("state", "project", "home"))
        if source:
            for name in ("state", "two", "project", "home"):
                if (source.dir / name).exists():
                    shutil.copytree(source.dir / name, self.dir / name, symlinks=True)
        else:
            self.project.mkdir()
            self.home.mkdir()

    def environment(self):
        env = catalogue.clean_environment(self.home)
        env.update(GIT_AUTHOR_NAME="t", GIT_AUTHOR_EMAIL="t@example.com", GIT_COMMITTER_NAME="t",
                   GIT_COMMITTER_EMAIL="t@example.com", TESTDIR=str(catalogue.HERE.parent / "cli"))
        return env

    def run(self, script, scenario=None, lost=""):
        """The scenario is the outer sandbox's, unless the command's account is that of the inner one."""
        args = [os.environ["DEPLOYER_SANDBOX"], "run", "--state", str(self.state)]
        args += self.command.options
        name = "scenario.yml" if self.command.account == "123456789012" else "inner.yml"
        (self.dir / name).write_text(json.dumps(scenario or {}), encoding="utf-8")
        if name == "scenario.yml":
            args += ["--scenario", str(self.dir / name)]
        return subprocess.run(args + ["--", "sh", "-euc", script], cwd=self.project, stdin=subprocess.DEVNULL,
                              env={**self.environment(), "LOST": lost}, capture_output=True, text=True,
                              timeout=TIMEOUT_S, check=False)

    def effects(self):
        parts = account_of(self.state)
        if (self.dir / "two").exists():
            parts.update({f"two: {name}": value for name, value in account_of(self.dir / "two").items()})
        return {**parts, **{f"file {name}": text for name, text in files_of(self).items()}}

    def remove(self):
        shutil.rmtree(self.dir, ignore_errors=True)


class Run:
    """What came of one."""

    def __init__(self, world, done):
        self.status = done.returncode
        self.said, calls = catalogue.own_lines(done.stderr)
        self.out = RANDOM.sub("#", done.stdout)
        self.calls, self.lost = {}, 0
        if world.command.stub:
            self.read_stub(world.dir / "stub" / "calls")
        else:
            self.read_calls(calls, world.command.account)
        self.effects = world.effects()

    def count(self, service, name, number, is_lost):
        self.calls[service, name] = self.calls.get((service, name), 0) + number
        self.lost += number if is_lost else 0

    def read_calls(self, lines, account):
        is_ours = False
        for line in lines:
            words = line.split()
            if line.startswith("deployer-sandbox: account "):
                is_ours = words[2] == account
            elif is_ours and len(words) >= 3 and words[0].isdigit():
                name = " ".join(words[2:4]) if words[1] == "registry" else words[2]
                self.count(words[1], name, int(words[0]), line.endswith("(lost)"))

    def read_stub(self, path):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("lost "):
                self.lost += 1
            elif not line.startswith(" "):
                self.count("stub", line.split()[0], 1, False)


def differences(one, other, ignored=()):
    return sorted(key for key in set(one) | set(other) if one.get(key) != other.get(key) and key not in ignored)


class Case:
    def __init__(self, command, call, number, mode):
        self.command, self.call, self.number, self.mode = command, call, number, mode
        self.problems, self.is_met = [], False
        self.false_success = self.false_failure = False
        self.said = []

    def name(self):
        return f"{self.command.name}: {self.call[1]} {self.number} {self.mode}"

    def times(self):
        return 1 if self.mode == "once" else 4

    def scenario(self):
        if self.command.stub:
            return None
        return {"faults": [{"service": self.call[0], "action": self.call[1], "from": self.number, "reply": "lost",
                            "count": self.times()}]}

    def lost(self):
        return f"{self.call[1]} {self.number} {self.times()}" if self.command.stub else ""

    def is_strict(self):
        return self.mode == "once" and self.call[1] not in self.command.once

    def want(self, condition, problem):
        if not condition:
            self.problems.append(problem)


class Stage:
    """A command, the account it is played on, and what it does there when nothing goes wrong."""

    def __init__(self, command, source):
        self.command, self.source = command, source
        self.before = source.effects()
        self.untouched = self.play()[0]
        self.second = self.play()[0]

    def play(self, case=None):
        world = World(self.command, self.source)
        usual = self.command.scenario
        try:
            scenario = {**usual, **((case.scenario() if case else None) or {})}
            runs = [Run(world, world.run(self.command.script, scenario, case.lost() if case else ""))]
            if case and not case.is_strict() and runs[0].status != self.untouched.status:
                runs.append(Run(world, world.run(self.command.again, usual)))
            return runs
        finally:
            world.remove()

    def problems(self):
        found = differences(self.untouched.effects, self.second.effects, self.command.ignored)
        if self.untouched.status != self.command.status:
            return [f"untouched it ends with {self.untouched.status}"] + self.untouched.said[-8:]
        if self.untouched.out != self.second.out:
            found.append("stdout")
        return [f"two untouched runs differ in {', '.join(found)}"] if found else []

    def cases(self, is_fast):
        cases = []
        for call, count in sorted(self.untouched.calls.items()):
            if is_fast and not CHANGING.match(call[1]):
                continue
            for number in range(1, count + 1):
                cases += [Case(self.command, call, number, mode) for mode in (["once"] if is_fast else ["once", "silent"])]
        return cases

    def judge(self, case):
        for _ in range(UNMET_TRIES):
            runs = self.play(case)
            case.is_met = runs[0].lost > 0
            if case.is_met:
                break
        else:
            return case
        first, case.said = runs[0], runs[0].said
        changed = differences(first.effects, self.untouched.effects, self.command.ignored)
        case.false_success = first.status == 0 and bool(changed) and not self.is_left_and_told(case, first)
        if case.is_strict() or first.status == self.untouched.status:
            self.judge_same(case, first, changed)
        else:
            self.judge_told(case, first, changed)
            self.judge_again(case, runs[1])
        return case

    def is_left_and_told(self, case, run):
        """What was asked for is done; what was made on the way could not be taken back, and that is said."""
        return not case.is_strict() and any(re.search("warning: .* is left behind: ", line) for line in run.said)

    def judge_same(self, case, run, changed):
        case.want(run.status == self.untouched.status, f"status {run.status}, not {self.untouched.status}")
        case.false_failure = run.status != self.untouched.status and not changed and run.status != 12
        case.want(not changed or self.is_left_and_told(case, run), f"differs in {', '.join(changed)}")
        case.want(not case.is_strict() or run.out == self.untouched.out, "says something else on stdout")

    def judge_told(self, case, run, changed):
        pattern = re.compile(r"(deployer|deployer-entrypoint|docker-credential-deployer): |error ")
        case.want(any(pattern.match(line) for line in run.said + run.out.splitlines()), "no error is told")
        since = differences(run.effects, self.before)
        summary = catalogue.summary_of(run.said)
        case.want(not since or not summary.startswith("changed: nothing") or "running: " in summary,
                  f"changed {', '.join(since)}, but says '{summary}'")
        case.false_failure = bool(since) and not changed and run.status not in (11, 12)
        case.want(not case.false_failure, f"status {run.status}, and all is done")

    def judge_again(self, case, run):
        """Events and operations tell of the way there, which may be longer; executions are counted."""
        changed = [key for key in differences(run.effects, self.untouched.effects, self.command.ignored)
                   if not key.startswith("events of ") and key != "operations"]
        case.want(run.status == self.untouched.status, f"again: status {run.status}, not {self.untouched.status}: {run.said[-3:]}")
        case.want(not changed, f"again: differs in {', '.join(changed)}")
        more, wanted = run.effects["operations"], self.untouched.effects["operations"]
        case.want(more == wanted, f"again: the operations are {more}, not {wanted}")


def prepare(command):
    """The account and the project before the command: (world, problem)."""
    world = World(command)
    for name, text in command.files.items():
        path = world.project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for script, scenario in command.setup:
        done = world.run(script, scenario)
        if done.returncode:
            return world, f"it could not be prepared:\n{done.stdout}{done.stderr}"
    return world, None


def print_case(case):
    if not case.is_met:
        print(f"  NOT MET {case.name()}")
    if case.problems:
        print(f"  FAIL {case.name()}")
        print("\n".join(f"       {problem}" for problem in case.problems))
        print("\n".join(f"       | {line}" for line in case.said[-8:]))
    sys.stdout.flush()


class Tally:
    def __init__(self):
        self.calls = self.good = self.met = self.unmet = self.successes = self.failures = self.broken = 0
        self.is_played = False

    def add(self, other):
        for name, number in vars(other).items():
            setattr(self, name, getattr(self, name) + number)

    def line(self, name):
        return (f"{name:<28} {self.calls:>4} calls  {self.good:>4}/{self.met:<4} "
                f"{self.unmet:>3} not met  {self.successes:>2} false successes  {self.failures:>2} false failures")


def play_command(command, options, pool):
    tally = Tally()
    missing = command.missing()
    if missing:
        print(f"  {command.name} is left out: {missing}")
        return tally
    source, problem = prepare(command)
    try:
        if problem:
            print(f"  FAIL {command.name}: {problem}")
            tally.broken = 1
            return tally
        stage = Stage(command, source)
        for problem in stage.problems():
            print(f"  FAIL {command.name}: {problem}")
            tally.broken = 1
        if tally.broken:
            return tally
        tally.is_played = True
        tally.calls = sum(stage.untouched.calls.values())
        cases = [case for case in stage.cases(options.fast) if not options.call or options.call == f"{case.call[1]}:{case.number}"]
        futures = [pool.submit(stage.judge, case) for case in cases]
        for case in [future.result() for future in futures]:
            print_case(case)
            tally.met += case.is_met
            tally.unmet += not case.is_met
            tally.good += case.is_met and not case.problems
            tally.successes += case.false_success
            tally.failures += case.false_failure
    finally:
        if command.teardown:
            subprocess.run(["sh", "-c", command.teardown], capture_output=True, check=False)
        source.remove()
    return tally


def read_options():
    parser = argparse.ArgumentParser(description="lost replies, command by command", allow_abbrev=False)
    parser.add_argument("--list", action="store_true", help="list the commands")
    parser.add_argument("--fast", action="store_true", help="only the calls that change something, once")
    parser.add_argument("--jobs", type=int, default=3, help="so many runs at a time (3)")
    parser.add_argument("--command", action="append", help="only this one; how its name begins")
    parser.add_argument("--call", help="only this one: ExecuteChangeSet:1")
    return parser.parse_args()


def main():
    options = read_options()
    commands = [command for command in lost_commands.COMMANDS
                if (not options.command or any(command.name.startswith(name) for name in options.command))
                and (not options.fast or command.name in lost_commands.FAST)]
    if options.list:
        print("\n".join(command.name for command in commands))
        return 0
    for name in ("DEPLOYER", "DEPLOYER_SANDBOX"):
        if name not in os.environ:
            print(f"{name} is not set: nothing to play with")
            return 77
    if not commands:
        sys.exit("no such command")
    total = Tally()
    lines = []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as runs, \
            concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        tallies = [pool.submit(play_command, command, options, runs) for command in commands]
        for command, future in zip(commands, tallies):
            tally = future.result()
            total.add(tally)
            lines.append(tally.line(command.name) if tally.is_played else f"{command.name:<28} left out")
    print("\n".join(["", *lines, total.line("all")]))
    print(f"{total.good}/{total.met} lost replies, false successes {total.successes}, false failures {total.failures}")
    is_good = total.good == total.met and total.met and not total.broken and not total.successes
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
