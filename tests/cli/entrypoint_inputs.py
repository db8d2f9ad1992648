"""The inputs of a container's start as a table, for entrypoint_inputs.sh: each row has the id of the case
that it stands for (J1 to J14, SSM), and must reach the application exactly or be refused by name. Prints TAP.

    entrypoint_inputs.py store     puts the rows' secrets into the account
    entrypoint_inputs.py check     starts a container's program with each
    entrypoint_inputs.py faults    prints the scenario of an account where calls fail

An independent client stores them where there is one (boto3), else `deployer secrets put`. The account
where calls fail is in the environment's variables FAULTY_AWS_....
"""
import ctypes
import json
import os
import subprocess
import sys

DEPLOYER, ENTRYPOINT = os.environ["DEPLOYER"], os.environ["DEPLOYER_ENTRYPOINT"]
CANARY = "hunter2"
INIT = os.environ["SECRETS_INIT"]
rows = []


def row(case, name, text=None, *, want=None, refused=None, status=0, **more):
    """`want`: the environment of the application has these; `refused`: what is said in its place."""
    more.update(case=case, name=name, text=text, want=want or {}, refused=refused)
    rows.append(dict(more, status=125 if refused and not status else status))


def value(case, name, text):
    row(case, name, json.dumps({"V": text}), want={"V": text})


# ---- J1: every byte but NUL, exactly ----
value("J1", "quote", "it's")
value("J1", "command", "x'; touch PWN; echo '")
value("J1", "lines", "line1\nline2\n")
value("J1", "blanks", "a  b\tc \n")
value("J1", "glob", "a *.py b")
value("J1", "dollar", "$HOME `id` $(id) \\ \"")
value("J1", "utf8", "é漢\U0001f600\u202e")
value("J1", "controls", "".join(map(chr, range(1, 32))) + "\x7f")
value("J1", "void", "")
value("J1", "long", "x" * 60000)
# ---- J2: what no environment can hold ----
row("J2", "nul", '{"V":"hunter2\\u0000b"}', refused="\\u0000 is not allowed")
row("J2", "surrogate", '{"V":"hunter2\\ud800"}', refused="not a JSON object")
# ---- J3: names that are none ----
row("J3", "key-command", '{"A=1; touch PWN; export B":"hunter2"}', refused="cannot be a variable")
row("J3", "key-dash", '{"A-B":"hunter2"}', refused="'A-B' cannot be a variable")
row("J3", "key-digit", '{"1A":"hunter2"}', refused="'1A' cannot be a variable")
row("J3", "key-empty", '{"":"hunter2"}', refused="'' cannot be a variable")
row("J3", "key-utf8", '{"\u00e9":"hunter2"}', refused="cannot be a variable")
row("J3", "key-skipped", '{"A-B":"hunter2","V":"v"}', env={"SECRETS_SKIP_INVALID": "true"}, want={"V": "v"})
# ---- J4: variables that give orders ----
for name in ("LD_PRELOAD", "LD_LIBRARY_PATH", "BASH_ENV", "ENV", "IFS", "PATH", "PS4", "PYTHONSTARTUP", "NODE_OPTIONS"):
    row("J4", "order-" + name, json.dumps({name: "hunter2"}), refused=f"'{name}' cannot be a variable")
