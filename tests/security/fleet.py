"""A proxy with one deployment a wire, made as `one-adapter run` makes it, and clients of it."""

from __future__ import annotations

import http.client
import json
import os
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import yaml

sys.path.insert(0, str(Path(__file__).parent.parent / "runtime"))

from proxy import Proxy
from wires import MINTED, Call

CLIENT = "sk-client-of-the-fleet"
#: Model → the key by which its upstream knows the operator.
KEYS = {
    "oa": "sk-canary-openai-01",
    "cl": "sk-ant-canary-02",
    "gem": "AIza-canary-03",
    "az": "az-canary-04",
    "oll": "ollama-canary-05",
    "dif": "app-canary-06",
    "ep-20250202-abcde": MINTED,
    "ep-20250303-abcde": "ark-canary-07",
    "spark-lite": "canary-spark-key-08",
    "app-1": "sk-canary-app-09",
}
#: Secrets that no upstream is ever shown.
ACCESS_KEY, SECRET_KEY, SPARK_SECRET = "AKLT-canary-10", "canary-secret-key-11", "canary-spark-secret-12"
#: What an operator may have in the environment for other programs.
ENVIRONMENT = {
    name: f"canary-of-the-environment-{name.lower()}"
    for name in (
        *("OPENAI_API_KEY", "OPENAI_API_BASE", "OPENAI_ORGANIZATION", "ANTHROPIC_API_KEY", "GEMINI_API_KEY"),
        *("GOOGLE_API_KEY", "AZURE_API_KEY", "AZURE_OPENAI_API_KEY", "AZURE_AD_TOKEN", "OLLAMA_API_KEY"),
        *("AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_TENANT_ID", "AZURE_API_BASE", "AZURE_API_VERSION"),
        *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "VERTEXAI_PROJECT"),
        *("VERTEXAI_LOCATION", "VERTEXAI_CREDENTIALS", "VOLCENGINE_API_KEY", "ARK_API_KEY", "DIFY_API_KEY"),
        *("OPENAI_PROJECT_ID", "OPENAI_ORG_ID", "ANTHROPIC_AUTH_TOKEN", "OLLAMA_API_BASE", "OPENAI_BASE_URL"),
        *("LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY", "LANGSMITH_API_KEY", "COHERE_API_KEY"),
    )
} | {"OPENAI_CUSTOM_HEADERS": "x-mine: canary-of-the-environment-custom"}
ONE = {"concurrency": 1, "timeout": 3}


def source(base: str) -> dict[str, Any]:
    """The operator's simple-one-api configuration; a place is free again when the next call gets it."""

    def service(model: str, credentials: dict[str, str], url: str) -> list[dict[str, Any]]:
        return [
            {
                "models": [model],
                "enabled": True,
                "credentials": credentials,
                "server_url": url,
                "timeout": 20,
                "limit": ONE,
            }
        ]

    def keyed(model: str, url: str) -> list[dict[str, Any]]:
        return service(model, {"api_key": KEYS[model]}, base + url)

    access = {"access_key": ACCESS_KEY, "secret_key": SECRET_KEY}
    spark = {"appid": "canaryappid", "api_key": KEYS["spark-lite"], "api_secret": SPARK_SECRET}
    deployment = "/openai/deployments/dep/chat/completions?api-version=2024-10-21"
    return {
        "api_key": CLIENT,
        "circuit_breaker": {"failure_threshold": 1_000_000},
        "services": {
            "openai": keyed("oa", "/oa/v1"),
            "claude": keyed("cl", "/cl/v1"),
            "gemini": keyed("gem", "/gem/v1beta"),
            "azure": keyed("az", deployment),
            "ollama": keyed("oll", "/oll"),
            "dify": keyed("dif", "/dif/v1"),
            "huoshan": [
                *service("ep-20250202-abcde", access, f"{base}/ark/api/v3"),
                *keyed("ep-20250303-abcde", "/ark2/api/v3"),
            ],
            "xinghuo": service("spark-lite", spark, base.replace("http", "ws") + "/spark/v1.1/chat"),
            "bailian": keyed("app-1", "/app/v1"),
        },
    }


