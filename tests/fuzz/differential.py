#!/usr/bin/env python3
"""Holds the library's readers against others', on inputs that are mutated from the corpora.

    differential.py [--inputs N] [--seed S] [--show N] [KIND...]

    json         Python's json
    yaml         PyYAML's BaseLoader: what stands where, and each scalar as it is written
    xml          Python's ElementTree
    config       botocore's configloader, as the AWS CLI reads ~/.aws/config
    credentials  the same, ~/.aws/credentials
    dotenv       python-dotenv, which Compose v1 reads .env with
    fault-query, fault-json, fault-rest-xml   botocore's parsers, the code and the message of errors
    sigv4        botocore's SigV4Auth, the canonical request and the signature of random requests

A difference is explained where a documented rule of the reader's makes it (a limit, a duplicate key, an encoding);
what is left is a difference too many. Prints a line a kind, and 'n/n inputs ... 0 unexplained' in the end.
DECODE names the program (decode.c). A kind whose other side is not installed is skipped, and said to be.
"""

import argparse
import io
import json
import logging
import math
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

HERE = pathlib.Path(__file__).resolve().parent
CORPUS = HERE / "corpus"


class Refused(Exception):
    """The other reader does not take it."""


class Crashed(Exception):
    """The other reader fails in a way that is none of its own: nothing to compare with."""


class Any:
    """What another reader makes of it does not matter, for a reason."""

    def __init__(self, why):
        self.why = why


# ---- inputs ----

def mutate(draw, seeds, words):
    """A few changes to a seed, or to two of them spliced."""
    data = bytearray(draw.choice(seeds))
    if draw.random() < 0.15:
        other = draw.choice(seeds)
        data = data[:draw.randint(0, len(data))] + other[draw.randint(0, len(other)):]
    for _ in range(draw.choice([0, 1, 1, 1, 2, 2, 3, 5])):
        at = draw.randint(0, len(data))
        what = draw.randrange(6)
        if what == 0 and data:
            data[at % len(data)] = draw.randrange(256)
        elif what == 1:
            del data[at:at + draw.randint(1, 8)]
        elif what == 2:
            data[at:at] = draw.choice(words)
        elif what == 3:
            data[at:at + draw.randint(0, 4)] = draw.choice(words)
        elif what == 4:
            piece = data[at:at + draw.randint(1, 20)]
            data[at:at] = piece
        elif data:
            data[at % len(data)] ^= 1 << draw.randrange(8)
    return bytes(data[:1 << 15])


def corpus(*names):
    return [path.read_bytes() for name in names for path in sorted((CORPUS / name).iterdir())]


def differs(ours, theirs, path="it"):
    """Where two values are not the same; None where they are."""
    if isinstance(ours, bool) or isinstance(theirs, bool) or ours is None or theirs is None:
        return None if ours is theirs else f"{path}: {ours!r}, not {theirs!r}"
    if isinstance(ours, float) or isinstance(theirs, float):
        same = isinstance(ours, (int, float)) and isinstance(theirs, (int, float)) and \
            math.isclose(ours, theirs, rel_tol=1e-14)
        return None if same else f"{path}: {ours!r}, not {theirs!r}"
    if type(ours) is not type(theirs):
        return f"{path}: {ours!r}, not {theirs!r}"
    if isinstance(ours, dict):
        if ours.keys() != theirs.keys():
            return f"{path}: keys {sorted(ours)}, not {sorted(theirs)}"
        return next((found for key in ours if (found := differs(ours[key], theirs[key], f"{path}.{key}"))), None)
    if isinstance(ours, list):
        if len(ours) != len(theirs):
            return f"{path}: {len(ours)} items, not {len(theirs)}"
        return next((found for i, pair in enumerate(zip(ours, theirs))
                     if (found := differs(*pair, f"{path}[{i}]"))), None)
    return None if ours == theirs else f"{path}: {ours!r}, not {theirs!r}"


def is_utf8(data):
    try:
        data.decode("utf-8")
        return True
    except UnicodeDecodeError:
        return False


# ---- json ----

