#!/usr/bin/env python3
"""Makes the n-th allocation, read, write, open, spawn, connect or curl call of a program fail, for every n.

    torture.py --build DIR [OPTION...] [NAME...]

A NAME is a test of the unit suite ('xml' is tests/unit/test_xml.c) or a way through a program ('cli-bump');
all of them where none is named. Each case of a test, and each way, runs once to count its calls, then once
for every n with that call failing (tests/torture/fail.c says which functions are of which kind). 'lib-read'
are the calls that the shared libraries make, 'read' those of our own code.

A run goes wrong where it ends by a signal, with a sanitizer's report, or not at all. A case of a unit test
may fail: a call failed beneath it. Where an allocation of our own failed, the program has to end as
lib/base/mem.h says, by abort() after one line. Of a way through a program more is asked for, which
ways.py says: its exit status, what it says, what it leaves behind, and that the next run succeeds.

    --build DIR     where 'ninja tortured' has been run; best a build with sanitizers
    --points N      of one kind in one case at most so many n, spread evenly (all of them); the rest is
                    counted as left out
    --alloc-points N   the same for allocations (default 40)
    --paths         of the allocations, those to which nothing came by the same path before: by the same chain
                    of five calls, one inside the other
    --kinds LIST    only these kinds: read,lib-read
    --seed N        where the spread begins (0)
    --jobs N        so many at a time (2)
    --errno N       with that errno instead of the usual one
    --seconds N     begin nothing more after so long, nor after SIGTERM; the rest is counted as left out
    --verbose       every n that went wrong with what it said

Prints a line for what went wrong and in the end 'KIND tried/all' and the sum. Exit status 1 where anything did, or nothing was tried.
"""

import argparse
import concurrent.futures
import ctypes
import os
import pathlib
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time

from ways import WAYS, Broken

KINDS = ["alloc", "read", "write", "open", "spawn", "connect", "curl"]
ALL_KINDS = KINDS + ["lib-" + kind for kind in KINDS]
TALLY = struct.Struct(f"{len(ALL_KINDS)}QQ40s120s")
PATH = struct.Struct("QQQ")
OUT_OF_MEMORY = re.compile(r"^deployer: out of resources: (\S+)$", re.M)
SANITIZER = re.compile(r"^.*(?:runtime error:|ERROR: \w+Sanitizer|SUMMARY: \w+Sanitizer).*$", re.M)
# The frames of a report: cmocka reads through what it was to compare, and a case what was not made for it.
FRAME = re.compile(r"^ *#\d+ 0x\w+ in (.*)$", re.M)
SANITIZER_OPTIONS = {
    "ASAN_OPTIONS": "handle_segv=2:handle_sigbus=2:handle_sigfpe=2:handle_sigill=2:allocator_may_return_null=1",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
}
# What glibc 2.36 does where it has no memory left: regcomp.c's re_dfa_add_node() frees twice, and the name
# service's nss_database_reload_1() stops.
MISTAKE_OF_GLIBC = re.compile(r"double free|corrupted size|nss_database_reload_1")
PR_SET_CHILD_SUBREAPER = 36
PATIENCE_S = 180  # longer than any case waits for what cannot come any more
COUNT_LIMIT_S = 300  # for a run in which nothing fails, which says how long the others may take


