"""Which deployment answers, when it may be asked, and what the end of a request says of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from doorway import deployment, loaded_of, pool
from virtual import at_once, run

from one_adapter.runtime.entry.door import Loaded
from one_adapter.runtime.gateway.choice import Choice, begin, book, candidates, enter
from one_adapter.runtime.gateway.layers import layers_of
from one_adapter.runtime.gateway.outcome import Outcome
from one_adapter.runtime.gateway.refusal import Refusal
from one_adapter.runtime.gateway.settings import Policy

RULE = {"failures": 2, "recovery_seconds": 30, "probes": 1}
VERSIONS = ["0.10", "0.12"]


def pick(loaded: Loaded, kind: str = "chat", model: str = "m", now: float = 0.0) -> Choice:
    """What is tried first."""
    first = at_once(candidates(loaded.config, loaded.memory, "m", model, kind, now))[0]
    choice = begin(loaded.config, loaded.memory, first, "m", model, now)
    assert choice is not None
    return choice


def end(loaded: Loaded, choice: Choice, outcome: Outcome, now: float = 0.0) -> None:
    book(loaded.config, loaded.memory, choice, outcome, now)


def fail(loaded: Loaded, times: int, now: float = 0.0, outcome: Outcome = Outcome.UPSTREAM_FAULT) -> None:
    for _ in range(times):
        end(loaded, pick(loaded, now=now), outcome, now)


class TestChoosing:
    def test_a_group_of_chats_and_embeddings_answers_each_by_its_own(self) -> None:
        loaded = loaded_of(deployment(service="chats"), deployment(service="vectors", mode="embedding"))
        assert {pick(loaded).policy.service for _ in range(20)} == {"chats"}
        assert {pick(loaded, "embeddings").policy.service for _ in range(20)} == {"vectors"}

    @pytest.mark.parametrize(("mode", "kind"), [("embedding", "chat"), ("chat", "embeddings")])
    def test_a_group_of_one_sort_answers_everything(self, mode: str, kind: str) -> None:
        assert pick(loaded_of(deployment(mode=mode)), kind).policy.service == "s"

    def test_a_deployment_without_embeddings_is_not_asked_for_any(self) -> None:
        loaded = loaded_of(deployment(service="none", embeddings=False), deployment(service="some"))
        assert {pick(loaded, "embeddings").policy.service for _ in range(20)} == {"some"}

    def test_a_group_without_embeddings_says_which_field_is_wrong(self) -> None:
        with pytest.raises(Refusal) as refused:
            pick(loaded_of(deployment(embeddings=False)), "embeddings")
        assert (refused.value.status, refused.value.param) == (400, "model")

    def test_without_a_breaker_there_is_nothing_to_book(self) -> None:
        loaded = loaded_of()
        assert pick(loaded).breaker is None
        fail(loaded, 9)
        assert pick(loaded).policy.service == "s"


class TestBreaking:
    def test_an_open_breaker_takes_its_service_out_of_the_choice(self) -> None:
        loaded = loaded_of(*(deployment(service=one, order="first", breaker=RULE) for one in ("a", "b")))
        fail(loaded, 2)
        assert pick(loaded).policy.service == "b"

    def test_when_all_are_open_the_refusal_says_when_to_come_again(self) -> None:
        loaded = loaded_of(deployment(breaker=RULE))
        fail(loaded, 2)
        with pytest.raises(Refusal) as refused:
            pick(loaded, now=29)
        assert (refused.value.status, refused.value.retry_after) == (503, 1.0)
        assert "'m'" in refused.value.message

    def test_after_the_recovery_one_probe_goes_and_its_success_closes_it(self) -> None:
        loaded = loaded_of(deployment(breaker=RULE))
        fail(loaded, 2)
        probe = pick(loaded, now=31)
        assert probe.probe
        with pytest.raises(Refusal):
            pick(loaded, now=31)
        end(loaded, probe, Outcome.ANSWERED, 32)
        assert not pick(loaded, now=32).probe

    @pytest.mark.parametrize("outcome", [Outcome.LEFT, Outcome.REFUSED])
    def test_a_probe_that_says_nothing_makes_room_for_another(self, outcome: Outcome) -> None:
        loaded = loaded_of(deployment(breaker=RULE))
        fail(loaded, 2)
        end(loaded, pick(loaded, now=31), outcome, 32)
        assert pick(loaded, now=32).probe

    @pytest.mark.parametrize("version", VERSIONS)
    @pytest.mark.parametrize(
        "outcome", [Outcome.CLIENT_FAULT, Outcome.LEFT, Outcome.REFUSED, Outcome.ANSWERED]
    )
    def test_only_faults_of_the_upstream_open_it(self, outcome: Outcome, version: str) -> None:
        loaded = loaded_of(deployment(breaker=RULE), gateway=version)
        fail(loaded, 9, outcome=outcome)
        assert pick(loaded).policy.service == "s"

    def test_time_that_is_up_counts_as_the_upstreams_fault_in_0_10_alone(self) -> None:
        older, newer = (loaded_of(deployment(breaker=RULE), gateway=one) for one in VERSIONS)
        fail(older, 2, outcome=Outcome.EXPIRED)
        fail(newer, 2, outcome=Outcome.EXPIRED)
        with pytest.raises(Refusal):
            pick(older)
        assert pick(newer).policy.service == "s"

    def test_an_answer_that_blames_the_request_ends_the_row_of_failures_in_0_10_alone(self) -> None:
        older, newer = (loaded_of(deployment(breaker=RULE), gateway=one) for one in VERSIONS)
        for loaded in (older, newer):
            fail(loaded, 1)
            fail(loaded, 1, outcome=Outcome.CLIENT_FAULT)
            fail(loaded, 1)
        assert pick(older).policy.service == "s"
        with pytest.raises(Refusal):
            pick(newer)

    def test_each_name_that_clients_use_has_a_breaker_of_its_own_and_random_none(self) -> None:
        loaded = loaded_of(deployment(breaker=RULE))
        fail(loaded, 2)
        assert pick(loaded, model="nick").breaker == ("s", "nick")
        assert pick(loaded, model="random").breaker is None


def policy(loaded: Loaded, credential: int = 0) -> Policy:
    return next(one for one in loaded.config.groups["m"] if one.credential == credential)


async def enter_as(loaded: Loaded, credential: int, kind: str, most: float) -> Callable[[], None] | None:
    """Enter with twelve tokens, as a request for `m` does."""
    one = policy(loaded, credential)
    layers = layers_of(one, kind, "m", "m", loaded.config.settings.dialect)
    return await enter(loaded.memory, one, layers, 12, most)


class TestEntering:
    SLOT: ClassVar[dict[str, Any]] = {"concurrency": 1, "wait_seconds": 5}

    def enter(self, loaded: Loaded, *asked: tuple[int, str], most: float = 100.0) -> list[object]:
        """What each of several requests, made one after another, got: when it may go, or its refusal."""

        async def scenario() -> list[object]:
            loop = asyncio.get_running_loop()
            found: list[object] = []
            for credential, kind in asked:
                try:
                    release = await enter_as(loaded, credential, kind, most)
                except Refusal as refused:
                    found.append((refused.status, refused.retry_after, loop.time()))
                else:
                    found.append("free" if release is None else loop.time())
            return found

        return run(scenario())

    def test_without_a_limit_nothing_is_waited_for(self) -> None:
        assert self.enter(loaded_of(), (0, "chat"), (0, "embeddings")) == ["free", "free"]

    def test_a_full_service_is_429_with_the_time_to_try_again(self) -> None:
        loaded = loaded_of(deployment(limits={"service": self.SLOT}))
        assert self.enter(loaded, (0, "chat"), (0, "chat")) == [0.0, (429, 60.0, 5.0)]

    def test_the_wait_ends_with_the_time_that_the_request_has(self) -> None:
        loaded = loaded_of(deployment(limits={"service": self.SLOT}))
        assert self.enter(loaded, (0, "chat"), (0, "chat"), most=2.0) == [0.0, (429, 60.0, 2.0)]

    @pytest.mark.parametrize(("scope", "second"), [("service", (429, 60.0, 5.0)), ("credential", 0.0)])
    def test_credentials_share_the_services_limit_or_have_one_each(self, scope: str, second: object) -> None:
        limits = {scope: self.SLOT}
        loaded = loaded_of(*(deployment(credential=one, limits=limits) for one in (0, 1)))
        assert self.enter(loaded, (0, "chat"), (1, "chat")) == [0.0, second]

    def test_the_limit_of_chats_is_none_of_embeddings(self) -> None:
        loaded = loaded_of(deployment(limits={"service": self.SLOT}))
        assert self.enter(loaded, (0, "chat"), (0, "embeddings")) == [0.0, "free"]

    @pytest.mark.parametrize(("gateway", "second"), [("0.10", "free"), ("0.12", (429, 60.0, 5.0))])
    def test_embeddings_that_wait_in_vain_go_all_the_same_or_are_refused(
        self, gateway: str, second: object
    ) -> None:
        loaded = loaded_of(deployment(limits={"embeddings": self.SLOT}), gateway=gateway)
        assert self.enter(loaded, (0, "embeddings"), (0, "embeddings")) == [0.0, second]

    def test_a_request_larger_than_a_minute_is_refused_at_once_and_told_no_time_to_try_again(self) -> None:
        loaded = loaded_of(deployment(limits={"service": {"tpm": 11}}))
        assert self.enter(loaded, (0, "chat")) == [(429, None, 0.0)]

    def test_a_bucket_with_a_queue_refuses_at_once_who_cannot_wait_that_long(self) -> None:
        """Two in a queue at one a second: the third would wait three seconds, and may wait two and a half."""
        loaded = loaded_of(deployment(limits={"service": {"qps": 1, "wait_seconds": 2.5}}))

        async def scenario() -> list[object]:
            loop = asyncio.get_running_loop()

            async def one() -> object:
                try:
                    await enter_as(loaded, 0, "chat", 100.0)
                except Refusal as refused:
                    return refused.status, round(refused.retry_after or 0, 3), loop.time()
                return round(loop.time(), 3)

            return list(await asyncio.gather(*(one() for _ in range(4))))

        assert run(scenario()) == [0.0, 1.0, 2.0, (429, 3.0, 0.0)]


def test_a_deployment_for_embeddings_alone_is_asked_for_nothing_else() -> None:
    loaded = loaded_of(deployment("m", mode="embedding", chat=False))
    for kind in ("chat", "messages", "responses"):
        with pytest.raises(Refusal) as refused:
            pick(loaded, kind)
        assert (refused.value.status, refused.value.code) == (400, "model_not_found")
    assert pick(loaded, "embeddings").policy.id == "m-s"


class Counted:
    """Turns that are counted elsewhere; `asked` are the names that were asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    async def take(self, kind: str, name: str, first: int) -> int | None:
        self.asked.append((kind, name))
        return first + 1 if name else None


