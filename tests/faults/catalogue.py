#!/usr/bin/env python3
"""Plays the fault catalogue: every row of a table is one thing that goes wrong, and what must come of it.

    catalogue.py [--list] [--long] [TABLE...] [ROW...]

A TABLE (tests/faults/catalogue/*.rows; all of them where none is named) has blocks of 'key: value' lines,
one a case, with an empty line between them; lines that begin with a blank go on:

    row: A10                    the catalogue's row; several cases may have the same
    case: found busy            what it is, in words
    before: none                the account: version 1a is live (without this line), or there is no stack
    project: ecs                the template: catalogue/plain.yml (without this line), or another one
    speed: 60                   how many seconds of AWS pass in one (240)
    scenario: stacks: [...]     what the sandbox plays (lib/sandbox/scenario.h), YAML in one line
    files: stack.yml=TEXT       further files of the project, instead of the usual ones
    run: deploy                 the deployer's command line
    script: SH                  ... or a shell script, with $DEPLOYER; 77 skips the case
    status: 13                  its exit status
    last: REGEXP                on its error, or on its last line but the summary where there is none
    says: REGEXP                on all that it says; may be repeated
    calls: CreateChangeSet=1    how often the sandbox was asked
    front: reset CreateChangeSet 1   what breaks a connection to the sandbox (front.py)
    hits: 3-4                   how often that happened
    within: 10                  how many seconds it may take (60), four times as many where machines are busy
    env: NAME=VALUE ...         more of the environment
    keeps: stack file sets      what must be as it was: the stack's resources, dev.cfg, no change set
                                more
    live: 2b                    the version that the stack must have in the end (checked by itself)
    operations: 1               how many creations and updates the stack has more than before

or names what shows it better, and says why:

    row: B6
    case: a change set that hangs is given up
    unit: deploy b6_gives_up_on_a_change_set_that_hangs     tests of tests/unit/test_deploy.c; may be repeated
    test: cli/ecs.sh TEXT       a test of another suite, and a text in it; may be repeated
    not: why one machine cannot show it
    long: why it takes long     played with --long alone; the row's other cases take its place

Whatever a case is, the account's secret key must not stand in what is said, nor in a file that is left.
A case passes if all of that holds. A false success is an exit status 0 where the table wants a failure,
or where the account does not have what was asked for; they are counted. Prints 'A10 PASS ...' a case and
'n/n cases, n/n rows, false successes 0' in the end. DEPLOYER and DEPLOYER_SANDBOX name the programs; unit
tests are looked for beside them.
"""

import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
TABLES = HERE / "catalogue"
SPEED = "240"
TIMEOUT_S = 240
WITHIN_S = 60
BUSY = 4
WORKERS = 6

KEYS = {"row", "case", "before", "scenario", "files", "run", "script", "status", "last", "says", "calls", "keeps", "live"}
KEYS |= {"unit", "test", "not", "project", "speed", "front", "hits", "within", "env", "long", "operations"}

# What leads to somebody's account or changes what is said.
CLEARED = re.compile(r"^(AWS_|DOCKER_|GIT_|COMPOSE_|XDG_)|_proxy$|_PROXY$|^(CI|NO_COLOR|APP_VERSION)$")


# What the secret key is, for the look for it at the end.
KEEP_CANARY = 'printf %s "$AWS_SECRET_ACCESS_KEY" >"$CANARY_FILE"; exec "$@"'


class Case:
    def __init__(self, table, number, fields):
        self.where = f"{table.name}:{number}"
        for key in fields:
            if key not in KEYS:
                sys.exit(f"{self.where}: '{key}' is no key")
        self.says = fields.pop("says", [])
        self.units = [line.split() for line in fields.pop("unit", [])]
        self.tests = [line.partition(" ")[::2] for line in fields.pop("test", [])]
        self.fields = {key: " ".join(values) for key, values in fields.items()}
        self.row = self.get("row")
        self.name = self.get("case")
        if not self.row or not self.name:
            sys.exit(f"{self.where}: a case needs 'row' and 'case'")

    def is_played(self, is_long):
        return bool(self.get("run") or self.get("script")) and (is_long or not self.get("long"))

    def get(self, key, otherwise=None):
        return self.fields.get(key, otherwise)


def read_table(path):
    cases, fields, start, key = [], {}, 0, None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines() + [""], 1):
        if line.startswith("#"):
            continue
        if not line.strip():
            if fields:
                cases.append(Case(path, start, fields))
            fields, key = {}, None
        elif line[0] in " \t" and key:
            joint = "\n" if key == "script" else " "
            fields[key][-1] += joint + line.strip()
        else:
            key, colon, value = line.partition(":")
            if not colon:
                sys.exit(f"{path.name}:{number}: not 'key: value'")
            start = start if fields else number
            fields.setdefault(key, []).append(value.strip())
    return cases


