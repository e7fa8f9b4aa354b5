"""No field of a client's body orders LiteLLM about, whatever wire the upstream speaks."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fleet
import pytest
from fields import OURS, PROTOCOLS, names, values
from fleet import ENVIRONMENT, KEYS, MINTED, ROUTES, SPARK_SECRET, Answer, Client, shape
from wires import Call, Wires

pytestmark = pytest.mark.proxy

#: Model → the wire, path and query of its chats, whole, and where its key is.
CHATS = {
    "oa": ("chat", "/oa/v1/chat/completions", "", "authorization"),
    "cl": ("messages", "/cl/v1/messages", "", "x-api-key"),
    "gem": ("gemini", "/gem/v1beta/models/gem:generateContent", "", "x-goog-api-key"),
    "az": ("chat", "/openai/deployments/dep/chat/completions", "api-version=2024-10-21", "api-key"),
    "oll": ("ollama", "/oll/api/chat", "", ""),
    "dif": ("dify", "/dif/v1/chat-messages", "", "authorization"),
    "ep-20250202-abcde": ("chat", "/ark/api/v3/chat/completions", "", "authorization"),
    "ep-20250303-abcde": ("chat", "/ark2/api/v3/chat/completions", "", "authorization"),
    "spark-lite": ("spark", "/spark/v1.1/chat", "signed", ""),
    "app-1": ("responses", "/app/v1/responses", "", "authorization"),
    "volc": ("chat", "/ark2/api/v3/chat/completions", "", "authorization"),
}
#: Routes on which a model's upstream is asked in another wire than for a chat.
OTHERWISE = {
    ("az", "responses"): ("responses", "/openai/responses"),
    ("volc", "responses"): ("responses", "/ark2/api/v3/responses"),
}
CASES = [(model, route, stream) for model in CHATS for route in list(ROUTES)[:3] for stream in (False, True)]
CASES += [("oa", "embeddings", False), ("az-emb", "embeddings", False)]
#: Upstreams that are sent every field of a chat or an embedding, as the gateway sends it.
PLAIN = ("oa", "ep-20250303-abcde")
#: The same by the relay, of requests in the upstream's own protocol.
RELAYED = {("cl", "messages"), ("app-1", "responses"), ("az", "chat"), ("az-emb", "embeddings")}
#: Seconds within which a call comes back that nothing holds up.
PROMPT = 3.0


@dataclass
class Fleet:
    """A proxy with a deployment on every wire, its upstreams and a client of it."""

    wires: Wires
    client: Client
    file: Path

    def ask(self, model: str, route: str, stream: bool, /, **fields: Any) -> tuple[Answer, list[Call]]:
        """One call, and the calls that it led to, but for Volcengine's exchange of keys."""
        self.wires.take()
        answer = self.client.ask(route, model, stream, **fields)
        return answer, [call for call in self.wires.take() if call.wire != "mint"]


@pytest.fixture(scope="module", params=["fast", "stock"])
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    folder = tmp_path_factory.mktemp(f"fleet-{request.param}")
    file = folder / "secret.json"
    file.write_text('{"type": "service_account", "private_key": "canary-of-the-file"}')
    os.utime(file, (0, time.time()))  # reading it now sets the first of the two
    wires = Wires().start()
    proxy = fleet.start(wires.base, folder, request.param)
    yield Fleet(wires, Client(proxy.port), file)
    proxy.stop()
    wires.stop()


def key_of(model: str) -> str:
    return KEYS.get(model) or {"volc": KEYS["ep-20250303-abcde"], "az-emb": KEYS["az"]}[model]


@pytest.mark.parametrize("model", CHATS)
def test_each_model_has_its_own_upstream_and_key(model: str, running: Fleet) -> None:
    for route in ("chat", "messages", "responses"):
        answer, calls = running.ask(model, route, False)
        assert (answer.status, len(calls)) == (200, 1), answer
        wire, path, query, header = CHATS[model]
        wire, path = OTHERWISE.get((model, route), (wire, path))
        assert shape(calls[0])[:4] == (wire, running.wires.port, path, query)
        if header:
            assert calls[0].headers[header].removeprefix("Bearer ") == key_of(model)
        assert SPARK_SECRET not in calls[0].secrets


