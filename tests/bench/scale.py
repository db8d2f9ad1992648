#!/usr/bin/env python3
"""What the work grows with: instructions, calls and bytes against the size of what is worked on.

    scale.py [--quick] [SUBJECT...]

Each subject is done at four sizes (three environments are three), under callgrind (valgrind), which counts the
instructions of the process, against a sandbox behind a proxy that counts requests and bytes. The growth is the
slope of a line through the logarithms, less what the smallest size has in common with all of them: cost = a +
b * size^growth would bend a straight fit, so the fit is of the cost beyond that of a size of nearly nothing,
which each subject is done at first. 1 is linear, 0 is not at all; up to 1.1 passes. Prints a table, and
'n/n linear or better' in the end. DEPLOYER, DEPLOYER_SANDBOX and BENCH_FOLLOW name the programs.
"""

import json
import math
import os
import pathlib
import re
import resource
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "faults"))
import catalogue  # noqa: E402  (its environment, which leads to nobody's account)

LIMIT = 1.1
SPEED = "3600"
# A poll and a page more or less are the clock's.
FEW_CALLS = 3
# Cost that grows less than this beyond the smallest size, as a share of it, does not grow.
NOTHING = 0.05


class Proxy(threading.Thread):
    """Passes bytes on between the deployer and the sandbox, and counts them and the requests."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.target = port
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self.listener.getsockname()[1]
        self.calls = self.bytes = 0
        self.lock = threading.Lock()
        self.start()

    def run(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=[connection], daemon=True).start()

    def serve(self, near):
        try:
            far = socket.create_connection(("127.0.0.1", self.target))
        except OSError:
            near.close()
            return
        with near, far:
            while True:
                ready, _, _ = select.select([near, far], [], [])
                for source, sink in ((near, far), (far, near)):
                    if source not in ready:
                        continue
                    try:
                        data = source.recv(65536)
                        if not data:
                            return
                        sink.sendall(data)
                    except OSError:
                        return
                    with self.lock:
                        self.bytes += len(data)
                        if source is near:
                            self.calls += len(re.findall(rb"(?:GET|HEAD|PUT|POST|DELETE) \S+ HTTP/1\.1\r\n", data))


class World:
    """A project folder and an account."""

    def __init__(self, scenario=None, speed=SPEED):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="scale-"))
        self.dir = self.root / "project"
        self.dir.mkdir()
        (self.root / "home").mkdir()
        self.variables = catalogue.clean_environment(self.root / "home")
        command = [os.environ["DEPLOYER_SANDBOX"], "serve", "-q", "--no-registry", "--speed", speed,
                   "--bucket", "templates"]
        if scenario:
            self.write("../scenario.yml", json.dumps(scenario))
            command += ["--scenario", str(self.root / "scenario.yml")]
        self.sandbox = subprocess.Popen(command, env=self.variables, stdout=subprocess.PIPE, text=True)
        for line in self.sandbox.stdout:
            found = re.match(r"export (\w+)='(.*)'$", line.rstrip("\n"))
            if found:
                self.variables[found.group(1)] = found.group(2)
            if line.startswith("export no_proxy"):
                break
        self.proxy = Proxy(int(self.variables["AWS_ENDPOINT_URL"].rsplit(":", 1)[1]))
        self.variables["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{self.proxy.port}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sandbox.terminate()
        self.sandbox.wait()
        self.proxy.listener.close()
        shutil.rmtree(self.root, ignore_errors=True)

    def write(self, name, text):
        (self.dir / name).write_text(text, encoding="utf-8")

    def plain(self, *args):
        """Done beforehand, and not counted."""
        done = subprocess.run([os.environ["DEPLOYER"], *args], cwd=self.dir, env=self.variables, capture_output=True,
                              stdin=subprocess.DEVNULL, check=False)
        if done.returncode:
            sys.exit(f"{' '.join(args)}: {done.returncode}\n{done.stderr.decode()}")

    def git(self, *args):
        subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@localhost", *args], cwd=self.dir,
                       env=self.variables, check=True, capture_output=True)

    def measure(self, *args, program=None, statuses=(0,)):
        """Instructions, calls and bytes of one command."""
        out = self.root / "callgrind.out"
        calls, size = self.proxy.calls, self.proxy.bytes
        command = ["valgrind", "--tool=callgrind", "-q", f"--callgrind-out-file={out}",
                   program or os.environ["DEPLOYER"], *args]
        done = subprocess.run(command, cwd=self.dir, env=self.variables, capture_output=True,
                              stdin=subprocess.DEVNULL, check=False)
        if done.returncode not in statuses:
            sys.exit(f"{' '.join(args)}: {done.returncode}\n{done.stdout.decode()}{done.stderr.decode()}")
        total = re.search(r"^(?:summary|totals): (\d+)", out.read_text(encoding="utf-8"), re.M)
        return {"instructions": int(total.group(1)), "calls": self.proxy.calls - calls,
                "bytes": self.proxy.bytes - size}


def parameters_template(count, padding=0):
    """So many resources, in chains of ten, as nobody makes 500 at once."""
    lines = ["Parameters:", "  ApplicationImageTag: {Type: String}", "Resources:"]
    for i in range(count):
        depends = f", DependsOn: R{i - 1}" if i % 10 else ""
        lines.append(f"  R{i}: {{Type: AWS::SSM::Parameter{depends}, Properties: {{Type: String, "
                     "Value: !Ref ApplicationImageTag}}")
    return "\n".join(lines) + "\n" + "# padding, sixty-four bytes in each line, that is only read past\n" * (padding // 64)


# ---- the subjects: each takes a size ----

def resources(size):
    """An update of a stack of so many resources, from change set to verdict."""
    with World() as world:
        world.write("deployer.yml", "stack: {name: app, bucket: templates}\n")
        world.write("stack.yml", parameters_template(size))
        world.write("dev.cfg", "ApplicationImageTag=1a\n")
        world.plain("deploy")
        world.write("dev.cfg", "ApplicationImageTag=2b\n")
        return world.measure("deploy")


def events(size):
    """An operation of 500 resources that makes so many events more."""
    with World() as world:
        return world.measure(str(size), program=os.environ["BENCH_FOLLOW"])


def history(size):
    """An update of a stack that has so many old events."""
    made = {"name": "app", "is_made": True, "events": size, "parameters": ["Tag=1a"],
            "template": "Parameters: {Tag: {Type: String}}\n"
                        "Resources: {R: {Type: 'AWS::SSM::Parameter', Properties: {Type: String, Value: !Ref Tag}}}"}
    with World({"stacks": [made]}) as world:
        world.write("deployer.yml", "stack: {name: app, tag_parameter: Tag}\n")
        world.write("stack.yml", made["template"])
        world.write("dev.cfg", "Tag=2b\n")
        return world.measure("deploy")


def environments(size):
    """A release with so many environments, each with a stack of its own."""
    names = [f"e{i}" for i in range(size)]
    with World() as world:
        world.write("deployer.yml", "environments:\n" + "".join(
            f"  {name}: {{stack: {{name: app-{name}, parameters: {name}.cfg}}}}\n" for name in names))
        world.write("stack.yml", parameters_template(5))
        for name in names:
            world.write(f"{name}.cfg", "ApplicationImageTag=1a\n")
        world.git("init", "-q")
        world.git("add", "*.yml", "*.cfg")
        world.git("commit", "-qm", "begin")
        return world.measure("-e", ",".join(names), "release", "--from", "bump")


def bump(size):
    """A bump in a dev.cfg of so many bytes, fifty in each line."""
    with World() as world:
        world.write("dev.cfg", "".join(f"Key{i:05d}=a-value-of-forty-characters-to-fill-line\n" for i in range(size // 50)) +
                    "ApplicationImageTag=1a\n")
        return world.measure("bump", "--file", "dev.cfg", "2b")


def check_values(size):
    """A check of 199 values of so many bytes together, and of the tag: as many as a template may declare."""
    with World() as world:
        world.write("deployer.yml", "stack: {name: app, bucket: templates}\n")
        world.write("dev.cfg", "".join(f"Key{i}={'v' * (size // 199)}\n" for i in range(199)) + "ApplicationImageTag=1a\n")
        world.write("stack.yml", "Parameters:\n  ApplicationImageTag: {Type: String}\n" +
                    "".join(f"  Key{i}: {{Type: String}}\n" for i in range(199)) + "Resources:\n" +
                    "".join(f"  R{i}: {{Type: AWS::SNS::Topic, Properties: {{DisplayName: !Ref Key{i}}}}}\n"
                            for i in range(199)))
        return world.measure("check", statuses=(0, 2))


def check_parameters(size):
    """A check of so many parameters, each declared, used and given: many more than CloudFormation takes."""
    with World() as world:
        world.write("deployer.yml", "stack: {name: app, bucket: templates}\n")
        world.write("dev.cfg", "".join(f"Key{i}=v{i}\n" for i in range(size)) + "ApplicationImageTag=1a\n")
        world.write("stack.yml", "Parameters:\n  ApplicationImageTag: {Type: String}\n" +
                    "".join(f"  Key{i}: {{Type: String}}\n" for i in range(size)) + "Resources:\n" +
                    "".join(f"  R{i}: {{Type: AWS::SNS::Topic, Properties: {{DisplayName: !Ref Key{i}}}}}\n"
                            for i in range(size)))
        return world.measure("check", statuses=(0, 2))


def check_findings(size):
    """A check of a template with so many findings, at its end."""
    with World() as world:
        world.write("deployer.yml", "stack: {name: app, bucket: templates}\n")
        world.write("dev.cfg", "ApplicationImageTag=1a\n")
        world.write("stack.yml", "Resources:\n" +
                    "".join(f"  R{i}: {{Type: AWS::SNS::Topic, Properties: {{DisplayName: !Ref ApplicationImageTag}}}}\n"
                            for i in range(size)) + "Parameters:\n  ApplicationImageTag: {Type: String}\n" +
                    "".join(f"  Key{i}: {{Type: String, Default: v}}\n" for i in range(size)))
        return world.measure("check", statuses=(0, 2))


def nested(size):
    """An update of a stack with so many stacks nested in it, each of which is asked for its own events."""
    with World() as world:
        world.write("deployer.yml", "stack: {name: app}\necs: {verify: false}\n")
        world.write("stack.yml", "Parameters: {ApplicationImageTag: {Type: String}}\nResources:\n" + "".join(
            f"  Nested{i}: {{Type: AWS::CloudFormation::Stack, Properties: {{TemplateURL: 'https://s3.amazonaws.com/b/t', "
            "Parameters: {Tag: !Ref ApplicationImageTag}}}\n" for i in range(size)))
        world.write("dev.cfg", "ApplicationImageTag=1a\n")
        world.plain("deploy")
        world.write("dev.cfg", "ApplicationImageTag=2b\n")
        return world.measure("deploy")


def template(size):
    """A check of a template of so many bytes, all of them resources."""
    with World() as world:
        world.write("deployer.yml", "stack: {name: app, bucket: templates}\n")
        world.write("stack.yml", parameters_template(size // 110))
        world.write("dev.cfg", "ApplicationImageTag=1a\n")
        return world.measure("check", statuses=(0, 2))


def upload(size):
    """A creation whose template of so many bytes goes through S3."""
    with World() as world:
        world.write("deployer.yml", "stack: {name: app, bucket: templates}\n")
        world.write("stack.yml", parameters_template(5, size))
        world.write("dev.cfg", "ApplicationImageTag=1a\n")
        return world.measure("deploy")


def secrets(size):
    """The keys of a secret that has so many."""
    with World() as world:
        world.write("secret.json", json.dumps({f"KEY_{i:05d}": "v" * 20 for i in range(size)}))
        world.plain("secrets", "put", "app", "--file", "secret.json")
        return world.measure("secrets", "get", "app")


def files(size):
    """The version of a working tree of so many files."""
    with World() as world:
        for i in range(size):
            folder = world.dir / "tree" / str(i % 50)
            folder.mkdir(parents=True, exist_ok=True)
            (folder / str(i)).write_text(str(i), encoding="ascii")
        world.git("init", "-q")
        world.git("add", "tree")
        world.git("commit", "-qm", "begin")
        return world.measure("version")


def concurrent(size):
    """So many whoami at the same time: CPU time of all, in microseconds, instead of instructions."""
    with World() as world:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        calls, sent = world.proxy.calls, world.proxy.bytes
        running = [subprocess.Popen([os.environ["DEPLOYER"], "whoami"], cwd=world.dir, env=world.variables,
                                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                   for _ in range(size)]
        right = sum(b"123456789012" in one.communicate()[0] and one.returncode == 0 for one in running)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if right != size:
            sys.exit(f"{right}/{size} whoami are right")
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return {"instructions": round(spent * 1e6), "calls": world.proxy.calls - calls,
                "bytes": world.proxy.bytes - sent}


KIB = 1024
SUBJECTS = {  # the size of nearly nothing, and the others
    "resources": (resources, 1, [62, 125, 250, 500]),
    "events": (events, 10, [1250, 2500, 5000, 10000]),
    "nested": (nested, 1, [12, 25, 50, 100]),
    "history": (history, 10, [1250, 2500, 5000, 10000]),
    "environments": (environments, 1, [1, 2, 3]),
    "bump": (bump, 100, [125 * KIB, 250 * KIB, 500 * KIB, 1000 * KIB]),
    "check-values": (check_values, 199, [100 * KIB, 200 * KIB, 400 * KIB, 790 * KIB]),
    "check-parameters": (check_parameters, 10, [600, 1200, 2400, 4800]),
    "check-findings": (check_findings, 10, [60, 120, 240, 480]),
    "template": (template, 220, [64 * KIB, 128 * KIB, 256 * KIB, 512 * KIB]),
    "upload": (upload, 64, [64 * KIB, 128 * KIB, 256 * KIB, 512 * KIB, 900 * KIB]),
    "secrets": (secrets, 1, [250, 500, 1000, 1500]),
    "files": (files, 1, [1250, 2500, 5000, 10000]),
    "whoami": (concurrent, 1, [25, 50, 100, 200]),
}


def growth(sizes, costs, base, few=0):
    """The slope through the logarithms of what is beyond the cost of nearly nothing."""
    beyond = [cost - base + few for cost in costs]
    if beyond[-1] <= max(NOTHING * base, few):
        return 0.0
    points = [(math.log(size), math.log(max(cost, 1))) for size, cost in zip(sizes, beyond)]
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    return (sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points))


def play(name, is_quick):
    work, nothing, sizes = SUBJECTS[name]
    if is_quick:
        sizes = sizes[:2]
    base = work(nothing) if nothing != sizes[0] else {"instructions": 0, "calls": 0, "bytes": 0}
    rows = [work(size) for size in sizes]
    unit = "CPU us" if name == "whoami" else "instructions"
    print(f"\n{name}: {work.__doc__}")
    print(f"{'size':>12} {unit:>16} {'calls':>8} {'bytes':>12}")
    for size, row in zip(sizes, rows):
        print(f"{size:>12,} {row['instructions']:>16,} {row['calls']:>8,} {row['bytes']:>12,}")
    slopes = {key: growth(sizes, [row[key] for row in rows], base[key], FEW_CALLS if key == "calls" else 0)
              for key in ("instructions", "calls", "bytes")}
    good = all(slope <= LIMIT for slope in slopes.values())
    print(f"{'growth':>12} {slopes['instructions']:>16.2f} {slopes['calls']:>8.2f} {slopes['bytes']:>12.2f}  "
          f"{'linear or better' if good else 'WORSE than linear'}", flush=True)
    return good


def main(words):
    for name in ("DEPLOYER", "DEPLOYER_SANDBOX", "BENCH_FOLLOW"):
        if name not in os.environ:
            print(f"{name} is not set: nothing to measure")
            return 77
    if not shutil.which("valgrind") or not shutil.which("git"):
        print("valgrind or git is absent")
        return 77
    names = [word for word in words if not word.startswith("-")] or list(SUBJECTS)
    begun = time.monotonic()
    good = [play(name, "--quick" in words) for name in names]
    print(f"\n{sum(good)}/{len(good)} linear or better, {time.monotonic() - begun:.0f} s")
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