def start(base: str, folder: Path, profile: str) -> Proxy:
    """A running proxy for the upstreams at `base`, exported by the command line's own way."""
    file = folder / "config.json"
    file.write_text(json.dumps(source(base)))
    command = [sys.executable, "-m", "one_adapter", "export", str(file), "-o", str(folder / "out")]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    config = yaml.safe_load((folder / "out" / "config.yaml").read_text())
    for one in config["model_list"]:  # two addresses that no simple-one-api file can move to loopback
        if one["litellm_params"]["model"].startswith("huoshan/"):
            one["litellm_params"]["openapi_base"] = f"{base}/mint"
        if one["litellm_params"]["model"].startswith("openai/responses/"):
            one["litellm_params"]["api_base"] = f"{base}/app/v1"
    # What an owner of the YAML may add: Volcengine by LiteLLM's own route, and Azure's embeddings.
    config["model_list"] += [_copy(config, "ep-20250303-abcde", "volc", model="volcengine/ep-20250303-abcde")]
    config["model_list"] += [_copy(config, "az", "az-emb", mode="embedding")]
    config["general_settings"]["one_adapter"]["relay"] = profile == "fast"
    values = (folder / "out" / ".env").read_text()
    secrets = dict(line.split("=", 1) for line in shlex.split(values, comments=True))
    text = yaml.safe_dump(config, allow_unicode=True)
    netrc = folder / ".netrc"
    netrc.write_text("default login canary-of-the-environment password canary-of-the-environment-netrc\n")
    netrc.chmod(0o600)
    with patch.dict(os.environ, {**ENVIRONMENT, "NETRC": str(netrc), "HOME": str(folder)}):
        return Proxy(text, folder / "log", profile=profile, whole=True, measured=False, **secrets).wait()


def _copy(config: dict[str, Any], of: str, name: str, mode: str = "chat", model: str = "") -> dict[str, Any]:
    found = json.loads(json.dumps(next(one for one in config["model_list"] if one["model_name"] == of)))
    found["model_name"] = found["model_info"]["id"] = name
    found["model_info"]["mode"] = mode
    found["model_info"]["one_adapter"].update(service=name, embeddings=mode == "embedding")
    if model:
        found["litellm_params"]["model"] = model
        found["litellm_params"].pop("use_chat_completions_api", None)
    return found


@dataclass
class Answer:
    """What a client got, and in how many seconds."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    seconds: float


#: Route → its path and the least that a body needs.
ROUTES: dict[str, tuple[str, dict[str, Any]]] = {
    "chat": ("/v1/chat/completions", {"messages": [{"role": "user", "content": "hi"}]}),
    "messages": ("/v1/messages", {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 5}),
    "responses": ("/v1/responses", {"input": "hi"}),
    "embeddings": ("/v1/embeddings", {"input": "hi"}),
}


class Client:
    """Calls to the proxy, one after another and each on a connection of its own."""

    def __init__(self, port: int) -> None:
        self.port = port

    def ask(self, route: str, model: str, stream: bool = False, /, **fields: Any) -> Answer:
        """One whole call; fields win over those that it needs itself, but for the model."""
        path, needed = ROUTES[route]
        body = {**needed, **({"stream": True} if stream else {}), **fields, "model": model}
        headers = {"authorization": f"Bearer {CLIENT}", "content-type": "application/json"}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        began = time.monotonic()
        try:
            connection.request("POST", path, json.dumps(body).encode(), headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.getheaders(), answer.read(), time.monotonic() - began)
        except (http.client.HTTPException, OSError) as problem:
            return Answer(0, [], repr(problem).encode(), time.monotonic() - began)
        finally:
            connection.close()


def shape(call: Call) -> tuple[Any, ...]:
    """What of a call a client must not be able to change: where it goes, and everything in its headers."""
    query = "signed" if call.wire == "spark" else call.query
    drop = {"content-length", "sec-websocket-key"}
    return call.wire, call.port, call.path, query, {k: v for k, v in call.headers.items() if k not in drop}
