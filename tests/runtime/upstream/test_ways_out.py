"""By what a service's calls leave: its proxies, and whom TLS trusts."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from one_adapter.runtime.gateway.settings import ProxyRule
from one_adapter.runtime.upstream.proxies import mounts, trust


class TestProxies:
    @pytest.mark.parametrize(
        ("rule", "ways"),
        [
            (None, {}),
            (ProxyRule(), {}),
            (ProxyRule(http_env="H"), {"all://": "http://h"}),
            (ProxyRule(http_env="H", https_env="S"), {"http://": "http://h", "https://": "http://s"}),
            (ProxyRule(socks5_env="K"), {"all://": "socks5://k"}),
            (ProxyRule(socks5_env="HOST"), {"all://": "socks5://127.0.0.1:1080"}),
        ],
    )
    def test_each_kind_of_rule_has_its_ways(self, rule: ProxyRule | None, ways: dict[str, str]) -> None:
        environment = {"HOST": "127.0.0.1:1080", "H": "http://h", "S": "http://s", "K": "socks5://k"}
        assert mounts(rule, environment) == ways


class TestTrust:
    def test_mozillas_certificates_where_none_are_named(self) -> None:
        context = trust({})
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert context.check_hostname
        assert len(context.get_ca_certs()) > 50

    @pytest.mark.parametrize("name", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
    def test_a_file_of_ones_own(self, tmp_path: Path, name: str) -> None:
        import certifi

        first = Path(certifi.where()).read_text().partition("-----BEGIN")[2].partition("-----END")[0]
        one = tmp_path / "one.pem"
        one.write_text(f"-----BEGIN{first}-----END CERTIFICATE-----\n")
        assert len(trust({name: str(one)}).get_ca_certs()) == 1

    def test_a_file_that_is_not_there_is_no_silent_trust(self) -> None:
        with pytest.raises(OSError, match="No such file"):
            trust({"SSL_CERT_FILE": "/nowhere.pem"})
