"""Who keeps a record is told of every request once, with what is known of it and nothing a client said."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from doorway import CHAT, Behaviour, begin_stream, deployment, fine, loaded_of, pool, serve, whole
from virtual import run

from one_adapter.runtime.entry.door import Loaded
from one_adapter.runtime.gateway.keys import fingerprint
from one_adapter.runtime.gateway.refusal import Refusal
from one_adapter.runtime.record.finished import Finished
from one_adapter.runtime.record.trace import Trace

PATH = "/v1/chat/completions"


class Keeper:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.traces: list[Trace] = []
        self.heard: list[Finished] = []

    def begin(self) -> Trace:
        self.traces.append(Trace(lambda: asyncio.get_running_loop().time()))
        return self.traces[-1]

    def told(self, one: Finished) -> None:
        self.heard.append(one)


def told_of(
    method: str = "POST",
    path: str = PATH,
    body: Any = None,
    loaded: Loaded | None = None,
    behave: Behaviour = fine,
    **more: Any,
) -> Finished:
    keeper = Keeper()
    caller, _ = serve(replace(loaded or loaded_of(), recorder=keeper), behave)
    run(caller(method, path, CHAT if body is None else body, **more))
    assert len(keeper.heard) == 1
    assert len(keeper.traces) == 1
    return keeper.heard[0]


def test_an_answer_is_told_with_whose_it_is_and_where_it_went() -> None:
    one = told_of()
    assert (one.kind, one.status, one.end) == ("chat", 200, "answered")
    assert (one.key, one.key_name) == (fingerprint(b"sk-client"), "CLIENT")
    assert (one.model, one.group, one.service, one.credential) == ("m", "m", "s", 0)
    assert len(one.request_id) == 36
    assert not one.stream


@pytest.mark.parametrize(
    ("path", "body", "key", "status", "kind", "model"),
    [
        (PATH, CHAT, "sk-wrong", 401, "chat", ""),
        (PATH, b"{", "sk-client", 400, "chat", ""),
        (PATH, {**CHAT, "model": "made-up"}, "sk-client", 400, "chat", "made-up"),
        (PATH, {**CHAT, "model": "other"}, "sk-some", 403, "chat", "other"),
        ("/v1/nothing", CHAT, "sk-client", 404, "other", ""),
    ],
)
def test_a_refused_request_is_told_as_far_as_it_was_known(
    path: str, body: Any, key: str, status: int, kind: str, model: str
) -> None:
    one = told_of(path=path, body=body, key=key)
    assert (one.status, one.end, one.kind, one.model) == (status, "refused", kind, model)
    assert (one.service, one.credential, one.way) == ("", None, "none")


def test_a_key_that_is_none_of_ours_leaves_no_trace() -> None:
    one = told_of(key="sk-wrong-but-perhaps-right-elsewhere")
    assert (one.key, one.key_name) == ("", "")


@pytest.mark.parametrize("path", ["/healthz", "/health/liveliness"])
def test_nothing_is_told_of_those_who_ask_how_we_are(path: str) -> None:
    keeper = Keeper()
    caller, _ = serve(replace(loaded_of(), recorder=keeper))
    run(caller("GET", path))
    assert keeper.heard == keeper.traces == []


def test_the_list_of_models_and_a_translation_are_told_by_a_word() -> None:
    assert told_of("GET", "/v1/models").kind == "models"
    one = told_of(path="/v2/translate", body={"text": 1, "target_lang": "DE"})
    assert (one.kind, one.status, one.end) == ("translate", 400, "refused")


def test_keys_that_failed_before_are_told_with_their_statuses() -> None:
    async def behave(request: Any, send: Any) -> None:
        await whole(send, 500 if request.policy.key == "key-1" else 200)

    one = told_of(loaded=loaded_of(*pool()), behave=behave)
    assert (one.status, one.credential, one.tries) == (200, "key-2", (("key-1", 500),))


async def _refused(_request: Any, _send: Any) -> None:
    raise Refusal(404, "no such model")


async def _failed(_request: Any, send: Any) -> None:
    await whole(send, 503)


async def _slow(_request: Any, _send: Any) -> None:
    await asyncio.sleep(60)


@pytest.mark.parametrize(
    ("behave", "more", "status", "end"),
    [
        (_refused, {}, 404, "client_fault"),
        (_failed, {}, 503, "upstream_fault"),
        (_slow, {}, 504, "expired"),
        (_slow, {"leave": 1.0}, 0, "left"),
    ],
)
def test_it_is_told_how_a_request_ended(
    behave: Behaviour, more: dict[str, Any], status: int, end: str
) -> None:
    one = told_of(loaded=loaded_of(deployment(timeout=5)), behave=behave, **more)
    assert (one.status, one.end, one.service) == (status, end, "s")


def test_an_answer_that_breaks_off_is_its_upstreams_fault() -> None:
    async def behave(_request: Any, send: Any) -> None:
        await begin_stream(send, b"data: {}\n\n")
        raise Refusal(502, "broke")

    one = told_of(body={**CHAT, "stream": True}, behave=behave)
    assert (one.status, one.end, one.stream) == (200, "upstream_fault", True)


def test_times_are_told_by_where_they_were_spent() -> None:
    async def behave(request: Any, send: Any) -> None:
        request.attempt.way = "relay"
        request.trace.asks()
        await asyncio.sleep(2)
        request.trace.hears(200)
        await asyncio.sleep(1)
        request.trace.said(b"first")
        await asyncio.sleep(4)
        request.trace.said(b"last")
        await asyncio.sleep(8)
        await whole(send)

    limited = loaded_of(deployment(limits={"service": {"concurrency": 1}}))
    keeper = Keeper()

    async def two() -> None:
        caller, _ = serve(replace(limited, recorder=keeper), behave)
        await asyncio.gather(caller("POST", PATH, CHAT), caller("POST", PATH, CHAT))

    run(two())
    first, second = keeper.heard
    assert (first.waited, first.first, first.upstream, first.total) == (0, 3, 7, 15)
    assert (second.waited, second.first, second.upstream, second.total) == (15, 3, 7, 30)
    assert (first.way, first.upstream_status, first.pieces) == ("relay", 200, [b"first", b"last"])


def test_the_time_of_every_try_is_the_upstreams_and_the_last_one_says_when_it_began_to_answer() -> None:
    async def behave(request: Any, send: Any) -> None:
        request.trace.asks()
        await asyncio.sleep(2 if request.policy.key == "key-1" else 3)
        request.trace.hears(500 if request.policy.key == "key-1" else 200)
        await whole(send, request.trace.status)

    one = told_of(loaded=loaded_of(*pool()), behave=behave)
    assert (one.upstream, one.first, one.upstream_status, one.total) == (5, 3, 200, 5)


def test_of_a_long_answer_the_first_and_the_last_pieces_are_kept() -> None:
    trace = Trace(lambda: 0.0)
    trace.said(b"before anybody was asked")
    trace.asks()
    for number in range(1000):
        trace.said(b"%d" % number)
    assert trace.pieces[:3] == [b"0", b"1", b"2"]
    assert trace.pieces[-8:] == [b"%d" % number for number in range(992, 1000)]
    assert len(trace.pieces) <= 32


def test_the_door_leaves_nothing_of_it_in_the_scope() -> None:
    keeper, seen = Keeper(), []

    async def behave(request: Any, send: Any) -> None:
        seen.append(request)
        await whole(send)

    caller, way = serve(replace(loaded_of(), recorder=keeper), behave)
    run(caller("POST", PATH, CHAT))
    assert seen[0].trace is keeper.traces[0]
    caller, way = serve(loaded_of(), behave)
    run(caller("POST", PATH, CHAT))
    assert seen[1].trace is None
    assert not [name for name in way.seen[0][1] if "trace" in name]
