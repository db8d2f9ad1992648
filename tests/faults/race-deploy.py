#!/usr/bin/env python3
"""Two deployers, each on a machine of its own, bring another version to one stack at the same moment.

    race-deploy.py [--rounds N] [--seed N] [--jobs N] [--keep]

A machine is a checkout, a home and a state folder of its own. In each round both start within 200 ms of each
other, by an offset drawn from the seed; every third round is on a stack that is not there yet. The operation
takes about two seconds, so that the second one meets it in whichever state it is in by then: before its
change set is made, before it is executed, or while it is.

In each round exactly one executes: one operation on the stack, with the token that the winner's record has,
and the winner's version in the end. The other one ends with 3 or 13, says that somebody else's operation is in
the way and that it has changed nothing, leaves its parameter file as it was and no change set behind, and the
winner's stack alone. Status 0 without one's version on the stack is a false success. A round in which the second
began when the first was over is no race, and is played again.

Prints n/n. DEPLOYER and DEPLOYER_SANDBOX name the programs.
"""

import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile

import catalogue

TIMEOUT_S = 120
REPLAYS = 5
SPEED = "150"
SLOW = {"resources": [{"logical_id": "Image", "outcome": "slow", "seconds": 300}]}
NAMES = ("left", "right")

# Starts the first, waits, starts the second; each leaves its status in a file.
BOTH = """one() {
	cd "$1"
	status=0
	HOME=$PWD/../$1.home XDG_STATE_HOME=$PWD/../$1.state "$DEPLOYER" deploy >../$1.out 2>../$1.err || status=$?
	echo $status >../$1.status
}
(one "$1") &
sleep "$3"
(one "$2") &
wait
"""

# What the loser says, by its status.
REASONS = {
    3: re.compile(r"somebody else deployed in between|was deleted and made anew in the meantime"),
    13: re.compile(r"another operation runs|_IN_PROGRESS state and can not be updated"),
}


class Round:
    def __init__(self, number, seed):
        draw = random.Random(seed * 100003 + number)
        self.number = number
        self.is_new = number % 3 == 2
        self.order = NAMES if draw.random() < 0.5 else NAMES[::-1]
        self.offset = draw.choice([0.0, draw.uniform(0, 0.05), draw.uniform(0, 0.2)])
        self.problems, self.said = [], {}
        self.loser_status = None
        self.is_race, self.lies = True, 0

    def want(self, condition, problem):
        if not condition:
            self.problems.append(problem)