class Json:
    words = [b"{", b"}", b"[", b"]", b",", b":", b'"', b"null", b"true", b"1e5", b"-0", b"0.1", b"\\u0041", b"\\ud83d\\ude00",
             b"\\", b"1E400", b"9223372036854775807", b"9223372036854775808", b" ", b"\n", b"\t", b'"a":', b"\xef\xbb\xbf", b"\x00",
             b"NaN", b"\xc3\xa9", b"-", b"01", b"1."]

    def seeds(self):
        return corpus("json", "json_edit") + [b'{"a": [1, -2.5e3, "x\\n\\u00e9", null, true, false, {}]}', b"[]", b'"text"']

    def ask(self, data):
        return data

    def theirs(self, data):
        if data.startswith(b"\xef\xbb\xbf") or not is_utf8(data):
            raise Refused
        self.strange = None

        def refuse_constant(_):
            raise Refused

        def pairs(items):
            if len({key for key, _ in items}) != len(items):
                self.strange = "a key is there twice"
            return dict(items)

        def to_int(text):
            if not -1 << 63 <= int(text) < 1 << 63:
                self.strange = "an integer beyond 64 bits"
            return int(text)

        def to_float(text):
            if math.isinf(float(text)):
                self.strange = "a real beyond a double"
            return float(text)

        try:
            value = json.loads(data.decode("utf-8"), parse_constant=refuse_constant, object_pairs_hook=pairs,
                               parse_int=to_int, parse_float=to_float)
            text = json.dumps(value, ensure_ascii=False)
            text.encode("utf-8")
        except UnicodeEncodeError:
            self.strange = "half a surrogate pair"
            return None
        except (ValueError, RecursionError) as problem:
            raise Refused from problem
        if "\\u0000" in json.dumps(value):
            self.strange = "U+0000"
        return value

    def explain(self, data, ours):
        if self.strange and "error" in ours:
            return self.strange
        if depth_of(data, b"[{", b"]}") > 60 and "error" in ours:
            return "deeper than 64"
        return None


def depth_of(data, opening, closing):
    depth = most = 0
    for byte in data:
        depth += (byte in opening) - (byte in closing)
        most = max(most, depth)
    return most


# ---- yaml ----

class Yaml:
    words = [b"- ", b": ", b"\n", b"\n  ", b"'", b'"', b"#", b" #", b"{", b"}", b"[", b"]", b",", b"|\n", b">\n", b"&a ", b"*a", b"!Ref ",
             b"---\n", b"null", b"yes", b"0x1f", b"1_000", b"~", b"? ", b"<<: ", b"\t", b"\xc3\xa9", b"%", b"@"]

    def seeds(self):
        return [data[1:] for data in corpus("yaml") if data] + corpus("yaml_locate", "sandbox_template") + \
            [b"a: [1, two, '3']\nb:\n  - c: d\n    e: |\n      text\n  - f\n"]

    def ask(self, data):
        return data

    def theirs(self, data):
        import yaml
        if not is_utf8(data):
            raise Refused
        self.events = []
        try:
            return self.compose(data, yaml.BaseLoader)
        except (yaml.YAMLError, ValueError, RecursionError) as problem:
            raise Refused from problem

    def compose(self, data, loader):
        import yaml
        text = data.decode("utf-8")
        self.events = list(yaml.parse(text, Loader=loader))
        return yaml.compose(text, Loader=loader)

    def agrees_with_libyaml(self, data, ours):
        """PyYAML's own scanner and libyaml's, which this one stands on, differ in tabs and in '?' between brackets."""
        import yaml
        if not yaml.__with_libyaml__ or not is_utf8(data):
            return False
        try:
            return not self.compare(ours["value"], self.compose(data, yaml.CBaseLoader)) if "value" in ours else False
        except (yaml.YAMLError, ValueError, KeyError):
            return "error" in ours

    def compare(self, ours, node, path="it", depth=0):
        """The shape, and a scalar's text where the reader has left it one."""
        import yaml
        if node is None:
            return None if ours is None else f"{path}: {ours!r}, not nothing"
        if isinstance(node, yaml.MappingNode):
            keys = [key.value for key, _ in node.value]
            if not isinstance(ours, dict) or sorted(keys) != sorted(ours):
                return f"{path}: {ours!r}, not a map of {keys}"
            return next((found for key, value in node.value
                         if (found := self.compare(ours[key.value], value, f"{path}.{key.value}"))), None)
        if isinstance(node, yaml.SequenceNode):
            if not isinstance(ours, list) or len(ours) != len(node.value):
                return f"{path}: {ours!r}, not a list of {len(node.value)}"
            return next((found for i, value in enumerate(node.value)
                         if (found := self.compare(ours[i], value, f"{path}[{i}]"))), None)
        if isinstance(ours, str):
            return None if ours == node.value else f"{path}: {ours!r}, not {node.value!r}"
        if node.style or isinstance(ours, (dict, list)):
            return f"{path}: {ours!r}, not {node.value!r}"
        return None

    def explain(self, data, ours):
        import yaml
        events = self.events
        if re.search(rb"\\u[dD][89a-fA-F]", data) or (re.match(rb"\s*[\[{\"]", data) and b"\\u" in data):
            return "JSON's escapes"
        if b"<<" in data:
            return "a merge key"
        if self.agrees_with_libyaml(data, ours):
            return "libyaml and PyYAML's own scanner"
        if "value" in ours:
            return None
        why = ours["error"]
        for event in events:
            if isinstance(event, yaml.NodeEvent) and getattr(event, "tag", None):
                return "a tag"
            if isinstance(event, yaml.AliasEvent):
                return "an alias"
        for rule in ("twice", "one document", "key", "deep", "too long", "U+0000", "empty", "directive"):
            if rule in why:
                return rule
        return None


