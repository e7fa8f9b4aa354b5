"""LIT20x: which vendor a deployment goes to."""

from __future__ import annotations

from collections.abc import Iterator

from one_adapter.config.node import Node
from one_adapter.language import tr
from one_adapter.lint.finding import Note
from one_adapter.lint.litellm.context import Context, Deployment
from one_adapter.lint.litellm.fitting import is_reference
from one_adapter.lint.litellm.hints import family_of, provider_of
from one_adapter.lint.litellm.rule import rule

_PROVIDER_KEYS = ("provider", "model_provider", "llm_provider", "litellm_provider", "api_type")
#: Prefixes that LiteLLM's own routers take beside the providers.
_ROUTERS = (
    "auto_router",
    "complexity_router",
    "adaptive_router",
    "quality_router",
    "semantic_router",
    "litellm_agent",
)
#: Names that LiteLLM took for OpenAI's by themselves, up to 1.108.
_PICTURES = ("dall-e-2", "dall-e-3")
_IDS = 64  # characters of the version that ends a model's name at Replicate


def own_providers(context: Context) -> frozenset[str]:
    """The providers that the file itself brings along in custom_provider_map."""
    node = context.find("/litellm_settings/custom_provider_map")
    named = [item.get("provider") for item in node.items if item.kind == "object"] if node else []
    return frozenset(one.value for one in named if one is not None and one.kind == "string")


def provider(context: Context, one: Deployment) -> str:
    """The provider LiteLLM takes for a deployment; empty where it finds none, or where nobody can tell."""
    # A dozen rules ask.
    known = context.once(_known_providers)
    if one.pointer not in known:
        known[one.pointer] = _provider(context, one)
    return known[one.pointer]


def _known_providers(_: Context) -> dict[str, str]:
    return {}


def _provider(context: Context, one: Deployment) -> str:
    named = one.param("custom_llm_provider")
    if named is not None and named.kind == "string" and named.value and not is_reference(named):
        return str(named.value)
    prefix, slash, _ = one.model.partition("/")
    if slash and (prefix in context.tables.words("providers") or prefix in context.once(own_providers)):
        return prefix
    base = address(one)
    if base is not None and base.kind == "string" and (host := _known_host(context, base.value)):
        return host
    return _bare(context, one.model)


def _bare(context: Context, model: str) -> str:
    """The provider of a name without a prefix, as LiteLLM's lists and its few patterns say."""
    known = context.tables.models.provider(model)
    if model in _PICTURES and context.is_version(until="1.108"):
        return "openai"
    if known:
        return known
    if "ft:gpt-3.5-turbo" in model or "ft:gpt-4" in model or model.startswith("gpt-image") or model == "*":
        return "openai"
    _, colon, version = model.partition(":")
    return "replicate" if colon and len(version) == _IDS else ""


def _known_host(context: Context, base: str) -> str:
    """A word for the vendor whose address LiteLLM knows; it finds the provider by it."""
    plain = base.removeprefix("https://").removeprefix("http://").rstrip("/")
    for host in context.tables.words("openai_hosts"):
        wanted = host.removeprefix("https://").rstrip("/")
        if plain == wanted or plain.startswith(f"{wanted}/"):
            return host
    return ""


def address(one: Deployment) -> Node | None:
    """The address of a deployment, under either of its names."""
    base = one.param("api_base")
    return base if base is not None and base.kind != "null" else one.param("base_url")


def _judged(context: Context) -> Iterator[Deployment]:
    """The deployments whose provider the file itself says."""
    for one in context.deployments:
        written = one.param("model")
        if written is not None and written.kind == "string" and not is_reference(written):
            # With an unset credential of its own LiteLLM may take all for its own proxy: nobody writes so.
            proxied = one.param("use_litellm_proxy")
            if proxied is None or not proxied.value:
                yield one


@rule("LIT201", "no-provider", "error")
def no_provider(context: Context) -> Iterator[Note]:
    """A model has no provider in front of its name, and LiteLLM does not know the name.

    `openai/my-model` is a model called `my-model` at a server that speaks OpenAI's protocol; `model:
    my-model` says nothing of the kind. An address in `api_base` does not tell it either, but for a few
    well-known hosts.

    LiteLLM: leaves the deployment out, with `LLM Provider NOT provided` in the log, and starts without it.
    """
    for one in _judged(context):
        if (
            "/" in one.model
            or provider(context, one)
            or any(one.param(key) is not None for key in _PROVIDER_KEYS)
        ):
            continue
        known = context.tables.words("providers")
        family = family_of(one.model)
        if address(one) is not None:
            family = "openai"
        if ":" in one.model and one.model.split(":")[0] in known:
            family = one.model.split(":")[0]
            advice = tr("Write {model}.", model=one.model.replace(":", "/", 1))
        elif family:
            advice = tr("Write {model}.", model=f"{family}/{one.model.lstrip('/')}")
        else:
            advice = tr("Put the provider in front, such as openai/ for a server that speaks its protocol.")
        said = tr('no provider is named for "{model}": LiteLLM leaves this deployment out', model=one.model)
        yield context.note(one.at("model"), said, advice)


