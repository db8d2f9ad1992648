#!/usr/bin/env python3
"""A Docker Engine that has nothing but images, for tests that push hundreds of them.

    stub_engine.py SOCKET FOLDER

Answers on the Unix socket what a release asks an Engine for. FOLDER is what it shares with the stub of
compose beside it: 'commit' has what was built, which makes the image; 'done' names the services that ended.
Pushes are real, to the registry that the caller names, with the caller's credential. FOLDER/push has what
the next push does instead: fail, hangup or silent (it ends without a digest).
"""

import base64
import gzip
import hashlib
import http.client
import http.server
import json
import pathlib
import re
import socketserver
import sys
import urllib.parse

ARCHIVE = bytes(1024)
LAYER = gzip.compress(ARCHIVE, mtime=0)
MANIFEST_TYPE = "application/vnd.docker.distribution.manifest.v2+json"

folder = pathlib.Path(sys.argv[2])


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def read(name):
    path = folder / name
    return path.read_text(encoding="utf-8").strip() if path.exists() else ""


def config_of(commit):
    document = {"architecture": "amd64", "os": "linux", "config": {"Labels": {"commit": commit}},
                "rootfs": {"type": "layers", "diff_ids": [digest(ARCHIVE)]}}
    return json.dumps(document, sort_keys=True).encode()


class Registry:
    """Just enough of the distribution specification to push."""

    def __init__(self, repository, auth):
        host, self.name = repository.split("/", 1)
        self.connection = http.client.HTTPConnection(host, timeout=30)
        credential = json.loads(base64.urlsafe_b64decode(auth + "=="))
        pair = f"{credential['username']}:{credential['password']}".encode()
        self.headers = {"Authorization": "Basic " + base64.b64encode(pair).decode()}

    def call(self, method, path, body=None, **headers):
        self.connection.request(method, path, body, dict(self.headers, **headers))
        reply = self.connection.getresponse()
        text = reply.read()
        self.connection.close()
        if reply.status >= 300:
            raise OSError(f"{method} {path}: {reply.status} {text.decode(errors='replace')}")
        return reply

    def put_blob(self, data):
        place = self.call("POST", f"/v2/{self.name}/blobs/uploads/").headers["Location"]
        parts = urllib.parse.urlsplit(place)
        query = parts.query + "&" * bool(parts.query) + "digest=" + urllib.parse.quote(digest(data))
        self.call("PUT", f"{parts.path}?{query}", data, **{"Content-Type": "application/octet-stream"})

    def push(self, tag, config):
        manifest = json.dumps({
            "schemaVersion": 2, "mediaType": MANIFEST_TYPE,
            "config": {"mediaType": "application/vnd.docker.container.image.v1+json",
                       "size": len(config), "digest": digest(config)},
            "layers": [{"mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip",
                        "size": len(LAYER), "digest": digest(LAYER)}]}).encode()
        self.put_blob(LAYER)
        self.put_blob(config)
        self.call("PUT", f"/v2/{self.name}/manifests/{tag}", manifest, **{"Content-Type": MANIFEST_TYPE})
        return digest(manifest)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def address_string(self):
        return "-"

    def answer(self, status, document):
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Api-Version", "1.41")
        self.send_header("Server", "Docker/20.10.24 (linux)")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def inspect(self, name):
        commit = read("commit")
        if not commit:
            self.answer(404, {"message": f"No such image: {name}"})
            return
        self.answer(200, {"Id": digest(config_of(commit)), "RepoDigests": [], "Created": "2026-01-01T00:00:00Z",
                          "Size": 1000, "Config": {"Labels": {"commit": commit}},
                          "RootFS": {"Type": "layers", "Layers": [digest(ARCHIVE)]}})

    def push(self, repository, tag):
        fault = read("push")
        (folder / "push").unlink(missing_ok=True)
        if fault == "hangup":
            self.close_connection = True
            self.connection.shutdown(2)
            return
        lines = [{"status": f"The push refers to repository [{repository}]"}]
        try:
            if fault == "fail":
                raise OSError("denied: requested access to the resource is denied")
            pushed = Registry(repository, self.headers.get("X-Registry-Auth", "")).push(tag, config_of(read("commit")))
            if fault != "silent":
                lines.append({"status": f"{tag}: digest: {pushed} size: 1"})
                lines.append({"aux": {"Tag": tag, "Digest": pushed, "Size": 1}})
        except OSError as problem:
            lines.append({"errorDetail": {"message": str(problem)}, "error": str(problem)})
        self.answer(200, b"".join(json.dumps(line).encode() + b"\r\n" for line in lines))

    def containers(self, query):
        service = re.search(r'com\.docker\.compose\.service=([^"]*)', query)
        if not service or service.group(1) not in read("done").split():
            self.answer(200, [])
            return
        labels = {"com.docker.compose.service": service.group(1), "com.docker.compose.oneoff": "False"}
        self.answer(200, [{"Id": "c0ffee", "State": "exited", "Labels": labels, "Ports": []}])

    def do_any(self):
        length = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(length)
        parts = urllib.parse.urlsplit(self.path)
        path = re.sub(r"^/v1\.\d+", "", urllib.parse.unquote(parts.path))
        query = urllib.parse.unquote(parts.query)
        pushed = re.fullmatch(r"/images/(.+)/push", path)
        inspected = re.fullmatch(r"/images/(.+)/json", path)
        if path == "/_ping":
            self.answer(200, b"OK")
        elif pushed:
            self.push(pushed.group(1), re.sub(r".*tag=([^&]*).*", r"\1", query))
        elif inspected:
            self.inspect(inspected.group(1))
        elif path == "/containers/json":
            self.containers(query)
        elif path.startswith("/containers/") and path.endswith("/json"):
            self.answer(200, {"Id": "c0ffee", "State": {"Status": "exited", "ExitCode": 0}})
        elif path == "/images/json":
            self.answer(200, [])
        elif path.endswith("/tag"):
            self.answer(201, b"")
        elif path == "/images/prune":
            self.answer(200, {"ImagesDeleted": [], "SpaceReclaimed": 0})
        elif self.command == "DELETE":
            self.answer(200, [])
        else:
            self.answer(404, {"message": f"{self.command} {path} is not in this stub"})

    do_GET = do_POST = do_DELETE = do_any


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass


if __name__ == "__main__":
    Server(sys.argv[1], Handler).serve_forever()