class Run:
    """One run of a program, how it ended, and which call failed."""

    def __init__(self, command, env, cwd, timeout, plan=None, suppressions=None, notes_paths=False):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="torture-"))
        self.plan = plan
        tally, paths, out, err = (self.dir / name for name in ("tally", "paths", "out", "err"))
        env = dict(env, TORTURE_TALLY=str(tally), **SANITIZER_OPTIONS)
        if suppressions:
            env["ASAN_OPTIONS"] += ":fast_unwind_on_malloc=0"
            env["LSAN_OPTIONS"] = f"print_suppressions=0:suppressions={suppressions}"
        env.setdefault("TMPDIR", str(self.dir / "tmp"))
        (self.dir / "tmp").mkdir()
        if plan:
            env["TORTURE"] = plan
        if notes_paths:
            env["TORTURE_PATHS"] = str(paths)
        begun = time.monotonic()
        with open(out, "wb") as out_file, open(err, "wb") as err_file:
            child = subprocess.Popen(command, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=out_file,
                                     stderr=err_file, start_new_session=True)
            try:
                self.status = child.wait(timeout)
                self.hangs = False
            except subprocess.TimeoutExpired:
                self.hangs = True
                self.status = None
                child.kill()
                child.wait()
        self.seconds = time.monotonic() - begun
        self.out = out.read_text(encoding="utf-8", errors="replace")
        self.err = err.read_text(encoding="utf-8", errors="replace")
        fields = TALLY.unpack(tally.read_bytes()[:TALLY.size]) if tally.exists() else (0,) * len(ALL_KINDS) + (0, b"", b"")
        self.counts = dict(zip(ALL_KINDS, fields))
        self.paths = read_paths(paths) if notes_paths else {}
        if self.counts["spawn"]:
            end_session(child.pid)
        self.function = fields[-2].rstrip(b"\0").decode()
        self.caller = fields[-1].rstrip(b"\0").decode() or "program"
        self.offset = fields[-3]
        shutil.rmtree(self.dir, ignore_errors=True)

    def reached(self):
        return bool(self.function)

    def is_out_of_memory(self):
        """Whether it ended as lib/base/mem.h says: of an allocation, or of the function that it names."""
        said = OUT_OF_MEMORY.search(self.err)
        allocates = re.match("(lib-)?alloc|curl", self.plan or "")
        return bool(self.status == -signal.SIGABRT and said and (allocates or said.group(1) == self.function))

    def is_leak_of_library(self):
        """Whether a call failed beneath a library, and something leaked: the library may have lost it."""
        return (self.plan or "").startswith("lib-") and "LeakSanitizer" in self.err

    def is_mistake_of_glibc(self):
        """It ends by abort() and for want of memory, as it should, but a little earlier."""
        return self.status == -signal.SIGABRT and self.caller.endswith("/libc.so.6") and MISTAKE_OF_GLIBC.search(self.err)

    def is_crash_of_case(self):
        """Whether it is the test that reads what it did not get, not the code under test."""
        first = next((frame for frame in FRAME.findall(self.err) if "/" in frame and "__interceptor" not in frame), "")
        return "SEGV" in self.err and ("/libcmocka.so" in first or "/tests/unit/" in first)

    def fault(self):
        """What nothing may do whatever fails, or None."""
        report = None if self.is_crash_of_case() else SANITIZER.search(self.err)
        if self.hangs:
            return f"hangs ({self.seconds:.0f} s)"
        if report:
            return report.group(0).strip()
        if self.status < 0 and not self.is_out_of_memory() and not self.is_mistake_of_glibc():
            lines = self.err.strip().splitlines()
            return f"ended by signal {-self.status}: {lines[-1] if lines else ''}"
        return None


def read_paths(file):
    """The first n of each path, and the path's hash, by kind."""
    paths = {kind: [] for kind in ALL_KINDS}
    for kind, n, path in PATH.iter_unpack(file.read_bytes()):
        if not kind:
            break
        paths[ALL_KINDS[kind - 1]].append((n, path))
    return paths


def end_session(session):
    """What a program leaves running that was ended in the middle."""
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            fields = pathlib.Path("/proc", entry, "stat").read_text(encoding="ascii", errors="replace")
        except OSError:
            continue
        fields = fields.rpartition(")")[2].split()
        if int(fields[3]) == session and int(entry) != session:
            try:
                os.kill(int(entry), signal.SIGKILL)
                os.waitpid(int(entry), 0)
            except OSError:
                pass


class UnitCase:
    """A case of a unit test."""

    def __init__(self, test, name, program, options):
        self.name = f"{test} {name}"
        self.program = program
        self.env = dict(os.environ, CMOCKA_MESSAGE_OUTPUT="TAP", TORTURE_CASE=name)
        self.cwd = options.source
        self.timeout = COUNT_LIMIT_S

    def run(self, plan=None, suppressions=None, notes_paths=False):
        return Run([str(self.program)], self.env, self.cwd, self.timeout, plan, suppressions, notes_paths)

    def count(self, notes_paths):
        run = self.run(notes_paths=notes_paths)
        if run.status or run.fault():
            raise Broken(f"goes wrong where nothing fails:\n{run.out}{run.err}")
        self.timeout = max(PATIENCE_S, 10 * run.seconds)
        return run

    def check(self, plan, suppressions=None):
        run = self.run(plan, suppressions)
        return run, run.fault()

    def end(self):
        """Nothing is kept from one run to the next."""


def unit_cases(test, program, options):
    env = dict(os.environ, CMOCKA_MESSAGE_OUTPUT="TAP", ASAN_OPTIONS="detect_leaks=0")
    listed = subprocess.run([str(program)], env=env, cwd=options.source, capture_output=True, text=True, check=False)
    names = re.findall(r"^ok \d+ - (\S+)", listed.stdout, re.M)
    return [UnitCase(test, name, program, options) for name in names]


def choose(count, points, seed):
    """Which n of 1 to `count`: all, or `points` of them, evenly spread from the seed on."""
    if points is None or count <= points:
        return list(range(1, count + 1))
    step = count / points
    start = seed % max(1, int(step))
    return sorted({min(count, 1 + start + int(i * step)) for i in range(points)})


def choose_calls(counted, kind, options, score):
    if options.paths and kind.endswith("alloc"):
        return score.new_paths(kind, counted.paths[kind])
    points = options.alloc_points if kind.endswith("alloc") else options.points
    return choose(counted.counts[kind], points, options.seed)


