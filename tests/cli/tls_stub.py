"""STS behind TLS, reached through a CONNECT proxy or directly, for whoami_proxy.sh.

    tls_stub.py FOLDER

Writes FOLDER/ports ("PROXY DIRECT") once both listen. Each connection reads FOLDER/mode: the name of
the certificate to show (FOLDER/NAME.pem, FOLDER/NAME.key), or "refuse STATUS" for what the proxy
answers to CONNECT. What comes in is appended to FOLDER/calls, what differs from run to run left out.
"""
import os
import re
import socket
import ssl
import sys
import threading

folder = sys.argv[1]
IDENTITY = (
    '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
    "<GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/proxied</Arn>"
    "<UserId>AIDAPROXIED</UserId><Account>123456789012</Account></GetCallerIdentityResult>"
    "<ResponseMetadata><RequestId>1-2-3</RequestId></ResponseMetadata></GetCallerIdentityResponse>"
)
ROLE = (
    '<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>'
    "<AssumedRoleUser><AssumedRoleId>AROA:s</AssumedRoleId>"
    "<Arn>arn:aws:sts::123456789012:assumed-role/r/s</Arn></AssumedRoleUser><Credentials>"
    "<AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>"
    "<SessionToken>token</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>"
    "</AssumeRoleResult><ResponseMetadata><RequestId>1-2-4</RequestId></ResponseMetadata>"
    "</AssumeRoleResponse>"
)
lock = threading.Lock()


def note(line):
    with lock, open(os.path.join(folder, "calls"), "a", encoding="utf-8") as calls:
        calls.write(line + "\n")


def mode():
    with open(os.path.join(folder, "mode"), encoding="utf-8") as file:
        return file.read().split()


def read_head(connection):
    head = b""
    while b"\r\n\r\n" not in head:
        piece = connection.recv(4096)
        if not piece:
            return None, b""
        head += piece
    head, _, rest = head.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    headers = dict((name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines[1:]))
    return (lines[0], headers), rest


def answer_calls(connection):
    while True:
        head, body = read_head(connection)
        if not head:
            return
        line, headers = head
        while len(body) < int(headers.get("content-length", "0")):
            body += connection.recv(4096)
        text = re.sub("RoleSessionName=[^&]*", "RoleSessionName=S", body.decode())
        key = re.search("Credential=([^/]*)/[0-9]*/([^,]*)", headers.get("authorization", ""))
        note(f"{line} {headers['host']} {headers.get('content-type')} {'&'.join(sorted(text.split('&')))}")
        note(f"  signed with {key[1]} for {key[2]}" if key else "  unsigned")
        if "proxy-authorization" in headers:
            note("  the proxy's password went to the service")
        reply = (ROLE if "Action=AssumeRole" in text else IDENTITY).encode()
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nx-amzn-RequestId: 1-2-3\r\nContent-Length: %d\r\n\r\n"
            % len(reply)
            + reply
        )


def serve_tls(connection, name):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.path.join(folder, name + ".pem"), os.path.join(folder, name + ".key"))
    try:
        with context.wrap_socket(connection, server_side=True) as tls:
            answer_calls(tls)
    except (ssl.SSLError, OSError):
        note("no TLS")


def serve_proxy(connection):
    head, _ = read_head(connection)
    if not head:
        return
    line, headers = head
    note(f"{line.rsplit(' ', 1)[0]} {headers.get('proxy-authorization', '-')}")
    wanted = mode()
    if wanted[0] == "refuse":
        connection.sendall(f"HTTP/1.1 {wanted[1]} No\r\nContent-Length: 0\r\n\r\n".encode())
        connection.close()
        return
    connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
    serve_tls(connection, wanted[0])


def serve_direct(connection):
    note("direct")
    serve_tls(connection, mode()[0])


def accept(listener, serve):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
for listener, serve in zip(listeners, (serve_proxy, serve_direct)):
    threading.Thread(target=accept, args=(listener, serve), daemon=True).start()
with open(os.path.join(folder, "ports.new"), "w", encoding="utf-8") as ports:
    ports.write(" ".join(str(listener.getsockname()[1]) for listener in listeners) + "\n")
os.rename(os.path.join(folder, "ports.new"), os.path.join(folder, "ports"))
sys.stdin.read()
