"""Where a call goes, and with what headers."""

from __future__ import annotations

from base64 import b64encode
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from one_adapter.runtime.upstream.endpoint import Endpoint, endpoint


def made(
    provider: str = "openai",
    kind: str = "chat",
    model: str = "m",
    query: dict[str, str] | None = None,
    **parameters: Any,
) -> Endpoint:
    found = endpoint(provider, kind, model, {"api_key": "k", **parameters}, query or {})
    assert found is not None
    return found


class TestAddresses:
    @pytest.mark.parametrize(
        ("provider", "kind", "base", "url"),
        [
            ("openai", "chat", "https://a.example/v1", "https://a.example/v1/chat/completions"),
            ("openai", "chat", "https://a.example/v1///", "https://a.example/v1/chat/completions"),
            ("openai", "chat", "https://a.example", "https://a.example/chat/completions"),
            ("openai", "chat", "http://10.0.0.1:8080/x%2Fy", "http://10.0.0.1:8080/x%2Fy/chat/completions"),
            ("openai", "chat", "https://a.example/v1#here", "https://a.example/v1/chat/completions"),
            ("openai", "embeddings", "https://a.example/v1", "https://a.example/v1/embeddings"),
            ("anthropic", "messages", "https://a.example", "https://a.example/v1/messages"),
            ("anthropic", "messages", "https://a.example/x/", "https://a.example/x/v1/messages"),
            ("anthropic", "messages", "https://a.example/v1/messages", "https://a.example/v1/messages"),
            ("anthropic", "messages", "https://a.example/v1/#/v1/messages", "https://a.example/v1/"),
            ("anthropic", "messages", "https://a.example/x#else", "https://a.example/x/v1/messages"),
            ("responses", "responses", "https://a.example/v1/", "https://a.example/v1/responses"),
            (
                "anthropic",
                "messages",
                "https://a.example/v1/messages/?a=b",
                "https://a.example/v1/messages?a=b",
            ),
        ],
    )
    def test_each_protocol_has_its_own_end_of_the_address(
        self, provider: str, kind: str, base: str, url: str
    ) -> None:
        assert made(provider, kind, api_base=base).url == url

    @pytest.mark.parametrize(("kind", "end"), [("chat", "chat/completions"), ("embeddings", "embeddings")])
    @pytest.mark.parametrize(("version", "asked"), [(None, "2024-10-21"), ("2023-05-15", "2023-05-15")])
    def test_azures_names_the_deployment_and_the_version(
        self, kind: str, end: str, version: str | None, asked: str
    ) -> None:
        found = made("azure", kind, "gpt 4/通", api_base="https://a.example/", api_version=version)
        assert found.url == (
            f"https://a.example/openai/deployments/gpt%204%2F%E9%80%9A/{end}?api-version={asked}"
        )

    def test_queries_of_the_address_and_of_the_service_are_asked_for_together(self) -> None:
        found = made("azure", api_base="https://a.example/?a=1", query={"tenant": "7&8", "空": "x"})
        assert parse_qs(urlsplit(found.url).query) == {
            "a": ["1"],
            "tenant": ["7&8"],
            "空": ["x"],
            "api-version": ["2024-10-21"],
        }

    @pytest.mark.parametrize(
        ("provider", "kind"),
        [
            *(("openai", kind) for kind in ("messages", "responses")),
            *(("azure", kind) for kind in ("messages", "responses")),
            *(("anthropic", kind) for kind in ("chat", "embeddings", "responses")),
            *((provider, "chat") for provider in ("gemini", "dify", "ollama_chat", "volcengine", "")),
        ],
    )
    def test_what_needs_a_translation_has_no_address(self, provider: str, kind: str) -> None:
        assert endpoint(provider, kind, "m", {"api_base": "https://a.example"}, {}) is None

    @pytest.mark.parametrize("base", [None, "", "a.example/v1", "/v1"])
    def test_without_an_address_of_its_own_there_is_none(self, base: object) -> None:
        assert endpoint("openai", "chat", "m", {"api_base": base}, {}) is None


class TestHeaders:
    BASE = "https://a.example/v1"

    @pytest.mark.parametrize(
        ("provider", "kind", "header", "value"),
        [
            ("openai", "chat", "authorization", "Bearer k"),
            ("azure", "chat", "api-key", "k"),
            ("anthropic", "messages", "x-api-key", "k"),
        ],
    )
    def test_each_protocol_has_its_header_for_the_key_and_no_other_has_it(
        self, provider: str, kind: str, header: str, value: str
    ) -> None:
        headers = made(provider, kind, api_base=self.BASE).headers
        assert {name: one for name, one in headers.items() if one.endswith("k")} == {header: value}

    @pytest.mark.parametrize("key", [None, "", "none"])
    @pytest.mark.parametrize(
        ("provider", "kind"), [("openai", "chat"), ("azure", "chat"), ("anthropic", "messages")]
    )
    def test_without_a_key_none_is_sent(self, provider: str, kind: str, key: str | None) -> None:
        headers = made(provider, kind, api_base=self.BASE, api_key=key).headers
        assert not {"authorization", "api-key", "x-api-key"} & headers.keys()

    def test_a_name_and_password_in_the_address_become_a_header(self) -> None:
        found = made(api_base="https://us%40er:p%3Aw@a.example/v1", api_key="none")
        assert found.url == "https://a.example/v1/chat/completions"
        assert found.headers["authorization"] == "Basic " + b64encode(b"us@er:p:w").decode()
        alone = made(api_base="https://user@a.example/v1", api_key="none")
        assert alone.headers["authorization"] == "Basic " + b64encode(b"user:").decode()

    def test_a_key_goes_before_a_name_and_password_where_both_want_the_header(self) -> None:
        assert made(api_base="https://u:p@a.example/v1").headers["authorization"] == "Bearer k"
        azure = made("azure", api_base="https://u:p@a.example/v1").headers
        assert (azure["api-key"], azure["authorization"][:6]) == ("k", "Basic ")

    def test_the_organization_is_the_deployments(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("OPENAI_ORGANIZATION", "the operator's")
        assert "openai-organization" not in made(api_base=self.BASE).headers
        assert made(api_base=self.BASE, organization="org").headers["openai-organization"] == "org"

    def test_anthropic_is_told_a_version(self) -> None:
        assert made("anthropic", "messages", api_base=self.BASE).headers["anthropic-version"] == "2023-06-01"
        assert "anthropic-version" not in made(api_base=self.BASE).headers

    def test_every_call_asks_for_json_as_it_is(self) -> None:
        headers = made(api_base=self.BASE).headers
        assert headers["accept-encoding"] == "identity"
        assert headers["content-type"] == headers["accept"] == "application/json"
        assert headers["user-agent"].startswith("one-adapter/")

    def test_a_key_is_not_shown(self) -> None:
        assert "sk-secret" not in repr(made(api_base=self.BASE, api_key="sk-secret"))
