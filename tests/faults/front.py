#!/usr/bin/env python3
"""Stands between a program and the sandbox, and breaks some of what passes, byte by byte.

    deployer-sandbox run -- front.py FAULT ACTION COUNT [acted] [tls] -- COMMAND...

FAULT (a key of BEFORE, ON_REPLY or TLS below) happens to the first COUNT requests for ACTION ("*": all of
them; a COUNT of 0: whatever number come); with 'acted', the sandbox has acted on them before. Those of
ON_REPLY always have: they break the sandbox's own reply. With 'tls' the program is given https, with
a certificate that it is told to trust; the faults of TLS do that by themselves, to connections. Ends with
COMMAND's status, after 'front: hits N' and, where somebody followed a redirection, 'front: followed' on
standard error.
"""

import os
import pathlib
import re
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

GIGABYTE = 10**9
PAUSE_S = 0.5
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n"


def reset(peer, _):
    raw = peer.detach() if isinstance(peer, ssl.SSLSocket) else peer.fileno()
    plain = socket.socket(fileno=os.dup(raw))
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    if isinstance(peer, ssl.SSLSocket):
        os.close(raw)
    else:
        peer.close()
    plain.close()


def drip(peer, head, byte):
    peer.sendall(head)
    while True:
        peer.sendall(byte)
        time.sleep(PAUSE_S)


def flood(peer, head, piece):
    peer.sendall(head)
    while True:
        peer.sendall(piece)


def wait(peer, _):
    while peer.recv(4096):
        pass


def say(text):
    return lambda peer, _: peer.sendall(text)


