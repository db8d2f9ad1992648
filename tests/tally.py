#!/usr/bin/env python3
"""Adds up what tests/run ran: tally.py STEPS TESTLOG...

STEPS is a folder with a file NAME.ok or NAME.failed for each step, the latter with what the step said;
each TESTLOG is a testlog.json of meson's, where a test that prints TAP counts by its cases and any
other as one. Names what was skipped, shows what the failed said, names them, ends with the line
'N passed, N failed, N skipped', and fails where a test failed or none ran.
"""

import json
import pathlib
import re
import sys

# Of what a failed test said, so many lines are shown: from the complaint on, both ends of what is longer.
SHOWN_LINES = 40
COMPLAINT = re.compile(r"^(FAILED:|not ok\b|Traceback|.*ERROR: \w+Sanitizer)")
CASE = re.compile(r"^(not )?ok\b[ \t]*\d*[ \t]*-?[ \t]*([^#\n]*?)[ \t]*(?:#[ \t]*(SKIP)\b(.*))?$", re.M | re.I)


def excerpt(said):
    lines = said.rstrip().splitlines()
    complaints = [i for i, line in enumerate(lines) if COMPLAINT.match(line) and "# SKIP" not in line]
    if complaints:
        lines = lines[complaints[0]:]
    if len(lines) > SHOWN_LINES:
        half = SHOWN_LINES // 2
        lines = lines[:half] + ["..."] + lines[-half:]
    return [f"    {line}" for line in lines]


class Tally:
    def __init__(self):
        self.passed = 0
        self.failed = []
        self.complaints = []
        self.skipped = []

    def add_tap(self, name, output):
        failed = 0
        for bad, case, skip, reason in CASE.findall(output):
            if skip:
                self.skipped.append(": ".join(filter(None, [name, case, reason.strip()])))
            elif bad:
                self.failed.append(f"{name}: {case}")
                failed += 1
            else:
                self.passed += 1
        return failed

    def add_test(self, where, test):
        name = f"{where}: {test['name'].removeprefix('deployer:')}"
        output = test.get("stdout", "")
        is_tap = re.search(r"^1\.\.[0-9]", output, re.M)
        failed = self.add_tap(name, output) if is_tap else 0
        if test["result"] == "SKIP":
            if not is_tap:
                said = (output + test.get("stderr", "")).strip().splitlines()
                self.skipped.append(f"{name}: {said[-1] if said else 'gave no reason'}")
        elif test["result"] != "OK":
            if not failed:
                self.failed.append(f"{name}: {test['result'].lower()}")
            self.complain(name, output + "\n" + test.get("stderr", ""))
        elif not is_tap:
            self.passed += 1

    def complain(self, name, said):
        self.complaints += [f"== {name} failed:", *excerpt(said)]

    def add_log(self, path):
        where = path.parent.parent.name + path.stem.removeprefix("testlog").replace("-", " ")
        if not path.exists():
            self.failed.append(f"{where}: its tests did not run")
            return
        with open(path, encoding="utf-8") as log:
            for line in log:
                self.add_test(where, json.loads(line))

    def add_steps(self, folder):
        for step in sorted(folder.iterdir()):
            if step.suffix == ".ok":
                self.passed += 1
            else:
                self.failed.append(step.stem)
                self.complain(step.stem, step.read_text(encoding="utf-8", errors="replace"))


def main(steps, *logs):
    tally = Tally()
    tally.add_steps(pathlib.Path(steps))
    for log in logs:
        tally.add_log(pathlib.Path(log))
    for line in tally.skipped:
        print(f"skipped: {line}")
    for line in tally.complaints:
        print(line)
    for line in tally.failed:
        print(f"failed: {line}")
    print(f"{tally.passed} passed, {len(tally.failed)} failed, {len(tally.skipped)} skipped")
    return 1 if tally.failed or not tally.passed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