class TestTurnsCountedElsewhere:
    def drawn(self, *deployments: dict[str, Any]) -> tuple[str, str, list[tuple[str, str]]]:
        loaded, turns = loaded_of(*deployments), Counted()
        loaded.memory.turns = turns
        policy = pick(loaded).policy
        return policy.service, policy.key, [one for one in turns.asked if one[1]]

    def test_the_turn_of_services_is_asked_for_where_there_are_several(self) -> None:
        both = [deployment(service=name, order="rr") for name in ("a", "b")]
        assert self.drawn(*both) == ("b", "", [("services", "m")])
        assert self.drawn(both[0]) == ("a", "", [])

    def test_the_turn_of_keys_is_asked_for_by_the_service(self) -> None:
        assert self.drawn(*pool(3, order="rr")) == ("s", "key-2", [("keys", "s")])

    def test_the_turn_of_credentials_is_asked_for_by_the_service(self) -> None:
        both = [{**deployment(order="rr", credential=place)} for place in (0, 1)]
        for place, one in enumerate(both):
            one["model_info"]["id"] = str(place)
        assert self.drawn(*both) == ("s", "", [("keys", "s")])

    @pytest.mark.parametrize("order", ["first", "random", "hash"])
    def test_other_orders_count_no_turns(self, order: str) -> None:
        assert self.drawn(*pool(2, order=order))[2] == []
        assert self.drawn(deployment(service="a", order=order), deployment(service="b", order=order))[2] == []
        both = [deployment(order=order, credential=place) for place in (0, 1)]
        assert self.drawn(*both)[2] == []
