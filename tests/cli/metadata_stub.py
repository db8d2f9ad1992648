"""The endpoints at which ECS, EKS and EC2 hand credentials out, for entrypoint_credentials.sh.

    metadata_stub.py FOLDER ADDRESS:PORT...

FOLDER/credentials holds what is handed out, in the form of `deployer credentials`; FOLDER/token what
EKS wants to see. Writes one line a call to FOLDER/calls, and FOLDER/ports (a port a line) once it
listens. Ends with its standard input.
"""
import http.server
import json
import os
import sys
import threading
import time

folder = sys.argv[1]
SESSION = "AQAEAMetadataSessionToken=="
ROLES = "/latest/meta-data/iam/security-credentials/"
failures = {"flaky": 2}


def read(name):
    with open(os.path.join(folder, name), encoding="utf-8") as file:
        return file.read()


def credentials(**changes):
    known = json.loads(read("credentials"))
    document = {"Code": "Success", "Token": known["SessionToken"], "Expiration": known["Expiration"]}
    document.update({name: known[name] for name in ("AccessKeyId", "SecretAccessKey")})
    document.update(changes)
    return json.dumps(document)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=""):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def note(self):
        with open(os.path.join(folder, "calls"), "a", encoding="utf-8") as calls:
            calls.write(f"{self.server.server_address[0]} {self.command} {self.path}\n")

    def do_PUT(self):
        self.note()
        if self.path != "/latest/api/token" or not self.headers["X-aws-ec2-metadata-token-ttl-seconds"]:
            return self.answer(400)
        return self.answer(200, SESSION)

    def instance(self):
        if self.headers["X-aws-ec2-metadata-token"] != SESSION:
            return self.answer(401)
        if self.path == "/latest/meta-data/placement/region":
            return self.answer(200, "us-east-1")
        if self.path == ROLES:
            return self.answer(200, "web role")
        return self.answer(200, credentials()) if self.path == ROLES + "web%20role" else self.answer(404)

    def container(self):
        name = self.path.rsplit("/", 1)[-1]
        if name == "guarded" and self.headers["Authorization"] != read("token"):
            return self.answer(401)
        if name == "slow":
            time.sleep(120)
        if failures.get(name, 0) > 0:
            failures[name] -= 1
            return self.answer(500)
        if name == "broken":
            return self.answer(200, '{"AccessKeyId": "hunter2-canary", "SecretAccessKey": "hunter2-canary')
        if name == "partial":
            return self.answer(200, '{"AccessKeyId": "hunter2-canary"}')
        if name == "expired":
            return self.answer(200, credentials(Expiration="2020-01-01T00:00:00Z"))
        if name == "forged":
            return self.answer(200, credentials(SecretAccessKey="hunter2-canary"))
        return self.answer(200, credentials()) if name in ("task", "guarded", "flaky") else self.answer(404)

    def do_GET(self):
        self.note()
        return self.instance() if self.path.startswith("/latest/") else self.container()


ports = []
for where in sys.argv[2:]:
    address, port = where.rsplit(":", 1)
    server = http.server.ThreadingHTTPServer((address, int(port)), Handler)
    ports.append(str(server.server_address[1]))
    threading.Thread(target=server.serve_forever, daemon=True).start()
with open(os.path.join(folder, "ports.new"), "w", encoding="utf-8") as file:
    file.write("\n".join(ports) + "\n")
os.rename(os.path.join(folder, "ports.new"), os.path.join(folder, "ports"))
sys.stdin.read()
