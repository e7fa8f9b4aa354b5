"""Stands in for a user's simple-one-api program: started as it is (`PROGRAM CONFIG`), it answers as it does.

Only so much of the gateway is here as a test needs: names, redirects and the first service that has one, for
services of type openai; whole answers lose tool calls, errors are `{"error": "text"}`. A second argument
plants something.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

CONFIG = json.loads(Path(sys.argv[1]).read_text("utf-8"))
FAULT = sys.argv[2] if len(sys.argv) > 2 else ""
SERVICES = [each for each in CONFIG["services"].get("openai", []) if each["enabled"]]
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def service_of(name: str) -> dict[str, Any] | None:
    for each in SERVICES:
        if name in (*each["models"], *each.get("embedding_models", ()), *each.get("model_redirect", {})):
            return each
    return None


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def said(self, status: int, kind: str, raw: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def told(self, status: int, body: Any) -> None:
        self.said(status, "application/json", json.dumps(body).encode())

    def do_GET(self) -> None:
        if self.path == "/healthz":
            self.told(200, {"status": "ok"})
            return
        names = [name for each in SERVICES for name in each["models"]]
        redirects = [pair for each in SERVICES for pair in each.get("model_redirect", {}).items()]
        names = [*names, *(key for key, _ in redirects)]
        gone = {goal for _, goal in redirects}
        names = [name for name in dict.fromkeys(names) if name not in gone]
        if FAULT == "list":
            names.append("more")
        self.told(200, {"object": "list", "data": [{"id": name} for name in names]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if CONFIG.get("api_key") and self.headers.get("authorization") != f"Bearer {CONFIG['api_key']}":
            self.told(401, {"error": "key is not valid"})
            return
        name = CONFIG.get("model_redirect", {}).get(body["model"], body["model"])
        if name == "random":
            name = SERVICES[0]["models"][0]
        service = service_of(name)
        if service is None:
            self.told(404 if FAULT == "status" else 400, {"error": f"model {name} not found"})
            return
        self.passed(body, name, service)

    def passed(self, body: dict[str, Any], name: str, service: dict[str, Any]) -> None:
        client = body["model"]
        body["model"] = service.get("model_redirect", {}).get(name, name) + ("-x" if FAULT == "model" else "")
        ending = "/embeddings" if self.path.endswith("/embeddings") else "/chat/completions"
        base = service["server_url"].removesuffix("/chat/completions")
        if FAULT == "system" and "messages" in body:
            body["messages"] = [each for each in body["messages"] if each["role"] != "system"]
        key = "another" if FAULT == "key" else service["credentials"]["api_key"]
        headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
        request = urllib.request.Request(base + ending, json.dumps(body).encode(), headers)
        with OPENER.open(request) as answer:
            raw, kind = answer.read(), answer.headers["content-type"]
        if ending != "/embeddings":
            raw = raw.replace(json.dumps(body["model"]).encode(), json.dumps(client).encode())
        if body.get("stream"):
            self.said(200, kind, raw.replace(b"data: [DONE]", b"") if FAULT == "stream" else raw)
            return
        found = json.loads(raw)
        for choice in found.get("choices", ()):
            choice["message"].pop("tool_calls", None)
        if FAULT == "usage":
            found.pop("usage", None)
        self.told(200, found)

    def log_message(self, *_: object) -> None: ...


if __name__ == "__main__":
    if FAULT == "refuse":
        print("Error initializing config: it is not to my liking")
        sys.exit(0)
    assert os.environ["SIMPLE_ONE_API_DB"].startswith(os.environ["HOME"])
    host, _, port = CONFIG["server_port"].partition(":")
    ThreadingHTTPServer((host, int(port)), Handler).serve_forever()
