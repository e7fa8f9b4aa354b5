"""What reaches LiteLLM: a method and a path together, from a list, and nothing by its beginning or end."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest
from proxy import Proxy
from raw import CHEAP, Answer, send
from wires import Wires

TAIL = "/chat/completions"
HI = {"model": "cheap", "messages": [{"role": "user", "content": "hi"}]}


def unified(kind: str, identity: str, model: str) -> str:
    """An id in which LiteLLM finds the deployment to ask; it takes any text after the padding."""
    text = f"litellm:{identity};model,{model}"
    text += ";" if len(text) % 3 == 0 else ""
    return kind + base64.urlsafe_b64encode(text.encode()).decode()


FILE, BATCH = unified("file-", "file-VICTIM", "expensive"), unified("batch_", "batch_VICTIM", "expensive")
#: Paths of LiteLLM's that are no LLM route, as they are and made to look like one.
RESOURCES = (
    *("/v1/files", "/v1/files/file-VICTIM", f"/v1/files/{FILE}", f"/v1/files/{FILE}/content"),
    *("/v1/batches", f"/v1/batches/{BATCH}", f"/v1/batches/{BATCH}/cancel", "/openai/v1/files/file-VICTIM"),
    *("/v1/memory/a", "/v1/assistants/a", "/v1/threads/a", "/v1/vector_stores/a", "/v1/responses/resp_a"),
    *("/v1/fine_tuning/jobs", "/v1/rerank", "/v1/images/generations", "/v1/mcp/tools", "/v1/skills"),
)
METHODS = ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "POST")
ENDS = ("", TAIL, f"/..{TAIL}", "%2Fchat%2Fcompletions", f";{TAIL}", f"?model=expensive&x={TAIL}", "/")
REFUSED = {400, 401, 403, 404, 405}


@pytest.mark.parametrize("path", RESOURCES)
def test_no_method_and_no_end_of_a_path_opens_what_a_model_key_does_not(
    path: str, ask: Callable[..., Answer], upstream: Wires
) -> None:
    for method in METHODS:
        for end in ENDS:
            answer = ask(method, path + end, key=CHEAP)
            assert answer.status in REFUSED, (method, path + end, answer)
    assert upstream.take() == []


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/embeddings", "/v1/messages", "/v1/responses"])
def test_a_route_for_models_is_for_post_alone(path: str, ask: Callable[..., Answer], upstream: Wires) -> None:
    found = {method: ask(method, path, HI, key=CHEAP).status for method in METHODS if method != "POST"}
    assert set(found.values()) <= {400, 405}, found
    assert found["GET"] == found["DELETE"] == 405
    assert upstream.take() == []


@pytest.mark.parametrize(
    "path",
    [
        *("/v1/engines/x/chat/completions", f"/v1/files/{FILE}{TAIL}", "/v1//chat/completions"),
        *("/v1/%63hat/completions", "/v1/chat%2Fcompletions", "/v1/a/../chat/completions"),
        *("/v1/chat/completions?model=expensive", f"/v1/batches/{BATCH}{TAIL}?provider=azure"),
    ],
)
def test_a_chat_by_any_prefix_is_a_chat_like_any_other(
    path: str, ask: Callable[..., Answer], upstream: Wires
) -> None:
    assert ask("POST", path, HI, key=CHEAP).status == 200
    (call,) = upstream.take()
    assert (call.method, call.path, call.query) == ("POST", "/cheap/v1/chat/completions", "")
    assert call.body["model"] == "up-cheap"


@pytest.mark.parametrize(
    "path",
    [
        *("/v1/chat/completions/", "/v1/chat/completions;x", "//v1/chat/completions", "/V1/chat/completions"),
        *("/v1/chat/completions%00", "/v1/chat/completions%20", "/v1/chat/completionsx", "/chat/completions"),
        *("/v1/embeddings/", "/v1/messages/count_tokens", "/v1/messages/batches", "/v1/responses/compact"),
        *("/v1/../v1/embeddings", "/./v1/embeddings", "/v1%2Fembeddings/x", "/openai/deployments/expensive"),
    ],
)
def test_what_is_nearly_a_route_is_none(path: str, ask: Callable[..., Answer], upstream: Wires) -> None:
    assert ask("POST", path, HI, key=CHEAP).status == 404
    assert upstream.take() == []


@pytest.mark.parametrize(
    "header",
    [
        {"X-HTTP-Method-Override": "DELETE"},
        {"X-Method-Override": "GET"},
        {"X-Original-URL": "/v1/files/file-VICTIM"},
        {"X-Rewrite-URL": "/key/generate"},
        {"X-Forwarded-Prefix": "/key"},
        {"X-Litellm-Model": "expensive"},
    ],
)
def test_a_header_changes_neither_method_nor_path(
    header: dict[str, str], ask: Callable[..., Answer], upstream: Wires
) -> None:
    assert ask("POST", "/v1/chat/completions", HI, key=CHEAP, headers=header).status == 200
    assert [call.path for call in upstream.take()] == ["/cheap/v1/chat/completions"]
    assert ask("POST", "/v1/files", HI, key=CHEAP, headers=header).status == 404


@pytest.mark.parametrize("path", ["/v1/files/file-VICTIM", "/key/generate", f"/v1/files/{FILE}{TAIL}"])
def test_an_absolute_address_is_read_like_any_other(path: str, ask: Callable[..., Answer]) -> None:
    assert ask("DELETE", f"http://127.0.0.1{path}", key=CHEAP).status in REFUSED
    assert ask("GET", f"http://[::1]:1{path}", key=CHEAP).status in REFUSED


@pytest.mark.parametrize(
    "path", ["/v1/realtime?model=expensive", "/v1/responses", "/v1/chat/completions", "/mcp"]
)
def test_no_websocket_is_opened_for_a_model_key(
    path: str, ask: Callable[..., Answer], upstream: Wires
) -> None:
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version": "13",
    }
    assert ask("GET", path, key=CHEAP, headers=headers).status == 403
    assert upstream.take() == []


class TestWhatTheOwnerOpens:
    """`routes: [/v1/moderations]` of the configuration."""

    def test_a_key_for_every_model_gets_there_by_post(self, ask: Callable[..., Answer]) -> None:
        answer = ask("POST", "/v1/moderations", {"model": "cheap", "input": "hi"})
        assert b"is not served" not in answer.body
        assert b"There is no POST" not in answer.body

    @pytest.mark.parametrize("method", [one for one in METHODS if one != "POST"])
    def test_by_no_other_method(self, method: str, ask: Callable[..., Answer]) -> None:
        assert ask(method, "/v1/moderations").status in {400, 404}

    def test_a_key_for_one_model_does_not(self, ask: Callable[..., Answer], upstream: Wires) -> None:
        answer = ask("POST", "/v1/moderations", {"model": "expensive", "input": "hi"}, key=CHEAP)
        assert answer.status == 404
        assert upstream.take() == []


def test_a_request_that_is_two_is_refused(proxy: Proxy, upstream: Wires) -> None:
    smuggled = b"DELETE /v1/files/file-VICTIM HTTP/1.1\r\nHost: x\r\n\r\n"
    lengths = b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
    head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n" + lengths
    assert send(proxy.port, head + b"0\r\n\r\n" + smuggled).status in REFUSED
    assert upstream.take() == []