# ---- xml ----

class Xml:
    words = [b"<a>", b"</a>", b"<b/>", b"&lt;", b"&#65;", b"&#x1f600;", b"<![CDATA[x]]>", b"<!-- c -->", b"<?p?>", b"<", b">", b"&", b"'", b'"',
             b" x='1'", b"\xc3\xa9", b"<!DOCTYPE a>", b"xmlns='u'", b"<?xml version='1.0'?>", b"\n", b"\x00", b"]]>", b"<a xmlns:p='u'><p:b/></a>"]

    def seeds(self):
        return corpus("xml", "junit") + [b"<a x='1'>t<b>u</b>v<c/>&amp;</a>"]

    def ask(self, data):
        return data

    def theirs(self, data):
        self.is_unbound = False
        try:
            root = xml.etree.ElementTree.fromstring(data)
        except (xml.etree.ElementTree.ParseError, ValueError, LookupError) as problem:
            self.is_unbound = "unbound prefix" in str(problem)
            raise Refused from problem

        def describe(element):
            name = element.tag.rpartition("}")[2]
            text = (element.text or "") + "".join(child.tail or "" for child in element)
            return [name, text, [describe(child) for child in element]]
        return describe(root)

    def explain(self, data, ours):
        if "value" in ours:
            return "a name that only namespaces forbid" if self.is_unbound or b"xmlns:" in data else None
        if b"<!DOCTYPE" in data:
            return "a DOCTYPE"
        if "level" in ours["error"] or "deep" in ours["error"]:
            return "too deep"
        if re.search(rb"encoding\s*=", data) and not re.search(rb"encoding\s*=\s*['\"]utf-8['\"]", data, re.I):
            return "another encoding"
        return None


# ---- profiles ----

