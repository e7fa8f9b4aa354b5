"""What is planted in a proxy is named, and nothing else: a configuration's plan, a proxy on another one."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from typing import Any

import pytest
from hypothesis import settings
from standin import Alter, Ask, Body, checks_of, read

from one_adapter.export.secrets.variables import Secrets
from one_adapter.plan.types import Plan
from one_adapter.verify.options import VerifyOptions
from one_adapter.verify.playing.probes import PARAMETERS
from one_adapter.verify.result import Check

pytestmark = pytest.mark.slow


def service(name: str, *models: str, **more: Any) -> dict[str, Any]:
    return {
        "models": list(models),
        "enabled": True,
        "credentials": {"api_key": f"sk-of-{name}"},
        "server_url": f"https://{name}.example/v1",
        "id": name,
        **more,
    }


def config(**changes: Any) -> dict[str, Any]:
    """A configuration with something of everything; `changes` replace fields of services, by their ids."""
    top = {name: changes.pop(name) for name in ("api_keys", "model_redirect") if name in changes}
    keys = [{"api_key": "key-1"}, {"api_key": "key-2"}]
    services = [
        service("one", "one", embedding_models=["emb"]),
        service("left", "both"),
        service("right", "both", "mapped", model_redirect={"said": "mapped"}),
        service("few", "few", limit={"qpm": 6, "timeout": 9}),
        service("held", "held", limit={"concurrency": 2}),
        service("slow", "slow", limit={"qps": 4}),
        service("long", "long", limit={"tpm": 3000}),
        service("pool", "pooled", credential_list=keys),
    ]
    return {
        "load_balancing": "random",
        "api_keys": [
            {"api_key": "sk-all", "supported_models": {"openai": ["*"]}},
            {"api_key": "sk-some", "supported_models": {"openai": ["one"]}},
        ],
        "model_redirect": {"nick": "one"},
        "services": {"openai": [{**each, **changes.get(each["id"], {})} for each in services]},
        **top,
    }


@cache
def promised() -> tuple[Plan, Secrets]:
    """The plan of `config()`, and its secrets."""
    return read(config())


def checks_with(
    other: object, names: str, ask: Ask | None = None, alter: Alter | None = None, times: int = 1
) -> list[Check]:
    """The checks of the plan of `config()` with a proxy on `other`: a file, a changed plan, or the same."""
    running = (other, promised()[1]) if isinstance(other, Plan) else read(other) if other else promised()
    return checks_of(promised(), running, VerifyOptions(models=tuple(names.split())), ask, alter, times)


def found(checks: list[Check]) -> set[str]:
    """What is different: `name: aspect`, or the probe's name where it is about no name."""
    return {f"{each.model or each.probe}: {each.aspect}" for each in checks if each.outcome == "different"}


@dataclass(frozen=True)
class Planted:
    """A change, the names that are looked at, and what must be found: names x aspects."""

    name: str
    names: str
    aspects: str
    other: Any = None
    ask: Ask | None = None
    alter: Alter | None = None
    only: str = ""


def without_system(body: Body) -> None:
    if "messages" in body:
        body["messages"] = [each for each in body["messages"] if each["role"] != "system"]


def without_tools(body: Body) -> None:
    body.pop("tools", None)


def whole(change: Callable[[Body], None]) -> Alter:
    """Change the JSON of an answer that is no stream."""

    def alter(_: Body, status: int, kind: str, text: str) -> tuple[int, str, str]:
        if kind.startswith("application/json") and status == 200:
            answer = json.loads(text)
            change(answer)
            text = json.dumps(answer)
        return status, kind, text

    return alter


def refused(change: Callable[[Body], object]) -> Alter:
    """Change the JSON of a refusal about a name."""

    def alter(_: Body, status: int, kind: str, text: str) -> tuple[int, str, str]:
        if status == 400:
            answer = json.loads(text)
            change(answer)
            text = json.dumps(answer)
        return status, kind, text

    return alter


def lines(change: Callable[[str], str]) -> Alter:
    """Change the text of a stream."""

    def alter(_: Body, status: int, kind: str, text: str) -> tuple[int, str, str]:
        return status, kind, change(text) if "event-stream" in kind else text

    return alter


def no_finish(answer: Body) -> None:
    for choice in answer.get("choices", ()):
        choice["finish_reason"] = None


def no_tool_call(answer: Body) -> None:
    for choice in answer.get("choices", ()):
        choice["message"].pop("tool_calls", None)


def another_text(answer: Body) -> None:
    for choice in answer.get("choices", ()):
        choice["message"]["content"] = "something else"


def renamed(answer: Body) -> None:
    answer["model"] = "mapped"


def no_usage(answer: Body) -> None:
    answer.pop("usage", None)


def empty_usage(answer: Body) -> None:
    if "usage" in answer:
        answer["usage"] = dict.fromkeys(answer["usage"], 0)


