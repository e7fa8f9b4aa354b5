"""The parts that all providers share: settings, errors, pieces, stop sequences, names."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import aiohttp
import httpx
import litellm
import pytest
from hypothesis import given
from hypothesis import strategies as st
from litellm.types.utils import ModelResponse

import one_adapter.providers as providers
from one_adapter.providers.base import Provider
from one_adapter.providers.failure import BY_STATUS, Kind, VendorError, as_litellm, of_status, of_words, scrub
from one_adapter.providers.network import explain, session
from one_adapter.providers.piece import Chunker, Piece, Stopper, Tokens, ToolCall, assemble
from one_adapter.providers.settings import configured, credential, ignore_or_refuse, split, variable


def settings(**values: Any) -> Any:
    return split(frozenset({"domain"}), values, {}, None, 600.0)[0]


# --- errors


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_is_a_class_of_litellm(kind: Kind) -> None:
    error = as_litellm(VendorError(kind, "why", 7), "vendor", "model")
    assert type(error) is getattr(litellm, kind.value)
    assert "vendor: why (code 7)" in str(error)
    assert (error.model, error.llm_provider) == ("model", "vendor")
    assert "code" not in str(as_litellm(VendorError(kind, "why"), "vendor", "model"))


def test_statuses() -> None:
    for status, kind in BY_STATUS.items():
        assert of_status(status) is kind
    assert of_status(400) is of_status(418) is of_status(499) is Kind.BAD_REQUEST
    assert of_status(500) is of_status(599) is of_status(399) is Kind.INTERNAL


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("maximum context length is 4096", Kind.CONTEXT),
        ("context_window too small", Kind.CONTEXT),
        ("input tokens exceed the limit", Kind.CONTEXT),
        ("Too many tokens", Kind.CONTEXT),
        ("the token limit", Kind.CONTEXT),
        ("rate-limit", Kind.RATE),
        ("Too Many Requests", Kind.RATE),
        ("your quota", Kind.RATE),
        ("nothing special", Kind.NOT_FOUND),
    ],
)
def test_words(text: str, kind: Kind) -> None:
    assert of_words(text, Kind.NOT_FOUND) is kind


def test_secrets_are_taken_out_in_every_encoding() -> None:
    secret = "k+/=&%20 x"
    for form in (secret, quote(secret, safe=""), "k%2B%2F%3D%26%2520+x"):
        assert scrub(f"<{form}>", [secret]) == "<***>"
    assert scrub("abcabcd", ["abc", "abcd"]) == "******"
    assert scrub("ab abc", ["ab", "abc"]) == "ab ***"
    assert scrub("wss://h/?authorization=QUJD&date=d", []) == "wss://h/?authorization=***&date=d"
    assert scrub("Authorization: Bearer abc, next", []) == "Authorization: Bearer ***, next"


@given(st.text(min_size=3, max_size=20), st.text(max_size=20), st.text(max_size=20))
def test_a_secret_never_survives(secret: str, before: str, after: str) -> None:
    text = scrub(before + secret + after, [secret])
    assert secret not in text or secret in "***"


def test_network_errors_are_told_without_their_text() -> None:
    refused = OSError(111, "refused at wss://h/?authorization=abc")
    assert explain(refused, 1).text == "the connection was refused"
    for error in (TimeoutError(), httpx.ReadTimeout("x")):
        assert (explain(error, 2.5).kind, explain(error, 2.5).text) == (
            Kind.TIMEOUT,
            "no connection within 2.5 s",
        )
    other = explain(aiohttp.ServerDisconnectedError("secret"), 1)
    assert (other.kind, other.text) == (Kind.CONNECTION, "the connection failed (ServerDisconnectedError)")


def test_an_error_that_causes_itself_is_no_endless_loop() -> None:
    one, two = ValueError("one"), ValueError("two")
    one.__cause__, two.__cause__ = two, one
    assert explain(one, 1).text == "the connection failed (ValueError)"


async def test_a_socks_proxy_without_its_package_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aiohttp_socks", None)
    with pytest.raises(VendorError, match=r"^a SOCKS proxy needs the package aiohttp-socks$") as raised:
        session("socks5://127.0.0.1:1")
    assert raised.value.kind is Kind.INTERNAL


# --- settings


def test_outside_a_proxy_the_program_is_the_operator() -> None:
    given = {
        "domain": "d",
        "credential_env": "MINE",
        "temperature": 1,
        "max_retries": 0,
        "stream": True,
        "user": "u",
    }
    found, asked = split(frozenset({"domain"}), given, {}, "http://h", 5.0)
    assert (found.values, found.api_base) == ({"domain": "d", "credential_env": "MINE"}, "http://h")
    assert (found.timeout, found.connect_timeout, found.idle_timeout) == (5.0, 10.0, 60.0)
    assert (found.proxy, found.drop_params) == (None, False)
    assert asked == {"temperature": 1, "user": "u"}


def test_extra_body_is_part_of_what_is_asked() -> None:
    given = {"extra_body": {"inputs": 1, "top_k": 2}, "top_k": 3}
    assert split(frozenset(), given, {}, None, 1.0)[1] == {"inputs": 1, "top_k": 3}
    assert split(frozenset(), {"extra_body": "text"}, {}, None, 1.0)[1] == {}
    assert split(frozenset({"domain"}), {"extra_body": {"domain": "d"}}, {}, None, 1.0)[0].values == {}


@pytest.fixture
def router(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The deployments of a proxy in this process, by id."""
    known: dict[str, Any] = {}
    server = SimpleNamespace(llm_router=SimpleNamespace(get_model_info=lambda id: known.get(id)))  # noqa: A006
    monkeypatch.setitem(sys.modules, "litellm.proxy.proxy_server", server)
    return known