def clean_environment(home):
    env = {key: value for key, value in os.environ.items() if not CLEARED.search(key)}
    env.update(HOME=str(home), LC_ALL="C", TZ="UTC", TERM="dumb", GIT_CONFIG_NOSYSTEM="1")
    env["AWS_EC2_METADATA_DISABLED"] = "true"
    return env


class Account:
    """The account that the sandbox has written down."""

    def __init__(self, state):
        files = sorted(state.glob("*.json"))
        self.document = json.loads(files[0].read_text(encoding="utf-8")) if files else {}

    def stack(self):
        stacks = [s for s in self.document.get("Stacks", []) if s["StackName"] == "app"]
        return stacks[-1] if stacks else {}

    def status(self):
        return self.stack().get("StackStatus", "")

    def resources(self):
        return {name: (r.get("PhysicalResourceId"), r.get("Properties"))
                for name, r in self.stack().get("Resources", {}).items()}

    def version(self):
        """What runs, or what the resource itself has: not what the stack says of its parameters."""
        tasks = [task for task in self.document.get("Tasks", [])
                 if task["group"].startswith("service:") and task["lastStatus"] == "RUNNING"]
        definitions = self.document.get("TaskDefinitions", {})
        images = {definitions[task["taskDefinitionArn"]]["containerDefinitions"][0]["image"] for task in tasks}
        if self.document.get("Services"):
            return "+".join(sorted(image.partition(":")[2] for image in images))
        return self.resources().get("Image", ("", {}))[1].get("Value", "")

    def operations(self):
        return sum(event["LogicalResourceId"] == "app" and event.get("ResourceStatusReason") == "User Initiated"
                   and event["ResourceStatus"] in ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS")
                   for event in self.stack().get("Events", []))

    def change_sets(self):
        return len(self.document.get("ChangeSets", []))


class World:
    """A project folder and an account, made anew for a case."""

    def __init__(self, template, case):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="catalogue-"))
        self.state = self.dir / "state"
        self.project = self.dir / "project"
        self.case = case
        (self.dir / "home").mkdir()
        name = case.get("project", "plain")
        if case.get("before", "live") != "none":
            shutil.copytree(template / name, self.state)
        self.project.mkdir()
        shutil.copy(TABLES / f"{name}.yml", self.project / "stack.yml")
        self.write("dev.cfg", "ApplicationImageTag=2b\n")
        self.write("deployer.yml", "stack: {name: app}\n")
        if case.get("files"):
            for name, text in re.findall(r"(\S+?)=<<(.*?)>>", case.get("files"), re.S):
                self.write(name, text.replace("\\n", "\n"))
        self.command = [os.environ["DEPLOYER_SANDBOX"], "run", "--state", str(self.state), "--no-registry"]
        self.command += ["--speed", case.get("speed", SPEED)]
        if case.get("scenario"):
            self.write("../scenario.yml", case.get("scenario") + "\n")
            self.command += ["--scenario", str(self.dir / "scenario.yml")]

    def write(self, name, text):
        (self.project / name).write_text(text, encoding="utf-8")

    def run(self, args):
        env = clean_environment(self.dir / "home")
        env["CANARY_FILE"] = str(self.dir / "canary")
        settings = [f"{name}={value}" for name, value in re.findall(r"(\w+)=(\S*)", self.case.get("env", ""))]
        front = [sys.executable, str(HERE / "front.py"), *self.case.get("front").split(), "--"] if self.case.get("front") else []
        command = self.command + ["--", "sh", "-c", KEEP_CANARY, "sh"] + front + ["env", *settings] + args
        return subprocess.run(command, cwd=self.project, env=env, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, errors="replace", timeout=TIMEOUT_S, check=False)

    def canary_in(self, said):
        """Where the secret key is: in what was said, or in a file that is left."""
        canary = (self.dir / "canary").read_text(encoding="utf-8").encode()
        places = {"what is said": said.encode()}
        for folder in (self.project, self.dir / "home"):
            places.update({str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()})
        return [place for place, text in places.items() if canary in text]

    def remove(self):
        shutil.rmtree(self.dir, ignore_errors=True)


def make_template(folder, project):
    """The account in which version 1a of a project is live."""
    fields = {"row": ["-"], "case": ["-"], "before": ["none"], "project": [project]}
    world = World(folder, Case(TABLES, 0, fields))
    world.write("dev.cfg", "ApplicationImageTag=1a\n")
    done = world.run([os.environ["DEPLOYER"], "deploy"])
    if done.returncode:
        sys.exit(f"the account could not be made:\n{done.stderr}")
    shutil.copytree(world.state, folder / project)
    world.remove()


