"""Looks for canaries in all that a program under strace did, for secrecy_secrets.sh.

    secrecy_watch.py CANARIES TRACE...

CANARIES has one a line. TRACE is of `strace -f -y -v -s 1000000`. A canary may go to a socket, into an
editor's draft and, in the environment, to our programs and to the one that they start with
'the-application' in its arguments. Anywhere else it is a hit: in an argument, in another program's
environment, in what is written to a terminal, a pipe or a file, in the name of a file. Prints
"PLACES HITS" and each hit.
"""
import re
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    canaries = [line for line in file.read().split("\n") if line]
EXECVE = re.compile(r'execve\("(?P<path>(?:[^"\\]|\\.)*)", \[(?P<args>.*?)\], (?P<env>\[.*\])\)')
WRITE = re.compile(r"(?:write|pwrite64|writev|sendto|sendmsg)\(\d+<(?P<where>[^>]*)>")
PROXY = re.compile(r'"\w+_(?:PROXY|proxy)=(?:[^"\\]|\\.)*"')
PARTED = re.compile(r"^(\d+) +<\.\.\. \w+ resumed>")
places = 0
hits = []
# Whether one of ours was started yet: what the test itself starts before is not looked at.
are_ours = False


def look(kind, text, line):
    global places
    places += 1
    if any(canary in text for canary in canaries):
        hits.append(f"{kind}: {line[:160]}")


def examine(line):
    global are_ours
    started = EXECVE.search(line)
    wrote = WRITE.search(line)
    if started:
        look("argument", started["path"] + started["args"], line)
        if started["path"].rsplit("/", 1)[-1] in ("deployer", "deployer-entrypoint"):
            are_ours = True
        elif are_ours and "the-application" not in started["args"]:
            # A program that goes out needs the way, and the password that stands in it.
            look("environment", PROXY.sub("", started["env"]), line)
    elif wrote and ("socket:" in wrote["where"] or "TCP" in wrote["where"]):
        return
    elif wrote and wrote["where"].startswith("/dev/shm/deployer-edit-"):
        return
    else:
        look("written" if wrote else "name", line, line)


for name in sys.argv[2:]:
    begun = {}
    are_ours = False
    with open(name, encoding="utf-8", errors="replace") as trace:
        for line in trace:
            process = line.split(" ", 1)[0]
            if line.rstrip().endswith("<unfinished ...>"):
                begun[process] = line.rstrip()[: -len("<unfinished ...>")]
            else:
                resumed = PARTED.match(line)
                examine(begun.pop(process, "") + line[resumed.end():] if resumed else line)
    for line in begun.values():
        examine(line)
print(places, len(hits))
print("\n".join(hits), end="")
