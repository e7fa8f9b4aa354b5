"""SOA62x: what became of the vendors."""

from __future__ import annotations

from collections.abc import Iterator

from one_adapter.config.model import Service
from one_adapter.language import listed, tr
from one_adapter.lint.context import Context
from one_adapter.lint.finding import Note
from one_adapter.lint.rule import rule
from one_adapter.vendors.service_types import BROKEN, ENDED, RETIRED


def _by_type(context: Context) -> Iterator[Service]:
    """The services that are switched on and speak as their type does."""
    return (service for service in context.enabled if service.upstream_protocol == "auto")


@rule("SOA620", "vendor-ended", "warning")
def vendor_ended(context: Context) -> Iterator[Note]:
    """The vendor ended the API this service type speaks.

    Baidu switched the Qianfan V1 API off on 2026-08-31, Tencent its Hunyuan platform on 2026-09-30. The
    old pairs of keys open nothing any more.

    Gateway: starts, and every call fails.

    LiteLLM: the export leads to the successor (Qianfan V2, TokenHub) and names the new key that is needed.
    """
    for service in _by_type(context):
        if service.type in ENDED:
            ended = ENDED[service.type]
            yield context.type_note(service, ended.notice, ended.successor)


@rule("SOA621", "default-models-retired", "warning")
def default_models_retired(context: Context) -> Iterator[Note]:
    """A service lists no models, and the built-in ones are retired.

    The gateway's built-in lists are from 2024.

    Gateway: offers the retired names to clients; every call fails.

    LiteLLM: the export writes the same names. List today's models in `models`.
    """
    for service in _by_type(context):
        retired = RETIRED.get(service.type)
        if retired and service.default_models and any(map(retired.has, service.models)):
            yield context.type_note(
                service,
                tr(
                    "without models, {type} offers {models}, which are retired",
                    type=service.type,
                    models=listed(service.models, "and"),
                ),
                tr('List today\'s models in "models".'),
            )


@rule("SOA622", "retired-model", "warning")
def retired_model(context: Context) -> Iterator[Note]:
    """A service lists a model its vendor has retired.

    Gateway: offers the name to clients; every call fails.

    LiteLLM: the export writes the same name.
    """
    for service in _by_type(context):
        retired = RETIRED.get(service.type)
        if service.default_models or not retired:
            continue
        base = context.field(service.pointer, "models")
        node = context.find(base)
        for index, item in enumerate(node.items if node else ()):
            name = item.value.strip() if isinstance(item.value, str) else ""
            model = service.model_redirect.get(name, name)
            if retired.has(service.model_map.get(model, model)):
                yield context.note(
                    f"{base}/{index}",
                    tr('"{name}" is gone: {notice}', name=name, notice=retired.notice),
                    retired.advice,
                )


@rule("SOA623", "type-does-not-work", "info")
def type_does_not_work(context: Context) -> Iterator[Note]:
    """The gateway's own support for this type is broken.

    Gateway: bailian answers with an empty 200; vertexai sends a fixed prompt and no credential; azure
    sends no deployment.

    LiteLLM: the export makes them work, so clients will notice a difference, for the better.
    """
    for service in _by_type(context):
        if service.type in BROKEN:
            yield context.type_note(
                service,
                tr("in the gateway the type {type} {does}", type=service.type, does=BROKEN[service.type]),
                tr("Exported, it works."),
            )