def called(change: Callable[[Body], object]) -> Alter:
    """Change every call of a tool."""

    def alter(answer: Body) -> None:
        for choice in answer.get("choices", ()):
            for call in choice["message"].get("tool_calls") or ():
                change(call)

    return whole(alter)


def shorter_vectors(answer: Body) -> None:
    for each in answer.get("data", ()):
        if "embedding" in each:
            each["embedding"] = each["embedding"][:1]


def turns(change: Callable[[list[Body]], list[Body]]) -> Ask:
    """Change the conversation."""

    def ask(body: Body) -> None:
        if "messages" in body:
            body["messages"] = change(body["messages"])

    return ask


def without(name: str) -> Ask:
    return lambda body: body.pop(name, None) and None


def no_stream(body: Body, status: int, kind: str, text: str) -> tuple[int, str, str]:
    del body
    return (status, "application/json", "{}") if "event-stream" in kind else (status, kind, text)


def other_status(old: int, new: int) -> Alter:
    return lambda _, status, kind, text: (new if status == old else status, kind, text)


def one_name_more(answer: Body) -> None:
    if answer.get("object") == "list" and "id" in answer["data"][0]:
        answer["data"].append({"id": "more"})


def one_name_less(answer: Body) -> None:
    if answer.get("object") == "list" and "id" in answer["data"][0]:
        answer["data"] = [each for each in answer["data"] if each["id"] != "one"]


def with_shares(*shares: Fraction) -> Plan:
    """The plan of `config()` with other shares of `both`."""
    plan, _ = promised()
    routes = tuple(
        replace(route, targets=tuple(replace(t, share=s) for t, s in zip(route.targets, shares, strict=True)))
        if route.name == "both"
        else route
        for route in plan.routes
    )
    return replace(plan, routes=routes)


