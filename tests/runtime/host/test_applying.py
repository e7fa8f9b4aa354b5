"""Generations that follow each other in a process with LiteLLM's own router."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from functools import partial
from itertools import groupby
from threading import get_ident
from types import MappingProxyType
from typing import Any, ClassVar

import litellm
import pytest
import yaml
from litellm.proxy import proxy_server

from one_adapter.contract import MASTER_KEY, SECTION
from one_adapter.errors import OneAdapterError
from one_adapter.runtime.gateway.config import Config
from one_adapter.runtime.gateway.layers import Layer, layers_of
from one_adapter.runtime.host import applying, loaded, reading
from one_adapter.runtime.redaction import Known, known
from one_adapter.runtime.reload.generation import Generation
from one_adapter.runtime.reload.naming import generation_of

KEYS = {MASTER_KEY: "sk-master", "UP_1": "sk-upstream-one", "UP_2": "sk-upstream-two", "CLIENT": "sk-client"}


def deployment(
    name: str, path: str = "a", key: str = "UP_1", service: str = "s", **ours: Any
) -> dict[str, Any]:
    return {
        "model_name": name,
        "litellm_params": {
            "model": f"openai/up-{name}-{path}",
            "api_base": f"http://127.0.0.1:9/{path}/v1",
            "api_key": f"os.environ/{key}",
        },
        "model_info": {"id": f"{service}.0.1", "mode": "chat", SECTION: {"service": service, **ours}},
    }


def generation(
    number: int, *models: dict[str, Any], keys: dict[str, str] | None = None, **own: Any
) -> Generation:
    own = {"access": {"keys": [{"env": "CLIENT", "models": ["*"]}]}, **own}
    text = yaml.safe_dump({"model_list": [*models], "general_settings": {SECTION: own}})
    return generation_of(number, text, {**KEYS, **(keys or {})})


Start = Callable[[Generation], None]


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Have LiteLLM load a first generation, as a proxy does when it starts."""
    monkeypatch.setattr(proxy_server, "llm_router", None)
    monkeypatch.setattr(proxy_server, "general_settings", MappingProxyType({}))  # nobody is to change it
    monkeypatch.setattr(proxy_server.proxy_config, "get_config_state", dict)
    for name, value in (
        ("_made", None),
        ("_apart", frozenset()),
        ("_generation", (1, "")),
        ("_look_at", 0.0),
        ("_own", None),
    ):
        monkeypatch.setattr(loaded, name, value)
    monkeypatch.setattr(applying, "_held", [])
    monkeypatch.setattr(applying, "_staged", set())
    monkeypatch.setattr(applying, "_tasks", set())
    monkeypatch.setattr(applying, "_looked", False)
    monkeypatch.setattr(applying, "LINGER_SECONDS", 0.0)
    monkeypatch.setattr(applying, "keepers", [])
    before = dict(os.environ)

    def first(one: Generation) -> None:
        os.environ.update(one.environment)
        found = applying.resolved(yaml.safe_load(one.config), one.environment)
        proxy_server.llm_router = litellm.Router(model_list=found["model_list"], disable_cooldowns=True)
        proxy_server.general_settings = MappingProxyType(found["general_settings"])  # type: ignore[assignment]
        applying.begin(one)

    yield first
    os.environ.clear()
    os.environ.update(before)


def ids() -> set[str]:
    """The deployments in LiteLLM's router."""
    return {one["model_info"]["id"] for one in reading.deployments(proxy_server.llm_router)}


def now() -> Config:
    return loaded.loaded().config


async def follow(one: Generation) -> applying.Applied:
    return applying.commit(applying.prepare(one))


async def settled() -> None:
    """Have everybody go on who can, and wait for what is done by and by."""
    for _ in range(3):
        await asyncio.sleep(0)
    while applying._tasks:
        await asyncio.gather(*applying._tasks)


