"""Where clients see something else than with the gateway, on purpose: the named differences.

Each has a paragraph of this name in docs/differences.md. The table says when one
concerns a configuration, so that a report names no other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from one_adapter.plan.types import CredentialPolicy, Plan, Route, ServicePolicy, Target
from one_adapter.vendors.service_types import ENDED

When = Callable[[Plan], bool]


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference by its name, in one sentence, and the test whether a plan has it."""

    name: str
    title: str
    applies: When


def differences_of(plan: Plan) -> tuple[Difference, ...]:
    """The differences that concern a plan, in the order of the table."""
    return tuple(difference for difference in DIFFERENCES if difference.applies(plan))


def _targets(plan: Plan) -> Iterator[Target]:
    for route in plan.routes:
        yield from route.targets
        yield from route.embedding_targets or ()


def _always(_: Plan) -> bool:
    return True


def _has(*types: str) -> When:
    return lambda plan: any(service.type in types for service in plan.services)


def _has_task(code: str) -> When:
    return lambda plan: any(task.code == code for task in plan.tasks)


def _has_note(part: str) -> When:
    return lambda plan: any(part in row.note for row in plan.ledger)


def _embeds(plan: Plan) -> bool:
    return any(route.kind != "chat" for route in plan.routes)


def _other_address(service_type: str, usual: str) -> When:
    def applies(plan: Plan) -> bool:
        ids = {service.id for service in plan.services if service.type == service_type}
        return any(target.service in ids and target.upstream.url != usual for target in _targets(plan))

    return applies


def _asks_for(*models: str) -> When:
    return lambda plan: any(target.upstream.model in models for target in _targets(plan))


def _pools(plan: Plan) -> Iterator[ServicePolicy]:
    """Yield the services of which one key may stand in for another."""
    for service in plan.services:
        if service.pooled and sum(one.enabled for one in service.credentials) > 1:
            yield service


def _waits_to_the_end(credential: CredentialPolicy) -> bool:
    limits = (credential.limit, *credential.model_limits.values())
    return any(one is not None and one.numbers and not one.wait_seconds for one in limits)


def _drawn(route: Route) -> set[str]:
    """Return the services that a name is drawn from."""
    return {target.service for target in route.targets}


def _has_a_pool_beside_another(route: Route) -> bool:
    return len(_drawn(route)) > 1 and any(target.key for target in route.targets)


#: Types whose keys gateway 0.12 does not let rest, or stand in for each other.
UNPOOLED = ("groq", "huoshan", "qianfan", "hunyuan", "xinghuo")
#: Types whose vendors do not speak OpenAI's protocol.
TRANSLATED = ("bailian", "claude", "dify", "gemini", "ollama", "vertexai", "xinghuo")

