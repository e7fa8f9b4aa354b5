"""The Spark URL signature agrees with the vendor's SDKs and its published example."""

from __future__ import annotations

import base64
import json
import re
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from mock_vendors import VECTORS

from one_adapter.providers.xinghuo.signing import rfc1123, signature, signed_url, text_to_sign

SIGNING = json.loads((VECTORS / "xinghuo.json").read_text())["signing"]
BY_NAME = pytest.mark.parametrize("vector", SIGNING, ids=lambda vector: vector["name"])


@BY_NAME
def test_the_signature_of_a_vector(vector: dict[str, Any]) -> None:
    parts = urlsplit(vector["url"])
    assert vector["host"] in (None, parts.netloc)
    text = text_to_sign(parts.netloc, vector["date"], parts.path)
    assert signature(text, vector["api_secret"]) == vector["signature"]


@pytest.mark.parametrize("vector", [v for v in SIGNING if v["date"].endswith("GMT")], ids=lambda v: v["name"])
def test_the_signed_url_of_a_vector(vector: dict[str, Any]) -> None:
    moment = datetime.fromtimestamp(vector["unix"], timezone.utc)
    key = vector["api_key"] or "key"
    url = signed_url(vector["url"], key, vector["api_secret"], moment)
    address, _, query = url.partition("?")
    fields = {name: values[0] for name, values in parse_qs(query, strict_parsing=True).items()}
    assert address == vector["url"]
    assert list(fields) == ["authorization", "date", "host"]
    assert fields["date"] == vector["date"]
    assert fields["host"] == urlsplit(vector["url"]).netloc
    assert base64.b64decode(fields["authorization"]).decode() == (
        f'api_key="{key}", algorithm="hmac-sha256", headers="host date request-line", '
        f'signature="{vector["signature"]}"'
    )
    assert not re.search(r"[ ,]", query), "the query is form-encoded"


def test_the_date_is_gmt_whatever_the_zone_of_the_clock() -> None:
    beijing = timezone(timedelta(hours=8))
    assert rfc1123(datetime(2025, 1, 1, 7, 59, 59, tzinfo=beijing)) == "Tue, 31 Dec 2024 23:59:59 GMT"


def test_an_address_keeps_its_own_query_out_of_the_signature() -> None:
    moment = datetime(2025, 1, 1, tzinfo=timezone.utc)
    plain = signed_url("ws://h:1/p", "k", "s", moment)
    tagged = signed_url("ws://h:1/p?a=b", "k", "s", moment)
    assert tagged == plain.replace("?", "?a=b&", 1)
