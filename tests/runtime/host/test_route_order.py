"""The order of LiteLLM's routes: those of the LLM paths come first, and are those that answered before."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from starlette.testclient import TestClient

from one_adapter.runtime.gateway.paths import LITELLM_PATHS, PUBLIC
from one_adapter.runtime.host.routes import put_first

pytestmark = pytest.mark.proxy
CHAT = LITELLM_PATHS["chat"]


def application() -> tuple[FastAPI, list[str]]:
    """An application with the chat's path on its third router, and the log of what answers."""
    app, answered = FastAPI(), []

    def endpoint(name: str) -> Any:
        def answer() -> str:
            answered.append(name)
            return name

        return answer

    several = [APIRouter(), APIRouter(), APIRouter(), APIRouter()]
    several[0].add_api_route("/other/{name}", endpoint("other"), methods=["POST"])
    several[1].add_api_route(CHAT, endpoint("a page"), methods=["GET"])
    several[2].add_api_route(CHAT, endpoint("chat"), methods=["POST"])
    several[3].add_api_route(CHAT, endpoint("a later chat"), methods=["POST"])
    for one in several:
        app.include_router(one)
    return app, answered


def paths(app: FastAPI) -> list[str | None]:
    return [getattr(one, "path", None) for one in app.router.routes]


def test_the_path_of_a_chat_comes_first_and_its_first_route_answers() -> None:
    app, answered = application()
    put_first(app)
    assert paths(app)[0] == CHAT
    assert TestClient(app).post(CHAT).json() == "chat"
    assert answered == ["chat"]


def test_other_paths_and_methods_are_answered_as_before() -> None:
    app, answered = application()
    put_first(app)
    client = TestClient(app)
    client.get(CHAT)
    client.post("/other/x")
    assert answered == ["a page", "other"]
    assert client.delete(CHAT).status_code == 405
    assert client.get("/nothing").status_code == 404


def test_doing_it_again_changes_nothing() -> None:
    app, _ = application()
    put_first(app)
    once = list(app.router.routes)
    put_first(app)
    assert app.router.routes == once


def test_all_of_litellms_own_are_found() -> None:
    from litellm.proxy import proxy_server

    put_first(proxy_server.app)
    assert paths(proxy_server.app)[:7] == [*LITELLM_PATHS.values(), *PUBLIC]