DIFFERENCES: tuple[Difference, ...] = (
    Difference(
        "vendor-ended",
        "services whose vendor ended the old endpoint lead to its successor, with a key you create",
        _has(*ENDED),
    ),
    Difference(
        "minimax-new-endpoint",
        "MiniMax is called at its OpenAI-shaped endpoint instead of chatcompletion_pro",
        _has("minimax"),
    ),
    Difference(
        "azure-deployment-kept",
        "Azure gets the deployment and the api-version of server_url, which the gateway threw away",
        _has("azure"),
    ),
    Difference("bailian-answers", "bailian answers, where the gateway sent an empty 200", _has("bailian")),
    Difference(
        "vertexai-answers",
        "vertexai sends the client's own words and your credentials, which the gateway did not",
        _has("vertexai"),
    ),
    Difference(
        "dify-server-url-honoured",
        "Dify is called at its server_url, which the gateway ignored",
        _other_address("dify", "https://api.dify.ai/v1"),
    ),
    Difference("dify-answers", "Dify answers without streaming too", _has("dify")),
    Difference(
        "claude-messages-path",
        "a Claude server_url is a base address, to which /v1/messages is added",
        _other_address("claude", "https://api.anthropic.com"),
    ),
    Difference(
        "native-request-shape",
        "requests have the form the vendor documents, with the client's parameters",
        _has("claude", "gemini", "ollama", "minimax", "dashscope", "dify", "xinghuo"),
    ),
    Difference(
        "gemini-key-in-header",
        "Gemini's key goes into a header instead of the address",
        _has("gemini"),
    ),
    Difference(
        "dashscope-compatible-endpoint",
        "dashscope is called at its OpenAI-shaped endpoint",
        _has("dashscope"),
    ),
    Difference(
        "groq-has-an-address",
        "type groq has a default address, where the gateway answered 500",
        _has("groq"),
    ),
    Difference(
        "groq-parameters",
        "what Groq refuses is left out, everything else arrives and nothing is invented",
        lambda plan: any("groq" in target.upstream.guards for target in _targets(plan)),
    ),
    Difference(
        "spark-max32k-domain",
        "Spark's max-32k model is asked under its own domain",
        _asks_for("max-32k"),
    ),
    Difference(
        "huoshan-parameters-kept",
        "Volcengine gets the client's parameters, which the gateway left out",
        _has("huoshan"),
    ),
    Difference(
        "url-query-kept",
        "the query of a server_url goes on every call, in the right place",
        lambda plan: any(target.upstream.query for target in _targets(plan)),
    ),
    Difference(
        "redirects-turned",
        "redirects that stand the other way round are read the way they are meant",
        _has_task("redirects-turned"),
    ),
    Difference(
        "wildcard-names-left-out",
        "a name with an asterisk is left out, because LiteLLM would widen it to a pattern",
        _has_task("wildcard-name"),
    ),
    Difference(
        "padded-key-usable",
        "blanks around api_key are taken off, so that clients can use it",
        _has_note("blanks around it"),
    ),
    Difference(
        "keys-guard-every-route",
        "client keys guard every route in both header forms",
        lambda plan: not plan.access.open,
    ),
    Difference(
        "models-list-per-key",
        "/v1/models shows a key the models it may use",
        lambda plan: any("*" not in key.models for key in plan.access.keys),
    ),
    Difference(
        "forbidden-model-is-403",
        "a key that may not use a model gets 403 instead of 401",
        lambda plan: any("*" not in key.models for key in plan.access.keys),
    ),
    Difference(
        "open-stays-on-loopback",
        "without a client key the proxy listens on loopback alone, unless --host says otherwise",
        lambda plan: plan.access.open,
    ),
    Difference(
        "rotation-begins-first",
        "rr begins with the first entry of a name, not the second",
        lambda plan: (
            not plan.dialect.pools
            and any(route.order == "rr" and len(route.targets) > 1 for route in plan.routes)
        ),
    ),
    Difference(
        "breaker-ignores-client-errors",
        "an upstream's 400, 401, 403, 404, 413, 415 and 422 do not open the circuit breaker",
        lambda plan: plan.breaker is not None and plan.dialect.breaker_counts_all,
    ),
    Difference(
        "breaker-says-unavailable",
        "while a circuit breaker is open, clients get 503 with retry-after instead of 400",
        lambda plan: plan.breaker is not None and any(not target.key for target in _targets(plan)),
    ),
    Difference(
        "breaker-sees-aliases",
        "failures under a global alias open its circuit breaker too",
        lambda plan: plan.breaker is not None and any(route.alias_of for route in plan.routes),
    ),
    Difference(
        "breaker-bounds-trials",
        "half_open_max_requests bounds the trials of every key, and one that says nothing makes room",
        lambda plan: plan.breaker is not None and plan.dialect.pools,
    ),
    Difference(
        "open-service-passed-over",
        "a service whose keys are all closed by their breakers leaves its turn to another",
        lambda plan: plan.breaker is not None and any(map(_has_a_pool_beside_another, plan.routes)),
    ),
    Difference(
        "one-draw-a-request",
        "a client of /v1/responses draws its service once, not twice",
        lambda plan: plan.dialect.pools and any(len(_drawn(route)) > 1 for route in plan.routes),
    ),
    Difference(
        "full-key-leaves-time",
        "a full key whose limit has no timeout of its own is passed over, and not waited for to the end",
        lambda plan: any(any(map(_waits_to_the_end, one.credentials)) for one in _pools(plan)),
    ),
    Difference(
        "pools-of-every-type",
        "keys of every type stand in for each other and rest after a 429",
        lambda plan: any(one.type in UNPOOLED for one in _pools(plan)),
    ),
    Difference(
        "proxy-covers-every-type",
        "a service of type groq goes through the proxy too",
        lambda plan: any(service.type == "groq" and service.proxy for service in plan.services),
    ),
    Difference(
        "unknown-embedding-refused",
        "an unknown embedding model is an error, where the gateway sent an empty 200",
        _embeds,
    ),
    Difference(
        "parts-leave-a-note",
        "an image that a text model cannot take leaves a note in the text",
        lambda plan: any(target.flatten for target in _targets(plan)),
    ),
    Difference(
        "reasoning-comes-unasked",
        "include_reasoning is not added to requests for openrouterr1 models",
        lambda plan: any("/reasoning_models/" in row.pointer for row in plan.ledger),
    ),
    Difference(
        "images-from-public-hosts",
        "images by address are fetched from public hosts, from private ones only where they are named",
        _has("claude", "gemini", "ollama", "vertexai"),
    ),
    Difference(
        "images-as-sent",
        "images with data: addresses go to glm-4v as they were sent",
        _asks_for("glm-4v"),
    ),
    Difference(
        "model-names-with-slashes",
        "/v1/models/NAME shows names with a slash, too",
        lambda plan: any("/" in route.name for route in plan.routes),
    ),
    Difference(
        "litellm-writes-answers",
        "answers of vendors with protocols of their own are written by LiteLLM",
        _has(*TRANSLATED),
    ),
    Difference(
        "litellm-writes-requests",
        "requests to vendors with protocols of their own are written by LiteLLM",
        _has(*TRANSLATED),
    ),
    Difference("stream-options-as-sent", "stream_options go upstream without stream, too", _always),
    Difference("messages-kept", "no message is dropped, whatever its role", _always),
    Difference("request-numbers-exact", "numbers reach upstreams as they were sent", _always),
    Difference("status-kept", "an upstream's error keeps its status, in OpenAI's error form", _always),
    Difference(
        "redirects-not-followed", "an upstream's redirect is an error, and no key goes elsewhere", _always
    ),
    Difference("answers-whole", "whole answers keep tool calls and reasoning", _always),
    Difference("finish-reason-told", "every answer and stream has OpenAI's finish_reason", _always),
    Difference("streams-end-properly", "a stream that breaks says so in an event", _always),
)
