"""A proxy whose file is edited while it serves: one start, what a person sees of it."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from test_whole_run import MASTER, running
from vendor import Vendor

KEY = "sk-my-clients-key"
PATIENCE = 60.0


def config(vendor: Vendor, **models: str) -> str:
    services = [
        {
            "models": [name],
            "enabled": True,
            "credentials": {"api_key": "sk-upstream-one"},
            "server_url": f"{vendor.base}/{path}/v1",
        }
        for name, path in models.items()
    ]
    return json.dumps({"api_key": KEY, "services": {"openai": services}})


def ask(base: str, model: str, stream: bool = False) -> tuple[int, str]:
    body = {"model": model, "stream": stream, "messages": [{"role": "user", "content": "hi"}]}
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{base}/v1/chat/completions", json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as problem:
        return problem.code, problem.read().decode()


def health(base: str, key: str) -> dict[str, Any]:
    request = urllib.request.Request(f"{base}/healthz", headers={"Authorization": f"Bearer {key}"})
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_an_edit_and_a_hangup_take_effect_while_a_stream_goes_on(vendor: Vendor, tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(config(vendor, slow="slowchunk4", old="a"))
    with running(tmp_path, str(path), "--host", "127.0.0.1", "--watch") as one:
        streams: list[tuple[int, str]] = []
        asking = threading.Thread(target=lambda: streams.append(ask(one.base, "slow", stream=True)))
        asking.start()
        assert ask(one.base, "old")[0] == 200
        assert ask(one.base, "new")[0] == 400
        path.write_text(config(vendor, new="a"))
        until(lambda: ask(one.base, "new")[0] == 200)
        assert ask(one.base, "old")[0] == 400
        told = health(one.base, MASTER)
        assert (told["status"], told["generation"]) == ("ok", 2)
        assert f"generation 2 ({told['fingerprint']})" in one.said()
        assert health(one.base, KEY) == {"status": "ok"}
        path.write_text("{")
        os.kill(one.process.pid, signal.SIGHUP)
        until(lambda: "[SOA003 invalid-syntax]" in one.said())
        assert ask(one.base, "new")[0] == 200
        path.write_text(config(vendor, new="a", again="a"))
        os.kill(one.process.pid, signal.SIGHUP)
        until(lambda: ask(one.base, "again")[0] == 200)
        asking.join(PATIENCE)
        ((status, text),) = streams
        assert status == 200
        assert text.rstrip().endswith("data: [DONE]")
        os.kill(one.process.pid, signal.SIGHUP)
        until(lambda: "nothing has changed, generation 3 goes on" in one.said())
