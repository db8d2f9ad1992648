#!/usr/bin/env python3
"""Adds up what tests/run ran: tally.py STEPS TESTLOG...

STEPS is a folder with a file NAME.ok or NAME.failed for each step; each TESTLOG is a testlog.json of
meson's, where a test that prints TAP counts by its cases and any other as one. Names what failed and
what was skipped, ends with the line 'N passed, N failed, N skipped', and fails where a test failed
or none ran.
"""

import json
import pathlib
import re
import sys

CASE = re.compile(r"^(not )?ok\b[ \t]*\d*[ \t]*-?[ \t]*([^#\n]*?)[ \t]*(?:#[ \t]*(SKIP)\b(.*))?$", re.M | re.I)


class Tally:
    def __init__(self):
        self.passed = 0
        self.failed = []
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
        elif not is_tap:
            self.passed += 1

    def add_log(self, path):
        where = path.parent.parent.name
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


def main(steps, *logs):
    tally = Tally()
    tally.add_steps(pathlib.Path(steps))
    for log in logs:
        tally.add_log(pathlib.Path(log))
    for line in tally.skipped:
        print(f"skipped: {line}")
    for line in tally.failed:
        print(f"failed: {line}")
    print(f"{tally.passed} passed, {len(tally.failed)} failed, {len(tally.skipped)} skipped")
    return 1 if tally.failed or not tally.passed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
