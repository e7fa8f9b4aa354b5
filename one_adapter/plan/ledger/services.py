"""What becomes of the settings of one service."""

from __future__ import annotations

from one_adapter.config import defaults
from one_adapter.config.model import Service
from one_adapter.language import tr
from one_adapter.plan.addresses import base_address
from one_adapter.plan.ledger.credentials import credential, listed_credential
from one_adapter.plan.ledger.leaf import (
    INFO,
    LABEL,
    Judge,
    Judgement,
    Leaf,
    Scope,
    approximated,
    dropped,
    emulated,
    inert,
    mapped,
)
from one_adapter.plan.ledger.limits import limit
from one_adapter.plan.pools import all_on
from one_adapter.plan.tasks import what_retired
from one_adapter.plan.vendors import known_host
from one_adapter.vendors.service_types import EMBEDDING_TYPES, ENDED, RETIRED, SERVICE_TYPES

BUILT_IN = tr("built in")
ALL_OFF = tr("every key of the service is switched off, and the gateway answers 429; switch one on")
NO_UPSTREAM = tr("no address is known for where it leads, and the gateway answers 500; give server_url")


def _service(scope: Scope, leaf: Leaf) -> Service:
    return scope.services["/".join(leaf.keys[1:3])]


def _id(scope: Scope, leaf: Leaf) -> Judgement:
    """The name of the service in every rule and report; an empty one is its type and number."""
    if not leaf.text.strip():
        return inert(tr("empty: {id}", id=_service(scope, leaf).id))
    return mapped(f"{INFO}.service")


def _provider(scope: Scope, leaf: Leaf) -> Judgement:
    """Whose the models are, in `/v1/models`; in gateway 0.10 a label for the web console."""
    if not scope.dialect.lists_owners or not leaf.text.strip():
        return inert(LABEL)
    return emulated(f"{INFO}.owned_by", tr("told by /v1/models"))


def _enabled(_: Scope, __: Leaf) -> Judgement:
    """Services that are switched off are not exported; nothing in them counts."""
    return mapped("model_list")


def _model(scope: Scope, leaf: Leaf) -> Judgement:
    """A group of deployments of this name. Left out: names with an asterisk, and names without any
    address."""
    service, name = _service(scope, leaf), leaf.text.strip()
    listing = service.embedding_models if leaf.path[3] == "embedding_models" else service.models
    if not name:
        return inert(tr("blank"))
    if _repeated(scope, leaf, name):
        return inert(tr("already listed"))
    if "*" in name:
        return dropped(tr("would be a pattern in LiteLLM; give the model a name without an asterisk"))
    if name == "random":
        return inert(tr("the gateway's own model of this name hides it"))
    if listing is service.embedding_models and service.type not in EMBEDDING_TYPES:
        return mapped("model_list", tr("answers chats only: the gateway has no embeddings for this type"))
    missing = _missing(scope, service, name, embedding=listing is service.embedding_models)
    if missing:
        return dropped(missing)
    retired = RETIRED.get(service.chat_type)
    if retired and retired.has(scope.names[service.id].upstream_model(name)):
        return approximated("model_list", what_retired(retired))
    if service.chat_type in ENDED:
        note = tr("goes to the vendor's successor, which may not have this model")
        return approximated("model_list", note)
    return mapped("model_list")


def _missing(scope: Scope, service: Service, name: str, embedding: bool = False) -> str:
    """Why a service answers nothing under a name; empty where it does."""
    names, numbers = scope.names[service.id], all_on(service)
    if not numbers:
        return ALL_OFF
    model = names.embedding_model(name) if embedding else names.upstream_model(name)
    return (
        ""
        if any(scope.understanding.upstream(service, each, model, embedding) for each in numbers)
        else NO_UPSTREAM
    )


def _repeated(scope: Scope, leaf: Leaf, name: str) -> bool:
    """Whether the same name stands earlier in its list."""
    place = (leaf.pointer.rpartition("/")[0], name)
    return scope.first_places.setdefault(place, leaf.pointer) != leaf.pointer


