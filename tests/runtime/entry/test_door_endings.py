from __future__ import annotations

import asyncio
import json
from typing import Any, ClassVar

import pytest
from doorway import CHAT, ask, begin_stream, deployment, fine, litellm, loaded_of, serve, whole
from hypothesis import given, settings
from hypothesis import strategies as st
from virtual import run

from one_adapter.runtime.entry.door import Door, mount
from one_adapter.runtime.entry.request import Request
from one_adapter.runtime.gateway.refusal import Refusal


class TestTimeAndPlace:
    def test_an_upstream_that_takes_too_long_is_504_and_its_place_is_free(self) -> None:
        async def slow(*_: Any) -> None:
            await asyncio.sleep(100)

        loaded = loaded_of(deployment(timeout=3, limits={"service": {"concurrency": 1, "wait_seconds": 9}}))
        status, body, _ = ask("POST", "/v1/chat/completions", CHAT, loaded, slow)
        assert (status, body["error"]["code"]) == (504, "timeout")
        assert loaded.memory.limits.held() == {}

    @pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages", "/v1/responses"])
    def test_a_stream_that_takes_too_long_ends_with_an_error_in_the_routes_form(self, path: str) -> None:
        async def slow(_request: Request, send: Any) -> None:
            await begin_stream(send)
            for _ in range(9):
                await send({"type": "http.response.body", "body": b"data: {}\n\n", "more_body": True})
                await asyncio.sleep(1)

        status, text, _ = ask("POST", path, {**CHAT, "input": "x"}, loaded_of(deployment(timeout=3)), slow)
        assert status == 200
        last = text.decode().strip().split("\n\n")[-1]
        assert "error" in json.loads(last[last.index("{") :]).get("type", "error")
        assert text.count(b"data: {}") == 3

    def test_waiting_too_long_for_a_place_is_429_with_a_time_to_try_again(self) -> None:
        async def hold(request: Request, send: Any) -> None:
            await asyncio.sleep(20)
            await fine(request, send)

        loaded = loaded_of(deployment(limits={"service": {"concurrency": 1, "wait_seconds": 5}}))

        async def scenario() -> tuple[list[int], str]:
            caller, _ = serve(loaded, hold)
            first, second = await asyncio.gather(
                *(caller("POST", "/v1/chat/completions", CHAT) for _ in range(2))
            )
            return sorted((first[0], second[0])), {**first[2], **second[2]}["retry-after"]

        assert run(scenario()) == ([200, 429], "60")

    def test_an_embeddings_limit_only_delays(self) -> None:
        limits = {"embeddings": {"qpm": 1, "wait_seconds": 5}}
        loaded = loaded_of(deployment(limits=limits), gateway="0.10")

        async def scenario() -> tuple[list[int], float]:
            caller, _ = serve(loaded)
            statuses = [
                (await caller("POST", "/v1/embeddings", {"model": "m", "input": "x"}))[0] for _ in range(2)
            ]
            return statuses, asyncio.get_running_loop().time()

        assert run(scenario()) == ([200, 200], 5.0)

    def test_a_wait_never_outlasts_the_services_timeout(self) -> None:
        limits = {"credential": {"qpm": 1, "wait_seconds": 50}}
        loaded = loaded_of(deployment(limits=limits, timeout=4))

        async def scenario() -> tuple[list[int], float]:
            caller, _ = serve(loaded)
            statuses = [(await caller("POST", "/v1/chat/completions", CHAT))[0] for _ in range(2)]
            return statuses, asyncio.get_running_loop().time()

        assert run(scenario()) == ([200, 429], 4.0)


