from __future__ import annotations

import json
import uuid
from typing import Any, ClassVar

import pytest
from doorway import CHAT, Caller, Way, ask, deployment, fine, litellm, loaded_from, loaded_of, serve
from virtual import run

from one_adapter.runtime.entry.door import Door
from one_adapter.runtime.entry.request import Request
from one_adapter.runtime.gateway.refusal import Refusal


class TestWhoMayComeIn:
    @pytest.mark.parametrize(
        "path", ["/v1/chat/completions", "/v1/embeddings", "/v1/messages", "/v1/responses"]
    )
    @pytest.mark.parametrize("key", ["", "wrong", "sk-clien", "sk-client2"])
    def test_a_wrong_or_missing_key_is_401_and_says_nothing_more(self, path: str, key: str) -> None:
        status, body, _ = ask("POST", path, CHAT, key=key)
        assert status == 401
        assert body["error"]["message"] == "Invalid or missing API key."

    @pytest.mark.parametrize("name", ["x_api_key", "x_litellm_api_key"])
    def test_a_header_that_holds_the_key_alone_opens_as_bearer_does(self, name: str) -> None:
        assert ask("POST", "/v1/chat/completions", CHAT, key="", **{name: "sk-client"})[0] == 200
        assert ask("POST", "/v1/chat/completions", CHAT, key="", **{name: "sk-wrong"})[0] == 401

    def test_a_key_for_some_models_opens_them_and_not_others(self) -> None:
        loaded = loaded_of(deployment("m"), deployment("other"))
        assert ask("POST", "/v1/chat/completions", CHAT, loaded, key="sk-some")[0] == 200
        status, body, _ = ask(
            "POST", "/v1/chat/completions", {**CHAT, "model": "other"}, loaded, key="sk-some"
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
        loaded = loaded_from([deployment()], {"access": {"open": True}})
        assert ask("POST", "/v1/chat/completions", CHAT, loaded, key="")[0] == 200
        assert ask("GET", "/key/info", None, loaded, key="")[0] == 403

    def test_the_owner_may_open_more_routes(self) -> None:
        loaded = loaded_of(routes=["/v1/images/generations"])
        assert ask("POST", "/v1/images/generations", {}, loaded)[0] == 299

    def test_without_settings_nobody_but_the_master_comes_in(self) -> None:
        loaded = loaded_from([deployment()], None)
        assert ask("POST", "/v1/chat/completions", CHAT, loaded)[0] == 401
        assert ask("POST", "/v1/chat/completions", CHAT, loaded, key="sk-master")[0] == 200

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

            door = Door(inner, loaded_of, [])
            await door({"type": "websocket", "headers": [(b"x-api-key", key.encode())]}, None, send)  # type: ignore[arg-type]
            return seen

        assert run(scenario()) == (["inner"] if reached else ["websocket.close"])

    def test_the_lifespan_passes(self) -> None:
        async def scenario() -> list[str]:
            seen: list[str] = []

            async def inner(scope: Any, *_: Any) -> None:
                seen.append(scope["type"])

            await Door(inner, loaded_of, [])({"type": "lifespan"}, None, None)  # type: ignore[arg-type]
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
        caller, way = serve(loaded_of())
        assert run(caller("POST", "/v1/chat/completions", {**CHAT, "model": "nick"}))[0] == 200
        request, _ = way.seen[0]
        assert (request.client_model, request.group) == ("nick", "m")

    def test_a_catch_all_answers_every_name_and_an_empty_one_none(self) -> None:
        body = {**CHAT, "model": "anything"}
        assert ask("POST", "/v1/chat/completions", body, loaded_of(catch_all="m"))[0] == 200
        assert ask("POST", "/v1/chat/completions", CHAT, loaded_of(catch_all=""))[0] == 400

    def test_prefixes_under_v1_are_chat_completions(self) -> None:
        caller, way = serve(loaded_of())
        assert run(caller("POST", "/v1/engines/x/chat/completions", CHAT))[0] == 200
        assert way.seen[0][0].kind == "chat"

    @pytest.mark.parametrize(("version", "shown"), [("0.10", ["m", "b", "random"]), ("0.12", ["m", "b"])])
    def test_the_list_shows_what_the_key_opens_and_hides_the_unlisted(
        self, version: str, shown: list[str]
    ) -> None:
        names = [deployment(name) for name in ("m", "b", "hidden", "random")]
        some = {"env": "SOME", "models": ["m", "random"]}
        keys = {"keys": [{"env": "CLIENT", "models": ["*"]}, some]}
        loaded = loaded_of(*names, unlisted=["hidden", "random"], gateway=version, access=keys)
        _, body, _ = ask("GET", "/v1/models", None, loaded)
        assert [entry["id"] for entry in body["data"]] == shown
        _, body, _ = ask("GET", "/v1/models/", None, loaded, key="sk-some")
        assert [entry["id"] for entry in body["data"]] == [name for name in shown if name != "b"]

    def test_a_model_tells_whose_it_is(self) -> None:
        loaded = loaded_of(deployment("m", owned_by="acme"), deployment("b"))
        _, body, _ = ask("GET", "/v1/models", None, loaded)
        assert [entry["owned_by"] for entry in body["data"]] == ["acme", "openai"]
        assert ask("GET", "/v1/models/m", None, loaded)[1]["owned_by"] == "acme"

    @pytest.mark.parametrize(
        ("path", "rest"),
        [
            ("/v1/chat/completions", {"messages": CHAT["messages"]}),
            ("/v1/messages", {"messages": CHAT["messages"], "max_tokens": 5}),
            ("/v1/responses", {"input": "hi"}),
            ("/v1/embeddings", {"input": "hi"}),
        ],
    )
    def test_a_name_whose_keys_are_all_off_is_shown_and_answered_with_429(
        self, path: str, rest: dict[str, Any]
    ) -> None:
        loaded = loaded_of(deployment("b"), keys_off={"m": "acme", "hidden": "acme"}, unlisted=["hidden"])
        _, body, _ = ask("GET", "/v1/models", None, loaded)
        assert {entry["id"]: entry["owned_by"] for entry in body["data"]} == {"b": "openai", "m": "acme"}
        assert ask("GET", "/v1/models/m", None, loaded)[1]["owned_by"] == "acme"
        status, body, headers = ask("POST", path, {"model": "m", **rest}, loaded)
        assert (status, "retry-after" in headers) == (429, False)
        assert "healthy" in body["error"]["message"]

    def test_a_key_for_some_models_sees_those_that_exist_listed_or_not(self) -> None:
        loaded = loaded_of(deployment("m"), deployment("b"), unlisted=["m"])
        _, body, _ = ask("GET", "/v1/models", None, loaded, key="sk-some")
        assert [entry["id"] for entry in body["data"]] == ["m"]
        status, body, _ = ask("GET", "/v1/models", None, loaded_of(deployment("b")), key="sk-some")
        assert (status, body["data"]) == (200, [])

    @pytest.mark.parametrize(("version", "status"), [("0.10", 404), ("0.12", 200)])
    def test_a_model_that_a_service_calls_random_is_shown_in_0_12(self, version: str, status: int) -> None:
        some = {"env": "SOME", "models": ["random"]}
        loaded = loaded_of(deployment("m"), deployment("random"), gateway=version, access={"keys": [some]})
        assert ask("GET", "/v1/models/random", None, loaded, key="sk-some")[0] == status
        _, body, _ = ask("GET", "/v1/models", None, loaded, key="sk-some")
        assert [entry["id"] for entry in body["data"]] == ["random"]

    def test_an_input_that_is_neither_text_nor_list_is_400(self) -> None:
        assert ask("POST", "/v1/responses", {"model": "m", "input": 7})[0] == 400

    def test_messages_without_messages_are_400(self) -> None:
        assert ask("POST", "/v1/messages", {"model": "m"})[0] == 400

    @pytest.mark.parametrize(("version", "status"), [("0.10", 404), ("0.12", 200)])
    def test_a_list_of_nothing_but_random_is_404_in_0_10_and_empty_in_0_12(
        self, version: str, status: int
    ) -> None:
        deployments = [deployment("e", mode="embedding"), deployment("random")]
        loaded = loaded_of(*deployments, unlisted=["e", "random"], gateway=version)
        found, body, _ = ask("GET", "/v1/models", None, loaded)
        assert found == status
        assert found == 404 or body == {"object": "list", "data": []}

    @pytest.mark.parametrize(
        ("name", "status"),
        [("m", 200), ("a/b", 200), ("a%2Fb", 200), ("ghost", 404), ("random", 404), ("glob", 404)],
    )
    def test_one_model_by_its_name_slashes_and_all(self, name: str, status: int) -> None:
        every = [deployment(each) for each in ("m", "a/b", "random", "glob")]
        loaded = loaded_of(*every, aliases=["glob"], unlisted=["random"])
        assert ask("GET", f"/v1/models/{name}", None, loaded)[0] == status

    def test_an_unknown_one_is_told_as_openai_tells_it(self) -> None:
        _, body, _ = ask("GET", "/v1/models/ghost", None)
        assert body["error"] == {
            "message": "The model 'ghost' does not exist.",
            "type": "invalid_request_error",
            "param": "model",
            "code": "model_not_found",
        }


class TestNamesOfRequests:
    """In 0.12 every POST of the gateway's own is answered with a name for it."""

    @pytest.mark.parametrize(
        ("path", "body", "key", "status"),
        [
            ("/v1/chat/completions", CHAT, "sk-client", 200),
            ("/v1/embeddings", {"model": "ghost", "input": "x"}, "sk-client", 400),
            ("/v1/messages", CHAT, "sk-wrong", 401),
            ("/v1/ghost", CHAT, "sk-client", 404),
            ("/translate", {}, "sk-client", 400),
            ("/v1/translate", {}, "sk-wrong", 401),
            ("/v2/translate", {}, "sk-wrong", 401),
        ],
    )
    def test_it_is_new_each_time_and_a_page_may_read_it(
        self, path: str, body: Any, key: str, status: int
    ) -> None:
        told = [ask("POST", path, body, key=key, x_request_id="mine") for _ in range(2)]
        names = {headers["x-request-id"] for _, _, headers in told}
        assert {found for found, _, _ in told} == {status}
        assert len(names) == 2
        assert all(str(uuid.UUID(name)) == name for name in names)
        assert told[0][2]["access-control-expose-headers"] == "X-Request-ID"

    @pytest.mark.parametrize("path", ["/v1/models", "/healthz", "/v1/chat/completions"])
    def test_what_is_no_post_has_none(self, path: str) -> None:
        assert "x-request-id" not in ask("GET", path)[2]

    def test_0_10_gives_none(self) -> None:
        _, _, headers = ask("POST", "/v1/chat/completions", CHAT, loaded_of(gateway="0.10"))
        assert not headers.keys() & {"x-request-id", "access-control-expose-headers"}

    @pytest.mark.parametrize(
        ("version", "header"), [("0.10", "x-request-id"), ("0.12", "llm_provider-x-request-id")]
    )
    def test_the_upstreams_name_for_it_does_not_get_lost(self, version: str, header: str) -> None:
        async def named(_request: Request, send: Any) -> None:
            headers = [(b"x-request-id", b"theirs")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b"{}", "more_body": False})

        loaded = loaded_of(gateway=version)
        assert ask("POST", "/v1/chat/completions", CHAT, loaded, named)[2][header] == "theirs"


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
            caller, way = serve(loaded_of())
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
            return len(way.seen)

        assert run(scenario()) == 0

    def test_a_model_without_embeddings_says_so(self) -> None:
        loaded = loaded_of(deployment("m", embeddings=False))
        status, body, _ = ask("POST", "/v1/embeddings", {"model": "m", "input": "x"}, loaded)
        assert (status, body["error"]["message"]) == (400, "The model 'm' has no embeddings.")


