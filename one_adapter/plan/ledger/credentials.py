"""What becomes of the credentials of a service, and of what stands beside them in a key."""

from __future__ import annotations

from collections.abc import Callable

from one_adapter.config.model import Service
from one_adapter.language import tr
from one_adapter.plan.credentials import left_out
from one_adapter.plan.ledger.leaf import (
    EMPTY,
    INFO,
    LABEL,
    NOT_A_NUMBER,
    THE_DEFAULT,
    Judgement,
    Leaf,
    Scope,
    dropped,
    emulated,
    inert,
    mapped,
)
from one_adapter.plan.ledger.limits import NEVER_ASKED, model_limit, number, single
from one_adapter.plan.limits import counting_field
from one_adapter.plan.tasks import what_ended
from one_adapter.vendors.service_types import CREDENTIALS, ENDED

PARAMETERS = {
    "project_id": "litellm_params.vertex_project",
    "location": "litellm_params.vertex_location",
    "json_file": "litellm_params.vertex_credentials",
    "domain": "litellm_params.domain",
}


def credential(scope: Scope, leaf: Leaf) -> Judgement:
    """Keys go to `.env` and are named in the file; see the table of service types for what each reads."""
    service = scope.services["/".join(leaf.keys[1:3])]
    if service.reads_list:
        return inert(tr("credential_list counts instead"))
    return _credential_field(scope, service, leaf, leaf.keys[4:], 0)


def listed_credential(scope: Scope, leaf: Leaf) -> Judgement:
    """One deployment for each that is not switched off, with its part of the share, its `id` and its limits;
    in gateway 0.10 its `limit` counts where the service has none."""
    service = scope.services["/".join(leaf.keys[1:3])]
    if len(leaf.keys) < 6:
        return inert(EMPTY)
    index = int(leaf.keys[4])
    if not scope.dialect.pools and scope.gateway.load_balancing == "first" and index:
        return inert(tr("under load_balancing first only the first credential is used"))
    if not service.pool[index].enabled and leaf.keys[5:] != ("enabled",):
        return inert(tr("the key is switched off"))
    return _credential_field(scope, service, leaf, leaf.keys[5:], index)


def _credential_field(
    scope: Scope, service: Service, leaf: Leaf, keys: tuple[str, ...], index: int
) -> Judgement:
    if not keys:
        return inert(EMPTY)
    name = keys[0]
    if name in ("limit", "model_limits") and service.id not in scope.asked:
        return inert(NEVER_ASKED)
    if scope.dialect.pools and name in _OF_A_KEY:
        return _OF_A_KEY[name](scope, service, leaf, index)
    if name == "limit":
        return _free_limit(scope, service, leaf, index)
    if not service.reads_list and leaf.keys[3] == "credential_list":
        return inert(tr("type {type} reads credentials alone", type=service.type))
    facts = CREDENTIALS[service.chat_type]
    if name not in facts.known:
        if name in facts.idle:
            return inert(tr("type {type} reads no such credential: it asks for none", type=service.chat_type))
        return inert(tr("type {type} reads no such credential", type=service.chat_type))
    if leaf.node.kind != "string" or len(keys) > 1:
        return inert(tr("not a text: the gateway sends an empty one"))
    if not leaf.text.strip():
        return inert(EMPTY)
    if service.chat_type in ENDED:
        return dropped(what_ended(service.chat_type))
    kind = left_out(service, name, leaf.text)
    if kind:
        return dropped(tr("{name} {says}; its variable is left empty", name=name, says=kind.says))
    if name == "group_id":
        return dropped(tr("the vendor's endpoint of today takes none; nothing to do"))
    if service.chat_type == "huoshan" and name != "api_key" and service.each_credential[index].get("api_key"):
        return inert(tr("api_key counts instead"))
    if service.chat_type == "xinghuo" and scope.options.spark == "http":
        return _spark_http(name)
    if name == "domain":
        return emulated(PARAMETERS[name], tr("sent by the adapter"))
    if service.chat_type in ("xinghuo", "dify") or name in ("access_key", "secret_key"):
        return emulated("litellm_params.credential_env", tr("read from the environment by the adapter"))
    note = "" if name in PARAMETERS else tr("in .env")
    return mapped(PARAMETERS.get(name, "litellm_params.api_key"), note)


def _spark_http(name: str) -> Judgement:
    """Spark's credentials on its OpenAI-shaped address: the key is API_KEY:API_SECRET."""
    if name == "appid":
        return dropped(tr("Spark's OpenAI-shaped address takes none; nothing to do"))
    if name == "domain":
        return mapped("litellm_params.model")
    return mapped("litellm_params.api_key", tr("the two joined by a colon, in .env"))


def _free_limit(scope: Scope, service: Service, leaf: Leaf, index: int) -> Judgement:
    """A limit of a credential in the gateway to which credentials are free text."""
    policy = scope.policies[service.id]
    if policy.limit is not None:
        return inert(tr("the service's own limit counts instead"))
    given = service.pool[index].values.get("limit")
    numbers = given if isinstance(given, dict) else {}
    usable = {k: v for k, v in numbers.items() if isinstance(v, int | float) and not isinstance(v, bool)}
    if leaf.node.kind != "number" or leaf.name not in (*usable, "timeout"):
        return inert(NOT_A_NUMBER)
    if leaf.name not in ("qps", "qpm", "rpm", "concurrency", "timeout"):
        return inert(tr("the gateway reads no such limit"))
    exists = policy.credentials[index].limit is not None
    return single(leaf, exists, counting_field(usable), leaf.name, f"{INFO}.limits.credential")


def _id(_: Scope, service: Service, leaf: Leaf, index: int) -> Judgement:
    if not service.credential_list:
        return inert(tr("credentials that stand alone have no id"))
    if leaf.node.kind != "string" or not leaf.text.strip():
        return inert(tr("no text in it: {id}", id=service.pool[index].id))
    return mapped(f"{INFO}.key")


def _name(_: Scope, __: Service, ___: Leaf, ____: int) -> Judgement:
    return inert(LABEL)


def _enabled(_: Scope, service: Service, __: Leaf, index: int) -> Judgement:
    if not service.credential_list:
        return inert(tr("credentials that stand alone cannot be switched off"))
    if service.pool[index].enabled:
        return inert(THE_DEFAULT)
    return mapped("model_list", tr("switched off: no deployment, and its turns go to the next key"))


def _limit(scope: Scope, service: Service, leaf: Leaf, index: int) -> Judgement:
    if leaf.node.kind != "number":
        return inert(NOT_A_NUMBER)
    return number(scope, leaf, service.pool[index].limit, f"{INFO}.limits.credential")


def _model_limits(scope: Scope, service: Service, leaf: Leaf, index: int) -> Judgement:
    if leaf.node.kind != "number" or len(leaf.path) < 3 or leaf.path[-2] != "*":
        return inert(tr("no limit of a model"))
    target = f"{INFO}.limits.credential_models"
    return model_limit(scope, leaf, service, service.pool[index].model_limits, target)


_OF_A_KEY: dict[str, Callable[[Scope, Service, Leaf, int], Judgement]] = {
    "id": _id,
    "name": _name,
    "enabled": _enabled,
    "limit": _limit,
    "model_limits": _model_limits,
}
