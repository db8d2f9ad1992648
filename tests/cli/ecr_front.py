"""Amazon ECR's own host name, for a program that knows no other: a proxy for CONNECT that ends TLS
itself and hands one request on to the sandbox. The registry's address in the answer becomes the host
that was asked for. For ecr_peer.sh.

    ecr_front.py CERTIFICATE KEY SANDBOX-PORT REGISTRY-HOST PORT-FILE
"""
import os
import re
import socket
import ssl
import sys
import threading

certificate, key, sandbox_port, registry_host, port_file = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)


def read_message(source):
    """The head of a request or an answer, and its body."""
    head = b""
    while b"\r\n\r\n" not in head:
        more = source.recv(4096)
        if not more:
            raise OSError("no whole message")
        head += more
    head, body = head.split(b"\r\n\r\n", 1)
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    while length and len(body) < int(length[1]):
        body += source.recv(65536)
    return head, body


def serve(client):
    read_message(client)
    client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
    with context.wrap_socket(client, server_side=True) as inside, socket.create_connection(
        ("127.0.0.1", int(sandbox_port))
    ) as sandbox:
        sandbox.sendall(b"\r\n\r\n".join(read_message(inside)))
        head, body = read_message(sandbox)
        body = re.sub(rb"http://127\.0\.0\.1:\d+", b"https://" + registry_host.encode(), body)
        head = re.sub(rb"(?i)(\r\ncontent-length: *)\d+", rb"\g<1>%d" % len(body), head)
        inside.sendall(head + b"\r\nConnection: close\r\n\r\n" + body)


with socket.create_server(("127.0.0.1", 0)) as listener:
    with open(port_file + ".new", "w", encoding="ascii") as out:
        out.write(str(listener.getsockname()[1]))
    os.rename(port_file + ".new", port_file)
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
