"""A registry's front that misbehaves: HTTP from LISTEN_FILE's port to TARGET (host:port), with faults.

registry_faults.py TARGET LISTEN_FILE [FAULT...]

Each fault happens once: cut (the connection ends in the middle of an upload), slow (an upload is taken
only after 20 s), busy (503 to an upload), expired (403, the token's life is over, to an upload), latest (500 to that
tag, always). What was asked is a line each in LISTEN_FILE.log.
"""
import http.client
import http.server
import json
import os
import socketserver
import sys
import threading
import time

target, listen_file = sys.argv[1:3]
faults = sys.argv[3:]
lock = threading.Lock()
log = open(listen_file + ".log", "w", buffering=1)
EXPIRED = json.dumps(
    {"errors": [{"code": "DENIED", "message": "Your authorization token has expired. Reauthenticate and try again."}]}
).encode()


def take(fault):
    with lock:
        if fault in faults:
            faults.remove(fault)
            return True
    return False


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def chunks(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            while True:
                size = int(self.rfile.readline(), 16)
                data = self.rfile.read(size)
                self.rfile.readline()
                if not size:
                    return
                yield data
        elif int(self.headers.get("Content-Length") or 0):
            yield self.rfile.read(int(self.headers["Content-Length"]))

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def handle_any(self):
        log.write("%s %s\n" % (self.command, self.path))
        if self.command == "POST" and take("busy"):
            return self.answer(503, b"")
        if self.command == "POST" and take("expired"):
            return self.answer(403, EXPIRED)
        if self.command == "PUT" and self.path.endswith("/manifests/latest") and "latest" in faults:
            return self.answer(500, b"")
        if self.command == "PATCH" and take("cut"):
            for _ in self.chunks():
                break
            self.close_connection = True
            self.connection.shutdown(2)
            return None
        if self.command == "PATCH" and take("slow"):
            time.sleep(60)
        upstream = http.client.HTTPConnection(target)
        upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            upstream.putheader(name, value)
        upstream.endheaders()
        is_chunked = self.headers.get("Transfer-Encoding") == "chunked"
        for data in self.chunks():
            upstream.send(b"%x\r\n%s\r\n" % (len(data), data) if is_chunked else data)
        if is_chunked:
            upstream.send(b"0\r\n\r\n")
        response = upstream.getresponse()
        body = response.read()
        self.send_response_only(response.status)
        for name, value in response.getheaders():
            if name.lower() not in ("transfer-encoding", "connection"):
                self.send_header(name, value)
        if self.command != "HEAD" and not response.getheader("Content-Length"):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        return None

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True


server = Server(("127.0.0.1", 0), Handler)
with open(listen_file + ".new", "w") as port:
    port.write(str(server.server_address[1]))
os.rename(listen_file + ".new", listen_file)
server.serve_forever()
