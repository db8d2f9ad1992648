#!/usr/bin/env python3
"""Runs a command at a terminal of its own and plays the person who sits there.

at_pty.py [EXPECT KEYS]... -- COMMAND...

Each time the regular expression EXPECT is found in what the command says, behind where the one before was found,
KEYS are typed: '\\x03' is Ctrl-C, '\\n' Enter; 'SIGTERM' is no key but sent. What is said goes to standard output.
Ends with the command's status, 128+N where signal N ended it, and 99 where an EXPECT was not met in three minutes.
"""

import os
import pty
import re
import select
import signal
import sys
import time

DEADLINE_S = 180


def main(args):
    end = args.index("--")
    script = list(zip(args[:end:2], args[1:end:2]))
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvp(args[end + 1], args[end + 1 :])
    missed = play(pid, terminal, script)
    status = os.waitpid(pid, 0)[1]
    if missed:
        print(f"at_pty: never said: {missed}", file=sys.stderr)
        return 99
    return 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def play(pid, terminal, script):
    """Reads to the end; returns the first EXPECT that was not met."""
    said = ""
    deadline = time.monotonic() + DEADLINE_S
    while True:
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            break
        if not select.select([terminal], [], [], 1)[0]:
            continue
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # EIO: the command has closed its side
            break
        if not piece:
            break
        sys.stdout.buffer.write(piece)
        sys.stdout.flush()
        said += piece.decode(errors="replace")
        while script and (found := re.search(script[0][0], said)):
            said = said[found.end() :]
            act(pid, terminal, script.pop(0)[1])
            deadline = time.monotonic() + DEADLINE_S
    return script[0][0] if script else None


def act(pid, terminal, keys):
    time.sleep(0.3)  # a person is no quicker, and the command has read what was typed before
    if keys.startswith("SIG"):
        os.kill(pid, getattr(signal, keys))
    else:
        os.write(terminal, keys.encode().decode("unicode_escape").encode())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
