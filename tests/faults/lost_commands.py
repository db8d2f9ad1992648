"""The commands that lost-replies.py plays: what each finds, and what is run."""

import pathlib
import shutil
import subprocess

TABLES = pathlib.Path(__file__).resolve().parent / "catalogue"
PLAIN = (TABLES / "plain.yml").read_text(encoding="utf-8")
ECS = (TABLES / "ecs.yml").read_text(encoding="utf-8")
SPEED = "600"

APP = {"stack.yml": PLAIN, "dev.cfg": "ApplicationImageTag=1a\n", "deployer.yml": "stack: {name: app}\n"}
LIVE = ('"$DEPLOYER" deploy; echo ApplicationImageTag=2b >dev.cfg', None)


class Command:
    """files: of the project. setup: (script, scenario) one after the other, each a run of the sandbox.
    script: what is played, with $DEPLOYER. status: how it ends untouched. needs: programs."""

    def __init__(self, name, script, *, files=None, setup=(), options=(), status=0, needs=(), speed=SPEED):
        self.name, self.script, self.status = name, script, status
        self.files, self.setup, self.needs = files or APP, setup, needs
        self.options = ["--speed", speed, *options]
        if "docker-registry" not in needs:
            self.options.append("--no-registry")

    def missing(self, is_fast):
        if is_fast and "docker" in self.needs:
            return "needs a Docker engine, and is not for a fast run"
        for program in self.needs:
            if not shutil.which(program):
                return f"{program} is absent"
        if "docker" in self.needs and subprocess.run(["docker", "info"], capture_output=True, check=False).returncode:
            return "no Docker engine answers"
        return None


def deployer(name, args, **more):
    return Command(name, f'"$DEPLOYER" {args}', **more)


COMMANDS = [
    deployer("deploy of a new stack", "deploy"),
    deployer("deploy", "deploy", setup=[LIVE]),
    deployer("deploy of ECS", "deploy", files={**APP, "stack.yml": ECS}, setup=[LIVE]),
    deployer("deploy of nothing", "deploy", setup=[('"$DEPLOYER" deploy', None)]),
    deployer("plan", "plan", setup=[LIVE]),
    deployer("plan of a new stack", "plan"),
    deployer("status", "status", setup=[LIVE]),
    deployer("whoami", "whoami"),
]
