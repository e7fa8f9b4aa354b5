"""However the tries of requests end, everything comes back, and no key is asked twice for one request."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from doorway import CHAT, begin_stream, loaded_of, pool, serve, whole
from hypothesis import given, settings
from hypothesis import strategies as st
from virtual import run

from one_adapter.runtime.entry.request import Request
from one_adapter.runtime.gateway.refusal import Refusal

#: What a key may do when it is asked.
ENDS = ("fine", "slow", "hang", "refused 500", "refused 429", "refused 400", "answered 503", "cut", "raise")
TENTHS = st.integers(0, 40)
CALL = st.tuples(
    st.tuples(*[st.sampled_from(ENDS)] * 3),
    TENTHS,
    st.one_of(st.none(), TENTHS),
)


async def end(how: str, send: Any) -> None:
    kind, _, status = how.partition(" ")
    if kind == "slow":
        await asyncio.sleep(0.7)
    if kind == "hang":
        await asyncio.sleep(1000)
    if kind == "raise":
        raise RuntimeError
    if kind == "refused":
        await asyncio.sleep(0.1)
        raise Refusal(int(status), "no")
    if kind == "answered":
        await whole(send, int(status))
        return
    await begin_stream(send, b"data: {}\n\n")
    if kind == "cut":
        raise Refusal(502, "broken")
    await send({"type": "http.response.body", "body": b"", "more_body": False})


@given(st.lists(CALL, max_size=12), st.integers(1, 3), st.integers(1, 4))
@settings(max_examples=200, deadline=None)
def test_places_and_trials_come_back_and_each_key_is_asked_once_a_request(
    calls: list[tuple[tuple[str, ...], int, int | None]], of_key: int, of_service: int
) -> None:
    limits = {
        "credential": {"concurrency": of_key, "wait_seconds": 1},
        "service": {"concurrency": of_service, "wait_seconds": 2},
    }
    rule = {"failures": 2, "recovery_seconds": 1, "probes": 1}
    loaded = loaded_of(*pool(3, order="rr", timeout=3, limits=limits, breaker=rule))
    asked: Counter[tuple[int, str]] = Counter()

    async def behave(request: Request, send: Any) -> None:
        number, ends = request.body.fields["number"], request.body.fields["ends"]
        asked[number, request.policy.key] += 1
        await end(ends[int(request.policy.key[-1]) - 1], send)

    async def scenario() -> None:
        caller, _ = serve(loaded, behave)

        async def client(number: int, ends: tuple[str, ...], come: int, leave: int | None) -> None:
            await asyncio.sleep(come / 10)
            seconds = 1000.0 if leave is None else leave / 10
            body = {**CHAT, "number": number, "ends": ends}
            task = asyncio.ensure_future(caller("POST", "/v1/chat/completions", body, leave=seconds))
            await asyncio.gather(task, return_exceptions=True)

        await asyncio.gather(*(client(number, *call) for number, call in enumerate(calls)))

    run(scenario())
    assert loaded.memory.limits.held() == {}
    assert all(state.probing == 0 for state in loaded.memory.breakers._states.values())
    assert not asked or max(asked.values()) == 1
