#!/usr/bin/env python3
"""Lists the ways to fail that no test takes: uncovered_errors.py COVERAGE.json

COVERAGE.json is gcovr's. A way to fail is a call of error_set() and its sisters (base/error.h) in lib or
cmd. tests/uncovered_errors.txt has those that cannot be taken, each with its reason: a line
'FILE: a part of the call: the reason'. Fails where one that is not among them was never executed; names
what stands there and is executed, or is no more.
"""

import json
import pathlib
import re
import sys

CALL = re.compile(r"\berror_(?:set|set_errno|set_signal|wrap|fix|become)\(")
EXCUSES = pathlib.Path(__file__).with_suffix(".txt")


def calls(path, lines):
    """Each call as (number of its line, its text on one line), and not the functions' own definitions."""
    for number, line in enumerate(lines, 1):
        if CALL.search(line) and line.startswith("\t"):
            end = next((n for n in range(number, len(lines) + 1) if ";" in lines[n - 1] or "{" in lines[n - 1]), number)
            yield number, " ".join(part.strip() for part in lines[number - 1 : end])


def read_excuses():
    excuses = []
    for line in EXCUSES.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            path, part, reason = line.split(": ", 2)
            excuses.append((path, part, reason))
    return excuses


def main(report):
    files = json.loads(pathlib.Path(report).read_text(encoding="utf-8"))["files"]
    excuses, used = read_excuses(), set()
    taken = excused = 0
    left = []
    for entry in sorted(files, key=lambda entry: entry["file"]):
        path = entry["file"]
        counts = {line["line_number"]: line["count"] for line in entry["lines"]}
        for number, text in calls(path, pathlib.Path(path).read_text(encoding="utf-8").splitlines()):
            if counts.get(number):
                taken += 1
                continue
            excuse = next((e for e in excuses if e[0] == path and e[1] in text), None)
            if excuse:
                excused += 1
                used.add(excuse)
            else:
                left.append(f"{path}:{number}: {text}")
    print("\n".join(left))
    for path, part, _ in sorted(set(excuses) - used):
        print(f"{EXCUSES.name}: {path}: {part}: is executed, or is no more")
    print(f"ways to fail: {taken} taken, {excused} cannot be (tests/{EXCUSES.name}), {len(left)} never taken")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