def _redirect(scope: Scope, leaf: Leaf) -> Judgement:
    """One more group of this name, the value going upstream; its share counts once for each listed model."""
    service = _service(scope, leaf)
    names = scope.names[service.id]
    if names.turned:
        if leaf.text not in names.redirect:
            note = tr("stands the other way round; {name} is another service's name", name=leaf.text)
        else:
            note = tr("stands the other way round: both names answer, and the listed id goes upstream")
        return approximated("model_list", note)
    if "*" in leaf.name:
        return dropped(tr("would be a pattern in LiteLLM; give the alias a name without an asterisk"))
    if not service.models and not service.embedding_models:
        return inert(tr("the service lists no model to enter it under"))
    missing = _missing(scope, service, leaf.name)
    if missing:
        return dropped(missing)
    if leaf.name == leaf.text:
        return mapped("model_list", tr("leads to itself; the gateway then hides the name from its list"))
    return mapped("model_list")


def _map(scope: Scope, leaf: Leaf) -> Judgement:
    """Renames what goes upstream, after `model_redirect`, once."""
    if leaf.name not in scope.redirected[_service(scope, leaf).id]:
        return inert(tr("no name of this service becomes this one; a map is followed once"))
    return mapped("litellm_params.model")


def _reasoning(_: Scope, leaf: Leaf) -> Judgement:
    """Not needed: LiteLLM carries the reasoning of every model by itself."""
    if leaf.text == "openrouterr1":
        note = tr("include_reasoning is not sent: OpenRouter sends reasoning unless told otherwise")
        return approximated(BUILT_IN, note)
    return mapped(BUILT_IN, tr("LiteLLM carries reasoning_content of every model by itself"))


def _server_url(scope: Scope, leaf: Leaf) -> Judgement:
    """The base address, without the endpoint at its end; its query goes on every call."""
    service = _service(scope, leaf)
    if not leaf.text.strip():
        return inert(tr("empty: the default address"))
    if SERVICE_TYPES[service.chat_type].address == "none":
        return inert(tr("the gateway ignores it for type {type}", type=service.type))
    if service.chat_type == "dify":
        note = tr("honoured, where the gateway always called the public cloud")
        return mapped("litellm_params.api_base", note)
    if service.chat_type == "azure":
        note = tr("deployment and api-version are kept, which the gateway dropped")
        return mapped("litellm_params.api_base", note)
    if "?" in leaf.text:
        names = [name for name, _ in base_address(service.server_url).query]
        if len(names) != len(set(names)):
            note = tr("of a parameter given twice only the last goes on")
            return approximated("litellm_params.api_base", note)
        return emulated("litellm_params.api_base", tr("its query goes on every call"))
    row = known_host(service.server_url)
    return mapped("litellm_params.api_base", row.name if row else "")


def _use_proxy(scope: Scope, _: Leaf) -> Judgement:
    """Asked for by the proxy strategies `default` and `all`."""
    strategy = scope.gateway.proxy.strategy
    if strategy not in ("default", "all"):
        return inert(tr("the strategy {strategy} does not ask", strategy=strategy))
    return emulated(f"{INFO}.proxy")


def _timeout(_: Scope, leaf: Leaf) -> Judgement:
    """Seconds for the whole request: the wait, the answer and the stream."""
    if not leaf.node.value:
        return inert(tr("0: the default of {seconds} s", seconds=defaults.TIMEOUT_SECONDS))
    return emulated(
        f"litellm_params.timeout, {INFO}.timeout", tr("covers the wait, the answer and the whole stream")
    )


def _protocol(_: Scope, leaf: Leaf) -> Judgement:
    """What the service is asked in, where that is not its type's own protocol."""
    if leaf.text.strip().lower() in ("", "auto"):
        return inert(tr("the protocol of the type, as it is without"))
    return mapped("litellm_params.model", tr("asked in this protocol, whatever its type"))


SERVICE: dict[tuple[str, ...], Judge] = {
    ("id",): _id,
    ("provider",): _provider,
    ("enabled",): _enabled,
    ("models", "*"): _model,
    ("embedding_models", "*"): _model,
    ("model_redirect", "*"): _redirect,
    ("model_map", "*"): _map,
    ("reasoning_models", "*"): _reasoning,
    **{
        (*path, kind): limit
        for path in (("limit",), ("embedding_limit",), ("model_limits", "*"))
        for kind in ("qps", "qpm", "rpm", "tpm", "concurrency", "timeout")
    },
    ("upstream_protocol",): _protocol,
    ("server_url",): _server_url,
    ("use_proxy",): _use_proxy,
    ("timeout",): _timeout,
}
#: Fields below which everything is judged by one function, at whatever depth it stands.
DEEP: dict[str, Judge] = {"credentials": credential, "credential_list": listed_credential}