def test_inside_a_proxy_only_the_deployment_counts(router: dict[str, Any]) -> None:
    params = {"domain": "d", "api_base": "http://own", "timeout": 3, "drop_params": True}
    router["id-1"] = {"litellm_params": params}
    for info in ({"id": "id-1"}, {"id": "other", "original_model_id": "id-1"}):
        found, asked = split(
            frozenset({"domain"}), {"domain": "d", "x": 1}, {"model_info": info}, "http://evil", 9.0
        )
        assert (found.values, found.api_base, found.timeout) == ({"domain": "d"}, "http://own", 3.0)
        assert found.drop_params
        assert asked == {"x": 1}
    assert split(frozenset(), {}, {"model_info": {"id": "id-1"}}, None, 2.0)[0].timeout == 2.0


@pytest.mark.parametrize(
    "sent", [{"domain": "e"}, {"extra_body": {"domain": "d"}}, {"proxy_env": "X", "domain": "e"}]
)
def test_a_client_cannot_set_the_operators_keys(router: dict[str, Any], sent: dict[str, Any]) -> None:
    router["id-1"] = {"litellm_params": {"domain": "d"}}
    names = "domain, proxy_env" if "proxy_env" in sent else "domain"
    with pytest.raises(VendorError, match=f"^only the operator can set {names}$") as raised:
        split(frozenset({"domain"}), sent, {"model_info": {"id": "id-1"}}, None, 1.0)
    assert raised.value.kind is Kind.BAD_REQUEST


def test_a_clients_call_without_a_deployment_is_refused(router: dict[str, Any]) -> None:
    with pytest.raises(VendorError, match=r"^this model is not a deployment of this proxy$") as raised:
        configured({"proxy_server_request": {"body": {}}, "model_info": {"id": "unknown"}})
    assert raised.value.kind is Kind.BAD_REQUEST
    assert configured({"model_info": None}) is None
    assert router == {}


def test_a_deployments_parameters_may_be_a_model(router: dict[str, Any]) -> None:
    router["id-1"] = {"litellm_params": [("domain", "d")]}
    assert configured({"model_info": {"id": "id-1"}}) == {"domain": "d"}


def test_a_proxy_that_has_no_router_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "litellm.proxy.proxy_server", SimpleNamespace(llm_router=None))
    assert configured({"proxy_server_request": {}}) is None


def test_drop_params_is_heard_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    assert split(frozenset(), {}, {"drop_params": True}, None, 1.0)[0].drop_params
    assert settings(drop_params=True).drop_params
    assert not settings(drop_params=False).drop_params
    monkeypatch.setattr(litellm, "drop_params", True)
    assert settings().drop_params