row("J4", "order-allowed", '{"PS4":"p"}', env={"SECRETS_ALLOW": "PS4"}, want={"PS4": "p"})
# ---- J5: values that are no strings ----
row("J5", "integer", '{"V":12345678901234567890}', want={"V": "12345678901234567890"})
row("J5", "real", '{"V":1e21}', want={"V": "1e21"})
row("J5", "boolean", '{"V":true,"W":false}', want={"V": "true", "W": "false"})
row("J5", "null", '{"V":null,"W":"w"}', want={"V": None, "W": "w"})
row("J5", "object", '{"V":{"k": "v w"}}', want={"V": '{"k":"v w"}'})
row("J5", "list", '{"V":[1, "a b"]}', want={"V": '[1,"a b"]'})
# ---- J6: what is no object ----
row("J6", "plain", "hunter2", refused="not a JSON object")
row("J6", "string", '"hunter2"', refused="not a JSON object")
row("J6", "array", '["hunter2"]', refused="not a JSON object")
row("J6", "blank", " ", refused="it is empty")
row("J6", "binary", b"\0\xffhunter2", refused="is a binary secret")
row("J6", "whole", "  any\ttext \n", secrets="V=whole", want={"V": "  any\ttext \n"})
# ---- J7: the same name twice ----
row("J7", "twice", '{"V":"hunter2","V":"b"}', refused="duplicate object key")
row("J7", "later", '{"V":"later"}', secrets="quote later", want={"V": "later"}, said="takes the place of")
row("J7", "own-loses", '{"V":"secret"}', env={"V": "own"}, want={"V": "secret"})
row("J7", "own-wins", '{"V":"secret"}', env={"V": "own", "SECRETS_OVERRIDE": "false"}, want={"V": "own"})
# ---- J8: one of several is absent ----
row("J8", "one-absent", '{"V":"v"}', secrets="one-absent nope", refused="'nope': Secrets Manager GetSecretValue")
row("J8", "one-optional", '{"V":"v"}', env={"SECRETS_OPTIONAL": "nope"}, want={"V": "v"}, said="'nope' is absent")
# ---- J9: what the service says; what passes is asked again ----
FAULTS = [
    ("AccessDeniedException", 400, 1), ("InvalidRequestException", 400, 1), ("DecryptionFailure", 400, 1),
    ("ResourceNotFoundException", 400, 1), ("InternalServiceError", 500, 2), ("ThrottlingException", 400, 2),
    ("InternalServiceError", 500, 0),
]
for code, http, count in FAULTS:
    if count in (1, 0):
        row("J9", f"{code}-{'always' if count == 0 else 'once'}", secrets="quote", faulty=True,
            refused="'quote': Secrets Manager GetSecretValue: " + code)
    else:
        row("J9", f"{code}-passes", secrets="quote", faulty=True, want={"V": "it's"})
# ---- J10: what execve() cannot take ----
row("J10", "string-fits", init="V=" + "x" * 131069, want={"V": "x" * 131069})
row("J10", "string-too-long", init="V=" + "x" * 131070, refused="the largest: V (131072 bytes)")
row("J10", "too-much", init="".join(f"V{i}={'x' * 60000}\n" for i in range(10)), stack=1 << 20,
    refused="the environment is larger than Linux hands to a program (262144 bytes); the largest: V")
# ---- J11: the command is looked for before anything is fetched ----
row("J11", "missing", secrets="nope", env={"PATH": "/usr/bin:/bin"}, command=["no-such-program"],
    refused="no such program", status=127)
row("J11", "not-executable", secrets="nope", command=["./plain-file"], refused="cannot be executed", status=126)
row("J11", "none", secrets="nope", command=[], refused="no command to start")
# ---- J12: nothing of ours remains: descriptors and signals are as they would be without ----
row("J12", "descriptors", '{"V":"v"}', command=["ls", "/proc/self/fd"], alike=True)
row("J12", "signals", '{"V":"v"}', command=["grep", "^Sig[BIC]", "/proc/self/status"], alike=True)
# ---- J13: names only, whatever is said ----
row("J13", "talk", '{"V":"hunter2"}', secrets="talk talk:V::", want={"V": "hunter2"}, said="Processing secrets [talk talk:V::]")
# ---- J14: entries of the environment with no '=' or with several ----
row("J14", "entries", '{"V":"v"}', entries=["odd", "A=b=c", "=x"], want={"A": "b=c", "V": "v"})
# ---- parameters of SSM, each below a path of its own ----
row("SSM", "parameter", parameters={"/one/V": "it's\n $x"}, secrets="ssm:/one/V", want={"V": "it's\n $x"})
row("SSM", "path", parameters={"/two/V": "v", "/two/W": "w w"}, secrets="ssm:/two/", want={"V": "v", "W": "w w"})
row("SSM", "renamed", parameters={"/three/v-1": "v"}, secrets="V=ssm:/three/v-1", want={"V": "v"})
row("SSM", "invalid-name", parameters={"/four/v-1": "hunter2"}, secrets="ssm:/four/v-1", refused="'v-1' cannot be a variable")
row("SSM", "absent", parameters={}, secrets="ssm:/absent/V", refused="'ssm:/absent/V': SSM GetParameter: ParameterNotFound")
row("SSM", "empty-path", parameters={}, secrets="ssm:/absent/", refused="'ssm:/absent/': no parameter lies below it")


def secret_of(entry):
    text = entry["text"]
    return {"SecretBinary": text} if isinstance(text, bytes) else {"SecretString": text}