class Profiles:
    words = [b"[default]\n", b"[profile a]\n", b"[profile 'a b']\n", b"[sso-session s]\n", b"[services s]\n", b"a = b\n", b"a=b\n", b" c = d\n", b"\n",
             b"#", b" # x", b";", b" ; x", b"=", b":", b"[", b"]", b"\t", b" ", b"\r\n", b"%", b"s3 =\n  a = b\n", b"region = us-east-1\n", b'"', b"A = B\n", b"profile"]

    def __init__(self, file):
        self.file = file

    def seeds(self):
        extra = [b"[default]\nregion = us-east-1\n[profile a]\ns3 =\n  x = y\n  z = w\n", b"[a]\naws_access_key_id = K\n"]
        return corpus("profile") + extra

    def ask(self, data):
        return data

    def theirs(self, data):
        import configparser
        from botocore import configloader, exceptions
        self.is_double = False
        with tempfile.NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            try:
                configloader.raw_config_parse(file.name)  # which refuses a block that is none
                raw = configloader.raw_config_parse(file.name, parse_subsections=False)
                if self.file == "credentials":
                    return {"profiles": raw, "sso_sessions": {}, "services": {}}
                built = configloader.build_profile_map(raw)
            except exceptions.ConfigParseError as problem:
                self.is_double = isinstance(problem.kwargs["error"],
                                            (configparser.DuplicateSectionError, configparser.DuplicateOptionError))
                raise Refused from problem
            except Exception as problem:
                raise Crashed(repr(problem)) from problem
        # Before 1.31 there are no services.
        return {key: built[key] for key in ("profiles", "sso_sessions", "services") if key in built}

    def compare(self, ours, theirs):
        return differs({key: ours[key] for key in theirs}, theirs)

    def explain(self, data, ours):
        if self.is_double:
            return "a section or key is there twice"
        if b"\x00" in data and "error" in ours:
            return "a NUL"
        if re.search(rb"[\x1c-\x1f\x0b\x0c]|\xc2[\x85\xa0]|\xe2\x80|\xe3\x80", data):
            return "a blank to Python alone"
        if "error" in ours and not is_utf8(data):
            return "not UTF-8"
        return None


# ---- dotenv ----

class Dotenv:
    words = [b"A=b\n", b"export A=b\n", b"'", b'"', b"#", b" # c", b"\n", b"=", b" ", b"A", b"\r\n", b"A='x y'\n", b'A="x y" # c\n', b"B=1\n", b"\t"]

    def seeds(self):
        return [data for data in corpus("dotenv") if b"\n" in data] + [b"A\nA=b\nexport B='c d' # e\nC=\"f\"\n"]

    def ask(self, data):
        return data

    def theirs(self, data):
        from dotenv import dotenv_values
        if not is_utf8(data) or b"\x00" in data:
            return Any("not text")
        name, _, text = data.decode("utf-8").partition("\n")
        try:
            return dotenv_values(stream=io.StringIO(text), interpolate=False).get(name)
        except Exception as problem:
            raise Crashed(repr(problem)) from problem

    def explain(self, data, ours):
        name, _, text = data.partition(b"\n")
        if b"\\" in text:
            return "an escape"
        if not re.fullmatch(rb"[A-Za-z_][A-Za-z0-9_]*", name):
            return "no name"
        if re.search(rb"[^\x20-\x7e\n]", text):
            return "a sign that is a blank to one of them"
        for line in text.split(b"\n"):
            value = line.partition(b"=")[2].strip()
            if (b"'" in line.partition(b"=")[0] or b'"' in line.partition(b"=")[0]):
                return "a quotation mark in a name"
            if value[:1] in (b"'", b'"') and value.count(value[:1]) != 2:
                return "quotation marks that do not pair in their line"
            if value[:1] in (b"'", b'"') and not re.fullmatch(rb"(['\"]).*\1(\s+#.*)?", value):
                return "text behind a quotation mark"
            if line.strip() and not line.lstrip().startswith(b"#") and \
                    not re.match(rb"\s*(export\s+)?[A-Za-z_][A-Za-z0-9_]*\s*=", line):
                return "a line that assigns nothing"
        return None


# ---- errors of services ----