def test_limits_and_proxy_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OWN", "http://p")
    found = settings(connect_timeout="2", idle_timeout=3, proxy_env="OWN")
    assert (found.connect_timeout, found.idle_timeout, found.proxy) == (2.0, 3.0, "http://p")


@pytest.mark.parametrize("name", ["path", "A-B", "", "1A", "A B", "A\n"])
def test_a_name_of_a_variable_is_plain(name: str) -> None:
    with pytest.raises(
        VendorError, match=r"^a name of an environment variable is A-Z, 0-9 and _ only$"
    ) as raised:
        variable(name)
    assert raised.value.kind is Kind.AUTHENTICATION


def test_a_credential_is_looked_up_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"USUAL_KEY": "u", "MINE_KEY": "m", "MINE_TOKEN": "t", "EMPTY_KEY": ""}.items():
        monkeypatch.setenv(name, value)
    assert credential(settings(), "USUAL", ["KEY"]) == {"KEY": "u"}
    assert credential(settings(credential_env="MINE"), "USUAL", ["KEY"], ["TOKEN"]) == {
        "KEY": "m",
        "TOKEN": "t",
    }
    assert credential(settings(), "USUAL", [], ["TOKEN"]) == {"TOKEN": ""}
    for missing in ("EMPTY", "NONE"):
        with pytest.raises(VendorError, match=f"^the environment variable {missing}_KEY is not set$"):
            credential(settings(credential_env=missing), "USUAL", ["KEY"])


FORMS = [("n", 2, True), ("n", 1, False), ("n", None, False), ("tools", [{}], True), ("tools", [], False)]
FORMS += [("response_format", {"type": "json_object"}, True), ("response_format", {"type": "text"}, False)]
FORMS += [("response_format", None, False), ("response_format", str, True), ("logprobs", True, True)]


@pytest.mark.parametrize(("name", "value", "refused"), FORMS)
def test_what_would_change_the_answers_form_is_refused(name: str, value: Any, refused: bool) -> None:
    cannot = {name: "it cannot"}
    ignore_or_refuse({name: value}, cannot, settings(drop_params=True))
    ignore_or_refuse({}, cannot, settings())
    if not refused:
        ignore_or_refuse({name: value}, cannot, settings())
        return
    with pytest.raises(VendorError, match=rf"^{name}: it cannot \(drop_params: true ignores it\)$") as raised:
        ignore_or_refuse({name: value}, cannot, settings())
    assert raised.value.kind is Kind.UNSUPPORTED


# --- pieces


async def _pieces(*pieces: Piece) -> Any:
    for piece in pieces:
        yield piece


TOOL = ToolCall("c1", "f", "{}")


async def test_pieces_become_a_response() -> None:
    said = _pieces(
        Piece("a", reasoning="r", id="i1"),
        Piece("b", extra={"conversation_id": "c"}, id="i2"),
        Piece(finish="stop", tokens=Tokens(1, 2, 3)),
    )
    response = await assemble(said, ModelResponse())
    message = response.choices[0].message
    assert (message.content, message.reasoning_content, message.tool_calls) == ("ab", "r", None)
    assert (response.id, response.conversation_id, response.choices[0].finish_reason) == ("i2", "c", "stop")
    assert (response.usage.prompt_tokens, response.usage.completion_tokens, response.usage.total_tokens) == (
        1,
        2,
        3,
    )


async def test_calls_become_a_response() -> None:
    response = await assemble(_pieces(Piece(tool=TOOL), Piece(finish="tool_calls")), ModelResponse())
    message = response.choices[0].message
    assert message.content is None
    assert [(c.id, c.type, c.function.name, c.function.arguments) for c in message.tool_calls] == [
        ("c1", "function", "f", "{}")
    ]
    spoken = await assemble(_pieces(Piece("t", tool=TOOL), Piece(finish="tool_calls")), ModelResponse())
    assert spoken.choices[0].message.content == "t"
    silent = await assemble(_pieces(Piece(finish="stop")), ModelResponse())
    assert silent.choices[0].message.content == ""