@rule("LIT202", "unknown-provider", "error")
def unknown_provider(context: Context) -> Iterator[Note]:
    """What stands in front of the model's name is no provider of LiteLLM's.

    The names are LiteLLM's own, in lower case: Zhipu is `zai`, Google's models are `gemini` or `vertex_ai`,
    Alibaba's are `dashscope`. A server that speaks OpenAI's protocol is `openai` with an `api_base`.

    LiteLLM: leaves the deployment out, with `LLM Provider NOT provided` in the log, and starts without it.
    """
    providers = context.tables.words("providers")
    for one in _judged(context):
        named = one.param("custom_llm_provider")
        if named is not None and named.kind == "string" and named.value and not is_reference(named):
            if named.value not in providers and named.value not in context.once(own_providers):
                meant = provider_of(named.value, providers)
                advice = tr("Did you mean {name}?", name=meant) if meant else ""
                said = tr('LiteLLM knows no provider "{name}"', name=named.value)
                yield context.note(one.at("custom_llm_provider"), said, advice)
            continue
        prefix = one.model.partition("/")[0]
        if "/" not in one.model or provider(context, one) or prefix in _ROUTERS:
            continue
        if any(one.param(key) is not None for key in _PROVIDER_KEYS):
            continue
        said = tr('LiteLLM knows no provider "{name}", and leaves this deployment out', name=prefix)
        yield context.note(one.at("model"), said, _advice(context, one, prefix))


def _advice(context: Context, one: Deployment, prefix: str) -> str:
    meant = provider_of(prefix, context.tables.words("providers"))
    model = one.model.partition("/")[2]
    if meant == "openai":
        if address(one) is None:
            return tr("Where it speaks OpenAI's protocol: openai/{model}, with its api_base.", model=model)
        return tr("Write {model}.", model=f"openai/{model}")
    if meant:
        return tr("Write {model}.", model=f"{meant}/{model}")
    if address(one) is not None:
        return tr("Write {model}.", model=f"openai/{one.model.lstrip('/')}")
    return tr("Put the provider in front, such as openrouter/ or openai/ with an api_base.")


@rule("LIT203", "provider-key", "error")
def provider_key(context: Context) -> Iterator[Note]:
    """The provider is written as a key of its own.

    LiteLLM: reads it from the front of the model's name, or from `custom_llm_provider`. A key `provider` goes
    to the vendor in the request; where the model's name has no provider, the deployment is left out.
    """
    for one in _judged(context):
        for key in _PROVIDER_KEYS:
            node = one.param(key)
            if node is None:
                continue
            known = provider(context, one)
            right = node.kind == "string" and node.value in context.tables.words("providers")
            advice = tr("Write {model}.", model=f"{node.value}/{one.model}") if right and not known else ""
            said = tr("LiteLLM does not take the provider from {key}", key=key)
            if known:
                advice = tr("Remove it: the provider is {name}.", name=known)
            yield context.key_note(one.at(key), said, advice, severity="warning" if known else None)


@rule("LIT211", "date-api-version", "error")
def date_api_version(context: Context) -> Iterator[Note]:
    """`api_version` is a date without quotes.

    YAML makes a date of `2024-06-01`, and LiteLLM wants a text. `2024-06-01-preview` is a text by itself.

    LiteLLM: leaves the deployment out, with an error in the log, and starts without it.
    """
    for one in context.deployments:
        node = one.param("api_version")
        if node is not None and node.kind == "date":
            said = tr("this is a date to YAML, and api_version must be text")
            yield context.note(
                one.at("api_version"), said, tr('Write "{date}".', date=context.source(node.span))
            )


@rule("LIT214", "placeholder-in-model", "warning")
def placeholder_in_model(context: Context) -> Iterator[Note]:
    """A model's name has a placeholder in braces.

    LiteLLM: fills in nothing; the vendor is asked for a model called `{model}`. What a wildcard in
    `model_name` stands for goes where an asterisk stands in `model`.
    """
    for one in _judged(context):
        start, end = one.model.find("{"), one.model.find("}")
        if 0 <= start < end:
            said = tr("LiteLLM fills in no {placeholder}", placeholder=one.model[start : end + 1])
            advice = (
                tr("Write {model}.", model=f"{one.model[:start]}*{one.model[end + 1 :]}")
                if "*" in one.name
                else ""
            )
            yield context.note(one.at("model"), said, advice)


@rule("LIT215", "wildcard-to-one-model", "info")
def wildcard_to_one_model(context: Context) -> Iterator[Note]:
    """A name with an asterisk leads to one fixed model.

    LiteLLM: sends every name that fits to that model. With an asterisk in `model`, too, each name goes to the
    model that it names.
    """
    for one in _judged(context):
        if "*" in one.name and one.model and "*" not in one.model and "{" not in one.model:
            said = tr(
                "every name that fits {name} gets the one model {model}", name=one.name, model=one.model
            )
            yield context.note(one.at("model"), said)