def operations(stack):
    return [event for event in stack.get("Events", [])
            if event["LogicalResourceId"] == "app" and event.get("ResourceStatusReason") == "User Initiated"
            and event["ResourceStatus"] in ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS")]


def tokens_of(folder):
    """The token that a machine's record has, or none."""
    text = "".join(path.read_text(encoding="utf-8") for path in folder.rglob("*") if path.is_file())
    return set(re.findall(r"\"(deployer-[0-9a-f]{32})\"", text))


def make_machine(world, name):
    checkout = world / name
    checkout.mkdir()
    for folder in ("home", "state"):
        (world / f"{name}.{folder}").mkdir()
    shutil.copy(catalogue.TABLES / "plain.yml", checkout / "stack.yml")
    (checkout / "dev.cfg").write_text(f"ApplicationImageTag={name}\n", encoding="utf-8")
    (checkout / "deployer.yml").write_text("stack: {name: app}\n", encoding="utf-8")


def sandbox(world, args, scenario=None):
    command = [os.environ["DEPLOYER_SANDBOX"], "run", "--state", str(world / "account"), "--no-registry", "--speed", SPEED]
    if scenario:
        (world / "scenario.yml").write_text(json.dumps(scenario), encoding="utf-8")
        command += ["--scenario", str(world / "scenario.yml")]
    return subprocess.run(command + ["--", *args], cwd=world, env=catalogue.clean_environment(world), check=False,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TIMEOUT_S)


def make_account(folder):
    """The account in which a version is live."""
    world = folder / "first"
    world.mkdir()
    make_machine(world, "first")
    done = sandbox(world, ["sh", "-c", 'cd first && exec "$DEPLOYER" deploy'])
    if done.returncode:
        sys.exit(f"the account could not be made:\n{done.stderr}")
    return world / "account"


def judge(round_, world, done):
    statuses = {name: int((world / f"{name}.status").read_text()) for name in NAMES}
    round_.said = {name: (world / f"{name}.err").read_text(encoding="utf-8").splitlines() for name in NAMES}
    stack = catalogue.Account(world / "account")
    begun = operations(stack.stack())[0 if round_.is_new else 1:]
    if list(statuses.values()) == [0, 0] and len(begun) == 2:
        round_.is_race = False
        return
    winners = [name for name in NAMES if statuses[name] == 0]
    round_.lies = len([name for name in winners if stack.version() != name])
    round_.want(len(winners) == 1, f"the statuses are {statuses}")
    if len(winners) != 1:
        return
    winner, loser = winners[0], NAMES[1 - NAMES.index(winners[0])]
    round_.loser_status = statuses[loser]
    judge_stack(round_, world, winner, stack, begun)
    judge_loser(round_, world, loser)
    calls = catalogue.own_lines(done.stderr)[1]
    executed = sum(int(line.split()[0]) for line in calls if re.match(r" *\d+  cloudformation ExecuteChangeSet$", line))
    round_.want(executed == 1, f"{executed} executions were accepted")


def judge_stack(round_, world, winner, account, begun):
    kind = "CREATE" if round_.is_new else "UPDATE"
    round_.want([event["ResourceStatus"] for event in begun] == [f"{kind}_IN_PROGRESS"],
                f"the operations are {[event['ResourceStatus'] for event in begun]}")
    round_.want(account.status() == f"{kind}_COMPLETE", f"the stack is in {account.status()}")
    round_.want(account.version() == winner, f"the stack has {account.version()}, not {winner}")
    round_.want({event.get("ClientRequestToken") for event in begun} <= tokens_of(world / f"{winner}.state"),
                "the operation has a token that the winner's record has not")
    waiting = [entry for entry in account.document.get("ChangeSets", []) if not entry.get("ExecutedBy")]
    round_.want(not waiting, f"{len(waiting)} change sets are left behind")


def judge_loser(round_, world, loser):
    lines, status = round_.said[loser], round_.loser_status
    error = [line for line in lines if line.startswith(("deployer: ", "  -> "))]
    round_.want(status in REASONS and REASONS[status].search("\n".join(error)), f"the loser ends with {status}: {error}")
    summary = catalogue.summary_of(lines)
    round_.want(re.match(r"changed: nothing; not: .*parameter file, stack", summary), f"the loser says '{summary}'")
    round_.want((world / loser / "dev.cfg").read_text(encoding="utf-8") == f"ApplicationImageTag={loser}\n",
                "the loser's parameter file was changed")
    round_.want(not any("left behind" in line for line in lines), "the loser says that it has left something behind")


def play(number, seed, account, keep):
    for _ in range(REPLAYS):
        round_ = Round(number, seed)
        world = pathlib.Path(tempfile.mkdtemp(prefix="race-"))
        try:
            if not round_.is_new:
                shutil.copytree(account, world / "account")
            for name in NAMES:
                make_machine(world, name)
            done = sandbox(world, ["sh", "-c", BOTH, "sh", *round_.order, f"{round_.offset:.3f}"], SLOW)
            judge(round_, world, done)
        except subprocess.TimeoutExpired:
            round_.problems.append(f"it hangs for {TIMEOUT_S} s")
        finally:
            if not (keep and round_.problems):
                shutil.rmtree(world, ignore_errors=True)
        if round_.is_race:
            return round_
    round_.problems.append(f"the two did not meet in {REPLAYS} tries")
    return round_


def print_problems(round_):
    where = "new" if round_.is_new else "live"
    print(f"FAIL round {round_.number}, {where}, {round_.order[0]} first by {round_.offset:.3f} s")
    print("\n".join(f"     {problem}" for problem in round_.problems))
    for name, lines in round_.said.items():
        print("\n".join(f"     {name} | {line}" for line in lines[-8:]))


def read_options():
    parser = argparse.ArgumentParser(description="two deployers, one stack", allow_abbrev=False)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2, help="so many rounds at a time, each on an account of its own (2)")
    parser.add_argument("--keep", action="store_true", help="leave the folder of a round that fails")
    return parser.parse_args()


def main():
    options = read_options()
    for name in ("DEPLOYER", "DEPLOYER_SANDBOX"):
        if name not in os.environ:
            print(f"{name} is not set: nothing to play with")
            return 77
    folder = pathlib.Path(tempfile.mkdtemp(prefix="race-"))
    try:
        account = make_account(folder)
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            futures = [pool.submit(play, number, options.seed, account, options.keep) for number in range(options.rounds)]
            rounds = [future.result() for future in futures]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for round_ in rounds:
        if round_.problems:
            print_problems(round_)
    good = sum(not round_.problems for round_ in rounds)
    ends = collections.Counter(round_.loser_status for round_ in rounds if not round_.problems)
    told = ", ".join(f"{count} times with {status}" for status, count in sorted(ends.items()))
    print(f"{good}/{options.rounds} rounds of two deployers: exactly one executed, the other changed nothing and said so"
          f" ({told}; seed {options.seed}), false successes {sum(round_.lies for round_ in rounds)}")
    return 0 if good == options.rounds else 1


if __name__ == "__main__":
    sys.exit(main())
