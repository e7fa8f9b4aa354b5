"""LIT208 to 213 and 217: what single vendors need, and models that they end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from one_adapter.language import tr
from one_adapter.lint.finding import Note
from one_adapter.lint.litellm.context import Context, Deployment
from one_adapter.lint.litellm.fitting import is_reference
from one_adapter.lint.litellm.rule import rule
from one_adapter.lint.litellm.rules.providers import address, provider
from one_adapter.lint.litellm.walking import is_set

#: A provider's address and its own variables for it.
_AZURE = ("AZURE_API_BASE", "AZURE_OPENAI_ENDPOINT")


def _takes(one: Deployment, *names: str) -> bool:
    """Whether a deployment has one of these parameters, or takes them from a credential."""
    return any(one.param(name) is not None for name in (*names, "litellm_credential_name"))


@rule("LIT208", "azure-without-base", "error")
def azure_without_base(context: Context) -> Iterator[Note]:
    """A deployment of Azure OpenAI has no address.

    LiteLLM: takes `AZURE_API_BASE` where there is none. Without either every call fails.
    """
    for one in context.deployments:
        if (
            provider(context, one) in ("azure", "azure_text")
            and not _takes(one, "api_base", "base_url")
            and not is_set(context, *_AZURE)
        ):
            said = tr("Azure has no address by default, and this deployment names none")
            yield context.note(one.at("model"), said, tr("Add api_base: https://NAME.openai.azure.com."))


@rule("LIT209", "vertex-without-project", "info")
def vertex_without_project(context: Context) -> Iterator[Note]:
    """A deployment of Vertex AI names no project.

    LiteLLM: takes it from `VERTEXAI_PROJECT`, from the credentials, or from where it runs.
    """
    for one in context.deployments:
        named = _takes(one, "vertex_project", "vertex_ai_project", "vertex_credentials", "api_base")
        if (provider(context, one) in ("vertex_ai", "vertex_ai_beta") and not named) and (
            context.find("/default_vertex_config") is None and not is_set(context, "VERTEXAI_PROJECT")
        ):
            said = tr("this deployment names no project of Google Cloud")
            yield context.note(one.at("model"), said, tr("Add vertex_project and vertex_location."))


@rule("LIT210", "bedrock-without-region", "info")
def bedrock_without_region(context: Context) -> Iterator[Note]:
    """A deployment of Amazon Bedrock names no region.

    LiteLLM: takes `AWS_REGION_NAME` or `AWS_REGION`, and without either, `us-west-2`.
    """
    for one in context.deployments:
        named = _takes(one, "aws_region_name", "region_name", "aws_bedrock_runtime_endpoint", "api_base")
        if (provider(context, one).startswith("bedrock") and not named and "arn:" not in one.model) and (
            not is_set(context, "AWS_REGION_NAME", "AWS_REGION", "AWS_DEFAULT_REGION")
        ):
            said = tr(
                "this deployment names no region: it is us-west-2 unless the environment says otherwise"
            )
            yield context.note(one.at("model"), said, tr("Add aws_region_name."))


def _own_server(one: Deployment) -> bool:
    base = address(one)
    return base is not None and base.kind == "string" and bool(base.value)


def _ids(context: Context, one: Deployment) -> tuple[str, ...]:
    """The names under which the price map may have a model."""
    bare = one.model.partition("/")[2] if "/" in one.model else one.model
    name = provider(context, one)
    return tuple(dict.fromkeys([one.model, *([bare] if name in ("openai", "anthropic", "bedrock") else [])]))


#: How long before the day a model ends it is told, in days.
_SOON_DAYS = 60


def _ending(context: Context) -> Iterator[tuple[Deployment, str, str]]:
    """Every deployment at its vendor's own address whose model has an end: its name, and the day if known."""
    models = context.tables.models
    for one in context.deployments:
        for name in _ids(context, one) if one.model and not _own_server(one) else ():
            if models.is_gone(name) or models.ends(name):
                yield one, name, "" if models.is_gone(name) else models.ends(name)
                break


@rule("LIT212", "retired-model", "warning")
def retired_model(context: Context) -> Iterator[Note]:
    """The vendor has ended this model.

    Said of models at their vendor's own address: a server of yours may have any model.

    LiteLLM: asks for it all the same; the vendor answers with an error.
    """
    today = context.today.isoformat()
    for one, name, day in _ending(context):
        if not day:
            yield context.note(one.at("model"), tr("{model} is gone from the vendor", model=name))
        elif day < today:
            yield context.note(one.at("model"), tr("{model} ended on {day}", model=name, day=day))


@rule("LIT213", "retiring-model", "info")
def retiring_model(context: Context) -> Iterator[Note]:
    """The vendor ends this model within two months.

    LiteLLM: knows the day from its list of prices, and does nothing about it.
    """
    first, last = context.today.isoformat(), (context.today + timedelta(days=_SOON_DAYS)).isoformat()
    for one, name, day in _ending(context):
        if first <= day <= last:
            yield context.note(one.at("model"), tr("{model} ends on {day}", model=name, day=day))


@rule("LIT217", "no-key", "info")
def no_key(context: Context) -> Iterator[Note]:
    """A deployment at an address of its own has no key.

    LiteLLM: takes the provider's variable, such as `OPENAI_API_KEY`, and sends that key to this address.
    Where it is not set, the call fails before it is sent, also to a server that wants no key.
    """
    for one in context.deployments:
        base = address(one)
        if provider(context, one) != "openai" or base is None or base.kind != "string" or is_reference(base):
            continue
        if not _takes(one, "api_key") and not is_set(context, "OPENAI_API_KEY") and base.value:
            said = tr("without api_key, OPENAI_API_KEY is sent to this address")
            yield context.note(
                one.at("api_base"), said, tr("Add api_key; any text will do where none is wanted.")
            )