@pytest.mark.parametrize(("model", "route", "stream"), CASES)
def test_nothing_of_the_operators_environment_is_sent(
    model: str, route: str, stream: bool, running: Fleet
) -> None:
    _, calls = running.ask(model, route, stream)
    assert calls
    for call in calls:
        said = f"{call.path} {call.query} {call.headers} {call.raw!r}"
        assert "canary-of-the-environment" not in said
        assert not [value for value in ENVIRONMENT.values() if value in said]


@pytest.mark.parametrize(("model", "route", "stream"), CASES)
def test_no_field_changes_where_a_call_goes_or_what_it_says(
    model: str, route: str, stream: bool, running: Fleet
) -> None:
    _, (plain,) = running.ask(model, route, stream)
    elsewhere = f"http://127.0.0.1:{running.wires.elsewhere}/evil"
    several = [*values(elsewhere, str(running.file))]
    for value in several if (route, stream) == ("chat", False) else (several[0], several[-1]):
        fields = {name: value for name in names() if name not in OURS.get(model, ())}
        answer, calls = running.ask(model, route, stream, **fields)
        assert (answer.status, len(calls)) == (200, 1), answer
        assert answer.seconds < PROMPT
        assert shape(calls[0]) == shape(plain)
        if (model in PLAIN and route in ("chat", "embeddings")) or (model, route) in RELAYED:
            body = calls[0].body
            assert {name: body[name] for name in PROTOCOLS & body.keys()} == plain.body
        else:
            assert calls[0].body == plain.body
        assert b"evil" not in answer.body


@pytest.mark.parametrize("model", ["dif", "spark-lite", "ep-20250202-abcde"])
@pytest.mark.parametrize(
    "field", ["deployment_id", "mock_tool_calls", "mock_delay", "azure_ad_token", "timeout"]
)
def test_no_single_field_changes_a_call_of_an_adapter(field: str, model: str, running: Fleet) -> None:
    _, (plain,) = running.ask(model, "chat", False)
    function = {"id": "1", "type": "function", "function": {"name": "x", "arguments": "{}"}}
    for value in ("../../../admin?y=", 0.001, True, {"a": 1}, [function]):
        answer, calls = running.ask(model, "chat", False, **{field: value})
        assert (answer.status, len(calls)) == (200, 1), answer
        assert (shape(calls[0]), calls[0].body) == (shape(plain), plain.body)


@pytest.mark.parametrize(("model", "field"), [(model, one) for model in OURS for one in sorted(OURS[model])])
def test_a_field_of_an_adapters_own_goes_nowhere_but_into_its_body(
    model: str, field: str, running: Fleet
) -> None:
    _, (plain,) = running.ask(model, "chat", False)
    elsewhere = f"http://127.0.0.1:{running.wires.elsewhere}/evil"
    for value in values(elsewhere, str(running.file)):
        answer, calls = running.ask(model, "chat", False, **{field: value})
        assert answer.status in (200, 400)
        assert len(calls) == (answer.status == 200)
        assert [shape(call) for call in calls] == [shape(plain)] * len(calls)


def test_no_field_makes_the_proxy_read_a_file(running: Fleet) -> None:
    """Comes after those above, which name the file in every field."""
    assert running.file.stat().st_atime == 0
    running.file.read_text()
    assert running.file.stat().st_atime > 0, "this file system tells of no reading"


def test_the_access_key_is_exchanged_once_and_shown_to_nobody_else(running: Fleet) -> None:
    running.wires.take()
    for field in ("openapi_base", "region", "project_name", "credential_env", "access_key"):
        answer = running.client.ask("chat", "ep-20250202-abcde", **{field: "http://127.0.0.1:9"})
        assert answer.status == 200
    calls = running.wires.take()
    assert [call.wire for call in calls] == ["chat"] * 5
    assert all(call.headers["authorization"] == f"Bearer {MINTED}" for call in calls)
    assert fleet.SECRET_KEY not in json.dumps([call.headers for call in calls])
