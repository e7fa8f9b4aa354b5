"""The waiting limits of a service and of its keys: which numbers count, and which calls they bind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from one_adapter.config import defaults
from one_adapter.config.model import Credential, Limit, Service
from one_adapter.dialect import Dialect
from one_adapter.plan.types import CredentialPolicy, LayerPolicies, LimitPolicy, Limits, ServicePolicy
from one_adapter.vendors.service_types import EMBEDDING_TYPES

#: The fields of a limit and what each counts, in the gateway's order: where only one counts it is the first
#: above 0. `rpm` is `qpm` by another name.
LIMIT_FIELDS = (("qps", "qps"), ("qpm", "qpm"), ("rpm", "qpm"), ("concurrency", "concurrency"))


def limit_of(
    limit: Limit, dialect: Dialect, wait_seconds: int = defaults.LIMIT_WAIT_SECONDS
) -> LimitPolicy | None:
    """What a limit says, or the one number of it that counts; None when no number is above 0."""
    values = {name: getattr(limit, name) for name, _ in LIMIT_FIELDS}
    wait = limit.timeout or wait_seconds
    if not dialect.limits_add_up:
        return _first(values, wait)
    numbers = {name: value for name, value in {**values, "tpm": limit.tpm}.items() if value > 0}
    if not numbers:
        return None
    minutes = [numbers[name] for name in ("qpm", "rpm") if name in numbers]
    return LimitPolicy(
        qps=numbers.get("qps", 0),
        qpm=min(minutes, default=0),
        tpm=numbers.get("tpm", 0),
        concurrency=numbers.get("concurrency", 0),
        wait_seconds=wait,
    )


def credential_limit_of(credential: Mapping[str, Any]) -> LimitPolicy | None:
    """A credential's own limit where it is free text. What is no number there is no limit, and no error."""
    given = credential.get("limit")
    if not isinstance(given, Mapping):
        return None
    numbers = {name: value for name, value in given.items() if _is_number(value)}
    return _first(numbers, int(numbers.get("timeout") or defaults.LIMIT_WAIT_SECONDS))


def _first(values: Mapping[str, float], wait_seconds: int) -> LimitPolicy | None:
    name = counting_field(values)
    return (
        LimitPolicy(**{dict(LIMIT_FIELDS)[name]: values[name]}, wait_seconds=wait_seconds) if name else None
    )


def counting_field(values: Mapping[str, float]) -> str | None:
    """The name of the limit that counts among several."""
    return next((name for name, _ in LIMIT_FIELDS if values.get(name, 0) > 0), None)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf")


def limits_of(limits: Mapping[str, Limit], dialect: Dialect) -> Limits:
    """Limits by model, without those that limit nothing."""
    found = {name: limit_of(limit, dialect, wait_seconds=0) for name, limit in limits.items()}
    return {name: limit for name, limit in found.items() if limit is not None}


def credentials_of(
    service: Service, own: LimitPolicy | None, dialect: Dialect
) -> tuple[CredentialPolicy, ...]:
    """The keys of a service. Where layers do not add up, its own limit (`own`) voids theirs."""

    def limit(credential: Credential) -> LimitPolicy | None:
        if dialect.limits_add_up:
            return limit_of(credential.limit, dialect, wait_seconds=0)
        return None if own else credential_limit_of(credential.values)

    return tuple(
        CredentialPolicy(
            key=each.id,
            name=each.name,
            enabled=each.enabled,
            limit=limit(each),
            model_limits=limits_of(each.model_limits, dialect) if dialect.limits_add_up else {},
        )
        for each in service.pool
    )


def found_under(limits: Limits, names: Iterable[str]) -> str | None:
    """The first of several names that has a limit of its own."""
    return next((name for name in names if name in limits), None)


def layers_of(policy: ServicePolicy, credential: int) -> LayerPolicies:
    """Every limit that may bind a call made with a credential of a service."""
    key = policy.credentials[credential]
    return LayerPolicies(
        credential=key.limit,
        credential_models=key.model_limits,
        service_models=policy.model_limits,
        service=policy.limit,
        embeddings=policy.embedding_limit if policy.type in EMBEDDING_TYPES else None,
    )
