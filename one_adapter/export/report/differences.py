"""Where clients see something else than with the gateway, on purpose: the named differences.

Each has a paragraph of this name in docs/differences.md. The table says when one
concerns a configuration, so that a report names no other.
"""

from __future__ import annotations

from dataclasses import dataclass

from one_adapter.export.report.conditions import (
    When,
    always,
    asked_in,
    asks_for,
    drawn,
    either,
    embeds,
    has_a_pool_beside_another,
    has_note,
    has_task,
    has_type,
    is_translated,
    layers_in,
    other_address,
    pools,
    targets,
    waits_to_the_end,
)
from one_adapter.language import tr
from one_adapter.plan.types import Plan
from one_adapter.vendors.service_types import ENDED


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference by its name, in one sentence, and the test whether a plan has it.

    `gateway` is the version it is against; empty: it is against all of them.
    """

    name: str
    title: str
    applies: When
    gateway: str = ""


def differences_of(plan: Plan) -> tuple[Difference, ...]:
    """The differences that concern a plan, in the order of the table."""
    version = plan.dialect.version
    return tuple(each for each in DIFFERENCES if each.gateway in ("", version) and each.applies(plan))


#: More models than this make the gateway's list slow enough to be noticed.
MANY_MODELS = 20
#: Types whose keys gateway 0.12 does not let rest, or stand in for each other.
UNPOOLED = ("groq", "huoshan", "qianfan", "hunyuan", "xinghuo")

DIFFERENCES: tuple[Difference, ...] = (
    Difference(
        "vendor-ended",
        tr("services whose vendor ended the old endpoint lead to its successor, with a key you create"),
        has_type(*ENDED),
    ),
    Difference(
        "minimax-new-endpoint",
        tr("MiniMax is called at its OpenAI-shaped endpoint instead of chatcompletion_pro"),
        has_type("minimax"),
    ),
    Difference(
        "azure-deployment-kept",
        tr("Azure gets the deployment and the api-version of server_url, which the gateway threw away"),
        has_type("azure"),
    ),
    Difference(
        "bailian-answers", tr("bailian answers, where the gateway sent an empty 200"), has_type("bailian")
    ),
    Difference(
        "vertexai-answers",
        tr("vertexai sends the client's own words and your credentials, which the gateway did not"),
        has_type("vertexai"),
    ),
    Difference(
        "dify-server-url-honoured",
        tr("Dify is called at its server_url, which the gateway ignored"),
        other_address("dify", "https://api.dify.ai/v1"),
    ),
    Difference("dify-answers", tr("Dify answers without streaming too"), has_type("dify")),
    Difference(
        "claude-messages-path",
        tr("a Claude server_url is a base address, to which /v1/messages is added"),
        other_address("claude", "https://api.anthropic.com"),
    ),
    Difference(
        "native-request-shape",
        tr("requests have the form the vendor documents, with the client's parameters"),
        either(
            has_type("claude", "gemini", "ollama", "minimax", "dashscope", "dify", "xinghuo"),
            asked_in("anthropic_messages"),
        ),
    ),
    Difference(
        "gemini-key-in-header",
        tr("Gemini's key goes into a header instead of the address"),
        has_type("gemini"),
    ),
    Difference(
        "dashscope-compatible-endpoint",
        tr("dashscope is called at its OpenAI-shaped endpoint"),
        has_type("dashscope"),
    ),
    Difference(
        "groq-has-an-address",
        tr("type groq has a default address, where the gateway answered 500"),
        has_type("groq"),
    ),
    Difference(
        "groq-parameters",
        tr("what Groq refuses is left out, everything else arrives and nothing is invented"),
        lambda plan: any("groq" in target.upstream.guards for target in targets(plan)),
    ),
    Difference(
        "spark-max32k-domain",
        tr("Spark's max-32k model is asked under its own domain"),
        asks_for("max-32k"),
    ),
    Difference(
        "huoshan-parameters-kept",
        tr("Volcengine gets the client's parameters, which the gateway left out"),
        has_type("huoshan"),
    ),
    Difference(
        "url-query-kept",
        tr("the query of a server_url goes on every call, in the right place"),
        lambda plan: any(target.upstream.query for target in targets(plan)),
    ),
    Difference(
        "redirects-turned",
        tr("redirects that stand the other way round are read the way they are meant"),
        has_task("redirects-turned"),
    ),
    Difference(
        "wildcard-names-left-out",
        tr("a name with an asterisk is left out, because LiteLLM would widen it to a pattern"),
        has_task("wildcard-name"),
    ),
    Difference(
        "padded-key-usable",
        tr("blanks around api_key are taken off, so that clients can use it"),
        has_note("blanks around it"),
    ),
    Difference(
        "keys-guard-every-route",
        tr("client keys guard every route in both header forms"),
        lambda plan: not plan.access.open,
    ),
    Difference(
        "models-list-per-key",
        tr("/v1/models shows a key the models it may use"),
        lambda plan: any("*" not in key.models for key in plan.access.keys),
    ),
    Difference(
        "forbidden-model-is-403",
        tr("a key that may not use a model gets 403 instead of 401"),
        lambda plan: any("*" not in key.models for key in plan.access.keys),
    ),
    Difference(
        "open-stays-on-loopback",
        tr("without a client key the proxy listens on loopback alone, unless --host says otherwise"),
        lambda plan: plan.access.open,
    ),
    Difference(
        "breaker-ignores-client-errors",
        tr("an upstream's 400, 401, 403, 404, 413, 415 and 422 do not open the circuit breaker"),
        lambda plan: plan.breaker is not None,
        gateway="0.10",
    ),
    Difference(
        "breaker-says-unavailable",
        tr("while a circuit breaker is open, clients get 503 with retry-after instead of 400"),
        lambda plan: plan.breaker is not None and any(not target.key for target in targets(plan)),
    ),
    Difference(
        "breaker-sees-aliases",
        tr("failures under a global alias open its circuit breaker too"),
        lambda plan: plan.breaker is not None and any(route.alias_of for route in plan.routes),
    ),
    Difference(
        "breaker-bounds-trials",
        tr("half_open_max_requests bounds the trials of every key, and one that says nothing makes room"),
        lambda plan: plan.breaker is not None,
        gateway="0.12",
    ),
    Difference(
        "open-service-passed-over",
        tr("a service whose keys are all closed by their breakers leaves its turn to another"),
        lambda plan: plan.breaker is not None and any(map(has_a_pool_beside_another, plan.routes)),
        gateway="0.12",
    ),
    Difference(
        "one-draw-a-request",
        tr("a client of /v1/responses draws its service once, not twice"),
        lambda plan: any(len(drawn(route)) > 1 for route in plan.routes),
        gateway="0.12",
    ),
    Difference(
        "full-key-leaves-time",
        tr("a full key whose limit has no timeout of its own is passed over, and not waited for to the end"),
        lambda plan: any(any(map(waits_to_the_end, one.credentials)) for one in pools(plan)),
        gateway="0.12",
    ),
    Difference(
        "pools-of-every-type",
        tr("keys of every type stand in for each other and rest after a 429"),
        lambda plan: any(one.type in UNPOOLED for one in pools(plan)),
        gateway="0.12",
    ),
    Difference(
        "keys-off-left-out",
        tr("a service whose keys are all switched off is left out, where the gateway answered 429"),
        has_task("keys-off"),
        gateway="0.12",
    ),
    Difference(
        "limits-given-back",
        tr("a request that one of several limits refuses uses nothing of the others"),
        lambda plan: any(layers_in(service) > 1 for service in plan.services),
        gateway="0.12",
    ),
    Difference(
        "limits-renewed",
        tr("a limit's changed number takes effect without a restart"),
        lambda plan: any(layers_in(service) for service in plan.services),
        gateway="0.12",
    ),
    Difference(
        "raw-responses-keep-the-name",
        tr("answers of the responses protocol have the client's name of the model"),
        asked_in("responses"),
        gateway="0.12",
    ),
    Difference(
        "raw-under-every-name",
        tr("clients of /v1/responses get the upstream's own answer under global redirects, too"),
        asked_in("responses"),
        gateway="0.12",
    ),
    Difference(
        "raw-counts-as-chats-do",
        tr("requests of the responses protocol count for breakers and limits as chats do"),
        asked_in("responses"),
        gateway="0.12",
    ),
    Difference(
        "responses-upstream-gets-more",
        tr("a chat that becomes a request of the responses protocol keeps what that has a word for"),
        asked_in("responses"),
        gateway="0.12",
    ),
    Difference(
        "models-list-at-once",
        tr("/v1/models answers at once, however many models there are"),
        lambda plan: len(plan.routes) > MANY_MODELS,
        gateway="0.12",
    ),
    Difference(
        "proxy-covers-every-type",
        tr("a service of type groq goes through the proxy too"),
        lambda plan: any(service.type == "groq" and service.proxy for service in plan.services),
    ),
    Difference(
        "unknown-embedding-refused",
        tr("an unknown embedding model is an error, where the gateway sent an empty 200"),
        embeds,
        gateway="0.10",
    ),
    Difference(
        "parts-leave-a-note",
        tr("an image that a text model cannot take leaves a note in the text"),
        lambda plan: any(target.flatten for target in targets(plan)),
    ),
    Difference(
        "reasoning-comes-unasked",
        tr("include_reasoning is not added to requests for openrouterr1 models"),
        lambda plan: any("/reasoning_models/" in row.pointer for row in plan.ledger),
    ),
    Difference(
        "images-from-public-hosts",
        tr("images by address are fetched from public hosts, from private ones only where they are named"),
        either(has_type("claude", "gemini", "ollama", "vertexai"), asked_in("anthropic_messages")),
    ),
    Difference(
        "images-as-sent", tr("images with data: addresses go to glm-4v as they were sent"), asks_for("glm-4v")
    ),
    Difference(
        "model-names-with-slashes",
        tr("/v1/models/NAME shows names with a slash, too"),
        lambda plan: any("/" in route.name for route in plan.routes),
    ),
    Difference(
        "litellm-writes-answers",
        tr("answers of vendors with protocols of their own are written by LiteLLM"),
        is_translated,
    ),
    Difference(
        "litellm-writes-requests",
        tr("requests to vendors with protocols of their own are written by LiteLLM"),
        is_translated,
    ),
    Difference("stream-options-as-sent", tr("stream_options go upstream without stream, too"), always),
    Difference("messages-kept", tr("no message is dropped, whatever its role"), always),
    Difference("request-numbers-exact", tr("numbers reach upstreams as they were sent"), always),
    Difference("status-kept", tr("an upstream's error keeps its status, in OpenAI's error form"), always),
    Difference(
        "redirects-not-followed", tr("an upstream's redirect is an error, and no key goes elsewhere"), always
    ),
    Difference("answers-whole", tr("whole answers keep tool calls and reasoning"), always),
    Difference("finish-reason-told", tr("every answer and stream has OpenAI's finish_reason"), always),
    Difference("streams-end-properly", tr("a stream that breaks says so in an event"), always),
)