def store():
    try:
        import boto3
        client = boto3.client("secretsmanager")
    except ImportError:
        client = None
    for entry in rows:
        for name, text in entry.get("parameters", {}).items():
            if client:
                boto3.client("ssm").put_parameter(Name=name, Value=text, Type="SecureString")
        if entry["text"] is None:
            continue
        if client:
            client.create_secret(Name=entry["name"], **secret_of(entry))
        elif not isinstance(entry["text"], bytes):
            subprocess.run([DEPLOYER, "--quiet", "secrets", "put", entry["name"], "--text"],
                           input=entry["text"].encode(), check=True)
    with open("stored", "w", encoding="utf-8") as file:
        file.write("boto3" if client else "deployer")


def environment_of(entry):
    env = {name: text for name, text in os.environ.items() if not name.startswith("SECRETS")}
    env.update({"SECRETS": "" if entry.get("init") else entry.get("secrets", entry["name"]), "SECRETS_INIT": INIT})
    if entry.get("faulty"):
        for name in ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            env[name] = os.environ["FAULTY_" + name]
    return dict(env, **entry.get("env", {}))


def start(argv, entry):
    """Runs it with the row's environment, which subprocess would refuse where an entry has no '='."""
    entries = [f"{name}={text}".encode() for name, text in environment_of(entry).items()]
    entries += [odd.encode() for odd in entry.get("entries", [])]
    reads = [os.pipe() for _ in range(2)]
    pid = os.fork()
    if pid == 0:
        for target, (_, end) in enumerate(reads, 1):
            os.dup2(end, target)
        os.closerange(3, 256)
        if "stack" in entry:
            import resource
            resource.setrlimit(resource.RLIMIT_STACK, (entry["stack"], entry["stack"]))
        words = (ctypes.c_char_p * (len(argv) + 1))(*[word.encode() for word in argv])
        block = (ctypes.c_char_p * (len(entries) + 1))(*entries)
        ctypes.CDLL(None).execve(argv[0].encode(), words, block)
        os._exit(99)
    for _, end in reads:
        os.close(end)
    texts = [drain(end) for end, _ in reads]
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), *texts


def drain(end):
    with os.fdopen(end, "rb") as file:
        return file.read()


def differs(entry):
    """Why the row does not hold; None where it does."""
    command = entry.get("command", ["env", "-0"])
    status, out, err = start([ENTRYPOINT, *command], entry)
    announced, _, rest = out.partition(b"\n") if out.startswith(b"Processing") else (b"", b"", out)
    said = (announced + b"\n" + err).decode()
    if status != entry["status"]:
        return f"status {status}: {said}"
    if CANARY in said:
        return "the value was said"
    if entry["refused"]:
        source = "" if entry["case"] in ("J10", "J11", "SSM") else entry["name"].replace("one-absent", "nope")
        named = entry.get("faulty") or f"'{source}'" in said or not source
        return None if entry["refused"] in said and named and not rest else said
    if entry.get("said", "") not in said:
        return said
    if entry.get("alike"):
        return None if start(["/usr/bin/env", *command], entry)[1] == rest else f"not as without us: {rest}"
    got = dict(item.split(b"=", 1) for item in rest.split(b"\0") if b"=" in item)
    for name, want in entry["want"].items():
        if got.get(name.encode()) != (None if want is None else want.encode()):
            return f"{name} is {got.get(name.encode())}"
    return None


def check():
    passed = skipped = 0
    os.makedirs(INIT, exist_ok=True)
    with open("plain-file", "w", encoding="utf-8"), open("stored", encoding="utf-8") as stored:
        stored_by = stored.read()
    print(f"1..{len(rows)}")
    for number, entry in enumerate(rows, 1):
        with open(os.path.join(INIT, "environment"), "w", encoding="utf-8") as file:
            file.write(entry.get("init", ""))
        what = f"{number} - {entry['case']} {entry['name']}"
        if (isinstance(entry["text"], bytes) or "parameters" in entry) and stored_by != "boto3":
            print(f"ok {what} # SKIP no boto3 to store it with")
            skipped += 1
            continue
        why = differs(entry)
        passed += why is None
        print(f"{'not ' if why else ''}ok {what} {'refused by name' if entry['refused'] else 'exact'}")
        if why:
            print("#", why.replace("\n", "\n# "))
    assert not os.path.exists("PWN")
    print(f"# exact or refused by name: {passed}/{len(rows) - skipped}")
    return passed + skipped != len(rows)


def faults():
    call, entries = 1, []
    for code, status, count in FAULTS:
        entries.append({"action": "GetSecretValue", "from": call, "count": count, "reply": "error",
                        "status": status, "code": code, "message": "try it"})
        call += count + (count > 1)
    json.dump({"faults": entries}, sys.stdout)


sys.exit({"store": store, "check": check, "faults": faults}[sys.argv[1]]())
