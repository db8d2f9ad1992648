#!/usr/bin/env python3
"""The page of the fault catalogue, CATALOGUE.md: each row, what goes wrong, the test that shows it, its result.

    page.py LOG...      writes it; of what the logs do not have, the page says what it said before
    page.py --check     fails where a row has no test, where the page is not what the tables say, or where a
                        result on it is another one than a pass

A LOG is meson's (BUILD/meson-logs/testlog.json, of a run of the suites cli, unit and faults), or what catalogue.py
or rows-X.sh printed; later ones count more. The tables are catalogue/*.rows and rows-*.sh. A row that cannot be
tested on one machine says why in its place ('not:' in a table).
"""

import json
import pathlib
import re
import sys

import catalogue

HERE = catalogue.HERE
PAGE = HERE / "CATALOGUE.md"

# The rows of each section, A1 to A24 and so on, and what the section is about.
SECTIONS = {
    "A": (24, "Stack statuses"),
    "B": (24, "Change sets, execution, events"),
    "C": (4, "The ECS result behind the stack"),
    "D": (39, "AWS transport and protocol, identity and time"),
    "E": (18, "ECR, docker, compose"),
    "F": (14, "Signals, sleep, concurrency"),
    "G": (12, "Git"),
    "H": (20, "Parameter files"),
    "I": (11, "Templates"),
    "J": (14, "Secrets and the entrypoint"),
}

# Rows whose tests are still to come.
OPEN = set()

HEAD = """# The fault catalogue

Every fault that `deployer` is held against: what goes wrong, the test that plays it, and how that ended. A case of
the tables has an exit status, a last line, what must be as it was, and a time limit, and the account's secret key must
be in nothing that is said or left. With a build under ASan and LSan the same cases also show lost memory.

`tests/faults/page.py LOG...` writes this page from the tables, `tests/faults/catalogue/*.rows` and
`tests/faults/rows-*.sh`, and the logs of a run of `tests/run`. `tests/faults/catalogue.py ROW` plays the cases of one row
of a table, `tests/faults/rows-E.sh NAME` one of that script; the others are unit tests and the tests of commands.

What AWS, docker and CI services say in these rows is as their models, sources, issues or own replies have it. As
remembered, and not recorded, are the texts of B15 (what is wrong with a template), C4 (why tasks stop), D35 and D36 (codes
of credentials and of MFA), E6, E7 and E18 (a registry's refusals), and F9 (a CI's kill sequence). Plain behaviour of the
sandbox is held against moto and the AWS CLI in `tests/cli/release_moto.sh` and `tests/cli/sandbox_aws.sh`.
"""


class Entry:
    """A line of the page. `named`: tests of other suites, as meson calls them, that it passes with; `is_told`: what
    plays its table has a line for it."""

    def __init__(self, row, what, tests, *, named=(), is_told=True, reason=None):
        self.row, self.what, self.tests = row, what, tests
        self.named, self.is_told, self.reason = named, is_told, reason

    def order(self):
        return self.row[0], int(self.row[1:])


def entry_of_case(table, case):
    paths = list(dict.fromkeys(path for path, _ in case.tests))
    tests = [f"`unit/test_{unit[0]}.c` {', '.join(unit[1:])}" for unit in case.units] + [f"`{path}`" for path in paths]
    if not tests and not case.get("not"):
        tests = [f"`catalogue/{table.name}`"]
    named = [f"{pathlib.Path(path).parts[0]}-{pathlib.Path(path).stem}" for path in paths]
    return Entry(case.row, case.name, tests, named=named, reason=case.get("not"))


def entries_of_script(path):
    """Of lines "row ID FUNCTION WHAT", "row_long ID FUNCTION WHAT", "row_elsewhere ID TEST WHAT"."""
    word = r"""('[^']*'|"[^"]*"|\S+)"""
    pattern = rf"^(row|row_long|row_elsewhere) ([A-J]\d+) {word} {word}$"
    for kind, row, name, what in re.findall(pattern, path.read_text(encoding="utf-8"), re.M):
        name, what = name.strip("'\""), what.strip("'\"")
        if kind == "row_elsewhere":
            yield Entry(row, what, [f"`{path_of_test(name)}`"], named=[name.replace(" ", "-")], is_told=False)
        else:
            yield Entry(row, what, [f"`{path.name} {name}`"])


def path_of_test(name):
    """Of a test as meson calls it: faults-crash-bump, cli-version; "unit proc"."""
    suite, stem = re.split("[- ]", name, maxsplit=1)
    for path in sorted((HERE.parent / suite).glob("*")):
        if path.stem in (stem, f"test_{stem}"):
            return str(path.relative_to(HERE.parent))
    sys.exit(f"there is no test '{name}'")


