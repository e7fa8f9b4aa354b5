"""Addresses as people write them."""

from __future__ import annotations

import pytest

from one_adapter.plan.addresses import (
    Address,
    base_address,
    deployment_of,
    has_password,
    is_secret_parameter,
    without_password,
)

CHAT = "/chat/completions"


@pytest.mark.parametrize(
    ("written", "base"),
    [
        ("https://h.example/v1", "https://h.example/v1"),
        ("https://h.example/v1/", "https://h.example/v1"),
        ("https://h.example/v1/chat/completions", "https://h.example/v1"),
        ("https://h.example/v1/chat/completions/", "https://h.example/v1"),
        ("https://h.example/v4/chat/completions", "https://h.example/v4"),
        ("https://h.example/api/v3/chat/completions", "https://h.example/api/v3"),
        ("https://h.example/v51/chat/completions", "https://h.example/v51"),
        ("https://h.example/v1beta/openai/chat/completions", "https://h.example/v1beta/openai"),
        ("https://h.example/compatible-mode/v1/chat/completions", "https://h.example/compatible-mode/v1"),
        (
            "https://h.example/client/v4/accounts/a/ai/v1/chat/completions",
            "https://h.example/client/v4/accounts/a/ai/v1",
        ),
        ("https://h.example/openai/v1/chat/completions", "https://h.example/openai/v1"),
        ("https://h.example/chat/completions", "https://h.example"),
        ("https://h.example", "https://h.example"),
        ("https://h.example/", "https://h.example"),
        ("HTTPS://h.example:8443/v1#part", "https://h.example:8443/v1"),
        ("http://[::1]:80/v1", "http://[::1]:80/v1"),
        ("http://u:p@h.example/v1/chat/completions", "http://u:p@h.example/v1"),
        ("https://h.example//v1//chat/completions", "https://h.example//v1"),
    ],
)
def test_the_endpoints_path_and_a_slash_at_the_end_are_no_part_of_the_base(written: str, base: str) -> None:
    assert base_address(written, CHAT) == Address(base)


def test_only_one_endpoint_is_taken_off() -> None:
    assert (
        base_address("https://h/v1/messages/messages", "/v1/messages", "/messages").url
        == "https://h/v1/messages"
    )
    assert base_address("https://h/v1/messages", "/v1/messages", "/messages").url == "https://h"


def test_a_query_is_kept_apart_in_order() -> None:
    found = base_address("https://h/v1/chat/completions?tenant=7&empty=&tenant=8&%E5%90%8D=%E5%80%BC", CHAT)
    assert found == Address("https://h/v1", (("tenant", "7"), ("empty", ""), ("tenant", "8"), ("名", "值")))


@pytest.mark.parametrize(
    ("url", "shown", "hidden"),
    [
        ("http://me:pw@h:1/v1?a=b", "http://h:1/v1?a=b", True),
        ("http://me@h/v1", "http://h/v1", True),
        ("http://a:b@c@h/v1", "http://h/v1", True),
        ("http://h/v1/me@home", "http://h/v1/me@home", False),
        ("http://h/v1", "http://h/v1", False),
    ],
)
def test_a_user_name_and_password_are_not_shown(url: str, shown: str, hidden: bool) -> None:
    assert (without_password(url), has_password(url)) == (shown, hidden)


@pytest.mark.parametrize(
    ("url", "deployment"),
    [
        ("https://r.openai.azure.com/openai/deployments/gpt-4/chat/completions?api-version=1", "gpt-4"),
        ("https://r.openai.azure.com/openai/deployments/gpt%204", "gpt 4"),
        ("https://r.openai.azure.com/openai/deployments/", ""),
        ("https://r.openai.azure.com/", ""),
    ],
)
def test_an_azure_address_may_name_its_deployment(url: str, deployment: str) -> None:
    assert deployment_of(url) == deployment


def test_a_host_is_lower_case_without_port() -> None:
    assert Address("https://API.Example:1/v1").host == "api.example"
    assert Address("nothing").host == ""


@pytest.mark.parametrize(
    ("written", "base"),
    [
        ("https://模型.example/v1", "https://xn--xgs754b.example/v1"),
        ("https://模型.example:8443/v1", "https://xn--xgs754b.example:8443/v1"),
        ("http://名:p%20@模型.example/v1", "http://%E5%90%8D:p%20@xn--xgs754b.example/v1"),
        ("https://h.example/模型/v1", "https://h.example/%E6%A8%A1%E5%9E%8B/v1"),
        ("https://h.example/a%20b/v1", "https://h.example/a%20b/v1"),
        (f"https://{'模' * 70}.example/v1", f"https://{'%E6%A8%A1' * 70}.example/v1"),
    ],
)
def test_an_address_is_ascii_as_a_header_needs_it(written: str, base: str) -> None:
    assert base_address(written, CHAT).url == base
    assert base.isascii()


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("key", True),
        ("api-key", True),
        ("access_token", True),
        ("client_secret", True),
        ("tenant", False),
        ("v", False),
    ],
)
def test_a_parameter_that_sounds_like_a_secret_is_one(name: str, secret: bool) -> None:
    assert is_secret_parameter(name) is secret