class TestOneAfterAnother:
    """What new requests get, and what is left of the old."""

    def test_only_what_is_another_is_another_to_litellm(self, start: Start) -> None:
        start(generation(1, deployment("m"), deployment("gone")))
        before = now()

        async def scenario() -> applying.Applied:
            found = await follow(generation(2, deployment("m"), deployment("new")))
            await settled()
            return found

        found = asyncio.run(scenario())
        assert (found.added, found.removed, found.changed) == (0, 0, 1)
        assert now().groups["m"][0].id == before.groups["m"][0].id
        assert ids() == {one.id for one in now().policies.values()}
        assert {*now().groups} == {"m", "new"}
        assert now().parameters[now().groups["new"][0].id]["api_key"] == "sk-upstream-one"

    def test_the_old_stay_for_who_holds_their_configuration_over_three_generations(
        self, start: Start
    ) -> None:
        start(generation(1, deployment("m", "one")))

        async def scenario() -> list[int]:
            old, seen = now(), []
            old.uses.count += 1
            for number, path in ((2, "two"), (3, "three")):
                await follow(generation(number, deployment("m", path)))
                await settled()
                seen.append(len(ids()))
                assert old.groups["m"][0].id in ids()
            old.uses.end()
            await settled()
            return [*seen, len(ids())]

        assert asyncio.run(scenario()) == [2, 2, 1]

    def test_new_requests_never_see_the_old_when_the_router_is_looked_at_anew(self, start: Start) -> None:
        start(generation(1, deployment("m", "one")))

        async def scenario() -> list[str]:
            now().uses.count += 1
            await follow(generation(2, deployment("m", "two")))
            loaded._made = (None, 0, None, loaded.loaded())  # as after somebody's change of the router
            return [one.upstream_model for one in now().groups["m"]]

        assert asyncio.run(scenario()) == ["up-m-two"]

    def test_a_generation_that_comes_back_while_its_deployments_go_keeps_them(self, start: Start) -> None:
        start(generation(1, deployment("m", "one")))

        async def scenario() -> set[str]:
            old = now()
            old.uses.count += 1
            await follow(generation(2, deployment("m", "two")))
            await follow(generation(3, deployment("m", "one")))
            old.uses.end()
            await settled()
            return ids()

        assert asyncio.run(scenario()) == {now().groups["m"][0].id}
        assert now().groups["m"][0].upstream_model == "up-m-one"

    def test_it_says_which_generation_holds(self, start: Start) -> None:
        first, second = generation(1, deployment("m")), generation(2, deployment("m", "two"))
        start(first)
        assert (now().number, now().fingerprint) == (1, first.fingerprint)
        asyncio.run(follow(second))
        assert (now().number, now().fingerprint) == (2, second.fingerprint)

    def test_aliases_and_keys_of_clients_are_the_new_ones(self, start: Start) -> None:
        start(generation(1, deployment("m")))
        one = generation(2, deployment("m"), keys={"CLIENT": "sk-other"})
        text = yaml.safe_load(one.config) | {"router_settings": {"model_group_alias": {"nick": "m"}}}
        asyncio.run(follow(Generation(2, "f", yaml.safe_dump(text), one.environment)))
        assert now().resolve("nick") == "m"
        assert now().keys.identify([(b"authorization", b"Bearer sk-other")]) is not None
        assert now().keys.identify([(b"authorization", b"Bearer sk-client")]) is None
        admin = now().keys.identify([(b"authorization", b"Bearer sk-master")])
        assert admin is not None
        assert admin.admin


class TestMemory:
    """Limits, breakers and turns go on by the service."""

    LIMIT: ClassVar[dict[str, Any]] = {"service": {"concurrency": 1}}

    def layers(self, name: str = "m") -> tuple[Layer, ...]:
        config = now()
        return layers_of(config.groups[name][0], "chat", name, name, config.settings.dialect, config.number)

    def test_thirty_that_wait_go_on_with_the_new_number_and_old_requests_do_not_bring_the_old_back(
        self, start: Start
    ) -> None:
        start(generation(1, deployment("m", limits=self.LIMIT)))

        async def scenario() -> tuple[int, int, int]:
            limits, old = loaded.loaded().memory.limits, self.layers()
            held = await limits.acquire(old, 0, 100)
            waiting = [asyncio.create_task(limits.acquire(old, 0, 100)) for _ in range(30)]
            await settled()
            before = sum(one.done() for one in waiting)
            await follow(generation(2, deployment("m", limits={"service": {"concurrency": 11}})))
            await settled()
            during = sum(one.done() for one in waiting)
            late = asyncio.create_task(limits.acquire(old, 0, 100))
            held()
            for _ in range(25):
                for one in [one for one in waiting if one.done()][:1]:
                    waiting.remove(one)
                    (await one)()
                await settled()
            still = len(waiting)
            for one in (*waiting, late):
                (await one)()
            return before, during, still

        assert asyncio.run(scenario()) == (0, 10, 5)

    def test_a_full_limit_stays_with_its_service_when_the_first_is_taken_out(self, start: Start) -> None:
        first = deployment("a", key="UP_1", service="openai-1", limits=self.LIMIT)
        second = deployment("m", key="UP_2", service="openai-2", limits=self.LIMIT)
        moved = deployment("m", key="UP_2", service="openai-1", limits=self.LIMIT)
        start(generation(1, first, second, counted=["openai-1", "openai-2"]))

        async def scenario() -> tuple[bool, bool]:
            limits = loaded.loaded().memory.limits
            free = await limits.acquire(self.layers("a"), 0, 0)
            held = await limits.acquire(self.layers(), 0, 0)
            await follow(generation(2, moved, counted=["openai-1"]))
            waits = asyncio.create_task(limits.acquire(self.layers(), 0, 100))
            free()
            await settled()
            full = waits.done()
            held()
            await settled()
            return full, waits.done()

        assert asyncio.run(scenario()) == (False, True)

    def test_without_the_limit_everybody_goes_who_waits_and_who_waits_at_a_service_that_is_gone_does_not(
        self, start: Start
    ) -> None:
        gone = deployment("gone", service="t", limits=self.LIMIT)
        start(generation(1, deployment("m", limits=self.LIMIT), gone))

        async def scenario() -> list[int]:
            limits, found = loaded.loaded().memory.limits, []
            for name in ("m", "gone"):
                await limits.acquire(self.layers(name), 0, 0)
            waiting = [
                [asyncio.create_task(limits.acquire(self.layers(name), 0, 100)) for _ in range(3)]
                for name in ("m", "gone")
            ]
            await settled()
            await follow(generation(2, deployment("m")))
            await settled()
            for several in waiting:
                found.append(sum(one.done() for one in several))
                for one in several:
                    one.cancel()
            return found

        assert asyncio.run(scenario()) == [3, 0]


