"""The keys of a pool: which is tried first, what moves on to the next, and what a client gets in the end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any, ClassVar

import pytest
from doorway import CHAT, Caller, begin_stream, deployment, loaded_of, pool, serve, whole
from virtual import run

from one_adapter.runtime.entry import outlet
from one_adapter.runtime.entry.door import Loaded
from one_adapter.runtime.entry.request import Request
from one_adapter.runtime.gateway.choice import breaker_key
from one_adapter.runtime.gateway.refusal import Refusal

#: How a way tells a failure: as LiteLLM's application answers it, or as the relay refuses it.
TOLD = pytest.mark.parametrize("told", ["answered", "refused"])
RULE = {"failures": 2, "recovery_seconds": 30, "probes": 1}


class Keys:
    """Upstreams by key: what each says, one after another, then 200; `asked` are the keys in order."""

    def __init__(self, says: dict[str, Sequence[int]], told: str = "refused") -> None:
        self.left = {key: list(statuses) for key, statuses in says.items()}
        self.told = told
        self.asked: list[str] = []

    async def __call__(self, request: Request, send: Any) -> None:
        key = request.policy.key or request.policy.service
        self.asked.append(key)
        left = self.left.get(key)
        status = left.pop(0) if left else 200
        if status >= 400 and self.told == "refused":
            raise Refusal(status, f"{key} said {status}")
        await whole(send, status, json.dumps({"error": {"message": f"{key} said {status}"}}).encode())


def ask(loaded: Loaded, keys: Any, count: int = 1, **more: Any) -> list[tuple[int, bytes]]:
    """The answers to as many requests, one after another."""

    async def scenario() -> list[tuple[int, bytes]]:
        caller, _ = serve(loaded, keys)
        return [(await post(caller, **more))[:2] for _ in range(count)]

    return run(scenario())


async def post(caller: Caller, path: str = "/v1/chat/completions", model: str = "m", **more: Any) -> Any:
    return await caller("POST", path, {**CHAT, "model": model, "input": "x"}, **more)


class TestWhatMovesOn:
    @TOLD
    @pytest.mark.parametrize("status", [401, 403, 408, 409, 429, 500, 502, 503, 504, 599])
    def test_a_fault_that_another_key_may_not_have(self, status: int, told: str) -> None:
        keys = Keys({"key-1": [status]}, told)
        assert ask(loaded_of(*pool()), keys)[0][0] == 200
        assert keys.asked == ["key-1", "key-2"]

    @TOLD
    @pytest.mark.parametrize("status", [400, 402, 404, 405, 413, 415, 418, 422, 425])
    def test_a_fault_of_the_request_does_not(self, status: int, told: str) -> None:
        keys = Keys({"key-1": [status]}, told)
        assert ask(loaded_of(*pool()), keys)[0][0] == status
        assert keys.asked == ["key-1"]

    @TOLD
    def test_each_key_is_tried_once_and_the_answer_is_the_last_ones(self, told: str) -> None:
        keys = Keys({"key-1": [500], "key-2": [401], "key-3": [503]}, told)
        status, text = ask(loaded_of(*pool(3)), keys)[0]
        assert (status, b"key-3 said 503" in text) == (503, True)
        assert keys.asked == ["key-1", "key-2", "key-3"]

    @TOLD
    def test_it_ends_with_the_first_that_does_not_move_on(self, told: str) -> None:
        keys = Keys({"key-1": [500], "key-2": [404]}, told)
        status, text = ask(loaded_of(*pool(3)), keys)[0]
        assert (status, b"key-2 said 404" in text) == (404, True)
        assert keys.asked == ["key-1", "key-2"]

    @pytest.mark.parametrize("path", ["/v1/embeddings", "/v1/messages", "/v1/responses"])
    def test_on_every_route(self, path: str) -> None:
        keys = Keys({"key-1": [500]})
        assert ask(loaded_of(*pool()), keys, path=path)[0][0] == 200
        assert keys.asked == ["key-1", "key-2"]

    def test_never_to_another_service(self) -> None:
        keys = Keys({"key-1": [500], "key-2": [500]})
        other = deployment(service="other", order="first")
        assert ask(loaded_of(*pool(), other), keys)[0][0] == 500
        assert keys.asked == ["key-1", "key-2"]

    def test_never_in_0_10(self) -> None:
        ones = [deployment(credential=one, order="rr") for one in (0, 1)]
        keys = Keys({"s": [500]})
        assert ask(loaded_of(*ones, gateway="0.10"), keys)[0][0] == 500
        assert keys.asked == ["s"]

    def test_never_before_an_upstream_was_asked(self) -> None:
        """What LiteLLM falls over by itself it falls over with the next key, too."""

        async def stumble(request: Request, send: Any) -> None:
            request.attempt.reached = False
            await whole(send, 500)

        caller, way = serve(loaded_of(*pool()), stumble)
        assert run(post(caller))[0] == 500
        assert len(way.seen) == 1


class TestStreams:
    def test_one_that_fails_before_its_first_word_is_tried_with_the_next_key(self) -> None:
        async def behave(request: Request, send: Any) -> None:
            if request.policy.key == "key-1":
                raise Refusal(502, "no stream")
            await begin_stream(send, b"data: {}\n\n")
            await send({"type": "http.response.body", "body": b"", "more_body": False})

        assert ask(loaded_of(*pool()), behave)[0] == (200, b"data: {}\n\n")

    def test_one_that_breaks_after_its_first_word_ends_there_and_counts(self) -> None:
        async def behave(_request: Request, send: Any) -> None:
            await begin_stream(send, b"data: {}\n\n")
            raise Refusal(502, "broke off")

        loaded = loaded_of(*pool(breaker={**RULE, "failures": 1}))
        caller, way = serve(loaded, behave)
        status, text, _ = run(post(caller))
        assert (status, text.count(b"data: {}"), b"broke off" in text) == (200, 1, True)
        assert [request.policy.key for request, _ in way.seen] == ["key-1"]
        assert ask(loaded, keys := Keys({}))[0][0] == 200
        assert keys.asked == ["key-2"]


class TestHolding:
    def test_a_failure_that_is_very_long_goes_out_at_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(outlet, "HELD_BYTES", 20)
        keys = Keys({"key-1": [500]}, "answered")
        status, text = ask(loaded_of(*pool()), keys)[0]
        assert (status, json.loads(text)["error"]["message"]) == (500, "key-1 said 500")
        assert keys.asked == ["key-1"]

    def test_a_failure_is_told_whole_when_the_next_key_cannot_be_tried_any_more(self) -> None:
        """Its breaker opens while the first is being asked."""
        loaded = loaded_of(*pool(breaker={**RULE, "failures": 1}))

        async def behave(request: Request, send: Any) -> None:
            if request.policy.key == "key-1":
                await asyncio.sleep(1)
            await whole(send, 500, f"{request.policy.key} failed".encode())

        async def scenario() -> list[Any]:
            caller, way = serve(loaded, behave)
            first = asyncio.ensure_future(post(caller))
            await asyncio.sleep(0.5)
            second = loaded.config.groups["m"][1]
            key = breaker_key(loaded.config, second, "m", "m")
            assert key is not None
            assert second.breaker is not None
            loaded.memory.breakers.failure(key, second.breaker, False, 0.5)
            return [*(await first)[:2], len(way.seen)]

        assert run(scenario()) == [500, b"key-1 failed", 1]


class TestTime:
    def test_one_timeout_is_for_all_tries(self) -> None:
        async def slow(request: Request, send: Any) -> None:
            await asyncio.sleep(1.5)
            if request.policy.key == "key-1":
                raise Refusal(500, "late")
            await whole(send)

        async def scenario() -> tuple[int, float]:
            caller, way = serve(loaded_of(*pool(timeout=2)), slow)
            status = (await post(caller))[0]
            assert len(way.seen) == 2
            return status, asyncio.get_running_loop().time()

        assert run(scenario()) == (504, 2.0)

    def test_a_timeout_is_no_reason_to_try_the_next(self) -> None:
        async def slow(_request: Request, _send: Any) -> None:
            await asyncio.sleep(60)

        caller, way = serve(loaded_of(*pool(timeout=2)), slow)
        assert run(post(caller))[0] == 504
        assert len(way.seen) == 1

    def test_a_client_that_leaves_has_nobody_else_asked_for_it(self) -> None:
        async def slow(_request: Request, _send: Any) -> None:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                raise Refusal(502, "ended") from None

        caller, way = serve(loaded_of(*pool()), slow)
        run(post(caller, leave=1.0))
        assert len(way.seen) == 1

    def test_a_client_that_leaves_while_a_key_is_waited_for_has_nobody_else_asked_for_it(self) -> None:
        """Who answers for LiteLLM has a moment to end its call, in which the wait may end by itself."""
        one, two, three = pool(3)
        two["model_info"]["one_adapter"]["limits"] = {"credential": {"qpm": 1, "wait_seconds": 2}}

        asked: list[str] = []

        async def behave(request: Request, _send: Any) -> None:
            request.grace = 1.0
            asked.append(request.policy.key)
            raise Refusal(500, "no")

        async def scenario() -> None:
            caller, _ = serve(loaded_of(one, two, three), behave)
            await post(caller)
            await post(caller, leave=1.5)

        run(scenario())
        assert asked == ["key-1", "key-2", "key-3", "key-1"]


class TestOrder:
    def order(self, count: int, *deployments: dict[str, Any], says: Any = None, **more: Any) -> str:
        """The last character of each key that was asked, in order."""
        keys = Keys(says or {})
        ask(loaded_of(*deployments), keys, count, **more)
        return "".join(one[-1] for one in keys.asked)

    @pytest.mark.parametrize(("order", "asked"), [("first", "111111"), ("rr", "123123"), ("hash", "222222")])
    def test_the_first_tried_is_by_the_files_word(self, order: str, asked: str) -> None:
        assert self.order(6, *pool(3, order=order, service="openai-1")) == asked

    def test_by_chance_every_key_has_its_share(self) -> None:
        asked = self.order(300, *pool(3, order="random"))
        assert all(60 < asked.count(key) < 140 for key in "123")

    @pytest.mark.parametrize(("order", "asked"), [("first", "123"), ("rr", "123"), ("hash", "231")])
    def test_the_next_tried_is_the_next_in_the_ring(self, order: str, asked: str) -> None:
        fails = {f"key-{one}": [500] for one in (1, 2, 3)}
        assert self.order(1, *pool(3, order=order, service="openai-1"), says=fails) == asked

    def test_a_key_takes_the_turns_of_those_before_it_that_are_switched_off(self) -> None:
        one, two = pool(2, order="rr")
        two["model_info"]["one_adapter"].update(key="key-3", places=[1, 2])
        assert self.order(6, one, two) == "133133"

    def test_a_turn_of_a_key_with_an_open_breaker_goes_to_the_next(self) -> None:
        fails = {"key-1": [500] * 9, "key-2": [500] * 9}
        asked = self.order(6, *pool(3, order="rr", breaker=RULE), says=fails)
        assert asked == "123" + "23" + "3" + "13" + "3" + "3"

    def test_the_turns_of_a_pool_are_shared_by_its_models(self) -> None:
        deployments = [*pool(2, order="rr"), *pool(2, "b", order="rr")]
        keys = Keys({})
        loaded = loaded_of(*deployments)
        for model in ("m", "b", "m", "b"):
            ask(loaded, keys, model=model)
        assert keys.asked == ["key-1", "key-2", "key-1", "key-2"]

    def test_services_take_turns_and_within_each_its_keys(self) -> None:
        asked: list[str] = []

        async def behave(request: Request, send: Any) -> None:
            asked.append(request.policy.service + request.policy.key[-1])
            await whole(send)

        ask(loaded_of(*pool(2, order="rr", service="a"), *pool(2, order="rr", service="b")), behave, 5)
        assert asked == ["a1", "b1", "a2", "b2", "a1"]


class TestBreaker:
    FAILS: ClassVar[dict[str, list[int]]] = {"key-1": [500] * 9, "key-2": [500] * 9}

    def test_a_key_that_fails_is_passed_over_and_the_others_answer(self) -> None:
        keys = Keys({"key-1": [500] * 9})
        assert [status for status, _ in ask(loaded_of(*pool(breaker=RULE)), keys, 3)] == [200] * 3
        assert keys.asked == ["key-1", "key-2", "key-1", "key-2", "key-2"]

    def test_it_is_the_keys_for_one_name(self) -> None:
        loaded = loaded_of(*pool(breaker=RULE), *pool(name="b", breaker=RULE))
        ask(loaded, Keys(self.FAILS), 2)
        keys = Keys({})
        assert [ask(loaded, keys, model=name)[0][0] for name in ("b", "nick", "m")] == [200, 200, 429]
        assert keys.asked == ["key-1", "key-1"]

    @pytest.mark.parametrize("model", ["nick", "random"])
    def test_aliases_and_random_have_one_of_their_own(self, model: str) -> None:
        loaded = loaded_of(*pool(breaker=RULE), *pool(name="random", breaker=RULE))
        ask(loaded, Keys(self.FAILS), 2, model=model)
        status, text = ask(loaded, Keys({}), model=model)[0]
        assert (status, json.loads(text)["error"]["code"]) == (429, "no_healthy_credential")
        assert ask(loaded, Keys({}))[0][0] == 200

    def test_a_service_with_a_key_left_answers_for_one_without(self) -> None:
        loaded = loaded_of(*pool(breaker=RULE), *pool(1, service="other", breaker=RULE))
        ask(loaded, Keys(self.FAILS), 2)
        assert [status for status, _ in ask(loaded, Keys({}), 3)] == [200] * 3

    def test_what_the_request_is_to_blame_for_and_timeouts_do_not_count(self) -> None:
        loaded = loaded_of(*pool(1, breaker=RULE))
        assert [status for status, _ in ask(loaded, Keys({"key-1": [400, 404, 422]}), 4)][-1] == 200

    def test_after_its_time_one_probe_may_try_a_key_and_others_are_refused_meanwhile(self) -> None:
        loaded = loaded_of(*pool(1, breaker=RULE))

        async def behave(_request: Request, send: Any) -> None:
            await asyncio.sleep(1)
            await whole(send, 500 if asyncio.get_running_loop().time() < 10 else 200)

        async def scenario() -> list[int]:
            caller, _ = serve(loaded, behave)
            for _ in range(2):
                await post(caller)
            await asyncio.sleep(31)
            found = await asyncio.gather(*(post(caller) for _ in range(3)))
            return [one[0] for one in [*found, await post(caller)]]

        assert run(scenario()) == [200, 429, 429, 200]

    def test_a_probe_that_ends_in_nothing_makes_room_for_the_next(self) -> None:
        """In the gateway a 400 keeps it closed for another while."""
        loaded = loaded_of(*pool(1, breaker=RULE))
        keys = Keys({"key-1": [500, 500, 400, 200]})

        async def scenario() -> list[int]:
            caller, _ = serve(loaded, keys)
            first = [(await post(caller))[0] for _ in range(2)]
            await asyncio.sleep(31)
            return [*first, *[(await post(caller))[0] for _ in range(2)]]

        assert run(scenario()) == [500, 500, 400, 200]


class TestLimits:
    """A key that is full gives way to the next; a service that is full does not."""

    def answers(self, count: int, behave: Any = None, **ours: Any) -> tuple[list[int], str, float]:
        """The statuses of requests one after another, the last characters of the keys asked, and the time."""
        keys = behave or Keys({})

        async def scenario() -> tuple[list[int], str, float]:
            caller, _ = serve(loaded_of(*pool(2, timeout=30, **ours)), keys)
            found = [(await post(caller))[0] for _ in range(count)]
            return found, "".join(one[-1] for one in keys.asked), asyncio.get_running_loop().time()

        return run(scenario())

    def test_a_key_is_waited_for_as_long_as_its_limit_says_and_then_the_next_is_tried(self) -> None:
        limit = {"credential": {"qpm": 1, "wait_seconds": 2}}
        assert self.answers(2, limits=limit) == ([200, 200], "12", 2.0)

    def test_a_key_that_could_be_waited_for_till_the_end_is_left_at_once(self) -> None:
        """In the gateway the wait leaves the next key no time, and the client gets an error."""
        assert self.answers(2, limits={"credential": {"qpm": 1}}) == ([200, 200], "12", 0.0)

    def test_the_last_key_is_waited_for_and_its_refusal_is_the_answer(self) -> None:
        assert self.answers(3, limits={"credential": {"qpm": 1}}) == ([200, 200, 429], "12", 30.0)

    def test_a_full_service_is_429_and_no_other_key_is_tried(self) -> None:
        limit = {"service": {"qpm": 1, "wait_seconds": 3}}
        assert self.answers(2, limits=limit) == ([200, 429], "1", 3.0)

    def test_the_limit_of_a_model_at_the_service_is_the_services(self) -> None:
        limit = {"service_models": {"m": {"qpm": 1, "wait_seconds": 3}}}
        assert self.answers(2, limits=limit) == ([200, 429], "1", 3.0)

    def test_a_request_too_large_for_one_key_goes_to_the_next(self) -> None:
        one, two = pool(2)
        one["model_info"]["one_adapter"]["limits"] = {"credential": {"tpm": 1}}
        keys = Keys({})
        assert ask(loaded_of(one, two), keys)[0][0] == 200
        assert keys.asked == ["key-2"]

    def test_each_try_counts_at_the_service(self) -> None:
        limit = {"service": {"qpm": 2, "wait_seconds": 3}}
        found = self.answers(2, Keys({"key-1": [500]}), limits=limit)
        assert found == ([200, 429], "12", 3.0)

    def test_a_refusal_does_not_count_for_the_breaker(self) -> None:
        limit = {"credential": {"qpm": 1, "wait_seconds": 1}}
        loaded = loaded_of(*pool(1, limits=limit, breaker={**RULE, "failures": 1}))

        async def scenario() -> list[int]:
            caller, _ = serve(loaded, Keys({}))
            found = [(await post(caller))[0] for _ in range(2)]
            await asyncio.sleep(60)
            return [*found, (await post(caller))[0]]

        assert run(scenario()) == [200, 429, 200]

    def test_a_failed_try_gives_its_place_back_before_the_next_begins(self) -> None:
        held: list[dict[str, tuple[int, int]]] = []
        loaded = loaded_of(*pool(limits={"credential": {"concurrency": 1}, "service": {"concurrency": 1}}))

        async def behave(request: Request, send: Any) -> None:
            held.append(loaded.memory.limits.held())
            if request.policy.key == "key-1":
                raise Refusal(500, "no")
            await whole(send)

        assert ask(loaded, behave)[0][0] == 200
        assert held == [{f"s:key:key-{one}:credential": (1, 0), "s:service": (1, 0)} for one in (1, 2)]
        assert loaded.memory.limits.held() == {}

    def test_the_timeout_runs_on_through_a_wait_for_the_next_key(self) -> None:
        """It is refused at the timeout, and not timed out: it waits."""
        one, two = pool(2, timeout=5)
        two["model_info"]["one_adapter"]["limits"] = {"credential": {"qpm": 1}}

        async def scenario() -> list[Any]:
            caller, _ = serve(loaded_of(one, two), Keys({"key-1": [500, 500]}))
            first = (await post(caller))[0]
            return [first, (await post(caller))[0], asyncio.get_running_loop().time()]

        assert run(scenario()) == [200, 429, 5.0]


class TestRoom:
    """Keys with room for a request come before those without, whatever the order of the file."""

    def asked(
        self, keys: Keys, *deployments: dict[str, Any], count: int, pause: float = 0.0, **more: Any
    ) -> str:
        async def scenario() -> None:
            caller, _ = serve(loaded_of(*deployments), keys)
            for _ in range(count):
                await post(caller, **more)
                await asyncio.sleep(pause)

        run(scenario())
        return "".join(one[-1] for one in keys.asked)

    def metered(self, *numbers: int, **more: Any) -> list[dict[str, Any]]:
        deployments = pool(len(numbers), **more)
        for one, number in zip(deployments, numbers, strict=True):
            if number:
                one["model_info"]["one_adapter"]["limits"] = {"credential": {"tpm": number}}
        return deployments

    def test_the_key_with_the_most_tokens_left_comes_first(self) -> None:
        """A request is 12 tokens: the second has 100, 88 and so on, till it has as many as the first."""
        assert self.asked(Keys({}), *self.metered(76, 100), count=5) == "22121"

    def test_a_key_without_a_limit_of_tokens_is_asked_when_the_others_are_full(self) -> None:
        assert self.asked(Keys({}), *self.metered(0, 24), count=4) == "2211"

    def test_a_minute_later_there_is_room_again(self) -> None:
        assert self.asked(Keys({}), *self.metered(0, 12), count=3, pause=40) == "212"

    def test_embeddings_are_asked_in_the_files_order(self) -> None:
        deployments = self.metered(24, 100)
        assert self.asked(Keys({}), *deployments, count=3, path="/v1/embeddings") == "111"

    def test_after_a_429_a_key_is_the_last_to_be_asked_for_half_a_minute(self) -> None:
        assert self.asked(Keys({"key-1": [429]}), *pool(3), count=4, pause=10) == "12" + "2" + "2" + "1"

    def test_other_models_are_not_concerned(self) -> None:
        loaded = loaded_of(*pool(), *pool(name="b"))
        ask(loaded, Keys({"key-1": [429]}))
        keys = Keys({})
        ask(loaded, keys)
        ask(loaded, keys, model="b")
        assert keys.asked == ["key-2", "key-1"]

    def test_a_cooling_key_is_asked_when_the_others_fail(self) -> None:
        assert self.asked(Keys({"key-1": [429], "key-2": [200, 500]}), *pool(), count=2) == "12" + "21"

    @pytest.mark.parametrize("path", ["/v1/embeddings"])
    def test_an_embedding_leaves_no_key_alone(self, path: str) -> None:
        assert self.asked(Keys({"key-1": [429]}), *pool(), count=2, path=path) == "12" + "1"

    def test_when_all_are_cooling_the_first_to_recover_is_asked_first(self) -> None:
        keys = Keys({"key-1": [429], "key-2": [429]})

        async def scenario() -> None:
            caller, _ = serve(loaded_of(*pool()), keys)
            await post(caller)
            keys.left = {"key-1": [], "key-2": []}
            await asyncio.sleep(1)
            await post(caller)

        run(scenario())
        assert keys.asked == ["key-1", "key-2", "key-1"]

    def test_a_service_with_one_key_is_never_left_alone(self) -> None:
        assert self.asked(Keys({"key-1": [429]}), *pool(1), count=2) == "11"


def test_tokens_are_counted_once_and_only_where_a_limit_asks_for_them() -> None:
    def counted(*deployments: dict[str, Any]) -> bool:
        caller, way = serve(loaded_of(*deployments), Keys({"key-1": [500]}))
        run(post(caller))
        return bool(way.seen[0][0]._tokens)

    assert not counted(*pool(limits={"credential": {"qpm": 5}}))
    assert counted(*pool(limits={"service": {"tpm": 50}}))
    assert counted(*pool(limits={"credential": {"tpm": 50}}))


class TestDirect:
    """What is passed on as it came, to an upstream that speaks the responses API as its client does."""

    def pool(self, size: int = 1, **ours: Any) -> list[dict[str, Any]]:
        keys = pool(size, **ours)
        for one in keys:
            one["model_info"]["mode"] = "responses"
        return keys

    def test_what_its_client_is_to_blame_for_counts_for_nothing(self) -> None:
        """In the gateway it does, and closes the key for everybody."""
        keys = Keys({"key-1": [400, 404, 422]})
        found = ask(loaded_of(*self.pool(2, breaker=RULE)), keys, 4, path="/v1/responses")
        assert [status for status, _ in found] == [400, 404, 422, 200]
        assert set(keys.asked) == {"key-1"}

    def test_it_costs_a_quarter_of_its_bytes(self) -> None:
        caller, way = serve(loaded_of(*self.pool(limits={"service": {"tpm": 500}})), Keys({}))
        run(post(caller, "/v1/responses"))
        request = way.seen[0][0]
        assert request.tokens(request.policy) == -(-request.raw_length // 4) > 12
