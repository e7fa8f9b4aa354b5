"""The direct way: which chats take it, and that nobody can tell which way a chat went."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import litellm
import pytest
import yaml
from litellm.proxy import proxy_server
from proxy import CLIENT, MASTER, Proxy, configuration, deployment
from vendor import Vendor

from one_adapter.runtime import callback, direct, live, plain
from one_adapter.runtime.access import Client
from one_adapter.runtime.profile import SHORTENED
from one_adapter.runtime.request import Request, current
from one_adapter.runtime.settings import read_policy

pytestmark = pytest.mark.proxy
HI: list[Any] = [{"role": "user", "content": "hi"}]
CHAT: dict[str, Any] = {"model": "m1", "messages": HI}
PARTS = [{"type": "text", "text": "look"}, {"type": "image_url", "image_url": {"url": "http://x.invalid/a"}}]
TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
#: What a body may hold; each is asked for whole and as a stream.
BODIES: dict[str, dict[str, Any]] = {
    "plain": {},
    "options": {"temperature": 0.2, "top_p": 0, "max_tokens": 5, "seed": 7, "user": "u", "stop": ["x"]},
    "unknown": {"frobnicate": {"a": None}, "api_base": "http://evil.invalid", "metadata": {"a": 1}},
    "wrong types": {"n": "2", "max_tokens": "many", "temperature": None, "seed": []},
    "tools": {"tools": [TOOL], "tool_choice": "auto"},
    "empty tools": {"tools": []},
    "parts": {"messages": [{"role": "user", "content": PARTS}]},
    "no messages": {"messages": []},
    "system": {"messages": [{"role": "system", "content": "be brief"}, *HI]},
    "usage": {"stream_options": {"include_usage": True}},
    "chinese": {"messages": [{"role": "user", "content": "你好 \U0001f600"}]},
}
#: Providers whose calls the vendor understands well enough to answer, if only with an error of LiteLLM's.
PROVIDERS = ("azure", "anthropic", "gemini", "ollama_chat", "openai")
VENDORS = {
    "m1": "a",
    "thinker": "reason",
    "tools": "tool",
    "empty": "empty",
    **{f"fail-{code}": f"fail{code}" for code in (302, 400, 401, 403, 404, 408, 413, 422, 429, 500, 503)},
    **{f"odd-{kind}": kind for kind in ("drop", "html", "cut")},
    "odd-cut": "slowchunk0.3/cut",
}
BREAKER = {"failures": 2, "recovery_seconds": 60, "probes": 1}
#: What is never twice the same: in headers, and in bodies and calls.
PASSING = ("date", "call-id", "duration", "overhead")
NUMBERS = re.compile(
    r'(?<="created":)\d+|(?<="id":")(?:chatcmpl-)?[0-9a-f-]{36}|time taken=[\d.]+|timeout value=[\d.]+'
)


@pytest.fixture(scope="module")
def pair(vendor: Vendor, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Proxy, Proxy]]:
    """The same configuration with the profile and without."""
    base = vendor.base
    models = [
        *(deployment(name, f"{base}/{kind}/v1") for name, kind in VENDORS.items()),
        deployment("通义", f"{base}/a/v1", upstream="%E9%80%9A", upstream_model="通义"),
        deployment("flat", f"{base}/a/v1", flatten_parts=True, guards=["glm"]),
        deployment("late", f"{base}/slow9/v1", timeout=1),
        deployment("late-stream", f"{base}/slowchunk2/v1", timeout=3),
        deployment("emb", f"{base}/a/v1", mode="embedding", upstream="v-3"),
        deployment("tenant", f"{base}/a/v1", query={"tenant": "7"}),
        deployment("keyless", f"{base}/a/v1", key="NO_KEY"),
        *(deployment(f"by-{one}", f"{base}/{one}", provider=one) for one in PROVIDERS),
        deployment("llama", f"{base}/local", provider="ollama_chat"),
        deployment("llama-500", f"{base}/fail500", provider="ollama_chat"),
        deployment("nowhere", "http://127.0.0.1:9/v1"),
        *(
            one
            for stream in (False, True)
            for one in (
                deployment(f"broken-{stream}", f"{base}/fail500/v1", service=f"b-{stream}", breaker=BREAKER),
                deployment(f"turn-{stream}", f"{base}/one/v1", service=f"t1-{stream}", order="rr"),
                deployment(f"turn-{stream}", f"{base}/fail503/v1", service=f"t2-{stream}", order="rr"),
            )
        ),
    ]
    text = configuration(models)
    both = [
        Proxy(text, tmp_path_factory.mktemp(profile) / "log", profile=profile, NO_KEY="")
        for profile in ("fast", "stock")
    ]
    fast, stock = (one.wait() for one in both)
    yield fast, stock
    for one in both:
        assert one.stop()[0] == 0
        assert "Traceback" not in re.sub(r"(?s)LiteLLM.*", "", one.output())


Answer = tuple[int, dict[str, str], str]


def ask(proxy: Proxy, body: dict[str, Any], key: str = CLIENT, **headers: str) -> Answer:
    """One chat or embedding; the answer without what differs from call to call."""
    route = "embeddings" if "input" in body else "chat/completions"
    request = urllib.request.Request(
        f"{proxy.base}/v1/{route}",
        json.dumps(body).encode(),
        {"authorization": f"Bearer {key}", "content-type": "application/json", **headers},
    )
    try:
        reply = urllib.request.urlopen(request, timeout=30)
    except urllib.error.HTTPError as refused:
        reply = refused
    with reply:
        told = {
            name.lower(): value
            for name, value in reply.headers.items()
            if not any(part in name.lower() for part in PASSING)
        }
        raw = reply.read().decode()
    return reply.status, told, NUMBERS.sub("?", raw)


def calls(vendor: Vendor) -> list[Any]:
    """The calls the vendor has had, headers and all."""
    return [(one.method, one.path, one.query, one.key, one.body, one.headers) for one in vendor.take()]


def compare(
    pair: tuple[Proxy, Proxy], vendor: Vendor, body: dict[str, Any], key: str = CLIENT, **headers: str
) -> Answer:
    """Ask both, see that nothing differs, and return the answer."""
    found = []
    for proxy in pair:
        vendor.take()
        found.append((ask(proxy, body, key, **headers), calls(vendor)))
    assert found[0][0] == found[1][0]
    assert found[0][1] == found[1][1]
    answer: Answer = found[0][0]
    return answer


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
class TestNobodyCanTell:
    @pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
    def test_by_what_is_asked(
        self, pair: tuple[Proxy, Proxy], vendor: Vendor, body: dict[str, Any], stream: bool
    ) -> None:
        status, _, text = compare(pair, vendor, {**CHAT, **body, "stream": stream})
        assert status == 200
        assert "model=up-m1" in text or stream

    @pytest.mark.parametrize("model", [*VENDORS, "late", "nowhere", "llama-500"])
    def test_by_what_a_vendor_does(
        self, pair: tuple[Proxy, Proxy], vendor: Vendor, model: str, stream: bool
    ) -> None:
        for _ in range(1 if model.startswith(("late", "odd-cut")) else 2):
            compare(pair, vendor, {**CHAT, "model": model, "stream": stream})

    @pytest.mark.parametrize("model", ["通义", "flat", "tenant", "keyless", "llama", "fast", "unknown"])
    def test_by_the_model(self, pair: tuple[Proxy, Proxy], vendor: Vendor, model: str, stream: bool) -> None:
        status, _, _ = compare(
            pair, vendor, {**CHAT, **BODIES["parts"], "model": model, "top_p": 1, "stream": stream}
        )
        assert status == (400 if model == "unknown" else 200)

    @pytest.mark.parametrize("provider", PROVIDERS)
    @pytest.mark.parametrize("body", ["plain", "options", "unknown", "tools", "system"])
    def test_by_the_provider(
        self, pair: tuple[Proxy, Proxy], vendor: Vendor, provider: str, body: str, stream: bool
    ) -> None:
        asked = {**CHAT, **BODIES[body], "model": f"by-{provider}"}
        compare(pair, vendor, {**asked, "stream": True} if stream else asked)

    @pytest.mark.parametrize("model", ["broken", "turn"])
    def test_by_a_row_of_requests(
        self, pair: tuple[Proxy, Proxy], vendor: Vendor, model: str, stream: bool
    ) -> None:
        body = {**CHAT, "model": f"{model}-{stream}", "stream": stream}
        statuses = [compare(pair, vendor, body)[0] for _ in range(4)]
        assert statuses == ([500, 500, 503, 503] if model == "broken" else [200, 503, 200, 503])

    def test_by_the_key(self, pair: tuple[Proxy, Proxy], vendor: Vendor, stream: bool) -> None:
        body = {**CHAT, "stream": stream}
        assert [compare(pair, vendor, body, key)[0] for key in (CLIENT, MASTER, "sk-wrong")] == [
            200,
            200,
            401,
        ]

    @pytest.mark.parametrize(
        "headers",
        [
            {"origin": "http://page.invalid"},
            {"x-forwarded-for": "10.0.0.1"},
            {"x-litellm-timeout": "0.001"},
            {"anthropic-beta": "x"},
            {"x-session-id": "s"},
            {"cache-control": "no-cache"},
        ],
        ids=str,
    )
    def test_by_a_header(
        self, pair: tuple[Proxy, Proxy], vendor: Vendor, headers: dict[str, str], stream: bool
    ) -> None:
        assert compare(pair, vendor, {**CHAT, "stream": stream}, **headers)[0] == 200


EMBEDDINGS: dict[str, dict[str, Any]] = {
    "a text": {"input": "你好"},
    "texts": {"input": ["a", "b", "c"], "encoding_format": "float", "dimensions": 2},
    "nothing": {"input": []},
    "tokens": {"input": [1, 2, 3]},
    "lists of tokens": {"input": [[1, 2], [3]]},
    "unknown": {"input": "a", "frob": 1, "user": "u", "dimensions": "many"},
    "a stream": {"input": "a", "stream": True},
}


@pytest.mark.parametrize("body", EMBEDDINGS.values(), ids=EMBEDDINGS)
@pytest.mark.parametrize("model", ["m1", "emb", "通义", "fail-429", "odd-html", "odd-drop", "unknown"])
def test_nobody_can_tell_by_embeddings(
    pair: tuple[Proxy, Proxy], vendor: Vendor, body: dict[str, Any], model: str
) -> None:
    for _ in range(2):
        compare(pair, vendor, {**body, "model": model})


def test_a_stream_that_runs_out_of_time_ends_the_same_way(pair: tuple[Proxy, Proxy], vendor: Vendor) -> None:
    status, _, text = compare(pair, vendor, {**CHAT, "model": "late-stream", "stream": True})
    assert status == 200
    assert "did not answer in time" in text


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Any:
    """LiteLLM with a configuration as one-adapter writes it, in this process."""
    config = yaml.safe_load(configuration([deployment("m1", "http://127.0.0.1:9/v1")]))
    router = litellm.Router(model_list=config["model_list"], num_retries=0, disable_cooldowns=True)
    monkeypatch.setattr(proxy_server, "llm_router", router)
    for name in ("callbacks", "success_callback", "_async_success_callback"):
        monkeypatch.setattr(litellm, name, [])
    monkeypatch.setattr(proxy_server, "prisma_client", None)
    kept = proxy_server.proxy_config.get_config_state()
    proxy_server.proxy_config.update_config_state(config)
    yield config
    proxy_server.proxy_config.update_config_state(kept)


def leads(
    kind: str = "chat", headers: tuple[bytes, ...] = (b"user-agent",), seen: dict[str, Any] | None = None
) -> bool:
    assert proxy_server.llm_router is not None
    policies = tuple(read_policy(one) for one in proxy_server.llm_router.model_list)
    state: Any = SimpleNamespace(groups={"m1": policies})
    request = Request(kind, Client("k", frozenset({"*"})), CHAT, 0.0, "m1", "m1")
    return direct.Direct().leads(
        request, state, seen or CHAT, {"headers": [(name, b"x") for name in headers]}
    )


@pytest.mark.usefixtures("written")
class TestWhoTakesIt:
    def test_a_chat_with_the_configuration_we_write(self) -> None:
        assert leads()

    @pytest.mark.parametrize("kind", ["messages", "responses"])
    def test_nothing_but_chats_and_embeddings(self, kind: str) -> None:
        assert not leads(kind)

    @pytest.mark.parametrize(
        ("body", "direct"),
        [
            ({"input": "a"}, True),
            ({"input": ["a", "b"]}, True),
            ({"input": [1, 2]}, True),
            ({"input": []}, True),
            ({}, True),
            ({"input": [[1, 2], [3]]}, False),
            ({"input": "a", "stream": True}, False),
        ],
    )
    def test_embeddings_of_texts(self, body: dict[str, Any], direct: bool) -> None:
        assert leads("embeddings", seen=body) is direct

    @pytest.mark.parametrize("name", [b"origin", b"traceparent", b"anthropic-beta", b"x-session-id"])
    def test_no_chat_with_a_header_that_litellm_reads(self, name: bytes) -> None:
        assert not leads(headers=(b"host", name))

    @pytest.mark.parametrize("name", [b"x-stainless-lang", b"x-forwarded-for", b"x-api-key", b"accept"])
    def test_a_chat_with_headers_that_say_nothing_to_it(self, name: bytes) -> None:
        assert leads(headers=(name,))

    def test_none_when_somebody_listens(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(litellm, "success_callback", ["langfuse"])
        assert not leads()

    def test_none_with_a_database(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(proxy_server, "prisma_client", object())
        assert not leads()

    @pytest.mark.parametrize("logger", ["LiteLLM Proxy", "LiteLLM Router"])
    def test_none_when_requests_are_logged(self, monkeypatch: pytest.MonkeyPatch, logger: str) -> None:
        import logging

        monkeypatch.setattr(logging.getLogger(logger), "level", logging.INFO)
        logging.getLogger(logger).manager._clear_cache()  # type: ignore[attr-defined]
        assert not leads()
        monkeypatch.undo()
        logging.getLogger(logger).manager._clear_cache()  # type: ignore[attr-defined]

    @pytest.mark.parametrize("name", plain.COMMAND_LINE)
    def test_none_when_the_command_line_says_something_of_calls(
        self, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        monkeypatch.setattr(proxy_server, name, 3)
        assert not leads()

    def test_none_without_a_router(self) -> None:
        assert plain.deployments()
        proxy_server.llm_router = None
        assert plain.deployments() == {}

    @pytest.mark.parametrize(
        ("section", "values"),
        [
            ("general_settings", {"always_include_stream_usage": True}),
            ("general_settings", {"max_request_size_mb": 1}),
            ("litellm_settings", {"num_retries": 1}),
            ("litellm_settings", {"drop_params": True}),
            ("litellm_settings", {"cache": True}),
            ("router_settings", {"fallbacks": [{"m1": ["m2"]}]}),
            ("guardrails", {"a": 1}),
        ],
    )
    def test_none_when_a_setting_asks_for_more(
        self, written: dict[str, Any], section: str, values: Any
    ) -> None:
        config = {**written, section: {**written.get(section, {}), **values}}
        proxy_server.proxy_config.update_config_state(config)
        assert not leads()

    @pytest.mark.parametrize("parameter", [{"tags": ["a"]}, {"rpm": 5}, {"timeout": None}])
    def test_none_when_a_deployment_asks_for_more(
        self, monkeypatch: pytest.MonkeyPatch, written: dict[str, Any], parameter: dict[str, Any]
    ) -> None:
        (one,) = written["model_list"]
        more = {**one, "litellm_params": {**one["litellm_params"], **parameter}}
        monkeypatch.setattr(proxy_server, "llm_router", litellm.Router(model_list=[more]))
        assert not leads()


GOLDEN = [one for one in (Path(__file__).parents[1] / "golden").glob("*.yaml") if ".pure." not in one.name]


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_whatever_the_exporter_writes_is_plain(path: Path) -> None:
    config = yaml.safe_load(path.read_text("utf-8"))
    assert plain.is_plain(config)
    for one in config["model_list"]:
        assert one["litellm_params"].keys() <= plain.PLAIN_PARAMETERS
        assert one["litellm_params"]["timeout"] is not None


class Serving:
    """The direct way in this process, without anything behind it."""

    def __init__(self, base: str, monkeypatch: pytest.MonkeyPatch, **ours: Any) -> None:
        config = yaml.safe_load(configuration([deployment("m1", base, key="PATH", **ours)]))
        router = litellm.Router(model_list=config["model_list"], num_retries=0, disable_cooldowns=True)
        monkeypatch.setattr(proxy_server, "llm_router", router)
        monkeypatch.setattr(litellm, "callbacks", [callback.Handler()])
        proxy_server.proxy_config.update_config_state(config)
        self.state = live.state()
        self.way = direct.Direct()
        self.sent: list[Any] = []
        self.left = asyncio.Event()
        self.request = Request("chat", Client("k", frozenset({"*"})), {}, 0.0, "m1", "m1")

    async def send(self, message: Any) -> None:
        self.sent.append(message)

    async def receive(self) -> Any:
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def serve(self, **body: Any) -> bool:
        self.request.body = {**CHAT, **body}
        self.request.started = asyncio.get_running_loop().time()
        self.request.task = asyncio.current_task()
        token = current.set(self.request)
        scope = {"type": "http", "headers": [], "asgi": {"spec_version": "2.3"}}
        try:
            return await self.way.serve(
                self.request, self.state, self.request.body, scope, self.receive, self.send
            )
        finally:
            current.reset(token)
            self.request.close()


@pytest.mark.usefixtures("written")
class TestServing:
    @pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
    async def test_a_good_answer_needs_nothing_of_litellms_application(
        self, vendor: Vendor, monkeypatch: pytest.MonkeyPatch, stream: bool
    ) -> None:
        vendor.take()
        one = Serving(f"{vendor.base}/a/v1", monkeypatch)
        assert await one.serve(stream=stream)
        assert await one.serve(stream=stream)
        assert len(vendor.take()) == 2
        assert [one["status"] for one in one.sent if "status" in one] == [200, 200]
        assert (b"x-frame-options", b"DENY") in one.sent[0]["headers"]
        assert b"model=up-m1" in b"".join(one.get("body", b"") for one in one.sent) or stream

    @pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
    async def test_a_bad_one_is_left_to_it_with_the_error(
        self, vendor: Vendor, monkeypatch: pytest.MonkeyPatch, stream: bool
    ) -> None:
        vendor.take()
        one = Serving(f"{vendor.base}/fail429/v1", monkeypatch)
        assert not await one.serve(stream=stream)
        assert isinstance(one.request.failure, litellm.RateLimitError)
        assert one.sent == []
        assert len(vendor.take()) == 1
        handler, token = callback.Handler(), current.set(one.request)
        with pytest.raises(litellm.RateLimitError):
            await handler.async_pre_call_deployment_hook({"model_info": {"id": "d"}}, None)
        current.reset(token)

    async def test_a_limit_that_is_full_is_left_to_it_without_a_call(
        self, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        vendor.take()
        full = {"kind": "concurrency", "per_window": 1, "wait_seconds": 0.1}
        one = Serving(f"{vendor.base}/a/v1", monkeypatch, limit=full)
        policy = one.state.groups["m1"][0]
        assert policy.limit is not None
        await one.state.limits.named(policy.service, policy.limit).acquire(1)
        assert not await one.serve()
        assert isinstance(one.request.failure, litellm.RateLimitError)
        assert one.request.retry_after
        assert vendor.take() == []

    @pytest.mark.parametrize(("kind", "stream"), [("slow5", False), ("slowchunk2", True)])
    async def test_a_client_that_leaves_ends_the_call(
        self, vendor: Vendor, monkeypatch: pytest.MonkeyPatch, kind: str, stream: bool
    ) -> None:
        one = Serving(f"{vendor.base}/{kind}/v1", monkeypatch)
        before = vendor.left
        began = time.monotonic()
        asyncio.get_running_loop().call_later(0.5, one.left.set)
        assert await one.serve(stream=stream)
        assert time.monotonic() - began < 3
        assert one.request.left
        for _ in range(40):
            if vendor.left > before:
                break
            await asyncio.sleep(0.05)
        assert vendor.left > before

    async def test_a_request_that_is_cancelled_otherwise_stays_cancelled(
        self, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        one = Serving(f"{vendor.base}/slow5/v1", monkeypatch)
        task = asyncio.create_task(one.serve())
        await asyncio.sleep(0.3)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not one.request.left

    async def test_when_no_service_is_healthy_litellm_says_so(
        self, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        one = Serving(
            f"{vendor.base}/a/v1", monkeypatch, breaker={"failures": 1, "recovery_seconds": 60, "probes": 1}
        )
        policy = one.state.groups["m1"][0]
        assert policy.breaker is not None
        now = asyncio.get_running_loop().time()
        one.state.breakers.failure((policy.service, "m1"), policy.breaker, False, now)
        assert not await one.serve()
        assert one.request.failure is None


def test_a_litellm_that_lacks_a_part_of_it_has_no_direct_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONE_ADAPTER_PROFILE", "fast")
    monkeypatch.setattr(direct, "NEEDED", (*direct.NEEDED, "litellm.proxy.utils.of_another_day"))
    assert direct.way() is None


def test_the_way_is_there_only_with_the_profile() -> None:
    program = (
        "import os, sys; os.environ['ONE_ADAPTER_PROFILE'] = sys.argv[1]\n"
        "from one_adapter.runtime import callback; from litellm.proxy import proxy_server\n"
        "print(proxy_server.app.middleware_stack.direct is not None)"
    )
    tried = version("litellm").startswith(SHORTENED)
    for profile, there in (("fast", tried), ("stock", False), ("", False)):
        words = [sys.executable, "-c", program, profile]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        assert done.stdout.splitlines()[-1] == str(there)
