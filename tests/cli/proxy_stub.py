"""An HTTP proxy on loopback for entrypoint.sh, which knows CONNECT alone and wants a password.

    proxy_stub.py FOLDER USER:PASSWORD

Writes FOLDER/proxy, its port, once it listens, and one line a request to FOLDER/connects: the host and
port, and the status. A host named 'forbidden' is refused. Ends with its standard input.
"""
import base64
import os
import socket
import socketserver
import sys
import threading

folder, user = sys.argv[1:]
WANTED = "Basic " + base64.b64encode(user.encode()).decode()


def relay(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


class Handler(socketserver.StreamRequestHandler):
    def status(self, method, where, headers):
        if method != "CONNECT":
            return 405
        if headers.get("proxy-authorization") != WANTED:
            return 407
        return 403 if where.startswith("forbidden:") else 200

    def handle(self):
        method, where, _ = self.rfile.readline().decode().split(" ", 2)
        headers = {}
        while line := self.rfile.readline().decode().strip():
            name, text = line.split(":", 1)
            headers[name.lower()] = text.strip()
        status = self.status(method, where, headers)
        with open(os.path.join(folder, "connects"), "a", encoding="utf-8") as connects:
            connects.write(f"{where} {status}\n")
        self.wfile.write(f"HTTP/1.1 {status} Answer\r\nVia: stub\r\n\r\n".encode())
        if status != 200:
            return
        host, port = where.rsplit(":", 1)
        with socket.create_connection((host, int(port))) as upstream:
            threading.Thread(target=relay, args=(upstream, self.connection), daemon=True).start()
            relay(self.connection, upstream)


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True


server = Server(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
with open(os.path.join(folder, "proxy.new"), "w", encoding="utf-8") as file:
    file.write(f"{server.server_address[1]}\n")
os.rename(os.path.join(folder, "proxy.new"), os.path.join(folder, "proxy"))
sys.stdin.read()