LISTS = "models list of SOA_CLIENT_KEY_1, models list of SOA_CLIENT_KEY_2"
PLANTED = (
    Planted(
        "a wrong alias",
        "one nick",
        "upstream model, address, key",
        config(model_redirect={"nick": "mapped"}),
        only="nick",
    ),
    Planted("a lost key", "one", "key", config(one={"credentials": {}})),
    Planted("another key", "one emb", "key", config(one={"credentials": {"api_key": "sk-of-another"}})),
    Planted(
        "the key of another service", "one", "key", config(one={"credentials": {"api_key": "sk-of-left"}})
    ),
    Planted("another model", "one", "upstream model", config(one={"model_map": {"one": "two"}})),
    Planted(
        "another model behind a redirect",
        "said mapped",
        "upstream model",
        config(right={"model_map": {"mapped": "two"}}),
    ),
    Planted("another upstream", "one", "address", config(one={"server_url": "https://other.example/v1"})),
    Planted("another path", "one emb", "address", config(one={"server_url": "https://one.example/v2"})),
    Planted(
        "a parameter of the address more",
        "one emb",
        "query",
        config(one={"server_url": "https://one.example/v1?more=1"}),
    ),
    Planted(
        "a system message that became a user's",
        "one",
        "messages",
        ask=turns(lambda several: [{**each, "role": "user"} for each in several]),
    ),
    Planted("messages in another order", "one", "messages", ask=turns(lambda several: several[::-1])),
    *(
        Planted(f"a lost {name}", "one", "fields", ask=without(name))
        for name in ("max_tokens", "stream_options", *PARAMETERS)
    ),
    Planted("a usage of zeros", "one emb", "usage", alter=whole(empty_usage)),
    Planted(
        "other arguments of a tool",
        "one",
        "tool call",
        alter=called(lambda call: call["function"].update(arguments='{"city": "Oslo"}')),
    ),
    Planted("a call of a tool without an id", "one", "tool call", alter=called(lambda call: call.pop("id"))),
    Planted("shorter vectors", "emb", "vectors", alter=whole(shorter_vectors)),
    Planted("a lost system message", "one", "system message", ask=without_system),
    Planted("lost tools", "one", "tools, tool call, finish_reason", ask=without_tools),
    Planted("a missing finish_reason", "one", "finish_reason", alter=whole(no_finish)),
    Planted(
        "a missing finish_reason in a stream",
        "one",
        "finish_reason, stream",
        alter=lines(lambda text: text.replace('"finish_reason": "stop"', '"finish_reason": null')),
    ),
    Planted("a dropped tool call", "one", "tool call", alter=whole(no_tool_call)),
    Planted("another text", "one", "text", alter=whole(another_text)),
    Planted("the upstream's name in the answer", "said", "model", alter=whole(renamed)),
    Planted("lost usage", "one emb", "usage", alter=whole(no_usage)),
    Planted(
        "a stream without its last line",
        "one",
        "stream",
        alter=lines(lambda text: text.replace("data: [DONE]", "")),
    ),
    Planted("a stream that is not one", "one", "content type", alter=no_stream),
    Planted(
        "a broken stream",
        "one",
        "stream, text, model, finish_reason, usage",
        alter=lines(lambda text: text[:150] + '\n\ndata: {"error": {}}\n\n'),
    ),
    *(
        Planted(
            f"an error's {name}",
            "one",
            "error",
            alter=refused(change),
            only="an unknown name",
        )
        for name, change in (
            ("type", lambda answer: answer["error"].update(type="server_error")),
            ("code", lambda answer: answer["error"].update(code="other")),
            ("form", lambda answer: answer.update(error=answer["error"]["message"])),
            ("lost field", lambda answer: answer["error"].pop("param")),
        )
    ),
    Planted(
        "a name that a second key opens no more",
        "one left both",
        "status",
        config(
            api_keys=[
                {"api_key": "sk-all", "supported_models": {"openai": ["*"]}},
                {"api_key": "sk-some", "supported_models": {"openai": ["both"]}},
            ]
        ),
        only="one, both, models list of SOA_CLIENT_KEY_2",
    ),
    Planted("an error's status", "one", "status", alter=other_status(400, 500), only="an unknown name"),
    Planted(
        "a wrong key that opens", "one", "status", alter=other_status(401, 200), only="no key, a wrong key"
    ),
    Planted("every answer an error", "one", "status", alter=other_status(200, 502), only=f"one, {LISTS}"),
    Planted("a name more in the list", "one", "names", alter=whole(one_name_more), only=LISTS),
    Planted("a name less in the list", "one", "names", alter=whole(one_name_less), only=LISTS),
    Planted("a share of 50 turned to 70", "both", "share", with_shares(Fraction(7, 10), Fraction(3, 10))),
    Planted("a share of 50 turned to 100", "both", "share", with_shares(Fraction(1), Fraction(0))),
    Planted("a limit of a minute gone", "few", "qpm", config(few={"limit": {}})),
    Planted("a limit of a minute raised", "few", "qpm", config(few={"limit": {"qpm": 8, "timeout": 9}})),
    Planted("a limit of a minute lowered", "few", "qpm", config(few={"limit": {"qpm": 5, "timeout": 9}})),
    Planted("a limit at once gone", "held", "concurrency", config(held={"limit": {}})),
    Planted("a limit at once lowered", "held", "concurrency", config(held={"limit": {"concurrency": 1}})),
    Planted("a limit of a second gone", "slow", "qps", config(slow={"limit": {}})),
    Planted("a limit of a second halved", "slow", "qps", config(slow={"limit": {"qps": 2}})),
    Planted("a limit of a second doubled", "slow", "qps", config(slow={"limit": {"qps": 8}})),
    Planted("a limit of tokens halved", "long", "tpm", config(long={"limit": {"tpm": 1500}})),
    Planted("a limit at once added", "one", "limit", config(one={"limit": {"concurrency": 4}})),
    Planted("a limit of a second added", "one", "limit", config(one={"limit": {"qps": 4, "timeout": 20}})),
    Planted("a limit of a minute added", "one", "limit", config(one={"limit": {"qpm": 14, "timeout": 20}})),
    Planted("a limit of tokens gone", "long", "tpm", config(long={"limit": {}})),
    Planted("a limit of tokens raised", "long", "tpm", config(long={"limit": {"tpm": 9000}})),
    Planted(
        "a key of a pool lost",
        "pooled",
        "share, key",
        config(pool={"credential_list": [{"api_key": "key-1"}, {"api_key": "key-3"}]}),
    ),
    Planted(
        "a key that opens more",
        "one left both",
        "status",
        config(
            api_keys=[
                {"api_key": "sk-all", "supported_models": {"openai": ["*"]}},
                {"api_key": "sk-some", "supported_models": {"openai": ["one", "both"]}},
            ]
        ),
        only="both, models list of SOA_CLIENT_KEY_2",
    ),
)


@pytest.mark.parametrize("planted", PLANTED, ids=[each.name.replace(" ", "-") for each in PLANTED])
def test_what_is_planted_is_named_and_nothing_else(planted: Planted) -> None:
    checks = checks_with(planted.other, planted.names, planted.ask, planted.alter)
    seen = {each.model or each.probe for each in checks if each.outcome == "different"}
    aspects = {each.aspect for each in checks if each.outcome == "different"}
    only = planted.only.split(", ") if planted.only else planted.names.split()
    assert seen == {*only}
    assert aspects <= {*planted.aspects.split(", "), "names"}
    assert aspects & {*planted.aspects.split(", ")}
    for each in checks:
        assert "sk-of" not in repr(each)


def test_nothing_is_found_where_nothing_is_planted() -> None:
    checks = checks_with(None, "*")
    assert found(checks) == set()
    kinds = {each.probe for each in checks if each.outcome == "same"}
    assert {f"limit {kind}" for kind in ("qpm", "qps", "concurrency", "tpm")} <= kinds
    assert {"whole", "stream", "tools", "embeddings", "shares", "an unknown name"} <= kinds


def test_several_plays_of_the_same_are_the_same() -> None:
    times = settings().max_examples // 5
    checks = checks_with(None, "one said emb", times=times)
    assert found(checks) == set()
    assert sum(each.probe == "whole" and each.model == "one" for each in checks) == times