class TestNothingGrows:
    """What LiteLLM and this process hold after many generations."""

    def test_after_many_generations_there_is_what_there_was_after_the_second(self, start: Start) -> None:
        start(generation(1, deployment("m", "x1", "UP_1"), deployment("stays")))
        sizes: list[tuple[int, ...]] = []

        async def scenario() -> None:
            for number in range(2, 22):
                key = {"UP_1": f"sk-upstream-{number:09}"}
                await follow(generation(number, deployment("m", f"x{number}"), deployment("stays"), keys=key))
                await settled()
                router = proxy_server.llm_router
                names = getattr(router, "registry", None)
                listed = names().names(kind="deployment_names") if names else router.deployment_names  # type: ignore[union-attr]
                sizes.append(
                    (len(ids()), len([*listed]), len(litellm.model_cost), len(os.environ), len(known._values))
                )

        asyncio.run(scenario())
        assert sizes[1:] == sizes[:-1]

    def test_a_variable_of_the_old_goes_with_its_last_request_and_not_before(self, start: Start) -> None:
        start(generation(1, deployment("m", proxy={"http_env": "WAY"}), keys={"WAY": "http://one:1"}))

        async def scenario() -> list[list[str]]:
            old, seen = now(), []
            old.uses.count += 1
            for step in range(2):
                if not step:
                    await follow(
                        generation(
                            2, deployment("m", proxy={"http_env": "WAY"}), keys={"WAY": "http://two:2"}
                        )
                    )
                else:
                    old.uses.end()
                await settled()
                seen.append(sorted(value for name, value in os.environ.items() if name.startswith("WAY_")))
            return seen

        assert asyncio.run(scenario()) == [["http://one:1", "http://two:2"], ["http://two:2"]]

    def test_the_parent_of_workers_keeps_nothing_of_what_it_began_with_or_had_them_follow(
        self, start: Start
    ) -> None:
        def made(number: int) -> Generation:
            keys = {"UP_1": f"sk-upstream-number-{number}", "WAY": f"http://u:the-password@h{number}:1"}
            return generation(number, deployment("m", proxy={"http_env": "WAY"}), keys=keys)

        start(made(1))
        known.learn(made(1).environment.values())
        for number in range(2, 5):
            applying.adopt(made(number))
            found = sorted(value for name, value in os.environ.items() if name.startswith(("UP_1_", "WAY_")))
            assert found == [f"http://u:the-password@h{number}:1", f"sk-upstream-number-{number}"]
            assert {name: os.environ[name] for name in ("CLIENT", MASTER_KEY)} == {
                name: KEYS[name] for name in ("CLIENT", MASTER_KEY)
            }
        told = "the-password sk-upstream-number-4 sk-upstream-number-3"
        assert known.clean(told) == "*** *** sk-upstream-number-3"

    def test_whoever_keeps_clients_hears_which_deployments_there_still_are(self, start: Start) -> None:
        start(generation(1, deployment("m", "one")))
        heard: list[list[str]] = []
        applying.keepers.append(lambda policies: heard.append([one.upstream_model for one in policies]))

        async def scenario() -> None:
            await follow(generation(2, deployment("m", "two")))
            await settled()

        asyncio.run(scenario())
        assert heard == [["up-m-two"]]


