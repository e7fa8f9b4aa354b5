"""What the operator configured, told apart from what a client asked for.

LiteLLM hands a custom provider the deployment's own keys and the client's body mixed together, the
client's winning. Inside the proxy the configured values are therefore read from the router's own
deployment, never from what arrived with the call.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import litellm
from litellm.types.utils import all_litellm_params

from one_adapter.providers.failure import Kind, VendorError

#: Keys of litellm_params that every provider here knows; only the operator may set them.
COMMON = frozenset({"credential_env", "proxy_env", "connect_timeout", "idle_timeout"})
#: Keys that reach us among the client's parameters but are LiteLLM's own business.
_NOT_PARAMETERS = frozenset({*all_litellm_params, "stream", "extra_body", "extra_headers"}) - {"metadata"}
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")


@dataclass(frozen=True, slots=True)
class Settings:
    """The operator's side of a call: option values, base URL, limits in seconds."""

    values: Mapping[str, Any]
    api_base: str | None
    timeout: float
    connect_timeout: float
    idle_timeout: float
    proxy: str | None
    drop_params: bool


def split(
    options: frozenset[str],
    optional_params: Mapping[str, Any],
    litellm_params: Mapping[str, Any],
    api_base: str | None,
    timeout: float,
) -> tuple[Settings, dict[str, Any]]:
    """(what the operator set, what the client asks for).

    `options`: the provider's own configuration keys. Raises VendorError when a client tries to set one.
    """
    reserved = options | COMMON
    extra = optional_params.get("extra_body")
    extra = extra if isinstance(extra, Mapping) else {}
    deployment = configured(litellm_params)
    if deployment is None:  # no proxy: the program that calls is the operator
        deployment = {**optional_params, "api_base": api_base}
    else:
        _refuse_forged(reserved, optional_params, extra, deployment)
    skip = reserved | _NOT_PARAMETERS
    asked = {name: value for name, value in {**extra, **optional_params}.items() if name not in skip}
    return _settings(reserved, deployment, litellm_params, timeout), asked


def configured(litellm_params: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The deployment's litellm_params as the proxy's router holds them; None outside a proxy."""
    router = getattr(sys.modules.get("litellm.proxy.proxy_server"), "llm_router", None)
    if router is None:
        return None
    info = litellm_params.get("model_info") or {}
    for name in ("original_model_id", "id"):
        known = _deployment(router, str(info[name])) if info.get(name) else None
        if known is not None:
            params = known["litellm_params"]
            return params if isinstance(params, Mapping) else dict(params)
    if litellm_params.get("proxy_server_request"):
        raise VendorError(Kind.BAD_REQUEST, "this model is not a deployment of this proxy")
    return None  # the proxy's own call, such as a health check: it passes the deployment's keys itself


def _deployment(router: Any, identity: str) -> Mapping[str, Any] | None:
    """A deployment by its id; LiteLLM's router has a registry from 1.109 on."""
    registry = getattr(router, "registry", None)
    found = registry().deployment_dict(identity) if registry else router.get_model_info(id=identity)
    return found if isinstance(found, Mapping) else None


def _refuse_forged(
    reserved: Iterable[str],
    params: Mapping[str, Any],
    extra: Mapping[str, Any],
    deployment: Mapping[str, Any],
) -> None:
    forged = {name for name in reserved if name in extra}
    forged |= {name for name in reserved if name in params and params[name] != deployment.get(name)}
    if forged:
        names = ", ".join(sorted(forged))
        raise VendorError(Kind.BAD_REQUEST, f"only the operator can set {names}")


def _settings(
    reserved: Iterable[str],
    deployment: Mapping[str, Any],
    litellm_params: Mapping[str, Any],
    timeout: float,
) -> Settings:
    values = {name: deployment[name] for name in reserved if deployment.get(name) is not None}
    whole = deployment.get("timeout")
    drop = litellm.drop_params or deployment.get("drop_params") or litellm_params.get("drop_params")
    return Settings(
        values=values,
        api_base=deployment.get("api_base"),
        timeout=min(timeout, float(whole)) if whole else timeout,
        connect_timeout=float(values.get("connect_timeout", 10.0)),
        idle_timeout=float(values.get("idle_timeout", 60.0)),
        proxy=variable(str(values["proxy_env"])) if "proxy_env" in values else None,
        drop_params=drop is True,
    )


def variable(name: str) -> str:
    """The value of an environment variable that the operator named. Raises VendorError without one."""
    if not _VARIABLE.fullmatch(name):
        raise VendorError(Kind.AUTHENTICATION, "a name of an environment variable is A-Z, 0-9 and _ only")
    value = os.environ.get(name)
    if not value:
        raise VendorError(Kind.AUTHENTICATION, f"the environment variable {name} is not set")
    return value


def credential(
    settings: Settings, prefix: str, fields: Iterable[str], optional: Iterable[str] = ()
) -> dict[str, str]:
    """Field → value from `<PREFIX>_<FIELD>`; `credential_env` replaces the usual prefix."""
    prefix = str(settings.values.get("credential_env", prefix))
    found = {field: variable(f"{prefix}_{field}") for field in fields}
    return found | {field: os.environ.get(f"{prefix}_{field}", "") for field in optional}


def ignore_or_refuse(asked: Mapping[str, Any], cannot: Mapping[str, str], settings: Settings) -> None:
    """Refuse parameters that would change the answer's form and that the vendor cannot honour.

    `cannot`: parameter → why. With drop_params they are ignored instead, as everywhere in LiteLLM.
    """
    if settings.drop_params:
        return
    for name, why in cannot.items():
        if _asks_something(name, asked.get(name)):
            raise VendorError(Kind.UNSUPPORTED, f"{name}: {why} (drop_params: true ignores it)")


def _asks_something(name: str, value: Any) -> bool:
    if name == "n":
        return value not in (None, 1)
    if name == "response_format" and isinstance(value, Mapping):
        return value.get("type") != "text"
    return bool(value)