class TestWebPages:
    """CORS: a browser's page may ask, and read what it is told."""

    ASKING: ClassVar[dict[str, str]] = {
        "origin": "http://page.invalid",
        "access_control_request_method": "POST",
    }

    @pytest.mark.parametrize(
        "path", ["/v1/chat/completions", "/v1/models", "/translate", "/key/generate", "/ghost"]
    )
    def test_a_preflight_needs_no_key_on_any_path(self, path: str) -> None:
        status, text, headers = ask("OPTIONS", path, key="", **self.ASKING)
        assert (status, text, headers["access-control-allow-origin"]) == (204, b"", "*")
        assert "Authorization" in headers["access-control-allow-headers"]

    @pytest.mark.parametrize("header", ["origin", "access_control_request_method"])
    def test_a_pages_origin_or_its_question_alone_is_a_preflight(self, header: str) -> None:
        assert ask("OPTIONS", "/v1/models", key="", **{header: self.ASKING[header]})[0] == 204

    def test_options_that_ask_nothing_are_no_preflight(self) -> None:
        assert ask("OPTIONS", "/v1/chat/completions", key="")[0] == 401

    @pytest.mark.parametrize(
        ("method", "path", "body", "key", "status"),
        [
            ("POST", "/v1/chat/completions", CHAT, "sk-client", 200),
            ("POST", "/v1/chat/completions", CHAT, "sk-wrong", 401),
            ("POST", "/v1/chat/completions", b"{", "sk-client", 400),
            ("GET", "/v1/models", None, "sk-client", 200),
            ("GET", "/v1/ghost", None, "sk-client", 404),
            ("GET", "/health/liveliness", None, "", 299),
        ],
    )
    def test_every_answer_may_be_read_by_a_page(
        self, method: str, path: str, body: Any, key: str, status: int
    ) -> None:
        found, _, headers = ask(method, path, body, key=key, origin="http://page.invalid")
        assert (found, headers["access-control-allow-origin"]) == (status, "*")

    def test_what_is_said_of_origins_further_in_gives_way(self) -> None:
        async def strict(_request: Request, send: Any) -> None:
            headers = [(b"access-control-allow-origin", b"http://only.invalid")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b"{}", "more_body": False})

        _, _, headers = ask("POST", "/v1/chat/completions", CHAT, behave=strict)
        assert headers["access-control-allow-origin"] == "*"


