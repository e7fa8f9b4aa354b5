"""Spark's models: address, domain, and what each understands."""

from __future__ import annotations

from dataclasses import dataclass, replace

from one_adapter.providers.failure import Kind, VendorError

HOST = "wss://spark-api.xf-yun.com"


@dataclass(frozen=True, slots=True)
class Engine:
    """Where a model answers (`url`, `domain`) and whether it takes a system role and functions."""

    url: str
    domain: str
    system: bool
    functions: bool


def _row(path: str, domain: str, able: bool) -> Engine:
    return Engine(f"{HOST}{path}", domain, able, able)


_LITE = _row("/v1.1/chat", "lite", False)
_V2 = _row("/v2.1/chat", "generalv2", False)
_PRO = _row("/v3.1/chat", "generalv3", False)
_PRO_128K = _row("/chat/pro-128k", "pro-128k", False)
_MAX = _row("/v3.5/chat", "generalv3.5", True)
_MAX_32K = _row("/chat/max-32k", "max-32k", True)
_ULTRA = _row("/v4.0/chat", "4.0Ultra", True)

#: Every name in use for a model, in lower case.
ENGINES = {
    "spark-lite": _LITE,
    "general": _LITE,
    "lite": _LITE,
    "spark-v2.0": _V2,
    "generalv2": _V2,
    "spark-pro": _PRO,
    "generalv3": _PRO,
    "spark-pro-128k": _PRO_128K,
    "pro-128k": _PRO_128K,
    "spark3.5-max": _MAX,
    "spark-max": _MAX,
    "generalv3.5": _MAX,
    "spark-max32k": _MAX_32K,
    "spark-max-32k": _MAX_32K,
    "max-32k": _MAX_32K,
    "4.0ultra": _ULTRA,
    "spark-4.0-ultra": _ULTRA,
}


def engine(model: str, url: str | None = None, domain: str | None = None) -> Engine:
    """The engine for a model name of any case; `url` and `domain` override the table.

    Raises VendorError for a name that is not in the table, unless both are given.

    >>> engine("Spark-Lite").url
    'wss://spark-api.xf-yun.com/v1.1/chat'
    >>> engine("own", url="ws://10.0.0.1:9991/turing/v3/chat", domain="patch").domain
    'patch'
    """
    known = ENGINES.get((domain or model).lower()) or ENGINES.get(model.lower())
    if url and domain:
        able = known is None or known.system
        return Engine(url, domain, able, able)
    if known is None or model.lower() not in ENGINES:
        text = f"Spark has no model {model!r}: set api_base (the websocket address) and domain for it"
        raise VendorError(Kind.NOT_FOUND, text)
    row = ENGINES[model.lower()]
    return replace(known, url=url or row.url, domain=domain or row.domain)