# Each is done to the program's connection, which is closed after it.
BEFORE = {
    "reset": reset,
    "close": lambda peer, _: None,
    "garbage": say(b"\x00\xffgarbage\r\n\r\n"),
    "http09": say(b"<ok/>"),
    "slow_head": lambda peer, _: drip(peer, OK + b"X-Slow: ", b"a"),
    "slow_body": lambda peer, _: drip(peer, OK + b"Content-Length: 100000\r\n\r\n", b" "),
    "hang": wait,
    "huge": lambda peer, _: (peer.sendall(OK + b"Content-Length: %d\r\n\r\n<a>" % (99 * GIGABYTE)), wait(peer, _)),
    "endless_body": lambda peer, _: flood(peer, OK + b"\r\n<a>", b"x" * 65536),
    "endless_chunks": lambda peer, _: flood(
        peer, OK + b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b"x" * 65536 + b"\r\n"),
    "endless_head": lambda peer, _: flood(peer, OK, b"X-Header: " + b"x" * 4000 + b"\r\n"),
    "continues": lambda peer, _: flood(peer, b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
    "nul": say(OK + b"X-Nul: a\x00b\r\nContent-Length: 0\r\n\r\n"),
    "negative": say(OK + b"Content-Length: -5\r\n\r\n"),
    "redirect": None,  # knows the other host: Front.redirect()
    "html": say(b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n<html></html>"),
}


def parts(reply):
    head, _, body = reply.partition(b"\r\n\r\n")
    return head, body


def without_length(head):
    return re.sub(rb"(?i)\r\ncontent-length: *\d+", b"", head)


def cut(reply):
    head, body = parts(reply)
    return head + b"\r\n\r\n" + body[: len(body) // 2]


def reset_in_body(peer, reply):
    peer.sendall(cut(reply))
    time.sleep(PAUSE_S)
    reset(peer, reply)


def cut_chunk(peer, reply):
    head, body = parts(reply)
    head = without_length(head) + b"\r\nTransfer-Encoding: chunked\r\n\r\n"
    peer.sendall(head + b"%x\r\n" % len(body) + body[: len(body) // 2])


def without_end(peer, reply):
    """A TLS connection ends, and nobody said close_notify."""
    peer.sendall(without_length(cut(reply)))
    os.close(peer.detach())


ON_REPLY = {
    "reset_in_body": reset_in_body,
    "short": lambda peer, reply: peer.sendall(cut(reply)),
    "cut_chunk": cut_chunk,
    "unsized": lambda peer, reply: peer.sendall(without_length(cut(reply))),
    "half_head": lambda peer, reply: peer.sendall(reply[: reply.index(b"\r\n") + 6]),
    "no_close_notify": without_end,
    "two_lengths": lambda peer, reply: peer.sendall(
        without_length(parts(reply)[0]) + b"\r\nContent-Length: 5\r\nContent-Length: 3\r\n\r\n" + parts(reply)[1]),
    "gzip": lambda peer, reply: peer.sendall(
        without_length(parts(reply)[0]) + b"\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b\x08" + parts(reply)[1]),
}

# Of connections, before anything is asked.
TLS = {"wrong_host", "expired", "self_signed", "old_tls", "plain_http", "no_handshake"}


def openssl(folder, *words):
    subprocess.run(["openssl", *words], cwd=folder, capture_output=True, check=True)


def make_certificate(folder, name, subject_alternative_name, days):
    """Signed by itself: trusted by whoever has NAME.pem as his bundle."""
    (folder / f"{name}.names").write_text(f"subjectAltName={subject_alternative_name}\n", encoding="ascii")
    openssl(folder, "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
            f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
    openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-signkey", f"{name}.key", "-days", str(days), "-extfile",
            f"{name}.names", "-out", f"{name}.pem")


def tls_context(folder, fault):
    """The server's side, and the bundle that the program is told to trust."""
    names = "DNS:example.com" if fault == "wrong_host" else "IP:127.0.0.1"
    make_certificate(folder, "shown", names, -1 if fault == "expired" else 2)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "shown.pem", folder / "shown.key")
    if fault == "old_tls":
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("DEFAULT@SECLEVEL=0")
    if fault != "self_signed":
        return context, folder / "shown.pem"
    make_certificate(folder, "other", names, 2)
    return context, folder / "other.pem"


def read_message(source):
    """A request or a reply, to its last byte; nothing where the peer has gone."""
    message = b""
    while b"\r\n\r\n" not in message:
        more = source.recv(65536)
        if not more:
            return b""
        message += more
    head, body = parts(message)
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    while length and len(body) < int(length[1]):
        more = source.recv(65536)
        if not more:
            return b""
        body += more
    return head + b"\r\n\r\n" + body


def action_of(request):
    found = re.search(rb"(?i)\r\nx-amz-target: *[^\r]*\.(\w+)|(?:^|[&\n])Action=(\w+)", request)
    return (found[1] or found[2]).decode() if found else ""


class Front:
    def __init__(self, fault, action, count, words, folder):
        self.fault, self.action, self.count = fault, action, int(count)
        self.acted = "acted" in words or fault in ON_REPLY
        self.hits = 0
        self.followed = False
        self.lock = threading.Lock()
        target = urllib.parse.urlsplit(os.environ["AWS_ENDPOINT_URL"])
        self.target = (target.hostname, target.port)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.other = socket.create_server(("127.0.0.1", 0))
        self.context = self.bundle = None
        if "tls" in words or fault in TLS or fault == "no_close_notify":
            self.context, self.bundle = tls_context(folder, fault)

    def environment(self):
        scheme = "https" if self.context else "http"
        env = dict(os.environ, AWS_ENDPOINT_URL=f"{scheme}://127.0.0.1:{self.listener.getsockname()[1]}")
        if self.bundle:
            env["AWS_CA_BUNDLE"] = str(self.bundle)
        return env

    def hit(self, action):
        with self.lock:
            if self.action not in ("*", action) or (self.count and self.hits >= self.count):
                return False
            self.hits += 1
            return True

    def redirect(self, peer):
        where = b"http://127.0.0.1:%d/" % self.other.getsockname()[1]
        peer.sendall(b"HTTP/1.1 307 Go\r\nLocation: " + where + b"\r\nContent-Length: 0\r\n\r\n")

    def forward(self, request):
        with socket.create_connection(self.target) as sandbox:
            sandbox.sendall(request)
            return read_message(sandbox)

    def answer(self, peer):
        """Whether the connection stays."""
        request = read_message(peer)
        if not request:
            return False
        is_hit = self.fault not in TLS and self.hit(action_of(request))
        reply = b"" if is_hit and not self.acted else self.forward(request)
        if not is_hit:
            peer.sendall(reply)
            return bool(reply)
        if self.fault == "redirect":
            self.redirect(peer)
        else:
            (BEFORE.get(self.fault) or ON_REPLY[self.fault])(peer, reply)
        return False

    def serve(self, connection):
        try:
            if self.fault in ("plain_http", "no_handshake") and self.hit("*"):
                if self.fault == "plain_http":
                    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
                wait(connection, None)
                return
            if self.fault in TLS and self.fault not in ("plain_http", "no_handshake"):
                self.hit("*")
            peer = self.context.wrap_socket(connection, server_side=True) if self.context else connection
            while self.answer(peer):
                pass
            if isinstance(peer, ssl.SSLSocket) and self.fault != "no_close_notify":
                peer.unwrap()
            peer.close()
        except (OSError, ValueError):
            pass
        finally:
            connection.close()

    def accept(self):
        while True:
            threading.Thread(target=self.serve, args=(self.listener.accept()[0],), daemon=True).start()

    def watch(self):
        self.other.accept()
        self.followed = True


def main(words):
    cut_at = words.index("--")
    fault, action, count, *rest = words[:cut_at]
    if fault not in BEFORE and fault not in ON_REPLY and fault not in TLS:
        sys.exit(f"front: '{fault}' is no fault")
    with tempfile.TemporaryDirectory(prefix="front-") as folder:
        front = Front(fault, action, count, rest, pathlib.Path(folder))
        for work in (front.accept, front.watch):
            threading.Thread(target=work, daemon=True).start()
        status = subprocess.run(words[cut_at + 1 :], env=front.environment(), check=False).returncode
    print(f"front: hits {front.hits}" + ("\nfront: followed" if front.followed else ""), file=sys.stderr, flush=True)
    os._exit(status if status >= 0 else 128 - status)


if __name__ == "__main__":
    main(sys.argv[1:])
