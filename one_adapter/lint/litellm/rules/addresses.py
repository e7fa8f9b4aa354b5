"""LIT204 to 207: addresses."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from one_adapter.finding import Severity
from one_adapter.language import tr
from one_adapter.lint.finding import Note
from one_adapter.lint.litellm.context import Context, Deployment
from one_adapter.lint.litellm.fitting import is_reference
from one_adapter.lint.litellm.rule import rule
from one_adapter.lint.litellm.rules.environment import look_alike
from one_adapter.lint.litellm.rules.providers import own_providers, provider

#: Paths of calls, longest first: LiteLLM adds them itself.
_CALLS = (
    "/chat/completions",
    "/completions",
    "/embeddings",
    "/responses",
    "/messages",
    "/api/chat",
    "/api/generate",
)
#: Providers to whose address LiteLLM always adds the path of the call, so that it stands there twice.
DOUBLED = frozenset(
    [
        "ai21_chat",
        "baseten",
        "cerebras",
        "codestral",
        "custom_openai",
        "dashscope",
        "databricks",
        "deepinfra",
        "docker_model_runner",
        "empower",
        "featherless_ai",
        "friendliai",
        "galadriel",
        "github",
        "hyperbolic",
        "lambda_ai",
        "litellm_proxy",
        "llamafile",
        "lm_studio",
        "meta_llama",
        "moonshot",
        "morph",
        "nebius",
        "novita",
        "nscale",
        "nvidia_nim",
        "openai",
        "ovhcloud",
        "perplexity",
        "sambanova",
        "v0",
        "vercel_ai_gateway",
        "volcengine",
        "xinference",
        "zai",
    ]
)
#: Providers that take an address with the path of the call, or without.
EITHER = frozenset(
    [
        "aiohttp_openai",
        "azure",
        "azure_ai",
        "cometapi",
        "compactifai",
        "deepseek",
        "fireworks_ai",
        "heroku",
        "hosted_vllm",
        "huggingface",
        "minimax",
        "openrouter",
        "together_ai",
        "xai",
    ]
)
_OLLAMA = ("ollama", "ollama_chat")
_ANTHROPIC = ("anthropic", "anthropic_text")


def addresses(context: Context) -> Iterator[tuple[Deployment, str, str, str]]:
    """Every address that is written out: deployment, pointer, address, provider."""
    for one in context.deployments:
        key = "api_base" if one.param("api_base") is not None else "base_url"
        node = one.param(key)
        if node is not None and node.kind == "string" and not is_reference(node):
            text = node.value.strip()
            if text and not look_alike(text) and "$" not in text:
                yield one, one.at(key), text, provider(context, one)


def _written(address: str) -> str:
    """What to write in place of an address; nothing where it may hold a password or a key."""
    return "" if "@" in address or "?" in address else tr("Write {address}.", address=address)


def _path(address: str) -> str:
    try:
        return urlsplit(address).path
    except ValueError:
        return ""


@rule("LIT204", "path-in-api-base", "error")
def path_in_api_base(context: Context) -> Iterator[Note]:
    """An address has the path of a call at its end.

    LiteLLM: adds the path itself. With `…/v1/chat/completions` an OpenAI-like server is asked for
    `…/v1/chat/completions/chat/completions`, and answers that there is no such thing. A few vendors'
    addresses may have the path; of those nothing is said.
    """
    for one, pointer, address, name in addresses(context):
        path = _path(address).rstrip("/")
        call = next((one for one in _CALLS if path.endswith(one)), "")
        if not call or not name or name in EITHER or (name in _ANTHROPIC and path.endswith("/v1/messages")):
            continue
        if name in _OLLAMA and call == ("/api/generate" if name == "ollama" else "/api/chat"):
            continue
        short = address[: address.rindex(call)]
        if name in _ANTHROPIC or name in _OLLAMA:
            short = short.removesuffix("/v1")
        # Where the path ends otherwise, somebody may have a server that answers there.
        surely = name in DOUBLED and (
            call == "/chat/completions" or (call == "/messages" and name == "openai")
        )
        said = tr(
            "LiteLLM adds the path of the call itself: {call} does not belong in the address", call=call
        )
        yield context.note(pointer, said, _written(short), severity=None if surely else "warning")


@rule("LIT205", "v1-in-api-base", "warning")
def v1_in_api_base(context: Context) -> Iterator[Note]:
    """An address ends with `/v1`, which LiteLLM adds itself, or which the vendor does not have.

    LiteLLM: asks Anthropic's address for `/v1/v1/messages`, so that every call fails, and Ollama's for
    `/v1/api/chat`. Ollama's OpenAI-like side, which is under `/v1`, is `openai/…` to LiteLLM.
    """
    for _, pointer, address, name in addresses(context):
        path = _path(address)
        if not path.rstrip("/").endswith("/v1"):
            continue
        short = address.rstrip("/").removesuffix("/v1")
        if name in _ANTHROPIC:
            said = tr("LiteLLM adds /v1/messages: with this address every call goes to /v1/v1/messages")
            # Below another path somebody's relay may answer there.
            surely = path == "/v1" or (path == "/v1/" and context.is_version(since="1.109"))
            severity: Severity | None = "error" if surely else None
            yield context.note(pointer, said, _written(short), severity=severity)
        elif name in _OLLAMA:
            said = tr("Ollama's own protocol, which this provider speaks, has no /v1")
            advice = _written(short) and tr(
                "Write {address}, or openai/ in front of the model.", address=short
            )
            yield context.note(pointer, said, advice)


@rule("LIT225", "vllm-in-process", "error")
def vllm_in_process(context: Context) -> Iterator[Note]:
    """A deployment of the provider `vllm` has an address.

    `vllm/` loads the model inside the proxy itself. A server of vLLM's is `hosted_vllm/`, or `openai/`.

    LiteLLM: takes no notice of the address; every call fails, unless the package vllm is installed beside it.
    """
    for one, _, _, name in addresses(context):
        if name == "vllm":
            said = tr("vllm/ loads the model in the proxy, and takes no address")
            advice = tr("Write {model}.", model=f"hosted_vllm/{one.model.partition('/')[2]}")
            yield context.note(one.at("model"), said, advice)


@rule("LIT206", "v1-missing", "info")
def v1_missing(context: Context) -> Iterator[Note]:
    """The address of an OpenAI-like server has no path.

    Most such servers answer under `/v1`.

    LiteLLM: asks for `/chat/completions` right behind the address, and adds no `/v1`.
    """
    for _, pointer, address, name in addresses(context):
        if name == "openai" and "://" in address and _path(address) in ("", "/"):
            said = tr("LiteLLM asks this server for /chat/completions, without a /v1")
            whole = address.rstrip("/")
            advice = _written(whole) and tr("If it answers under /v1, write {address}/v1.", address=whole)
            yield context.note(pointer, said, advice)


@rule("LIT207", "no-scheme", "error")
def no_scheme(context: Context) -> Iterator[Note]:
    """An address does not begin with `http://` or `https://`.

    LiteLLM: cannot send anything to it; every call fails, also where a blank stands in front.
    """
    for _, pointer, address, name in addresses(context):
        if name not in context.once(own_providers) and not address.lower().startswith(
            ("http://", "https://", "ws://", "wss://")
        ):
            _, found, rest = address.partition("://")
            rest = rest if found else address.lstrip("/")
            local = rest.startswith(("localhost", "127.", "host.docker", "192.168.", "10."))
            advice = _written(f"{'http' if local else 'https'}://{rest}")
            yield context.note(pointer, tr("an address begins with http:// or https://"), advice)
            continue
        written = context.find(pointer)
        if written is not None and written.value != address:
            in_front = not written.value.startswith(address)
            said = tr("LiteLLM takes the blanks around this address for a part of it")
            severity: Severity | None = None if in_front else "warning"
            yield context.note(pointer, said, tr("Remove them."), severity=severity)
