"""The keys of a pool in a whole proxy, on both ways: a failure of one is answered by the next."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from proxy import CLIENT, WAYS, Proxy, configuration, deployment
from vendor import Vendor

pytestmark = pytest.mark.proxy

HI = [{"role": "user", "content": "hi"}]
#: Model -> what the address of each of its keys stands for at the vendor, and its provider.
POOLS = {
    "down": (["fail503", "a"], "openai"),
    "denied": (["fail401", "a"], "openai"),
    "page": (["html", "a"], "openai"),
    "dropped": (["drop", "a"], "openai"),
    "three": (["fail500", "fail403", "a"], "openai"),
    "none": (["fail500", "fail429"], "openai"),
    "blamed": (["fail422", "a"], "openai"),
    "claude": (["fail500", "a"], "anthropic"),
    "ollama": (["fail500", "a"], "ollama_chat"),
    "vectors": (["fail500", "a"], "openai"),
    "opens": (["fail500", "fail500"], "openai"),
    "deepseek": (["fail500", "a"], "deepseek"),
}
RULE = {"failures": 2, "recovery_seconds": 60, "probes": 1}


def pool(model: str, base: str) -> list[dict[str, Any]]:
    kinds, provider = POOLS[model]
    more: dict[str, Any] = {"breaker": RULE} if model == "opens" else {}
    mode = "embedding" if model == "vectors" else "chat"
    end = "" if provider in ("anthropic", "ollama_chat") else "/v1"
    found = []
    for place, kind in enumerate(kinds):
        ours = {"service": model, "places": [place], "order": "first", **more}
        one = deployment(model, f"{base}/{kind}{end}", provider=provider, mode=mode, **ours)
        one["model_info"]["id"] += f"-{place}"
        one["model_info"]["one_adapter"]["key"] = f"key-{place + 1}"
        found.append(one)
    return found


@pytest.fixture(scope="module")
def pools(vendor: Vendor, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    models = [one for model in POOLS for one in pool(model, vendor.base)]
    text = configuration(models, relay=True, gateway="0.12")
    running = Proxy(text, tmp_path_factory.mktemp("pools") / "log").wait()
    yield running
    assert running.stop()[0] == 0


def ask(
    proxy: Proxy, way: str, model: str, path: str = "/v1/chat/completions", **more: Any
) -> httpx.Response:
    headers = {"authorization": f"Bearer {CLIENT}", "content-type": "application/json", **WAYS[way]}
    body = json.dumps({"model": model, "messages": HI, "input": "hi", "max_tokens": 9, **more})
    return httpx.post(proxy.base + path, content=body, headers=headers, timeout=20)


def tried(vendor: Vendor) -> list[str]:
    return [call.path.split("/")[1] for call in vendor.take()]


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("model", ["down", "denied", "page", "dropped", "three", "deepseek"])
def test_the_client_gets_the_answer_of_the_key_that_has_one(
    pools: Proxy, vendor: Vendor, way: str, model: str, streamed: bool
) -> None:
    vendor.take()
    answer = ask(pools, way, model, stream=streamed)
    assert (answer.status_code, "error" in answer.text) == (200, False)
    assert tried(vendor) == POOLS[model][0]


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("path", ["/v1/messages", "/v1/responses"])
@pytest.mark.parametrize("model", ["down", "claude", "ollama"])
def test_on_the_routes_that_litellm_translates(
    pools: Proxy, vendor: Vendor, path: str, model: str, streamed: bool
) -> None:
    vendor.take()
    answer = ask(pools, "litellm", model, path, stream=streamed)
    calls = tried(vendor)
    assert calls == POOLS[model][0]
    assert answer.status_code == 200 or model == "ollama"


def test_embeddings(pools: Proxy, vendor: Vendor, way: str) -> None:
    vendor.take()
    assert ask(pools, way, "vectors", "/v1/embeddings").status_code == 200
    assert tried(vendor) == POOLS["vectors"][0]


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize(("model", "status", "calls"), [("none", 429, 2), ("blamed", 422, 1)])
def test_the_last_failure_is_told_as_if_it_were_the_only_one(
    pools: Proxy, vendor: Vendor, way: str, model: str, status: int, calls: int, streamed: bool
) -> None:
    vendor.take()
    answer = ask(pools, way, model, stream=streamed)
    assert (answer.status_code, f"vendor says {status}" in answer.text) == (status, True)
    assert len(tried(vendor)) == calls


def test_keys_whose_breakers_are_open_are_asked_no_more(pools: Proxy, vendor: Vendor) -> None:
    vendor.take()
    statuses = [ask(pools, way, "opens").status_code for way in ("relay", "litellm", "relay")]
    assert statuses == [500, 500, 429]
    assert len(tried(vendor)) == 4