class TestBreaker:
    RULE: ClassVar[dict[str, int]] = {"failures": 2, "recovery_seconds": 30, "probes": 1}

    def answers(
        self,
        statuses: list[int],
        more: int,
        services: tuple[str, ...] = ("s",),
        model: str = "m",
        version: str = "0.12",
    ) -> list[int]:
        left = list(statuses)

        async def behave(_request: Request, send: Any) -> None:
            await whole(send, left.pop(0) if left else 200)

        entries = [deployment(model, service=name, order="first", breaker=self.RULE) for name in services]
        loaded = loaded_of(*entries, gateway=version)

        async def scenario() -> list[int]:
            caller, _ = serve(loaded, behave)
            body = {**CHAT, "model": model}
            return [
                (await caller("POST", "/v1/chat/completions", body))[0] for _ in range(len(statuses) + more)
            ]

        return run(scenario())

    def test_after_the_failures_the_answer_is_503_without_a_call(self) -> None:
        assert self.answers([500, 502], 2) == [500, 502, 503, 503]

    @pytest.mark.parametrize(
        ("version", "mistakes"),
        [("0.10", [400, 401, 403, 404, 413, 415, 422]), ("0.12", [400, 402, 404, 405, 413, 415, 422, 425])],
    )
    def test_the_clients_own_mistakes_do_not_count(self, version: str, mistakes: list[int]) -> None:
        assert self.answers(mistakes, 1, version=version) == [*mistakes, 200]

    @pytest.mark.parametrize("status", [401, 403, 408, 409, 429])
    def test_in_0_12_what_is_wrong_with_a_key_counts(self, status: int) -> None:
        assert self.answers([status, status], 1) == [status, status, 503]

    def test_another_service_takes_over(self) -> None:
        assert self.answers([500, 500], 2, ("a", "b")) == [500, 500, 200, 200]

    def test_random_has_no_breaker(self) -> None:
        assert self.answers([500, 500, 500], 1, model="random") == [500, 500, 500, 200]

    @pytest.mark.parametrize(("version", "third"), [("0.10", 503), ("0.12", 504)])
    def test_a_stream_that_breaks_counts_as_a_failure_and_a_timeout_in_0_10(
        self, version: str, third: int
    ) -> None:
        calls = []

        async def behave(request: Request, send: Any) -> None:
            calls.append(request)
            if len(calls) == 1:
                await begin_stream(send, b"data: {}\n\n")
                raise Refusal(502, "broken")
            await asyncio.sleep(60)

        loaded = loaded_of(deployment(breaker=self.RULE, timeout=2), gateway=version)

        async def scenario() -> list[int]:
            caller, _ = serve(loaded, behave)
            return [(await caller("POST", "/v1/chat/completions", CHAT))[0] for _ in range(3)]

        assert run(scenario()) == [200, 504, third]


BEHAVIOURS = ("fine", "raise", "hang", "cut", "slow")


@given(
    calls=st.lists(
        st.tuples(st.sampled_from(BEHAVIOURS), st.integers(0, 30), st.one_of(st.none(), st.integers(0, 40))),
        max_size=20,
    ),
    size=st.integers(1, 3),
)
@settings(max_examples=80, deadline=None)
def test_however_requests_end_every_place_comes_back(
    calls: list[tuple[str, int, int | None]], size: int
) -> None:
    async def behave(request: Request, send: Any) -> None:
        kind = request.body.fields["kind"]
        if kind == "raise":
            raise RuntimeError("broken")
        if kind == "slow":
            await asyncio.sleep(1.5)
        if kind == "hang":
            await asyncio.sleep(1000)
        await begin_stream(send, b"data: {}\n\n")
        if kind == "cut":
            raise Refusal(502, "broken")
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    limits = {"service": {"concurrency": size, "wait_seconds": 2}}
    loaded = loaded_of(
        deployment(timeout=3, limits=limits, breaker={"failures": 10_000, "recovery_seconds": 1, "probes": 1})
    )

    async def scenario() -> None:
        caller, _ = serve(loaded, behave)

        async def client(kind: str, come: int, leave: int | None) -> None:
            await asyncio.sleep(come / 10)
            seconds = 1000.0 if leave is None else leave / 10
            task = asyncio.ensure_future(
                caller("POST", "/v1/chat/completions", {**CHAT, "kind": kind}, leave=seconds)
            )
            await asyncio.gather(task, return_exceptions=True)

        await asyncio.gather(*(client(*call) for call in calls))
        assert loaded.memory.limits.held() == {}

    run(scenario())


def test_the_door_is_mounted_once() -> None:
    class App:
        middleware_stack: Any = None

        def build_middleware_stack(self) -> Any:
            return litellm

    app = App()
    for _ in range(2):
        mount(app, lambda inner: Door(inner, loaded_of, []))
    assert isinstance(app.middleware_stack, Door)
    assert app.middleware_stack._app is litellm