def read_entries():
    entries = [entry_of_case(table, case) for table in sorted(catalogue.TABLES.glob("*.rows"))
               for case in catalogue.read_table(table)]
    for path in sorted(HERE.glob("rows-*.sh")):
        entries += entries_of_script(path)
    return sorted(entries, key=Entry.order)


def missing_rows(entries):
    wanted = {f"{section}{number}" for section, (count, _) in SECTIONS.items() for number in range(1, count + 1)}
    there = {entry.row for entry in entries}
    problems = [f"row {row} has no test" for row in sorted(wanted - there - OPEN)]
    problems += [f"row {row} is none of the catalogue's" for row in sorted(there - wanted)]
    return problems + [f"row {row} has a test: it is open no more" for row in sorted(OPEN & there)]


def cell(text):
    return text.replace("|", "\\|")


def render(entries, result_of):
    lines = [HEAD]
    results = [result_of(entry) for entry in entries]
    rows = {entry.row for entry in entries}
    bad = {entry.row for entry, result in zip(entries, results) if result != "passes" and not entry.reason}
    beyond = [entry.row for entry in entries if entry.reason]
    lines.append(f"{results.count('passes')}/{len(entries)} lines pass, {len(rows - bad)}/{len(rows)} rows; "
                 f"what one machine cannot show: {', '.join(beyond) or 'nothing'}.\n")
    for section, (_, title) in SECTIONS.items():
        lines.append(f"## {section}. {title}\n")
        lines += ["| row | what goes wrong | test | result |", "|---|---|---|---|"]
        for entry, result in zip(entries, results):
            if entry.row[0] == section:
                lines.append(f"| {entry.row} | {cell(entry.what)} | {cell('; '.join(entry.tests))} | {cell(result)} |")
        lines.append("")
    return "\n".join(lines).rstrip("\n") + "\n"


def result_of_reason(entry):
    return f"not on one machine: {entry.reason}" if entry.reason else "passes"


def read_page():
    """What the page says of each row and case by now."""
    text = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    return {(row, what): result for row, what, result in
            re.findall(r"^\| (\w+) \| (.*?) \| .* \| ([^|]*) \|$", text, re.M)}


def take_cases(cases, output):
    for row, word, rest in re.findall(r"^([A-J]\d+) (PASS|FAIL|SKIP) (.*)$", output, re.M):
        cases[row, rest] = {"PASS": "passes", "FAIL": "FAILS", "SKIP": "skipped"}[word]


def read_log(path, cases, named):
    """The cases that it has, by row and words, and the tests, by meson's name."""
    text = pathlib.Path(path).read_text(encoding="utf-8", errors="replace")
    if not path.endswith(".json"):
        take_cases(cases, text)
        return
    for line in text.splitlines():
        test = json.loads(line)
        suite, _, name = test["name"].rpartition(":")[2].partition(" / ")
        name = f"unit-{name}" if suite == "unit" else name
        named[name] = {"OK": "passes", "SKIP": "skipped"}.get(test["result"], "FAILS")
        take_cases(cases, test["stdout"])


def result_of_logs(paths):
    cases, named, before = {}, {}, read_page()
    for path in paths:
        read_log(path, cases, named)

    def result_of(entry):
        if entry.reason:
            return result_of_reason(entry)
        words = [named.get(name) for name in entry.named]
        told = [result for (row, said), result in cases.items() if row == entry.row and
                (said == entry.what or said.startswith((entry.what + " (", entry.what + ": ")))]
        words += told or [None] * entry.is_told
        kept = before.get((entry.row, cell(entry.what)), "did not run")
        return next(word for word in ("FAILS", None, "skipped", "passes") if word in words) or kept
    return result_of


def main(words):
    entries = read_entries()
    problems = missing_rows(entries)
    wanted = render(entries, result_of_reason)
    if words == ["--check"]:
        if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != wanted:
            problems.append("CATALOGUE.md is not what the tables say, or has a case that does not pass: "
                            "run tests/faults/page.py with the logs of a run")
        print("\n".join(problems) or f"{len(entries)} cases")
        return 1 if problems else 0
    if not words or words[0].startswith("-"):
        sys.exit(__doc__)
    page = render(entries, result_of_logs(words))
    PAGE.write_text(page, encoding="utf-8")
    for line in page.splitlines():
        if line.endswith((" FAILS |", " skipped |", " did not run |")):
            print(line)
    print("\n".join(problems + re.findall(r"^\d+/\d+ lines.*", page, re.M)))
    return 0 if page == wanted and not problems else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