class TestWays:
    """The ways are asked one after another."""

    def answers(self, *ways: Any) -> tuple[int, dict[str, Any]]:
        loaded = loaded_of()
        caller = Caller(Door(litellm, lambda: loaded, list(ways)))
        status, text, _ = run(caller("POST", "/v1/chat/completions", CHAT))
        return status, json.loads(text)

    def test_one_that_stands_aside_is_followed_by_the_next(self) -> None:
        class Aside:
            async def serve(self, *_: Any) -> bool:
                return False

        behind = Way(fine)
        assert self.answers(Aside(), behind)[0] == 200
        assert len(behind.seen) == 1

    def test_one_that_answers_is_the_last(self) -> None:
        behind = Way(fine)
        assert self.answers(Way(fine), behind)[0] == 200
        assert behind.seen == []

    def test_what_one_refuses_is_not_asked_of_the_next(self) -> None:
        async def refuse(*_: Any) -> None:
            raise Refusal(502, "no", error={"message": "no", "code": "1301"}, headers=((b"x-a", b"b"),))

        behind = Way(fine)
        status, body = self.answers(Way(refuse), behind)
        assert (status, body["error"]["code"], body["error"]["message"]) == (502, "1301", "no")
        assert behind.seen == []


def test_a_clients_words_end_with_its_request_and_not_with_its_connection() -> None:
    scope = {"type": "http", "method": "POST", "path": "/v1/chat/completions", "query_string": b""}
    scope["headers"] = [(b"authorization", b"Bearer sk-client")]

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": json.dumps(CHAT).encode(), "more_body": False}

    async def send(_: Any) -> None:
        pass

    caller, _ = serve(loaded_of())
    run(caller.door(scope, receive, send))
    assert not any(isinstance(value, Request) for value in scope.values())
