"""A provider connects as the operator says: directly or through the service's own proxy, TLS checked."""

from __future__ import annotations

from pathlib import Path

import pytest
from asking import ask, deployment
from forwarders import http_proxy, socks_proxy
from mock_vendors import Vendors

from one_adapter.providers.network import http_client

PROVIDERS = ["xinghuo", "dify", "huoshan"]
pytestmark = pytest.mark.parametrize("provider", PROVIDERS)


async def test_a_service_goes_through_its_http_proxy(
    vendors: Vendors, provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with http_proxy() as (url, seen):
        monkeypatch.setenv("OWN_PROXY", url)
        outcome = await ask(True, **deployment(vendors, provider, "chat", proxy_env="OWN_PROXY"))
    assert outcome.finish == "stop", outcome
    assert seen
    assert all(f"127.0.0.1:{vendors.port}" in one for one in seen)


async def test_a_service_goes_through_its_socks_proxy_and_lets_it_resolve_the_name(
    vendors: Vendors, provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with socks_proxy() as (url, seen):
        monkeypatch.setenv("OWN_PROXY", url)
        params = deployment(vendors, provider, "chat", proxy_env="OWN_PROXY")
        for key in ("api_base", "openapi_base"):
            if key in params:
                params[key] = params[key].replace("127.0.0.1", "vendor.invalid")
        outcome = await ask(False, **params)
    assert outcome.finish == "stop", outcome
    assert set(seen) == {f"SOCKS vendor.invalid:{vendors.port}"}


async def test_the_environments_proxies_are_not_used(
    vendors: Vendors, provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    outcome = await ask(False, **deployment(vendors, provider, "chat"))
    assert outcome.finish == "stop", outcome


async def test_a_proxy_that_is_not_there_is_no_reason_to_go_directly(vendors: Vendors, provider: str) -> None:
    outcome = await ask(False, **deployment(vendors, provider, "chat", proxy_env="NO_SUCH_VARIABLE"))
    assert outcome.error == "AuthenticationError"
    assert "NO_SUCH_VARIABLE is not set" in outcome.message


async def test_a_trusted_certificate_is_accepted_through_a_tunnel(
    vendors: Vendors, provider: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    authority = tmp_path / "authority.pem"
    authority.write_text(vendors.certificate)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    vendor = {"xinghuo": "spark", "dify": "dify", "huoshan": "ark"}[provider]
    async with http_proxy() as (url, seen):
        monkeypatch.setenv("OWN_PROXY", url)
        params = deployment(vendors, provider, "chat", proxy_env="OWN_PROXY")
        outcome = await ask(False, **params | {"api_base": vendors.url(vendor, "chat", tls=True)})
        await http_client(url).close()
    assert outcome.finish == "stop", outcome
    assert f"CONNECT 127.0.0.1:{vendors.tls_port}" in seen