class Fault:
    words = Xml.words + Json.words + [b"<Code>", b"</Code>", b"<Error>", b"</Error>", b"<Message>", b"__type", b"com.amazonaws#X", b":http://", b"code", b"message"]

    def __init__(self, protocol):
        self.protocol = protocol

    def seeds(self):
        bodies = {
            "query": [b'<ErrorResponse xmlns="u"><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error>'
                      b"<RequestId>r</RequestId></ErrorResponse>"],
            "json": [b'{"__type":"com.amazonaws.ecr#RepositoryNotFoundException","message":"no"}', b'{"__type":"X","Message":"m"}', b'{"code":"Y:http://u"}'],
            "rest-xml": [b"<Error><Code>NoSuchBucket</Code><Message>none</Message><RequestId>r</RequestId></Error>", b""],
        }[self.protocol]
        return [b"400\nContent-Type: text/plain\n\n" + body for body in bodies]

    def ask(self, data):
        return data

    def theirs(self, data):
        from botocore import model, parsers
        head, _, body = data.partition(b"\n\n")
        lines = head.split(b"\n")
        if lines[0] != b"400" or not is_utf8(head) or b"\r" in head:
            return Any("another head")
        headers = {}
        for line in lines[1:]:
            name, _, value = line.decode().partition(":")
            headers[name.strip().lower()] = value.strip()
        parser = parsers.create_parser(self.protocol)
        try:
            parsed = parser.parse({"status_code": 400, "headers": headers, "body": body}, model.StructureShape("S", {"type": "structure", "members": {}}))
        except Exception as problem:
            raise Crashed(repr(problem)) from problem
        error = parsed.get("Error", {})
        if str(error.get("Code", "")).isdigit():
            return Any("no code that botocore reads")
        if not all(isinstance(error.get(key, ""), str) for key in ("Code", "Message")):
            return Any("elements in a text, or two of a name")
        return {"code": error.get("Code", ""), "message": error.get("Message", "")}

    def compare(self, ours, theirs):
        return differs(dict(ours, code=ours["code"].strip()), dict(theirs, code=theirs["code"].strip()))

    def explain(self, data, ours):
        body = data.partition(b"\n\n")[2]
        if not is_utf8(body) or b"\x00" in body or b"\\u0000" in body:
            return "no text"
        value = ours.get("value", {})
        if self.protocol == "json":
            try:
                Json().theirs(body)
            except Refused:
                return "no JSON of RFC 8259"
            checked = Json()
            checked.theirs(body)
            if checked.strange:
                return checked.strange
            document = json.loads(body)
            if not isinstance(document, dict) or any(isinstance(v, (dict, list, int, float, bool, type(None))) for v in document.values()):
                return "members of other types"
        if b"<!DOCTYPE" in body:
            return "a DOCTYPE"
        return None if value else "no answer"


# ---- signatures ----

class Sigv4:
    words = [b""]

    def seeds(self):
        return [b""]

    def draw(self, draw):
        signs = "abcXYZ019-_.~/%+=& :@!$'()*,;?#éß世"
        path = "/" + "".join(draw.choice(signs) for _ in range(draw.randint(0, 12)))
        import urllib.parse
        wire = urllib.parse.quote(path, safe="/-_.~")
        if draw.random() < 0.3:
            wire += draw.choice(["/../b", "/./c", "//d", "/", "/e/.."])
        query = "&".join(f"{urllib.parse.quote(draw.choice('abcd') * draw.randint(1, 2), safe='-_.~')}="
                         f"{urllib.parse.quote(''.join(draw.choice(signs) for _ in range(draw.randint(0, 5))), safe='-_.~')}"
                         for _ in range(draw.randint(0, 4)))
        headers = ["Host: example.amazonaws.com", "X-Amz-Date: 20150830T123600Z"]
        for i in range(draw.randint(0, 3)):
            headers.append(f"{draw.choice(['My-Header', 'x-Other', 'Zed', 'User-Agent', 'Expect'])}{'' if draw.random() < 0.5 else i}:"
                           f"{draw.choice(['', ' ', '  '])}{draw.choice(['v', 'a  b', ' c ', 'x y   z', ''])}")
        names = [line.partition(":")[0].lower() for line in headers]
        headers = [line for i, line in enumerate(headers) if names[i] not in names[:i]]
        return json.dumps({"method": draw.choice(["GET", "POST", "PUT"]), "path": wire, "query": query, "headers": headers,
                           "body": draw.choice(["", "text", "{}"]), "service": "service",
                           "normalize": draw.random() < 0.7}).encode()

    def ask(self, data):
        return data

    def theirs(self, data):
        import datetime
        from botocore import auth, awsrequest, credentials
        asked = json.loads(data)
        headers = dict(line.split(":", 1) for line in asked["headers"])
        url = "https://example.amazonaws.com" + asked["path"] + ("?" + asked["query"] if asked["query"] else "")
        request = awsrequest.AWSRequest(method=asked["method"], url=url, data=asked["body"], headers=headers)
        request.context["timestamp"] = "20150830T123600Z"
        kind = auth.SigV4Auth if asked["normalize"] else auth.S3SigV4Auth
        signer = kind(credentials.Credentials("AKIDEXAMPLE", "secret"), "service", "us-east-1")
        canonical = signer.canonical_request(request)
        string = signer.string_to_sign(request, canonical)
        return {"canonical": canonical, "signature": signer.signature(string, request)}

    def explain(self, data, ours):
        return None