class Score:
    def __init__(self):
        self.lock = threading.Lock()
        self.tried = dict.fromkeys(ALL_KINDS, 0)
        self.all = dict.fromkeys(ALL_KINDS, 0)
        self.missed = 0
        self.ended_by_memory = 0
        self.faults = []
        self.cases = self.cases_left = self.refused = 0
        self.paths = set()

    def new_paths(self, kind, paths):
        """The n of those paths that no case took before."""
        new = {path: n for n, path in reversed(paths) if (kind, path) not in self.paths}
        self.paths.update((kind, path) for path in new)
        return sorted(new.values())

    def add(self, case, plan, run, fault, verbose):
        kind = plan.split(":")[0]
        with self.lock:
            self.tried[kind] += 1
            self.missed += not run.reached()
            self.ended_by_memory += run.is_out_of_memory()
            if not fault:
                return
            self.faults.append((case.name, plan, fault))
            print(f"{case.name}: {plan} {run.function} called at {run.caller}+{run.offset:#x}: {fault}", flush=True)
            if verbose:
                print(run.out + run.err, flush=True)

    def refuse(self, case, reason):
        """Nothing can be said of a case that goes wrong by itself."""
        self.cases_left += 1
        self.refused += 1
        print(f"{case.name}: {reason}", flush=True)

    def summary(self):
        for kind in ALL_KINDS:
            if self.all[kind]:
                print(f"{kind:12} {self.tried[kind]}/{self.all[kind]}")
        tried = sum(self.tried.values())
        if self.paths:
            print(f"{len(self.paths)} paths to an allocation")
        print(f"{tried - len(self.faults)}/{tried} runs ended as they should, {self.missed} of them before their call,"
              f" {self.ended_by_memory} by being out of memory; {sum(self.all.values()) - tried} calls left out;"
              f" {self.cases}/{self.cases + self.cases_left} cases")


def torture(case, options, score, pool):
    try:
        counted = case.count(options.paths)
    except (Broken, subprocess.TimeoutExpired) as broken:
        case.end()
        score.refuse(case, broken)
        return
    work = []
    for kind in options.kinds:
        for n in choose_calls(counted, kind, options, score):
            work.append(f"{kind}:{n}" + (f":{options.errno}" if options.errno else ""))
        score.all[kind] += counted.counts[kind]

    def one(plan):
        if time.monotonic() > options.end:
            return
        run, fault = case.check(plan)
        if run.is_leak_of_library():
            run, fault = case.check(plan, options.suppressions)
        score.add(case, plan, run, fault, options.verbose)

    try:
        list(pool.map(one, work))
    finally:
        case.end()
    score.cases += 1


def parse():
    parser = argparse.ArgumentParser(usage="torture.py --build DIR [OPTION...] [NAME...]", add_help=False)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--points", type=int)
    parser.add_argument("--alloc-points", type=int, default=40)
    parser.add_argument("--paths", action="store_true")
    parser.add_argument("--kinds", type=lambda text: text.split(","), default=ALL_KINDS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--errno", type=int)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--help", action="store_true")
    parser.add_argument("names", nargs="*")
    if "--help" in sys.argv:
        sys.exit(print(__doc__))
    options = parser.parse_args()
    options.source = pathlib.Path(__file__).resolve().parents[2]
    options.build = options.build.resolve()
    options.end = time.monotonic() + options.seconds
    return options


def all_cases(options):
    tests = {path.name.removeprefix("tortured_"): path
             for path in sorted((options.build / "tests/torture").glob("tortured_*")) if path.is_file()}
    programs = {path.name: path for path in (options.build / "tests/torture").glob("tortured-*")}
    programs["deployer"] = options.build / "cmd/deployer"
    programs["sandbox"] = options.build / "cmd/sandbox/deployer-sandbox"
    for name in options.names or [*tests, *WAYS]:
        if name in WAYS:
            yield WAYS[name](programs, Run)
        elif name in tests:
            yield from unit_cases(name, tests[name], options)
        else:
            sys.exit(f"torture.py: no tortured program '{name}' in {options.build}: run 'ninja tortured' there")


def main():
    options = parse()
    with tempfile.TemporaryDirectory(prefix="torture-") as folder:
        options.suppressions = pathlib.Path(folder, "suppressions")
        options.suppressions.write_text("".join(
            (options.source / "tests" / name).read_text(encoding="utf-8") for name in ("lsan.supp", "torture/libraries.supp")),
            encoding="utf-8")
        os.environ["LSAN_OPTIONS"] = f"print_suppressions=0:suppressions={options.source}/tests/lsan.supp"
        sys.exit(run_all(options))


def run_all(options):
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    signal.signal(signal.SIGTERM, lambda *_: setattr(options, "end", 0))
    # A shell's job in the background ignores it, and what that starts: some tests wait for one.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    score = Score()
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for case in all_cases(options):
            if time.monotonic() < options.end:
                torture(case, options, score, pool)
            else:
                score.cases_left += 1
    score.summary()
    return 1 if score.faults or score.refused or not sum(score.tried.values()) else 0


if __name__ == "__main__":
    main()
