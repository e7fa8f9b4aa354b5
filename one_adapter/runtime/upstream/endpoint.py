"""A call's address and headers in the protocols that are relayed: OpenAI's two, Azure's form, Anthropic's.

The arguments are those of LiteLLM's deployment, so that a call looks the same whichever way it takes.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit, urlunsplit

from one_adapter import __version__
from one_adapter.contract import NO_KEY
from one_adapter.runtime.redaction import forms
from one_adapter.runtime.redaction import parts as parts_of

#: What is asked for when the deployment names no version of Azure's interface, and of Anthropic's.
AZURE_VERSION, ANTHROPIC_VERSION = "2024-10-21", "2023-06-01"
#: The end of an address of Anthropic's protocol; behind a `#` it says that the address is whole without it.
MESSAGES = "/v1/messages"
#: Protocol -> kind of request -> the end of the address.
PATHS: Mapping[str, Mapping[str, str]] = {
    "openai": {"chat": "/chat/completions", "embeddings": "/embeddings"},
    "azure": {"chat": "/chat/completions", "embeddings": "/embeddings"},
    "anthropic": {"messages": MESSAGES},
    "responses": {"responses": "/responses"},
}


@dataclass(frozen=True, eq=False, slots=True)
class Endpoint:
    """One deployment's address for one kind of request; `headers` hold the key, and so are not shown.

    `secrets` are the forms in which the upstream might tell what it was given.
    """

    url: str
    headers: Mapping[str, str] = field(repr=False)
    secrets: tuple[bytes, ...] = field(default=(), repr=False)


def endpoint(
    protocol: str, kind: str, model: str, parameters: Mapping[str, Any], query: Mapping[str, str]
) -> Endpoint | None:
    """Where a request of `kind` goes, or None where the upstream does not speak the client's protocol.

    `parameters` are LiteLLM's (`api_base`, `api_key`, `api_version`, `organization`), references resolved.

    >>> endpoint("openai", "chat", "m", {"api_base": "https://a.example/v1/", "api_key": "k"}, {}).url
    'https://a.example/v1/chat/completions'
    >>> endpoint("azure", "chat", "m", {"api_base": "https://a.example", "api_key": "k"}, {}).url
    'https://a.example/openai/deployments/m/chat/completions?api-version=2024-10-21'
    """
    path = PATHS.get(protocol, {}).get(kind)
    parts = urlsplit(str(parameters.get("api_base") or ""))
    if path is None or not parts.netloc:
        return None
    folder = parts.path.rstrip("/")
    asked = dict(query)
    if protocol == "azure":
        path = f"/openai/deployments/{quote(model, safe='')}{path}"
        asked["api-version"] = str(parameters.get("api_version") or AZURE_VERSION)
    if protocol == "anthropic" and parts.fragment == MESSAGES:
        folder, path = parts.path, ""
    elif protocol == "anthropic":
        folder = folder.removesuffix(MESSAGES)
    host = parts.netloc.rpartition("@")[2]
    given = "&".join(one for one in (parts.query, urlencode(asked)) if one)
    url = urlunsplit((parts.scheme, host, folder + path, given, ""))
    given_to_it = (str(parameters.get("api_key") or ""), f"{parts.scheme}://{parts.netloc}/?{given}")
    secrets = {form.encode() for value in given_to_it for one in parts_of(value) for form in forms(one)}
    return Endpoint(url, _headers(protocol, parameters, parts.username, parts.password), tuple(secrets))


def _headers(
    protocol: str, parameters: Mapping[str, Any], user: str | None, password: str | None
) -> dict[str, str]:
    headers = {
        "accept": "application/json",
        "accept-encoding": "identity",
        "content-type": "application/json",
        "user-agent": f"one-adapter/{__version__}",
    }
    key = str(parameters.get("api_key") or NO_KEY)
    if key != NO_KEY and protocol in ("openai", "responses"):
        headers["authorization"] = f"Bearer {key}"
    elif key != NO_KEY:
        headers["api-key" if protocol == "azure" else "x-api-key"] = key
    if user is not None and "authorization" not in headers:
        pair = f"{unquote(user)}:{unquote(password or '')}"
        headers["authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
    if protocol == "anthropic":
        headers["anthropic-version"] = ANTHROPIC_VERSION
    if parameters.get("organization"):
        headers["openai-organization"] = str(parameters["organization"])
    return headers
