"""One configuration with every service type, installed as the README says: each call reaches its vendor.

Usage: python every_type.py FOLDER_OF_PROGRAMS TYPES.json...

The files are pairs of a person's making, named after the type they hold (`tests/golden`). The vendors are the
dry run's stand-in, so nothing leaves the machine. Vertex AI's token is asked of a stand-in for Google, apart,
since a dry run needs none.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

KEY = "sk-key-of-the-clients"
HI = [{"role": "user", "content": "hi"}]
SECONDS = 120
#: A token fetched as LiteLLM fetches it, with a key made for it, from a stand-in for Google.
TOKEN = """
import http.server, json, threading
from cryptography.hazmat.primitives import serialization as s
from cryptography.hazmat.primitives.asymmetric import rsa
from litellm.llms.vertex_ai.vertex_llm_base import VertexBase

class Google(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        body = json.dumps({"access_token": "from-the-stand-in", "expires_in": 3600}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass

server = http.server.HTTPServer(("127.0.0.1", 0), Google)
threading.Thread(target=server.serve_forever, daemon=True).start()
key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
pem = key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption()).decode()
account = {"type": "service_account", "project_id": "p", "private_key": pem, "client_email": "me@p.example",
           "token_uri": f"http://127.0.0.1:{server.server_port}/token"}
print(VertexBase().get_access_token(json.dumps(account), "p")[0])
"""


def configuration(files: list[Path]) -> dict[str, Any]:
    """All service types in one file."""
    services: dict[str, Any] = {}
    for file in files:
        found = json.loads(file.read_text("utf-8"))["services"]
        services |= {kind: found[kind] for kind in (file.stem,) if kind in found}
    return {"api_key": KEY, "services": services}


def ask(base: str, path: str, body: Any = None) -> Any:
    """The answer's JSON, or the words of the error."""
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    request = urllib.request.Request(base + path, body and json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as problem:
        return f"{problem.code} {problem.read().decode('utf-8', 'replace')}"


def wait(process: subprocess.Popen[bytes], log: Path) -> None:
    """Return when it says that it listens."""
    limit = time.monotonic() + SECONDS
    while "listens on" not in log.read_text("utf-8", "replace"):
        if process.poll() is not None or time.monotonic() > limit:
            sys.exit(f"run did not start:\n{log.read_text('utf-8', 'replace')}")
        time.sleep(0.1)


def main(programs: Path, files: list[Path]) -> None:
    """Ask for every name, and end with 1 where one is not answered."""
    config = configuration(files)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        source, log = Path(folder, "config.json"), Path(folder, "log")
        source.write_text(json.dumps(config), "utf-8")
        exported = [programs / "one-adapter", "export", source, "-o", Path(folder, "litellm")]
        subprocess.run(exported, check=True, capture_output=True)
        with log.open("wb") as out:
            command = [programs / "one-adapter", "run", source, "--dry-run", "--port", str(port)]
            process = subprocess.Popen(command, stdout=out, stderr=out, cwd=folder)
        try:
            wait(process, log)
            base = f"http://127.0.0.1:{port}"
            names = [each["id"] for each in ask(base, "/v1/models")["data"]]
            answers = {
                name: ask(base, "/v1/chat/completions", {"model": name, "messages": HI}) for name in names
            }
        finally:
            process.terminate()
            process.wait(20)
    failed = {name: answer for name, answer in answers.items() if isinstance(answer, str)}
    done = subprocess.run([programs / "python", "-c", TOKEN], capture_output=True, text=True)
    if done.stdout.strip() != "from-the-stand-in":
        failed["Vertex AI's token"] = done.stderr[-2000:]
    for name, said in failed.items():
        print(f"{name}: {said}", file=sys.stderr)
    print(f"{len(config['services'])} service types, {len(names)} names, {len(failed)} failed")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute(), [Path(name) for name in sys.argv[2:]])
