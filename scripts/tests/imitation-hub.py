#!/usr/bin/env python3
"""A small imitation of the Hugging Face Hub on loopback, for tests of data and models by name.

    imitation-hub.py FOLDER    prints its port, and serves until standard input ends

FOLDER/datasets/ORG/NAME/... and FOLDER/models/ORG/NAME/... are repositories, FOLDER/files/... plain
files at /files/... . FOLDER/models/ORG/NAME@REVISION/... is another revision of ORG/NAME, with a commit
of its own. FOLDER/faults.json may say what goes wrong, by the path of a request:

    {"/files/a.bin": {"cuts": [1000, 2000],      connections that end after so many bytes
                      "statuses": [429, 503],    answers before the first good one
                      "retry_after": "0",        with such an answer
                      "always": 403,             the answer to everything
                      "code": "RepoNotFound",    X-Error-Code with it ("": none; else GatedRepo)
                      "message": "...",          X-Error-Message with it
                      "delay": 0.01,             seconds before each 64 KiB
                      "ranges": false,           the server knows no ranges
                      "change": true}}           another ETag for every answer

The keys "hash of NAME" and "commit" ({"sha": "..."}) change what a listing says of a file and of itself.

Files over 64 bytes are like large ones of the Hub: they have a SHA-256, and come by a redirect.
FOLDER/requests.log gets a line a request: method, path, range, status; FOLDER/secrets.log the path of
each request that came with a token.
"""

import hashlib
import json
import re
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

LARGE_BYTES = 64
PIECE_BYTES = 1 << 16
ROOT = Path(sys.argv[1]).resolve()
LOCK = threading.Lock()
USED: dict[str, int] = {}
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def faults(path: str) -> dict:
    """What goes wrong with a path now."""
    file = ROOT / "faults.json"
    return json.loads(file.read_text()).get(path, {}) if file.exists() else {}


def turn(key: str) -> int:
    """How often this was asked before."""
    with LOCK:
        USED[key] = USED.get(key, 0) + 1
        return USED[key] - 1


def commit_of(folder: Path) -> str:
    """The commit of a repository's folder."""
    name = folder.name
    return hashlib.sha1(name.encode()).hexdigest() if "@" in name else COMMIT


def revision_folder(kind: str, name: str, revision: str) -> Path | None:
    """The folder of a revision: main, another one, or a commit of either."""
    repository = ROOT / kind / name
    others = sorted(repository.parent.glob(repository.name + "@*"))
    for folder in [repository, *others]:
        names = {commit_of(folder), folder.name.partition("@")[2] or "main"}
        if folder.is_dir() and revision in names:
            return folder
    return None


def listing(folder: Path, name: str) -> dict:
    """What the Hub says of a repository's commit."""
    files = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        data = path.read_bytes()
        entry = {"rfilename": path.relative_to(folder).as_posix(), "size": len(data),
                 "blobId": faults("hash of " + path.name).get("blob") or hashlib.sha1(
                     b"blob %d\0" % len(data) + data).hexdigest()}
        if len(data) > LARGE_BYTES:
            entry["lfs"] = {"sha256": declared(path), "size": len(data), "pointerSize": 134}
        files.append(entry)
    commit = faults("commit").get("sha") or commit_of(folder)
    return {"id": name, "_id": "0", "sha": commit, "private": False, "gated": False,
            "disabled": False, "downloads": 0, "likes": 0, "tags": [], "author": "org",
            "lastModified": "2025-01-01T00:00:00.000Z", "createdAt": "2025-01-01T00:00:00.000Z",
            "siblings": files}


