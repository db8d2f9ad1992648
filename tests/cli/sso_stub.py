"""SSO-OIDC, SSO and STS on loopback, for sso_login.sh.

    sso_stub.py FOLDER

Writes FOLDER/port once it listens, and one line a call to FOLDER/calls. FOLDER/replies holds what
CreateToken answers next, a word each: pending, slow_down, expired, denied, or a number, which is a
token's life in seconds; the last one stays. FOLDER/device holds the device code's life in seconds.
FOLDER/lost, where it is, names calls whose replies are lost after the service acted: "token 1 3" are
the first call of token and the two after it. A token that was lost is not given again.
"""
import http.server
import json
import os
import sys
import threading
import time
import urllib.parse

folder = sys.argv[1]
ERRORS = {
    "pending": ("AuthorizationPendingException", "authorization_pending"),
    "slow_down": ("SlowDownException", "slow_down"),
    "expired": ("ExpiredTokenException", "expired_token"),
    "denied": ("AccessDeniedException", "access_denied"),
}
NAMES = {"/": "sts", "/client/register": "register", "/device_authorization": "device", "/token": "token"}
IDENTITY = (
    '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
    "<GetCallerIdentityResult><Arn>arn:aws:sts::123456789012:assumed-role/Dev/me</Arn>"
    "<UserId>AROASSO:me</UserId><Account>123456789012</Account></GetCallerIdentityResult>"
    "<ResponseMetadata><RequestId>1-2-3</RequestId></ResponseMetadata></GetCallerIdentityResponse>"
)
last_poll = [time.monotonic()]
counts = {}
given = []


def read(name):
    with open(os.path.join(folder, name), encoding="utf-8") as file:
        return file.read().split()


def next_reply():
    replies = read("replies")
    if len(replies) > 1:
        with open(os.path.join(folder, "replies"), "w", encoding="utf-8") as file:
            file.write(" ".join(replies[1:]))
    return replies[0]


def note(line):
    with open(os.path.join(folder, "calls"), "a", encoding="utf-8") as calls:
        calls.write(line + "\n")


def is_lost(name):
    counts[name] = counts.get(name, 0) + 1
    lost = read("lost") if os.path.exists(os.path.join(folder, "lost")) else []
    if len(lost) != 3 or lost[0] != name or not int(lost[1]) <= counts[name] < int(lost[1]) + int(lost[2]):
        return False
    note(f"lost {name}")
    return True


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    is_lost = False

    def log_message(self, *_):
        pass

    def answer(self, status, document, error=None):
        if self.is_lost:
            self.close_connection = True
            return
        body = document.encode() if isinstance(document, str) else json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("x-amzn-RequestId", "1-2-3")
        if error:
            self.send_header("x-amzn-ErrorType", error)
        self.end_headers()
        self.wfile.write(body)

    def token(self, wanted):
        reply = next_reply()
        now = time.monotonic()
        grant = wanted["grantType"].rsplit(":", 1)[-1]
        with_what = wanted.get("deviceCode") or wanted.get("refreshToken")
        note(f"token {grant} {with_what} {wanted['clientId']} {wanted['clientSecret']}")
        note(f"  waited {now - last_poll[0]:.1f}")
        last_poll[0] = now
        if grant == "device_code" and given:
            return self.answer(400, {"error": "invalid_grant", "error_description": "used"}, "InvalidGrantException")
        if self.is_lost and grant == "device_code" and reply not in ERRORS:
            given.append(with_what)
        if reply in ERRORS:
            name, error = ERRORS[reply]
            return self.answer(400, {"error": error, "error_description": reply}, name)
        return self.answer(200, {"accessToken": "ACCESS-" + grant, "tokenType": "Bearer", "expiresIn": int(reply),
                                 "refreshToken": "REFRESH"})

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        self.is_lost = is_lost(NAMES.get(self.path, "?"))
        if self.path == "/":
            form = urllib.parse.parse_qs(body)
            key = self.headers["Authorization"].split("Credential=")[1].split("/")[0]
            note(f"sts {form['Action'][0]} {key} {self.headers['X-Amz-Security-Token']}")
            return self.answer(200, IDENTITY)
        wanted = json.loads(body)
        if self.path == "/client/register":
            note(f"register {wanted['clientType']} {' '.join(wanted.get('scopes', ['-']))}")
            return self.answer(200, {"clientId": "CLIENT", "clientSecret": "CLIENTSECRET",
                                     "clientSecretExpiresAt": int(time.time()) + 7776000})
        if self.path == "/device_authorization":
            note(f"device {wanted['clientId']} {wanted['startUrl']}")
            last_poll[0] = time.monotonic()
            return self.answer(200, {"deviceCode": "DEVICE", "userCode": "ABCD-EFGH", "interval": 1,
                                     "verificationUri": "https://device.example/",
                                     "verificationUriComplete": "https://device.example/?user_code=ABCD-EFGH",
                                     "expiresIn": int(read("device")[0])})
        if self.path == "/token":
            return self.token(wanted)
        return self.answer(404, {})

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = urllib.parse.parse_qs(url.query)
        self.is_lost = is_lost("role")
        note(f"role {query['account_id'][0]} {query['role_name'][0]} {self.headers['x-amz-sso_bearer_token']}")
        return self.answer(200, {"roleCredentials": {"accessKeyId": "ASIASSO", "secretAccessKey": "s",
                                                     "sessionToken": "t",
                                                     "expiration": int(time.time() + 3600) * 1000}})


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
with open(os.path.join(folder, "port.new"), "w", encoding="utf-8") as port:
    port.write(f"{server.server_address[1]}\n")
os.rename(os.path.join(folder, "port.new"), os.path.join(folder, "port"))
server_thread = threading.Thread(target=server.serve_forever, daemon=True)
server_thread.start()
sys.stdin.read()
