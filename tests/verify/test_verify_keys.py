"""Which keys still work: one small request each, of vendors on loopback, through the proxies of the file."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from certificates import self_signed
from command_runner import runner
from forwarders import http_proxy, socks_proxy
from standin import read

from one_adapter.cli import cli
from one_adapter.verify.credentials import calls, verdicts

File = dict[str, Any]
#: What the vendor says to a key: status and body.
SAYS: dict[str, tuple[int, str]] = {
    "sk-very-good-key": (200, '{"choices": []}'),
    "sk-very-wrong-key": (401, '{"error": {"message": "Incorrect API key provided: sk-very-wrong-key"}}'),
    "sk-very-poor-key": (402, "{}"),
    "sk-very-busy-key": (429, '{"error": {"message": "slow down"}}'),
    "sk-very-odd-key": (200, "<html>welcome</html>"),
    "sk-very-moved-key": (302, ""),
}


@dataclass
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class Vendor:
    base: str = ""
    asked: list[Asked] = field(default_factory=list)


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    yield from serving()


@pytest.fixture
def secured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Vendor]:
    """The vendor behind TLS, whose certificate is trusted."""
    certificate, context = self_signed()
    (tmp_path / "ca.pem").write_text(certificate)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    yield from serving(context)


def serving(tls: ssl.SSLContext | None = None) -> Iterator[Vendor]:
    seen = Vendor()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            size = int(self.headers.get("content-length") or 0)
            body = json.loads(self.rfile.read(size)) if size else None
            headers = {name.lower(): value for name, value in self.headers.items()}
            seen.asked.append(Asked(self.command, self.path, headers, body))
            key = headers.get("authorization", "").removeprefix("Bearer ")
            key = headers.get("x-api-key") or headers.get("x-goog-api-key") or headers.get("api-key") or key
            status, text = SAYS[key]
            self.send_response(status)
            self.send_header("location", "/elsewhere")
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = do_POST  # noqa: N815

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    seen.base = f"http{'s' if tls else ''}://127.0.0.1:{server.server_address[1]}"
    yield seen
    server.shutdown()
    server.server_close()


def one(base: str, key: str, **more: Any) -> File:
    return {"models": ["m"], "enabled": True, "credentials": {"api_key": key}, "server_url": base, **more}


def checked(
    tmp_path: Path, services: File, *more: str, agreed: bool = True, **top: Any
) -> tuple[int, list[File], str]:
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"services": services, **top}))
    asked = ["verify", str(config), "--check-keys", "--format", "json", *more, *(["--yes"] if agreed else [])]
    done = runner().invoke(cli, asked)
    printed = done.stdout + done.stderr
    for key in SAYS:
        assert key not in printed
    found = json.loads(done.stdout)["checks"] if done.stdout.startswith("{") else []
    return done.exit_code, found, printed


@pytest.mark.parametrize(
    ("key", "outcome", "said", "code"),
    [
        ("sk-very-good-key", "same", "", 0),
        ("sk-very-wrong-key", "different", "refused: the vendor answers 401, key ...-key", 1),
        ("sk-very-poor-key", "different", "out of balance: the vendor answers 402, key ...-key", 1),
        ("sk-very-busy-key", "not compared", "unknown: the vendor answers 429, key ...-key", 2),
        ("sk-very-odd-key", "not compared", "unknown: the vendor answers 200, key ...-key", 2),
        ("sk-very-moved-key", "not compared", "unknown: the vendor answers 302, key ...-key", 2),
    ],
)
def test_each_key_is_asked_once_and_what_came_of_it_is_told(
    tmp_path: Path, vendor: Vendor, key: str, outcome: str, said: str, code: int
) -> None:
    ended, found, _ = checked(tmp_path, {"openai": [one(f"{vendor.base}/v1", key)]})
    assert [(each["outcome"], each.get("difference") or "") for each in found] == [(outcome, said)]
    assert ended == code
    (asked,) = vendor.asked
    assert asked.path == "/v1/chat/completions"
    assert asked.body == {"model": "m", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 1}


@pytest.mark.parametrize(
    ("kind", "more", "path", "header"),
    [
        ("openai", {"model_map": {"m": "o3-mini"}}, "/v1/chat/completions", "authorization"),
        ("openai", {"models": [], "embedding_models": ["e"]}, "/v1/embeddings", "authorization"),
        ("openai", {"upstream_protocol": "responses"}, "/v1/responses", "authorization"),
        ("openai", {"upstream_protocol": "anthropic_messages"}, "/v1", "x-api-key"),
        ("claude", {}, "/v1/messages", "x-api-key"),
        ("gemini", {}, "/v1/models/m:generateContent", "x-goog-api-key"),
        ("azure", {}, "/v1/openai/deployments/m/chat/completions?api-version=2024-10-21", "api-key"),
        ("dify", {}, "/v1/parameters", "authorization"),
    ],
)
def test_every_protocol_has_its_own_small_request(
    tmp_path: Path, vendor: Vendor, kind: str, more: File, path: str, header: str
) -> None:
    code, found, _ = checked(tmp_path, {kind: [one(f"{vendor.base}/v1", "sk-very-good-key", **more)]})
    assert [each["outcome"] for each in found] == ["same"]
    assert code == 0
    (asked,) = vendor.asked
    assert asked.path == path
    assert asked.headers[header].endswith("sk-very-good-key")
    assert asked.body is None or len(json.dumps(asked.body)) < 200


def test_every_key_of_a_list_is_asked_but_those_that_are_off(tmp_path: Path, vendor: Vendor) -> None:
    keys: list[File] = [{"api_key": "sk-very-good-key"}, {"api_key": "sk-very-wrong-key"}]
    keys.append({"api_key": "sk-very-poor-key", "enabled": False})
    service = one(f"{vendor.base}/v1", "", credential_list=keys, id="mine", models=["m", "n"])
    _, found, _ = checked(tmp_path, {"openai": [service]})
    assert [(each.get("model"), each["outcome"]) for each in found[:2]] == [
        ("mine key-1", "same"),
        ("mine key-2", "different"),
    ]
    assert found[2]["difference"] == "mine key-3 is switched off, and was not asked"
    assert len(vendor.asked) == 2


def test_what_only_an_adapter_can_sign_is_unknown_and_how_to_know_is_told(tmp_path: Path) -> None:
    keys = {"appid": "a", "api_key": "sk-very-good-key", "api_secret": "s"}
    spark = {"models": ["spark-lite"], "enabled": True, "credentials": keys}
    code, (found,), _ = checked(tmp_path, {"xinghuo": [spark]})
    assert "start `one-adapter run` and ask it for spark-lite" in found["difference"]
    assert code == 2


def test_a_placeholder_is_no_key_and_is_not_sent(tmp_path: Path, vendor: Vendor) -> None:
    _, (found,), _ = checked(tmp_path, {"openai": [one(vendor.base, "your-api-key")]})
    assert found["outcome"] == "not compared"
    assert vendor.asked == []


def test_a_service_without_keys_needs_none(tmp_path: Path) -> None:
    assert checked(tmp_path, {"ollama": [{"models": ["m"], "enabled": True}]})[0] == 0


def test_a_vendor_that_is_not_there_says_nothing_of_its_key(tmp_path: Path) -> None:
    service = one("http://127.0.0.1:9/v1", "sk-very-good-key")
    code, (found,), _ = checked(tmp_path, {"openai": [service]})
    assert found["difference"].startswith("unknown: no answer came (ConnectionRefusedError)")
    assert code == 2


def test_calls_go_through_the_proxy_of_the_file(tmp_path: Path, vendor: Vendor) -> None:
    service = one("http://vendor.example/v1", "sk-very-good-key")
    proxy = {"strategy": "force_all", "type": "http", "http_proxy": vendor.base.replace("//", "//me:pw@")}
    code, _, printed = checked(tmp_path, {"openai": [service]}, proxy=proxy)
    assert code == 0
    assert "pw" not in printed
    (asked,) = vendor.asked
    assert asked.path == "http://vendor.example:80/v1/chat/completions"
    assert asked.headers["proxy-authorization"] == "Basic bWU6cHc="


@pytest.mark.parametrize("kind", ["http", "socks5"])
async def test_a_vendor_behind_tls_is_reached_through_a_tunnel(
    tmp_path: Path, secured: Vendor, kind: str
) -> None:
    service = {"openai": [one(f"{secured.base}/v1", "sk-very-good-key")]}
    async with socks_proxy() if kind == "socks5" else http_proxy() as (url, seen):
        name = "socks5_proxy" if kind == "socks5" else "https_proxy"
        proxy = {"strategy": "force_all", "type": kind, name: url}
        code, _, _ = await asyncio.to_thread(checked, tmp_path, service, proxy=proxy)
    assert code == 0
    where = secured.base.removeprefix("https://")
    assert seen == [f"SOCKS {where}" if kind == "socks5" else f"CONNECT {where}"]
    assert len(secured.asked) == 1


def test_a_certificate_that_nobody_trusts_opens_nothing(
    tmp_path: Path, secured: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    _, (found,), _ = checked(tmp_path, {"openai": [one(f"{secured.base}/v1", "sk-very-good-key")]})
    assert found["difference"].startswith("unknown: no answer came (SSLCertVerificationError)")
    assert secured.asked == []


def test_an_interrupt_does_not_wait_for_a_vendor_that_says_one_byte_after_another(tmp_path: Path) -> None:
    is_asked, is_over = threading.Event(), threading.Event()

    class Drip(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(200)
            self.send_header("content-length", "100000")
            self.end_headers()
            is_asked.set()
            while not is_over.wait(0.1):
                self.wfile.write(b" ")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Drip)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_address[1]}/v1"
    (tmp_path / "config.json").write_text(
        json.dumps({"services": {"openai": [one(base, "sk-very-good-key")]}})
    )
    running = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "one_adapter",
            "verify",
            str(tmp_path / "config.json"),
            "--check-keys",
            "--yes",
        ],
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    try:
        assert is_asked.wait(60)
        running.send_signal(signal.SIGINT)
        told, _ = running.communicate(timeout=calls.CALL_SECONDS / 2)
    finally:
        running.kill()
        running.communicate()
        is_over.set()
        server.shutdown()
        server.server_close()
    assert running.returncode == 2
    assert "Not finished: interrupted." in told


def test_nothing_is_asked_before_somebody_agrees(tmp_path: Path, vendor: Vendor) -> None:
    services = {"openai": [one(f"{vendor.base}/v1", "sk-very-good-key")]}
    code, _, printed = checked(tmp_path, services, agreed=False)
    assert code == 2
    assert "1 request of a vendor" in printed
    assert "--yes" in printed
    two = {"openai": [one(f"{vendor.base}/v1", "sk-very-good-key"), one(vendor.base, "sk-very-poor-key")]}
    assert checked(tmp_path, two, "--max-requests", "1")[0] == 2
    assert checked(tmp_path, two, "--max-cost", "0")[0] == 2
    assert vendor.asked == []


@pytest.mark.parametrize(
    ("status", "text", "result"),
    [
        (400, '{"error": {"status": "INVALID_ARGUMENT", "message": "API key not valid."}}', "refused"),
        (400, '{"error": {"message": "max_tokens is too small"}}', "unknown"),
        (403, '{"error": {"code": "AccountOverdueError"}}', "out of balance"),
        (400, '{"code": "Arrearage", "message": "Access denied"}', "out of balance"),
        (429, '{"error": {"code": "1113", "message": "您的账户已欠费"}}', "out of balance"),
        (429, '{"error": {"code": "insufficient_quota"}}', "out of balance"),
        (429, '{"error": {"message": "You exceeded your current quota per minute"}}', "unknown"),
        (200, '{"base_resp": {"status_code": 1004, "status_msg": "login fail"}}', "refused"),
        (200, '{"base_resp": {"status_code": 1008}}', "out of balance"),
        (200, '{"base_resp": {"status_code": 0}}', "works"),
        (200, '{"error": {"message": "invalid api key"}}', "refused"),
        (200, "[]", "unknown"),
        (503, "", "unknown"),
        (0, "TimeoutError", "unknown"),
    ],
)
def test_an_answer_is_taken_for_what_it_says(status: int, text: str, result: str) -> None:
    assert verdicts.result_of(status, text) == result


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([b"\x05\xff"], "the proxy refuses"),
        ([b"\x05\x02", b"\x01\x01"], "the proxy refuses"),
        ([b"\x05\x02", b"\x01\x00", b"\x05\x05\x00\x01"], "the proxy cannot connect"),
        ([b"\x05"], "the proxy hangs up"),
    ],
)
def test_a_socks_proxy_that_refuses_is_no_answer_of_the_vendors(answers: list[bytes], said: str) -> None:
    with pytest.raises(OSError, match=said):
        through_socks(answers, "me", "vendor.example")


@pytest.mark.parametrize(
    ("host", "sent"),
    [
        ("127.0.0.1", b"\x05\x01\x00\x01\x7f\x00\x00\x01\x00P"),
        ("::1", b"\x05\x01\x00\x04" + bytes(15) + b"\x01\x00P"),
        ("vendor.example", b"\x05\x01\x00\x03\x0evendor.example\x00P"),
    ],
)
def test_a_socks_proxy_is_told_name_password_and_host(host: str, sent: bytes) -> None:
    answers = [b"\x05\x02", b"\x01\x00", b"\x05\x00\x00\x03", b"\x02", b"ab\x00P"]
    assert through_socks(answers, "me", host) == [b"\x05\x01\x02", b"\x01\x02me\x02pw", sent]


def through_socks(answers: list[bytes], user: str, host: str) -> list[bytes]:
    """What a proxy hears that answers so, piece by piece."""
    heard: list[bytes] = []
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        client, _ = server.accept()
        with client:
            heard.append(client.recv(100))
            for answer in answers:
                client.sendall(answer)
                if answer in (b"\x05\x02", b"\x01\x00"):
                    heard.append(client.recv(100))

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        calls._through_socks(server.getsockname(), host, 80, user, "pw").close()
    finally:
        thread.join()
        server.close()
    return heard


@pytest.mark.parametrize(
    ("proxy", "url", "way"),
    [
        ({"http_proxy": "h:1", "https_proxy": "s:2"}, "https://x/", "http://s:2"),
        ({"http_proxy": "h:1", "https_proxy": "s:2"}, "http://x/", "http://h:1"),
        ({"https_proxy": "s:2"}, "http://x/", "http://s:2"),
        ({"type": "socks5", "socks5_proxy": "o:3"}, "http://x/", "socks5://o:3"),
        ({"strategy": "disabled", "https_proxy": "s:2"}, "http://x/", ""),
    ],
)
def test_a_call_goes_by_the_proxy_that_run_takes(proxy: File, url: str, way: str) -> None:
    config = {"services": {"openai": [one("http://x/", "k")]}}
    given = {"strategy": "force_all", "type": "http", **proxy}
    plan, secrets = read({**config, "proxy": given})
    assert calls.proxy_for(plan.services[0], url, secrets) == way