KINDS = {
    "json": Json, "yaml": Yaml, "xml": Xml, "config": lambda: Profiles("config"), "credentials": lambda: Profiles("credentials"),
    "dotenv": Dotenv, "fault-query": lambda: Fault("query"), "fault-json": lambda: Fault("json"),
    "fault-rest-xml": lambda: Fault("rest-xml"), "sigv4": Sigv4,
}
NEEDS = {"yaml": "yaml", "config": "botocore", "credentials": "botocore", "dotenv": "dotenv", "fault-query": "botocore",
         "fault-json": "botocore", "fault-rest-xml": "botocore", "sigv4": "botocore"}


def has_module(name):
    try:
        __import__(name)
        return True
    except ImportError:
        return False


def ask_all(name, inputs):
    question = b"".join(b"%s %d\n%s" % (name.encode(), len(data), data) for data in inputs)
    done = subprocess.run([os.environ["DECODE"]], input=question, stdout=subprocess.PIPE, check=True)
    return [json.loads(line) for line in done.stdout.split(b"\n") if line]


def judge(kind, data, ours):
    """None where both agree, else what is different and the rule that explains it ("" for none)."""
    try:
        theirs = kind.theirs(data)
    except Crashed:
        return ("the other crashes", "the other crashes")
    except Refused:
        if "error" in ours:
            return None
        return (f"it is read as {ours['value']!r}, the other refuses it", kind.explain(data, ours) or "")
    if isinstance(theirs, Any):
        return (theirs.why, theirs.why)
    if "error" in ours:
        return (f"it is refused ({ours['error']}), the other reads it", kind.explain(data, ours) or "")
    compare = getattr(kind, "compare", differs)
    found = compare(ours["value"], theirs)
    return (found, kind.explain(data, ours) or "") if found else None


def play(name, options):
    kind = KINDS[name]()
    draw = random.Random(f"{options.seed} {name}")
    seeds = kind.seeds()
    inputs = [kind.draw(draw) if hasattr(kind, "draw") else mutate(draw, seeds, kind.words) for _ in range(options.inputs)]
    answers = ask_all(name, [kind.ask(data) for data in inputs])
    same, explained, unexplained = 0, {}, []
    for data, ours in zip(inputs, answers, strict=True):
        found = judge(kind, data, ours)
        if not found:
            same += 1
        elif found[1]:
            explained[found[1]] = explained.get(found[1], 0) + 1
        else:
            unexplained.append((data, found[0]))
    rules = ", ".join(f"{why} {count}" for why, count in sorted(explained.items(), key=lambda item: -item[1])[:4])
    print(f"{name}: {len(inputs)} inputs, {same} alike, {sum(explained.values())} explained ({rules}), {len(unexplained)} unexplained", flush=True)
    for data, what in unexplained[:options.show]:
        print(f"    {data[:300]!r}\n      {what[:300]}")
    return len(unexplained)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--inputs", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, default=5)
    parser.add_argument("kinds", nargs="*", metavar="KIND")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    if "DECODE" not in os.environ:
        print("DECODE is not set: nothing to compare")
        return 77
    played = count = 0
    for name in options.kinds or KINDS:
        if name in NEEDS and not has_module(NEEDS[name]):
            print(f"{name}: skipped, {NEEDS[name]} is not installed")
            continue
        count += play(name, options)
        played += 1
    print(f"{played * options.inputs} inputs of {played} kinds, {count} unexplained, seed {options.seed}")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