# What deployer itself said, without the sandbox's list of calls at the end.
def own_lines(text):
    lines = text.splitlines()
    cut = next((i for i, line in enumerate(lines) if line.startswith("deployer-sandbox: account")), len(lines))
    return lines[:cut], lines[cut:]


def last_line(lines):
    """The error, or what came last where there is none: not its remedy, nor the summary after it."""
    errors = [line for line in lines if line.startswith("deployer: ")]
    spoken = [line for line in lines if line.strip() and not line.startswith(("changed: ", "front: "))]
    return (errors or spoken or [""])[-1]


def summary_of(lines):
    summaries = [line for line in lines if line.startswith("changed: ")]
    return summaries[-1] if summaries else ""


def count_calls(lines, operation):
    total = 0
    for line in lines:
        words = line.split()
        if len(words) >= 3 and words[0].isdigit() and words[2] == operation:
            total += int(words[0])
    return total


class Outcome:
    def __init__(self, case):
        self.case = case
        self.problems = []
        self.false_success = False
        self.is_skipped = False
        self.said = ""
        self.seconds = 0

    def want(self, condition, problem):
        if not condition:
            self.problems.append(problem)


def check_account(outcome, world, before, status):
    case, after = outcome.case, Account(world.state)
    keeps = case.get("keeps", "").split()
    if "stack" in keeps:
        outcome.want(after.resources() == before.resources(), "the stack's resources were changed")
    if "file" in keeps:
        outcome.want((world.project / "dev.cfg").read_text(encoding="utf-8") == "ApplicationImageTag=2b\n",
                     "dev.cfg was changed")
    if "sets" in keeps:
        outcome.want(after.change_sets() <= before.change_sets(), "a change set is left behind")
    if case.get("live"):
        outcome.want(after.version() == case.get("live"), f"the stack has {after.version()}, not {case.get('live')}")
    if case.get("operations"):
        found = after.operations() - before.operations()
        outcome.want(found == int(case.get("operations")), f"the stack has {found} operations more, not {case.get('operations')}")
    if status == 0:
        wanted = int(case.get("status")) == 0
        truthful = not case.get("live") or after.version() == case.get("live")
        outcome.false_success = not (wanted and truthful)


def check_front(outcome, lines):
    case = outcome.case
    hits = sum(int(line.split()[2]) for line in lines if line.startswith("front: hits "))
    outcome.want("front: followed" not in lines, "it followed a redirection")
    if case.get("hits"):
        fewest, _, most = case.get("hits").partition("-")
        outcome.want(int(fewest) <= hits <= int(most or fewest), f"the fault happened {hits} times, not {case.get('hits')}")
    elif case.get("front"):
        outcome.want(hits, "the fault did not happen")


def play(template, case):
    outcome = Outcome(case)
    world = World(template, case)
    try:
        before = Account(world.state)
        args = ["sh", "-c", case.get("script")] if case.get("script") else [os.environ["DEPLOYER"]]
        args += [] if case.get("script") else case.get("run").split()
        began = time.monotonic()
        done = world.run(args)
        outcome.seconds = time.monotonic() - began
        if done.returncode == 77 and case.get("script"):
            outcome.is_skipped = True
            return outcome
        lines, calls = own_lines(done.stderr)
        outcome.said = done.stdout + "\n".join(lines)
        limit = BUSY * int(case.get("within", WITHIN_S))
        outcome.want(outcome.seconds <= limit, f"it took {outcome.seconds:.0f} s")
        outcome.want(not world.canary_in(done.stdout + done.stderr),
                     f"the secret key is in {world.canary_in(done.stdout + done.stderr)}")
        check_front(outcome, lines)
        outcome.want(done.returncode == int(case.get("status")),
                     f"status {done.returncode}, not {case.get('status')}")
        if case.get("last"):
            outcome.want(re.search(case.get("last"), last_line(lines)), f"the last line is: {last_line(lines)}")
        for pattern in case.says:
            outcome.want(re.search(pattern, outcome.said), f"nothing says: {pattern}")
        for operation, number in re.findall(r"(\w+)=(\d+)", case.get("calls", "")):
            found = count_calls(calls, operation)
            outcome.want(found == int(number), f"{operation} was called {found} times, not {number}")
        check_account(outcome, world, before, done.returncode)
        if "stack" in case.get("keeps", "").split():
            outcome.want(re.match(r"(changed: nothing; not: .*stack|$)", summary_of(lines)),
                         f"the stack is as it was, and the summary says: {summary_of(lines)}")
    except subprocess.TimeoutExpired:
        outcome.problems.append(f"it hangs for {TIMEOUT_S} s")
    finally:
        world.remove()
    return outcome


