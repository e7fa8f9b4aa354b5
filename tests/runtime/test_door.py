from __future__ import annotations

from typing import Any

import pytest
from doorway import CHAT, ENVIRONMENT, ask, deployment, serve, state_of
from virtual import run

from one_adapter.runtime.entry.door import Door
from one_adapter.runtime.gateway.state import build


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
