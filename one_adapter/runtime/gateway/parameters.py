"""What LiteLLM's own parameters say of a deployment: which hosts it calls, and whether it costs anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from one_adapter.errors import OneAdapterError
from one_adapter.language import tr


def hosts_of(params: Mapping[str, Any]) -> frozenset[str]:
    """The hosts of a deployment's addresses; without an address of its own, none is known.

    Raises `OneAdapterError` for an address that is none.
    """
    addresses = [str(params.get(name) or "") for name in ("api_base", "openapi_base")]
    if not addresses[0]:
        return frozenset()
    try:
        names = [urlsplit(address).hostname or "" for address in addresses]
        return frozenset(name if name.isascii() else name.encode("idna").decode() for name in names if name)
    except ValueError:  # it may hold a password, and is not told
        told = tr("The api_base of {model} is no address.", model=params.get("model"))
        raise OneAdapterError(told, 1) from None


def is_free(*places: Mapping[str, Any]) -> bool:
    """Whether tokens are priced at nothing and no other price is named."""
    prices = {name: value for place in places for name, value in place.items() if "cost" in name}
    both = ("input_cost_per_token", "output_cost_per_token")
    return all(name in prices for name in both) and not any(prices.values())
