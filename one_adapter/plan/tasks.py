"""What only a person can do, or should know, before clients are moved over."""

from __future__ import annotations

from collections.abc import Iterator

from one_adapter.config.model import Gateway
from one_adapter.plan.policy import uses_proxy
from one_adapter.plan.redirects import Names, names_of
from one_adapter.plan.types import Plan, Task
from one_adapter.plan.vendors import Options, upstream_of

#: Services whose vendor ended what the old credentials opened: what to create, and where.
SUCCESSORS = {
    "qianfan": (
        "Baidu ended the V1 model endpoints on 2026-08-31; api_key and secret_key open nothing any more. "
        "Create a V2 API key (bce-v3/ALTAK-…) in the Qianfan console and choose V2 model names"
    ),
    "hunyuan": (
        "Tencent ended the Hunyuan platform on 2026-09-30; secret_id and secret_key open nothing any more. "
        "Create a TokenHub API key and choose a model it serves, such as hy3-preview"
    ),
}
#: Services whose vendor took the old models away, and what to choose instead.
RETIRED = {
    "minimax": (
        ("abab",),
        "MiniMax lists no abab models and no chatcompletion_pro any more; "
        "the key is sent to its OpenAI-shaped endpoint, where a MiniMax-M model must be chosen",
    ),
    "dashscope": (
        (
            "qwen1.5-",
            "qwen2-",
            "qwen-max",
            "qwen-turbo",
            "qwen-vl-max",
            "qwen-vl-plus",
            "qwq-plus",
            "qvq-max",
        ),
        "Alibaba retired this model in 2026; choose one of today's, such as qwen-plus",
    ),
}


def tasks_of(gateway: Gateway, plan: Plan, options: Options) -> tuple[Task, ...]:
    """Everything to do or to know by hand, in the order of the file."""
    every = names_of(gateway, options.redirects)
    tasks = [task for names in every for task in _service(names, options)]
    tasks += _whole(gateway, plan)
    return tuple(tasks)


def _service(names: Names, options: Options) -> Iterator[Task]:
    service, at = names.service, names.service.pointer
    if service.type in SUCCESSORS:
        yield Task("error", "vendor-ended", at, f"{service.id}: {SUCCESSORS[service.type]}.")
    if service.type in RETIRED:
        prefixes, message = RETIRED[service.type]
        gone = [model for model in service.models if model.lower().startswith(prefixes)]
        if gone:
            yield Task("error", "model-retired", at, f"{service.id}: {', '.join(gone)}: {message}.")
    if names.turned:
        message = (
            f"{service.id}: model_redirect stands the other way round; both names of each pair answer, "
            "and the listed id goes upstream. With --redirects literal the file is taken at its word"
        )
        yield Task("warning", "redirects-turned", at, f"{message}.")
    homeless = [
        model
        for model in service.models
        if upstream_of(service, 0, names.upstream_model(model), options) is None
    ]
    if homeless:
        message = (
            f"{service.id}: no address is known for {', '.join(homeless)}; the gateway answers 500 for it"
        )
        yield Task("warning", "no-address", at, f"{message}, here the name is left out. Give server_url.")
    for name in (*service.models, *service.embedding_models, *service.model_redirect):
        if "*" in name:
            message = f"{service.id}: {name!r} would be a pattern in LiteLLM and is left out"
            yield Task(
                "warning", "wildcard-name", at, f"{message}; give the model a name without an asterisk."
            )


def _whole(gateway: Gateway, plan: Plan) -> Iterator[Task]:
    if gateway.enable_web:
        yield Task(
            "info",
            "no-web-console",
            "/enable_web",
            "The gateway's web console has no counterpart here; edit the exported file instead.",
        )
    if plan.access.open:
        yield Task(
            "warning",
            "open-proxy",
            "",
            "The gateway asks clients for no key, and so does the proxy: keep it on loopback or add api_key.",
        )
    if gateway.proxy.strategy != "disabled" and not any(
        service.enabled and uses_proxy(service, gateway.proxy.strategy) for service in gateway.services
    ):
        yield Task(
            "info", "proxy-unused", gateway.proxy.pointer, "The proxy settings cover no enabled service."
        )