def declared(path: Path) -> str:
    """The hash that a listing names; faults.json may give a wrong one."""
    return faults("hash of " + path.name).get("sha256") or hashlib.sha256(
        path.read_bytes()).hexdigest()


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        """Is quiet."""

    def note(self, status: int) -> None:
        """Writes a line of the log."""
        with LOCK, open(ROOT / "requests.log", "a") as log:
            log.write(f"{self.command} {self.path} {self.headers.get('Range', '-')} {status}\n")
        if "Authorization" in self.headers:
            with LOCK, open(ROOT / "secrets.log", "a") as log:
                log.write(self.path + "\n")

    def answer(self, status: int, body: bytes = b"", fields: dict | None = None) -> None:
        """Sends a whole answer."""
        self.note(status)
        self.send_response(status)
        for key, value in {"Content-Length": str(len(body)), **(fields or {})}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_HEAD(self) -> None:  # noqa: N802
        """As GET, without the body."""
        self.do_GET()

    def do_GET(self) -> None:  # noqa: N802
        """Finds what is asked for."""
        path = unquote(urlsplit(self.path).path)
        fault = faults(path)
        if "always" in fault:
            code = fault.get("code", "GatedRepo" if fault["always"] in (401, 403) else "")
            fields = {"X-Error-Code": code} if code else {}
            if "message" in fault:
                fields["X-Error-Message"] = fault["message"]
            return self.answer(fault["always"], b"refused", fields)
        statuses = fault.get("statuses", [])
        if statuses and self.command == "GET":
            index = turn("status " + path)
            if index < len(statuses):
                fields = {"Retry-After": fault["retry_after"]} if "retry_after" in fault else {}
                return self.answer(statuses[index], b"later", fields)
        if match := re.fullmatch(r"/api/(datasets|models)/([^/]+/[^/]+)(/.*)?", path):
            return self.describe(*match.groups())
        if match := re.fullmatch(r"(/datasets)?/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
            kind = "datasets" if match[1] else "models"
            folder = revision_folder(kind, match[2], match[3])
            if folder is None:
                return self.answer(404, b"", {"X-Error-Code": "RevisionNotFound"})
            return self.resolve(folder / match[4], commit_of(folder))
        if path.startswith(("/files/", "/cdn/")):
            return self.send_file(path, ROOT / path.removeprefix("/cdn/").lstrip("/"), fault)
        return self.answer(404)

    def describe(self, kind: str, name: str, rest: str | None) -> None:
        """The interface for programs."""
        if not (ROOT / kind / name).is_dir():
            return self.answer(404, b'{"error":"Repository not found"}',
                               {"X-Error-Code": "RepoNotFound"})
        match = re.fullmatch(r"/(?:revision|tree)/(.+)", rest or "")
        folder = revision_folder(kind, name, match[1] if match else "main")
        if folder is None:
            return self.answer(404, b'{"error":"Invalid rev id"}',
                               {"X-Error-Code": "RevisionNotFound"})
        files = listing(folder, name)
        if rest and rest.startswith("/tree/"):
            tree = [{"type": "file", "path": file["rfilename"], "size": file["size"],
                     "oid": file["blobId"]} for file in files["siblings"]]
            for entry, file in zip(tree, files["siblings"]):
                if "lfs" in file:
                    entry["lfs"] = {"oid": file["lfs"]["sha256"], "size": file["size"],
                                    "pointerSize": 134}
            return self.answer(200, json.dumps(tree).encode(), {"Content-Type": "application/json"})
        return self.answer(200, json.dumps(files).encode(), {"Content-Type": "application/json"})

    def resolve(self, file: Path, commit: str) -> None:
        """A file of a repository: small ones at once, large ones by a redirect."""
        if not file.is_file():
            return self.answer(404, b"", {"X-Error-Code": "EntryNotFound",
                                          "X-Repo-Commit": commit})
        data = file.read_bytes()
        if len(data) <= LARGE_BYTES:
            etag = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
            return self.answer(200, data, {"ETag": f'"{etag}"', "X-Repo-Commit": commit})
        port = self.server.server_address[1]
        return self.answer(302, b"", {
            "X-Repo-Commit": commit, "X-Linked-Size": str(len(data)),
            "X-Linked-ETag": f'"{hashlib.sha256(data).hexdigest()}"',
            "Location": f"http://localhost:{port}/cdn/{file.relative_to(ROOT).as_posix()}"})

    def send_file(self, path: str, file: Path, fault: dict) -> None:
        """Bytes of a file, or of a part of it."""
        if path.startswith("/files/redirect/"):
            return self.answer(302, b"", {"Location": "/files/" + path.removeprefix(
                "/files/redirect/")})
        if not file.is_file():
            return self.answer(404)
        data, start, status = file.read_bytes(), 0, 200
        etag = '"' + hashlib.sha256(data).hexdigest()[:16] + '"'
        if fault.get("change"):
            etag = f'"{turn("etag " + path)}"'
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if wanted and fault.get("ranges", True) and self.headers.get("If-Range", etag) == etag:
            start, status = int(wanted[1]), 206
            if start >= len(data):
                return self.answer(416, b"", {"Content-Range": f"bytes */{len(data)}"})
        end = int(wanted[2]) + 1 if wanted and wanted[2] and status == 206 else len(data)
        self.note(status)
        self.send_response(status)
        self.send_header("Content-Length", str(end - start))
        self.send_header("ETag", etag)
        self.send_header("Accept-Ranges", "bytes")
        if status == 206:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{len(data)}")
        self.end_headers()
        if self.command != "HEAD":
            self.send_pieces(path, data[start:end], fault)

    def send_pieces(self, path: str, data: bytes, fault: dict) -> None:
        """Sends slowly, or only the beginning."""
        cuts = fault.get("cuts", [])
        index = turn("cut " + path) if cuts else 0
        if index < len(cuts):
            data = data[: cuts[index]]
            self.close_connection = True
        for start in range(0, len(data), PIECE_BYTES):
            time.sleep(fault.get("delay", 0))
            self.wfile.write(data[start : start + PIECE_BYTES])


class Server(ThreadingHTTPServer):
    """Says nothing about clients that go away."""

    daemon_threads = True

    def handle_error(self, *arguments):
        """Is quiet."""


server = Server(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_address[1], flush=True)
sys.stdin.read()