def run_units(cases):
    """Every program once, whatever number of its tests are named: each of its tests, and how that ended."""
    folder = pathlib.Path(os.environ["DEPLOYER"]).resolve().parent.parent / "tests" / "unit"
    ended = {}
    for name in sorted({unit[0] for case in cases for unit in case.units}):
        program = folder / f"test_{name}"
        if not program.exists() and (HERE.parent / "unit" / f"test_{name}.c").exists():
            # cmocka is absent, or a library: nobody can say how they end.
            ended[name] = {test: "skipped" for case in cases for unit in case.units for test in unit[1:]}
            continue
        env = dict(os.environ, CMOCKA_MESSAGE_OUTPUT="TAP")
        done = subprocess.run([str(program)], env=env, capture_output=True, text=True,
                              timeout=TIMEOUT_S, check=False)
        ended[name] = {test: "ok" for test in re.findall(r"^ok \d+ - (\w+)$", done.stdout, re.M)}
        ended[name].update({test: "skipped" for test in re.findall(r"^not ok \d+ # SKIP (\w+)$", done.stdout, re.M)})
    return ended


def judge_named(case, ended):
    """The tests that show a row better: those of units passed just now, those of other suites are there."""
    outcome = Outcome(case)
    for name, *tests in case.units:
        outcome.want(tests, "no test is named")
        for test in tests:
            outcome.want(test in ended[name], f"test_{name}: {test} did not pass")
            outcome.is_skipped |= ended[name].get(test) == "skipped"
    for path, text in case.tests:
        file = HERE.parent / path
        outcome.want(file.is_file(), f"there is no tests/{path}")
        if file.is_file():
            outcome.want(text and text in file.read_text(encoding="utf-8"), f"tests/{path} does not have: {text}")
            listed = (file.parent / "meson.build").read_text(encoding="utf-8")
            outcome.want(re.search(rf"'({re.escape(file.stem)}|{re.escape(file.stem.replace('_', '-'))})'", listed),
                         f"tests/{path} is not among the tests")
    return outcome


def print_outcome(outcome):
    case = outcome.case
    word = "FAIL" if outcome.problems else "SKIP" if outcome.is_skipped else "PASS"
    named = [f"{unit[0]} test" for unit in case.units] + [path for path, _ in case.tests]
    print(f"{case.row} {word} {case.name}" + (f" ({', '.join(named)})" if named else ""))
    for problem in outcome.problems:
        print(f"    {case.where}: {problem}")
    if outcome.false_success:
        print(f"    {case.where}: FALSE SUCCESS")
    if outcome.problems and outcome.said:
        print("\n".join(f"    | {line}" for line in outcome.said.splitlines()[-12:]))


def choose(words):
    tables = [TABLES / f"{word}.rows" for word in words if (TABLES / f"{word}.rows").exists()]
    rows = [word for word in words if not (TABLES / f"{word}.rows").exists()]
    cases = [case for table in sorted(tables or TABLES.glob("*.rows")) for case in read_table(table)]
    return [case for case in cases if not rows or case.row in rows]


def main(words):
    cases = choose([word for word in words if not word.startswith("-")])
    is_long = "--long" in words
    if "--list" in words:
        print("\n".join(f"{case.row}\t{case.name}" for case in cases))
        return 0
    if not cases:
        sys.exit("no such row")
    for name in ("DEPLOYER", "DEPLOYER_SANDBOX"):
        if name not in os.environ:
            print(f"{name} is not set: nothing to play with")
            return 77
    template = pathlib.Path(tempfile.mkdtemp(prefix="catalogue-"))
    try:
        for project in sorted({case.get("project", "plain") for case in cases}):
            make_template(template, project)
        ended = run_units(cases)
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            played = {id(case): pool.submit(play, template, case)
                      for case in cases if case.is_played(is_long)}
            outcomes = []
            for case in cases:
                if id(case) in played:
                    outcomes.append(played[id(case)].result())
                elif case.units or case.tests:
                    outcomes.append(judge_named(case, ended))
                elif case.get("long"):
                    print(f"{case.row} LONG {case.name}: {case.get('long')}")
                    continue
                else:
                    print(f"{case.row} NOT {case.name}: {case.get('not')}")
                    continue
                print_outcome(outcomes[-1])
                sys.stdout.flush()
    finally:
        shutil.rmtree(template, ignore_errors=True)
    skipped = sum(outcome.is_skipped and not outcome.problems for outcome in outcomes)
    outcomes = [outcome for outcome in outcomes if outcome.problems or not outcome.is_skipped]
    good = [outcome for outcome in outcomes if not outcome.problems]
    rows = {outcome.case.row for outcome in outcomes}
    bad_rows = {outcome.case.row for outcome in outcomes if outcome.problems}
    lies = sum(outcome.false_success for outcome in outcomes)
    print(f"{len(good)}/{len(outcomes)} cases, {len(rows - bad_rows)}/{len(rows)} rows, false successes {lies}"
          + (f" ({skipped} skipped)" if skipped else ""))
    return 0 if len(good) == len(outcomes) and not lies else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