class TestRequestsGoOn:
    """How long a reload keeps the loop: no stretch of it grows with the configuration."""

    def test_the_patterns_of_its_secrets_are_made_beside_the_loop(
        self, start: Start, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        start(generation(1, deployment("m"), keys={"UP_1": "sk-upstream-of-old"}))
        threads: list[int] = []
        renew = Known.renew
        monkeypatch.setattr(Known, "renew", lambda one: (threads.append(get_ident()), renew(one)))

        async def scenario() -> None:
            now()  # what LiteLLM began with is known before
            threads.clear()
            new = generation(2, deployment("m"), keys={"UP_1": "sk-upstream-of-new"})
            prepared = await asyncio.to_thread(applying.prepare, new)
            assert known.clean("sk-upstream-of-new") == "***"
            await applying.stage(prepared)
            applying.commit(prepared)
            await settled()

        asyncio.run(scenario())
        assert len(threads) == 2, "for the new, and without the old"
        assert get_ident() not in threads
        assert known.clean("sk-upstream-of-old sk-upstream-of-new") == "sk-upstream-of-old ***"

    def test_others_have_their_turn_between_two_changes_of_litellm(
        self, start: Start, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        start(generation(1, *(deployment(name) for name in "abc")))
        seen: list[str] = []
        for change in ("add", "remove"):
            real = getattr(applying.writing, change)
            spy = partial(lambda real, change, *given: (seen.append(change), real(*given)), real, change)
            monkeypatch.setattr(applying.writing, change, spy)

        async def others() -> None:
            while True:
                seen.append("others")
                await asyncio.sleep(0)

        async def scenario() -> None:
            turns = asyncio.create_task(others())
            new = generation(2, *(deployment(name, "other") for name in "abc"))
            prepared = applying.prepare(new)
            await applying.stage(prepared)
            applying.commit(prepared)
            await settled()
            turns.cancel()

        asyncio.run(scenario())
        changes = [change for change, _ in groupby(seen)]
        assert [one for one in changes if one != "others"] == ["add"] * 3 + ["remove"] * 3

    def test_what_litellm_began_with_is_looked_at_once(
        self, start: Start, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        start(generation(1, deployment("m", "1")))
        looked: list[None] = []
        monkeypatch.setattr(proxy_server.proxy_config, "get_config_state", lambda: looked.append(None) or {})

        async def scenario() -> list[int]:
            found = []
            for number in (2, 3, 4):
                await follow(generation(number, deployment("m", str(number))))
                await settled()
                found.append(len(looked))
            return found

        first, *later = asyncio.run(scenario())
        assert first
        assert later == [first, first]


class TestNotTaken:
    """A generation that cannot be used changes nothing."""

    def test_one_that_litellm_would_not_load_is_refused_when_it_is_prepared(self, start: Start) -> None:
        start(generation(1, deployment("m")))
        broken = generation(2, {"model_name": "m", "litellm_params": {}, "model_info": {}})
        with pytest.raises(OneAdapterError, match="would not load"):
            applying.prepare(broken)
        assert now().number == 1

    def test_one_with_a_provider_that_nobody_knows_is_taken_back_whole(self, start: Start) -> None:
        start(generation(1, deployment("m")))
        before = ids()
        odd = deployment("odd")
        odd["litellm_params"]["model"] = "nobody-has-this/m"

        async def scenario() -> None:
            with pytest.raises(OneAdapterError, match="does not take"):
                await applying.stage(applying.prepare(generation(2, deployment("m", "two"), odd)))

        asyncio.run(scenario())
        assert ids() == before
        assert (now().number, len(now().policies)) == (1, 1)

    def test_what_was_put_there_ahead_and_is_dropped_leaves_nothing(self, start: Start) -> None:
        start(generation(1, deployment("m")))
        before = ids()

        async def scenario() -> tuple[int, int]:
            prepared = applying.prepare(generation(2, deployment("m", "two"), deployment("n")))
            await applying.stage(prepared)
            seen = len(ids()), len(now().policies)
            applying.drop(prepared)
            return seen

        assert asyncio.run(scenario()) == (3, 1)
        assert ids() == before

    def test_with_models_in_litellms_database_it_takes_a_restart(
        self, start: Start, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        start(generation(1, deployment("m")))
        monkeypatch.setattr(proxy_server, "prisma_client", object())
        monkeypatch.setattr(proxy_server, "store_model_in_db", True)
        with pytest.raises(OneAdapterError, match="restart"):
            applying.prepare(generation(2, deployment("m", "two")))