async def test_a_replacement_takes_the_place_of_all_before_it() -> None:
    said = _pieces(Piece("a"), Piece("b", replaces=True), Piece("c", finish="stop"))
    assert (await assemble(said, ModelResponse())).choices[0].message.content == "bc"


def test_pieces_become_chunks() -> None:
    chunker = Chunker("m")
    first, *_ = chunker.chunks(Piece("a", reasoning="r", id="i1", extra={"x": 1}))
    (second,) = chunker.chunks(Piece(tool=TOOL, id="i2"))
    (third,) = chunker.chunks(Piece(tool=TOOL))
    assert list(chunker.chunks(Piece())) == []
    (end,) = chunker.chunks(Piece(finish="tool_calls", tokens=Tokens(1, 2, 3)))
    delta = first.choices[0].delta
    assert (first.id, first.model, second.id, third.id) == ("i1", "m", "i1", "i1")
    assert (delta.content, delta.reasoning_content, delta.role) == ("a", "r", "assistant")
    assert (second.choices[0].delta.content, second.choices[0].delta.role) == (None, None)
    calls = [chunk.choices[0].delta.tool_calls[0] for chunk in (second, third)]
    assert [(c.index, c.id, c.function.name, c.function.arguments) for c in calls] == [
        (0, "c1", "f", "{}"),
        (1, "c1", "f", "{}"),
    ]
    assert end == {
        "text": "",
        "is_finished": True,
        "finish_reason": "tool_calls",
        "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
        "index": 0,
        "tool_use": None,
        "provider_specific_fields": {"x": 1},
    }


def test_a_last_piece_with_text_is_two_chunks() -> None:
    delta, end = Chunker("m").chunks(Piece("a", finish="stop"))
    assert delta.choices[0].delta.content == "a"
    assert delta.id.startswith("chatcmpl-")
    assert (end["usage"], end["provider_specific_fields"], end["finish_reason"]) == (None, None, "stop")


# --- stop sequences


@given(st.text("abE", max_size=30), st.lists(st.text("abE", min_size=1, max_size=3), max_size=3), st.data())
def test_an_answer_is_cut_at_the_first_stop_sequence(
    text: str, stops: list[str], data: st.DataObject
) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=5)))
    parts = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)])]  # noqa: B905
    stopper, out, stopped = Stopper(stops), "", False
    for part in parts:
        given, stopped = stopper.feed(part)
        out += given
        if stopped:
            break
    places = [text.find(stop) for stop in stops if stop in text]
    assert stopped is bool(places)
    if not places:
        assert out + stopper.rest() == text
        assert stopper.rest() == ""
    else:
        assert text.startswith(out)
        assert not any(stop in out for stop in stops)


def test_text_is_held_back_only_as_long_as_it_may_begin_a_stop_sequence() -> None:
    stopper = Stopper(["END", ""])
    assert [stopper.feed(part) for part in ("aE", "N", "x", "EN")] == [
        ("a", False),
        ("", False),
        ("ENx", False),
        ("", False),
    ]
    assert stopper.rest() == "EN"
    assert Stopper(["b", "a"]).feed("xab") == ("x", True)


# --- names


def test_names_are_loaded_on_first_use() -> None:
    code = "import sys, one_adapter.providers; assert 'litellm' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
    assert {providers.Xinghuo.name, providers.Dify.name, providers.Huoshan.name} == set(providers.PROVIDERS)
    with pytest.raises(AttributeError, match="has no attribute 'Qianfan'"):
        _ = providers.Qianfan
    with pytest.raises(AttributeError):
        providers.__getattr__("dIFY")


def test_registering_twice_is_registering_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(litellm, "custom_provider_map", [])
    providers.register()
    providers.register()
    assert [entry["provider"] for entry in litellm.custom_provider_map] == list(providers.PROVIDERS)


async def test_a_provider_that_answers_nothing_says_so() -> None:
    class Nothing(Provider):
        name, prefix, secrets = "nothing", "NOTHING", ()

    with pytest.raises(litellm.InternalServerError, match="nothing has no way to answer m"):
        await Nothing().acompletion(model="m", messages=[], model_response=ModelResponse())
