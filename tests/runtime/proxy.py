"""A real LiteLLM proxy in a process of its own, as `one-adapter run` starts it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import litellm_forks
import yaml

CLIENT, SOME, MASTER = "sk-old-client-key", "sk-some-models-key", "sk-master-of-the-proxy"
KEYS = {"UP_1": "sk-upstream-one", "UP_2": "sk-upstream-two", "CLIENT": CLIENT, "SOME": SOME}
#: The way a request goes -> the headers with which it goes that way: orders for LiteLLM are its business.
WAYS: dict[str, dict[str, str]] = {"relay": {}, "litellm": {"x-litellm-tags": "mine"}}
START = """
import json, sys
from one_adapter.errors import OneAdapterError
from one_adapter.runtime.host.launch import serve
yaml, environment, port, arguments, profile, workers, grace = json.load(sys.stdin)
try:
    sys.exit(serve(yaml, environment, "127.0.0.1", port, arguments, profile, workers=workers, grace=grace))
except OneAdapterError as problem:
    print(problem)
    sys.exit(problem.exit_code)
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def deployment(
    name: str, base: str, key: str = "UP_1", mode: str = "chat", upstream: str = "", **ours: Any
) -> dict[str, Any]:
    """One entry of a model list, as the exporter writes it; `weight` and `provider` are LiteLLM's."""
    weight, provider = ours.pop("weight", None), ours.pop("provider", "openai")
    upstream = upstream or f"up-{name}"
    params: dict[str, Any] = {"model": f"{provider}/{upstream}", "api_base": base}
    params |= {
        "api_key": f"os.environ/{key}",
        "timeout": ours.get("timeout", 30),
        "use_chat_completions_api": True,
    }
    if weight is not None:
        params["weight"] = weight
    identity = f"{name}-{ours.get('service', 'openai-1')}".encode("ascii", "backslashreplace").decode()
    info = {"id": identity, "mode": mode, "input_cost_per_token": 0, "output_cost_per_token": 0}
    ours.setdefault("service", "openai-1")
    if upstream.startswith("responses/"):  # the name says how it is asked
        del params["use_chat_completions_api"], info["mode"]
    return {"model_name": name, "litellm_params": params, "model_info": {**info, "one_adapter": ours}}


def configuration(deployments: list[dict[str, Any]], **own: Any) -> str:
    """The YAML around a model list."""
    access = {"open": False, "keys": [{"env": "CLIENT", "models": ["*"]}, {"env": "SOME", "models": ["m1"]}]}
    return yaml.safe_dump(
        {
            "model_list": deployments,
            "litellm_settings": {
                "callbacks": ["one_adapter.runtime.callback.handler"],
                "num_retries": 0,
                "use_chat_completions_url_for_anthropic_messages": True,
            },
            "router_settings": {
                "routing_strategy": "simple-shuffle",
                "num_retries": 0,
                "disable_cooldowns": True,
                "model_group_alias": {"fast": {"model": "m1", "hidden": True}},
            },
            "general_settings": {
                "master_key": "os.environ/LITELLM_MASTER_KEY",
                "custom_auth": "one_adapter.runtime.access.authenticate",
                "cancel_on_disconnect": True,
                "always_include_stream_usage": False,
                "disable_model_info_refresh": True,
                "one_adapter": {"version": 2, "access": access, **own},
            },
        },
        allow_unicode=True,
    )


class Proxy:
    """The process; `base` is where it listens.

    Under the usual profile it begins with LiteLLM loaded, unless it is to be `whole`: where a start is tried,
    or what LiteLLM reads while it is imported. Not `measured` for the coverage are those that only try again,
    with many requests, what others have tried.
    """

    def __init__(
        self,
        text: str,
        log: Path,
        arguments: tuple[str, ...] = (),
        profile: str = "fast",
        workers: int = 1,
        grace: float = 2,
        whole: bool = False,
        measured: bool = True,
        **extra: str,
    ) -> None:
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.log = log
        self._out = log.open("wb")
        environment = {**KEYS, "LITELLM_MASTER_KEY": MASTER, **extra}
        given = json.dumps([text, environment, self.port, list(arguments), profile, workers, grace]).encode()
        start = litellm_forks.start if profile == "fast" and not whole else litellm_forks.start_whole
        around = {**(os.environ if measured else litellm_forks.unmeasured()), "TMPDIR": str(log.parent)}
        self.process = start(START, given, self._out, log.parent, around)

    def output(self) -> str:
        return self.log.read_text("utf-8", "replace")

    def wait(self, seconds: float = 300) -> Proxy:
        """Until it answers."""
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            assert self.process.poll() is None, self.output()[-3000:]
            try:
                urllib.request.urlopen(self.base + "/healthz", timeout=2)
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
            else:
                return self
        raise AssertionError(self.output()[-3000:])

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, float]:
        """End it; the exit code and the seconds it took."""
        began = time.monotonic()
        self.process.send_signal(number)
        try:
            code = self.process.wait(120)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            raise
        finally:
            self._out.close()
        return code, time.monotonic() - began
