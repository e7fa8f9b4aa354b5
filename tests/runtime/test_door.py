from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from virtual import run

from one_adapter.runtime import endpoints
from one_adapter.runtime.door import Door, mount
from one_adapter.runtime.request import Request, current
from one_adapter.runtime.state import State, build

Behaviour = Callable[
    [Request, Callable[..., Awaitable[None]], Callable[..., Awaitable[Any]]], Awaitable[None]
]
OWN = {"access": {"keys": [{"env": "CLIENT", "models": ["*"]}, {"env": "SOME", "models": ["m"]}]}}
ENVIRONMENT = {"CLIENT": "sk-client", "SOME": "sk-some", "LITELLM_MASTER_KEY": "sk-master"}


def deployment(name: str = "m", **ours: Any) -> dict[str, Any]:
    params = {"model": f"openai/up-{name}", "api_base": "http://x/v1", "api_key": "k"}
    info = {"id": f"{name}-{ours.get('service', 's')}", "mode": ours.pop("mode", "chat")}
    return {
        "model_name": name,
        "litellm_params": params,
        "model_info": {**info, "one_adapter": {"service": "s", **ours}},
    }


def state_of(*deployments: dict[str, Any], **own: Any) -> State:
    return build(deployments or (deployment(),), {**OWN, **own}, {"nick": "m"}, ENVIRONMENT)


class Upstreamish:
    """Stands where LiteLLM stands: chooses, waits and shapes as the callback does, then behaves."""

    def __init__(self, state: State, behave: Behaviour) -> None:
        self.state, self.behave = state, behave
        self.seen: list[tuple[dict[str, Any], dict[str, Any]]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        request = current.get()
        if request is None:
            await send({"type": "http.response.start", "status": 299, "headers": []})
            await send({"type": "http.response.body", "body": b"litellm", "more_body": False})
            return
        message = await receive()
        self.seen.append((dict(scope), json.loads(message["body"])))
        loop = asyncio.get_running_loop()
        policy = self.state.choose(request, loop.time())
        await self.state.admit(request, policy, loop.time())
        if policy.timeout:
            request.arm(loop, policy.timeout)
        await self.behave(request, send, receive)


async def fine(_request: Request, send: Any, _receive: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b'{"model":"m","data":[]}', "more_body": False})


