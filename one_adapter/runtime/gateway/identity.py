"""Whose the memory of limits, breakers and turns is, when the next configuration calls services otherwise.

A name that the owner has given stays its service's. Where it is a place in the old file (`openai-1`), another
service has it as soon as one before it is taken out; such a service is known by where it is asked, and with
which key. The same goes for keys that have no name of their own.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from one_adapter.contract import ADAPTER_VARIABLES, NO_KEY
from one_adapter.runtime.gateway.settings import Policy, read_policy

#: How a key is called that has no name of its own.
COUNTED_KEY = re.compile(r"key-[0-9]+")
#: Where a deployment's key stands.
HOLDERS = ("api_key", "vertex_credentials", "credential_env")
#: Characters of a digest that tell one from another.
DIGEST_CHARACTERS = 12


def with_identities(
    model_list: Sequence[Mapping[str, Any]], counted: Container[str] | None, environment: Mapping[str, str]
) -> Iterator[tuple[Mapping[str, Any], Policy]]:
    """Each deployment with its policy, which says what its service and its key are remembered by.

    Services in `counted` are those whose names are places; of two that are asked alike the second is told
    from the first by that. None: every name of a service or a key is the owner's own.
    """
    read = [(one, read_policy(one)) for one in model_list]
    if counted is None:
        yield from read
        return
    firsts: dict[str, tuple[Mapping[str, Any], Policy]] = {}
    for one, policy in read:
        if policy.service in counted:
            known = firsts.get(policy.service)
            if known is None or policy.credential < known[1].credential:
                firsts[policy.service] = one, policy
    identities: dict[str, str] = {}
    for service, (one, _) in firsts.items():
        params = one.get("litellm_params") or {}
        kind = service.rpartition("-")[0]
        name = f"{kind}#{_digest(kind, _origin(params), _key(params, environment))}"
        while name in identities.values():
            name += "+"
        identities[service] = name
    keys: dict[tuple[str, int], str] = {}
    for one, policy in read:
        place = policy.service, policy.credential
        if place not in keys:
            name = _key_identity(one, policy, environment)
            others = {other for (service, _), other in keys.items() if service == policy.service}
            while name and name in others:
                name += "+"
            keys[place] = name
        yield one, replace(policy, identity=identities.get(policy.service, ""), key_identity=keys[place])


def names_in_memory(policies: Iterable[Policy]) -> dict[tuple[str, ...], tuple[str, str]]:
    """What a service, and a key of it, is remembered by -> their names at present."""
    found: dict[tuple[str, ...], tuple[str, str]] = {}
    for one in policies:
        found[one.owner,] = one.service, ""
        found[one.owner, one.key_owner] = one.service, one.key or str(one.credential)
    return found


def _key_identity(deployment: Mapping[str, Any], policy: Policy, environment: Mapping[str, str]) -> str:
    """What a key is remembered by, "" where that is the name the owner has given."""
    if policy.key and not COUNTED_KEY.fullmatch(policy.key):
        return ""
    secret = _key(deployment.get("litellm_params") or {}, environment)
    return f"#{_digest(secret)}" if secret else ""


def _key(params: Mapping[str, Any], environment: Mapping[str, str]) -> str:
    """The key of a deployment, "" where it has none."""
    for name in HOLDERS:
        value = str(params.get(name) or "")
        if value and name == HOLDERS[-1]:
            value = " ".join(environment.get(f"{value}_{one}", "") for one in ADAPTER_VARIABLES).strip()
        if value and value != NO_KEY:
            return value
    return ""


def _origin(params: Mapping[str, Any]) -> str:
    """The beginning of a deployment's address: what follows may be another for each model."""
    address = str(params.get("api_base") or "")
    return urlsplit(address).netloc or address


def _digest(*parts: str) -> str:
    whole = "\0".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.sha256(whole).hexdigest()[:DIGEST_CHARACTERS]
