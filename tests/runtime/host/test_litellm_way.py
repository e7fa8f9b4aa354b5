"""LiteLLM's own way: what its application is shown of a request, and what a client is shown of its answer."""

from __future__ import annotations

import json
from typing import Any

import pytest
from doorway import CHAT, Caller, deployment, loaded_of
from virtual import run

from one_adapter.runtime.entry.door import Door
from one_adapter.runtime.host.way import LitellmWay

Headers = list[tuple[bytes, bytes]]


class Application:
    """Stands where LiteLLM's application stands: remembers, and answers with these messages."""

    def __init__(self, body: bytes = b"{}", status: int = 200, headers: Headers | None = None) -> None:
        self.said = (status, headers or [(b"content-type", b"application/json")], body)
        self.scope: dict[str, Any] = {}
        self.body: dict[str, Any] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.scope = dict(scope)
        raw = (await receive())["body"]
        self.body = json.loads(raw)
        assert dict(scope["headers"])[b"content-length"] == str(len(raw)).encode()
        status, headers, body = self.said
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})


def ask(
    application: Application, path: str = "/v1/chat/completions", body: Any = CHAT, **headers: str
) -> tuple[int, bytes, dict[str, str]]:
    loaded = loaded_of(deployment("m"), deployment("emb", mode="embedding"))
    door = Door(application, lambda: loaded, [LitellmWay(application)])
    return run(Caller(door)("POST", path, body, **headers))


class TestWhatItIsShown:
    def test_the_exact_path_of_the_kind_and_no_query(self) -> None:
        application = Application()
        ask(application, "/v1/engines/x/chat/completions")
        assert (
            application.scope["path"],
            application.scope["raw_path"],
            application.scope["query_string"],
        ) == (
            "/v1/chat/completions",
            b"/v1/chat/completions",
            b"",
        )

    def test_the_fields_of_the_protocol_and_no_orders(self) -> None:
        application = Application()
        ask(
            application,
            body={**CHAT, "temperature": 0.5, "api_base": "http://evil.invalid", "fallbacks": ["x"]},
        )
        assert application.body == {**CHAT, "temperature": 0.5}

    def test_content_given_as_one_object_as_a_list_of_one(self) -> None:
        application, part = Application(), {"type": "text", "text": "solo"}
        ask(application, body={"model": "m", "messages": [{"role": "user", "content": part}]})
        assert application.body["messages"][0]["content"] == [part]

    @pytest.mark.parametrize(
        "name",
        [
            *("x_litellm_timeout", "x_litellm_tags", "litellm_x", "origin", "access_control_request_method"),
            *("accept_encoding", "transfer_encoding"),
        ],
    )
    def test_none_of_the_headers_that_it_would_obey(self, name: str) -> None:
        application = Application()
        ask(application, **{name: "x"})
        names = {one.decode() for one, _ in application.scope["headers"]}
        assert name.replace("_", "-") not in names
        assert names == {"content-type", "content-length"}


class TestWhatAClientIsShown:
    def test_which_way_it_came_and_not_the_upstreams_address(self) -> None:
        headers = [
            (b"content-type", b"application/json"),
            (b"x-litellm-model-api-base", b"http://user:pw@inner.invalid"),
            (b"x-litellm-model-id", b"m-s"),
        ]
        _, _, told = ask(Application(headers=headers))
        assert told["x-one-adapter-way"] == "litellm"
        assert told["x-litellm-model-id"] == "m-s"
        assert "inner.invalid" not in str(told)

    def test_embeddings_with_the_upstreams_model_and_their_length(self) -> None:
        said = b'{"model":"emb","data":[],"x":"\\"model\\":\\"emb\\""}'
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(said)).encode())]
        application = Application(said, headers=headers)
        _, text, told = ask(application, "/v1/embeddings", {"model": "emb", "input": "x"})
        assert text == said.replace(b'{"model":"emb"', b'{"model":"up-emb"')
        assert told["content-length"] == str(len(text))