class Caller:
    """One client of the door."""

    def __init__(self, door: Door) -> None:
        self.door = door

    async def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        key: str = "sk-client",
        leave: float | None = None,
        **headers: str,
    ) -> tuple[int, bytes, dict[str, str]]:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent: list[dict[str, Any]] = []
        parts = [{"type": "http.request", "body": raw, "more_body": False}]
        gone = asyncio.Event()

        async def receive() -> dict[str, Any]:
            if parts:
                return parts.pop(0)
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        given = [(b"authorization", f"Bearer {key}".encode())] if key else []
        given += [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        scope = {"type": "http", "method": method, "path": path, "headers": given, "query_string": b"a=b"}
        task = asyncio.ensure_future(self.door(scope, receive, send))
        if leave is not None:
            asyncio.get_running_loop().call_later(leave, gone.set)
            asyncio.get_running_loop().call_later(leave, task.cancel)
        await asyncio.gather(task, return_exceptions=leave is not None)
        starts = [message for message in sent if message["type"] == "http.response.start"]
        if not starts:
            return 0, b"", {}
        assert len(starts) == 1
        text = b"".join(message.get("body", b"") for message in sent[1:])
        return starts[0]["status"], text, {k.decode(): v.decode() for k, v in starts[0]["headers"]}


def serve(state: State, behave: Behaviour = fine) -> tuple[Caller, Upstreamish]:
    inner = Upstreamish(state, behave)
    return Caller(Door(inner, lambda: state, endpoints)), inner


CHAT = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


def ask(
    method: str,
    path: str,
    body: Any = None,
    state: State | None = None,
    behave: Behaviour = fine,
    **more: Any,
) -> tuple[int, Any, dict[str, str]]:
    """One request to a door with one state; the answer's JSON."""
    caller, _ = serve(state or state_of(), behave)
    status, text, headers = run(caller(method, path, body, **more))
    return status, json.loads(text) if text.startswith(b"{") else text, headers


class TestWhoMayComeIn:
    @pytest.mark.parametrize(
        "path", ["/v1/chat/completions", "/v1/embeddings", "/v1/messages", "/v1/responses"]
    )
    @pytest.mark.parametrize("key", ["", "wrong", "sk-clien", "sk-client2"])
    def test_a_wrong_or_missing_key_is_401_and_says_nothing_more(self, path: str, key: str) -> None:
        status, body, _ = ask("POST", path, CHAT, key=key)
        assert status == 401
        assert body["error"]["message"] == "Invalid or missing API key."

    def test_x_api_key_opens_as_bearer_does(self) -> None:
        assert ask("POST", "/v1/chat/completions", CHAT, key="", x_api_key="sk-client")[0] == 200

    def test_a_key_for_some_models_opens_them_and_not_others(self) -> None:
        state = state_of(deployment("m"), deployment("other"))
        assert ask("POST", "/v1/chat/completions", CHAT, state, key="sk-some")[0] == 200
        status, body, _ = ask(
            "POST", "/v1/chat/completions", {**CHAT, "model": "other"}, state, key="sk-some"
        )
        assert (status, body["error"]["code"]) == (403, "model_forbidden")

    def test_a_key_for_some_models_cannot_tell_unknown_from_forbidden(self) -> None:
        bodies = [
            ask("POST", "/v1/chat/completions", {**CHAT, "model": name}, key="sk-some") for name in ("a", "b")
        ]
        assert {status for status, _, _ in bodies} == {403}

    @pytest.mark.parametrize(
        "path", ["/key/generate", "/config/update", "/model/new", "/team/list", "/spend/logs"]
    )
    def test_client_keys_do_not_open_what_manages_litellm(self, path: str) -> None:
        assert ask("POST", path, {})[0] == 403
        assert ask("GET", path)[0] == 403

    @pytest.mark.parametrize(
        "path", ["/v1/completions", "/chat/completions", "/v1", "/v1/images/generations", "/"]
    )
    def test_what_the_gateway_does_not_have_is_not_there(self, path: str) -> None:
        assert ask("POST", path, CHAT)[0] == 404

    def test_the_master_key_opens_everything(self) -> None:
        assert ask("POST", "/key/generate", {}, key="sk-master")[0] == 299

    def test_an_open_proxy_is_open_for_the_llm_routes_only(self) -> None:
        state = build([deployment()], {"access": {"open": True}}, {}, ENVIRONMENT)
        assert ask("POST", "/v1/chat/completions", CHAT, state, key="")[0] == 200
        assert ask("GET", "/key/info", None, state, key="")[0] == 403

    def test_the_owner_may_open_more_routes(self) -> None:
        state = state_of(routes=["/v1/images/generations"])
        assert ask("POST", "/v1/images/generations", {}, state)[0] == 299

    def test_without_settings_nobody_but_the_master_comes_in(self) -> None:
        state = build([deployment()], None, None, ENVIRONMENT)
        assert ask("POST", "/v1/chat/completions", CHAT, state)[0] == 401
        assert ask("POST", "/v1/chat/completions", CHAT, state, key="sk-master")[0] == 200

    @pytest.mark.parametrize("path", ["/health/liveliness", "/health/readiness", "/healthz"])
    def test_health_needs_no_key(self, path: str) -> None:
        assert ask("GET", path, key="")[0] in (200, 299)

    @pytest.mark.parametrize(("key", "reached"), [("sk-client", False), ("sk-master", True)])
    def test_a_websocket_is_for_the_master_key(self, key: str, reached: bool) -> None:
        async def scenario() -> list[str]:
            seen: list[str] = []

            async def inner(*_: Any) -> None:
                seen.append("inner")

            async def send(message: Any) -> None:
                seen.append(message["type"])

            door = Door(inner, state_of)
            await door({"type": "websocket", "headers": [(b"x-api-key", key.encode())]}, None, send)  # type: ignore[arg-type]
            return seen

        assert run(scenario()) == (["inner"] if reached else ["websocket.close"])

    def test_the_lifespan_passes(self) -> None:
        async def scenario() -> list[str]:
            seen: list[str] = []

            async def inner(scope: Any, *_: Any) -> None:
                seen.append(scope["type"])

            await Door(inner, state_of)({"type": "lifespan"}, None, None)  # type: ignore[arg-type]
            return seen

        assert run(scenario()) == ["lifespan"]


class TestNames:
    def test_an_unknown_model_is_400_in_openais_form(self) -> None:
        status, body, _ = ask("POST", "/v1/chat/completions", {**CHAT, "model": "ghost"})
        assert (status, body["error"]["code"], body["error"]["param"]) == (400, "model_not_found", "model")

    @pytest.mark.parametrize("name", ["m-s", "openai/up-m", "up-m", "M", " m", "m ", "team/m", "", "*"])
    def test_only_the_clients_own_names_are_known(self, name: str) -> None:
        assert ask("POST", "/v1/chat/completions", {**CHAT, "model": name})[0] == 400

    def test_an_alias_asks_its_group(self) -> None:
        caller, inner = serve(state_of())
        assert run(caller("POST", "/v1/chat/completions", {**CHAT, "model": "nick"}))[0] == 200
        assert inner.seen[0][1]["model"] == "nick"

    def test_a_catch_all_answers_every_name_and_an_empty_one_none(self) -> None:
        body = {**CHAT, "model": "anything"}
        assert ask("POST", "/v1/chat/completions", body, state_of(catch_all="m"))[0] == 200
        assert ask("POST", "/v1/chat/completions", CHAT, state_of(catch_all=""))[0] == 400

    def test_prefixes_under_v1_are_chat_completions(self) -> None:
        caller, inner = serve(state_of())
        assert run(caller("POST", "/v1/engines/x/chat/completions", CHAT))[0] == 200
        assert inner.seen[0][0]["path"] == "/v1/chat/completions"
        assert inner.seen[0][0]["query_string"] == b""

    def test_the_list_shows_what_the_key_opens_and_hides_the_unlisted(self) -> None:
        names = [deployment(name) for name in ("m", "b", "hidden", "random")]
        state = state_of(*names, unlisted=["hidden"])
        _, body, _ = ask("GET", "/v1/models", None, state)
        assert [entry["id"] for entry in body["data"]] == ["m", "b", "random"]
        _, body, _ = ask("GET", "/v1/models/", None, state, key="sk-some")
        assert [entry["id"] for entry in body["data"]] == ["m"]

    def test_a_key_for_some_models_sees_those_that_exist_listed_or_not(self) -> None:
        state = state_of(deployment("m"), deployment("b"), unlisted=["m"])
        _, body, _ = ask("GET", "/v1/models", None, state, key="sk-some")
        assert [entry["id"] for entry in body["data"]] == ["m"]
        status, body, _ = ask("GET", "/v1/models", None, state_of(deployment("b")), key="sk-some")
        assert (status, body["data"]) == (200, [])

    def test_an_input_that_is_neither_text_nor_list_is_400(self) -> None:
        assert ask("POST", "/v1/responses", {"model": "m", "input": 7})[0] == 400

    def test_messages_without_messages_are_400(self) -> None:
        assert ask("POST", "/v1/messages", {"model": "m"})[0] == 400

    def test_a_list_of_nothing_but_random_is_404(self) -> None:
        state = state_of(deployment("e", mode="embedding"), deployment("random"), unlisted=["e"])
        assert ask("GET", "/v1/models", None, state)[0] == 404

    @pytest.mark.parametrize(
        ("name", "status"),
        [("m", 200), ("a/b", 200), ("a%2Fb", 200), ("ghost", 404), ("random", 404), ("glob", 404)],
    )
    def test_one_model_by_its_name_slashes_and_all(self, name: str, status: int) -> None:
        state = state_of(*(deployment(each) for each in ("m", "a/b", "random", "glob")), aliases=["glob"])
        assert ask("GET", f"/v1/models/{name}", None, state)[0] == status


class TestBodies:
    @pytest.mark.parametrize(
        "raw",
        [
            b"{",
            b"",
            b"[]",
            b'"x"',
            b"null",
            b"model=m",
            b"\xff\xfe",
            b'{"model": ["m"]}',
            b'{"model": null}',
            b"{}",
            b'{"model": "m", "messages": "text"}',
            b'{"model": "m", "messages": [1]}',
            b'{"model": "m", "messages": [{"role": "user", "content": 5}]}',
            b'{"model": "m", "stream": "yes"}',
            b'{"model": "m", "messages": [], "temperature": "hot"}',
            b"[" * 100_000,
        ],
    )
    def test_what_is_no_request_is_400(self, raw: bytes) -> None:
        assert ask("POST", "/v1/chat/completions", raw)[0] == 400

    def test_text_after_the_object_is_passed_over_and_the_last_duplicate_counts(self) -> None:
        raw = b'{"model": "ghost", "model": "m", "messages": []} trailing'
        assert ask("POST", "/v1/chat/completions", raw)[0] == 200

    def test_content_given_as_one_object_is_a_list_of_one(self) -> None:
        caller, inner = serve(state_of())
        part = {"type": "text", "text": "solo"}
        run(
            caller(
                "POST",
                "/v1/chat/completions",
                {"model": "m", "messages": [{"role": "user", "content": part}]},
            )
        )
        assert inner.seen[0][1]["messages"][0]["content"] == [part]

    def test_more_than_8_mib_is_413(self) -> None:
        assert ask("POST", "/v1/chat/completions", b" " * ((8 << 20) + 1))[0] == 413
        assert ask("POST", "/v1/chat/completions", b"{}", content_length=str((8 << 20) + 1))[0] == 413

    def test_earlier_responses_are_not_stored(self) -> None:
        body = {"model": "m", "input": "x", "previous_response_id": "resp_1"}
        assert ask("POST", "/v1/responses", body)[0] == 400

    def test_errors_on_messages_have_anthropics_form(self) -> None:
        status, body, _ = ask("POST", "/v1/messages", {**CHAT, "model": "ghost"})
        assert (status, body["type"], body["error"]["type"]) == (400, "error", "invalid_request_error")

    def test_a_client_that_leaves_while_sending_gets_no_further(self) -> None:
        async def scenario() -> int:
            caller, inner = serve(state_of())
            sent: list[Any] = []

            async def receive() -> Any:
                return {"type": "http.disconnect"}

            async def send(message: Any) -> None:
                sent.append(message)

            scope = {
                "type": "http",
                "method": "POST",
                "path": "/v1/embeddings",
                "headers": [(b"x-api-key", b"sk-client")],
            }
            await caller.door(scope, receive, send)  # type: ignore[arg-type]
            return len(inner.seen)

        assert run(scenario()) == 0

    def test_embeddings_name_the_upstreams_model(self) -> None:
        _, body, headers = ask("POST", "/v1/embeddings", {"model": "m", "input": "x"})
        assert body["model"] == "up-m"
        assert int(headers["content-length"]) == len('{"model":"up-m","data":[]}')

    def test_a_model_without_embeddings_says_so(self) -> None:
        async def refuse(*_: Any) -> None:
            raise AssertionError("not reached")

        state = state_of(deployment("m", embeddings=False))
        assert ask("POST", "/v1/embeddings", {"model": "m", "input": "x"}, state, refuse)[0] == 400


class TestTimeAndPlace:
    def test_an_upstream_that_takes_too_long_is_504_and_its_place_is_free(self) -> None:
        async def slow(*_: Any) -> None:
            await asyncio.sleep(100)

        state = state_of(
            deployment(timeout=3, limit={"kind": "concurrency", "per_window": 1, "wait_seconds": 9})
        )
        status, body, _ = ask("POST", "/v1/chat/completions", CHAT, state, slow)
        assert (status, body["error"]["code"]) == (504, "timeout")
        assert state.limits.held() == {}

    @pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages", "/v1/responses"])
    def test_a_stream_that_takes_too_long_ends_with_an_error_in_the_routes_form(self, path: str) -> None:
        async def slow(_request: Request, send: Any, _receive: Any) -> None:
            headers = [(b"content-type", b"text/event-stream; charset=utf-8")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            for _ in range(9):
                await send({"type": "http.response.body", "body": b"data: {}\n\n", "more_body": True})
                await asyncio.sleep(1)

        status, text, _ = ask("POST", path, {**CHAT, "input": "x"}, state_of(deployment(timeout=3)), slow)
        assert status == 200
        last = text.decode().strip().split("\n\n")[-1]
        assert "error" in json.loads(last[last.index("{") :]).get("type", "error")
        assert text.count(b"data: {}") == 3

    def test_waiting_too_long_for_a_place_is_429_with_a_time_to_try_again(self) -> None:
        async def hold(request: Request, send: Any, receive: Any) -> None:
            await asyncio.sleep(20)
            await fine(request, send, receive)

        state = state_of(deployment(limit={"kind": "concurrency", "per_window": 1, "wait_seconds": 5}))

        async def scenario() -> tuple[list[int], str]:
            caller, _ = serve(state, hold)
            first, second = await asyncio.gather(
                *(caller("POST", "/v1/chat/completions", CHAT) for _ in range(2))
            )
            return sorted((first[0], second[0])), {**first[2], **second[2]}["retry-after"]

        assert run(scenario()) == ([200, 429], "60")

    def test_an_embeddings_limit_only_delays(self) -> None:
        limit = {"kind": "qpm", "per_window": 1, "wait_seconds": 5}
        state = state_of(deployment(embedding_limit=limit))

        async def scenario() -> tuple[list[int], float]:
            caller, _ = serve(state)
            statuses = [
                (await caller("POST", "/v1/embeddings", {"model": "m", "input": "x"}))[0] for _ in range(2)
            ]
            return statuses, asyncio.get_running_loop().time()

        assert run(scenario()) == ([200, 200], 5.0)

    def test_a_wait_never_outlasts_the_services_timeout(self) -> None:
        limit = {"kind": "qpm", "per_window": 1, "wait_seconds": 50, "scope": "credential"}
        state = state_of(deployment(limit=limit, timeout=4))

        async def scenario() -> tuple[list[int], float]:
            caller, _ = serve(state)
            statuses = [(await caller("POST", "/v1/chat/completions", CHAT))[0] for _ in range(2)]
            return statuses, asyncio.get_running_loop().time()

        assert run(scenario()) == ([200, 429], 4.0)


class TestBreaker:
    RULE: ClassVar[dict[str, int]] = {"failures": 2, "recovery_seconds": 30, "probes": 1}

    def answers(
        self, statuses: list[int], more: int, services: tuple[str, ...] = ("s",), model: str = "m"
    ) -> list[int]:
        left = list(statuses)

        async def behave(_request: Request, send: Any, _receive: Any) -> None:
            status = left.pop(0) if left else 200
            await send({"type": "http.response.start", "status": status, "headers": []})
            await send({"type": "http.response.body", "body": b"{}", "more_body": False})

        entries = [deployment(model, service=name, order="first", breaker=self.RULE) for name in services]
        state = state_of(*entries)

        async def scenario() -> list[int]:
            caller, _ = serve(state, behave)
            body = {**CHAT, "model": model}
            return [
                (await caller("POST", "/v1/chat/completions", body))[0] for _ in range(len(statuses) + more)
            ]

        return run(scenario())

    def test_after_the_failures_the_answer_is_503_without_a_call(self) -> None:
        assert self.answers([500, 502], 2) == [500, 502, 503, 503]

    def test_the_clients_own_mistakes_do_not_count(self) -> None:
        assert self.answers([400, 401, 404, 422, 403], 1) == [400, 401, 404, 422, 403, 200]

    def test_another_service_takes_over(self) -> None:
        assert self.answers([500, 500], 2, ("a", "b")) == [500, 500, 200, 200]

    def test_random_has_no_breaker(self) -> None:
        assert self.answers([500, 500, 500], 1, model="random") == [500, 500, 500, 200]

    def test_a_stream_that_breaks_and_a_timeout_count_as_failures(self) -> None:
        calls = []

        async def behave(request: Request, send: Any, _receive: Any) -> None:
            calls.append(request)
            if len(calls) == 1:
                headers = [(b"content-type", b"text/event-stream")]
                await send({"type": "http.response.start", "status": 200, "headers": headers})
                await send(
                    {"type": "http.response.body", "body": b'data: {"error": 1}\n\n', "more_body": False}
                )
            else:
                await asyncio.sleep(60)

        state = state_of(deployment(breaker=self.RULE, timeout=2))

        async def scenario() -> list[int]:
            caller, _ = serve(state, behave)
            return [(await caller("POST", "/v1/chat/completions", CHAT))[0] for _ in range(3)]

        assert run(scenario()) == [200, 504, 503]


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
    async def behave(request: Request, send: Any, _receive: Any) -> None:
        kind = request.body["kind"]
        if kind == "raise":
            raise RuntimeError("broken")
        if kind == "slow":
            await asyncio.sleep(1.5)
        if kind == "hang":
            await asyncio.sleep(1000)
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [(b"content-type", b"text/event-stream")],
            }
        )
        await send({"type": "http.response.body", "body": b"data: {}\n\n", "more_body": True})
        if kind == "cut":
            raise ConnectionResetError
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    limit = {"kind": "concurrency", "per_window": size, "wait_seconds": 2}
    state = state_of(
        deployment(timeout=3, limit=limit, breaker={"failures": 10_000, "recovery_seconds": 1, "probes": 1})
    )

    async def scenario() -> None:
        caller, _ = serve(state, behave)

        async def client(kind: str, come: int, leave: int | None) -> None:
            await asyncio.sleep(come / 10)
            seconds = 1000.0 if leave is None else leave / 10
            task = asyncio.ensure_future(
                caller("POST", "/v1/chat/completions", {**CHAT, "kind": kind}, leave=seconds)
            )
            await asyncio.gather(task, return_exceptions=True)

        await asyncio.gather(*(client(*call) for call in calls))
        assert state.limits.held() == {}

    run(scenario())


def test_the_door_is_mounted_once() -> None:
    class App:
        middleware_stack: Any = None

        def build_middleware_stack(self) -> Any:
            return fine

    app = App()
    for _ in range(2):
        mount(app, lambda inner: Door(inner, state_of))
    assert isinstance(app.middleware_stack, Door)
    assert app.middleware_stack.app is fine
