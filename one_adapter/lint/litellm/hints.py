"""What somebody means by a word that LiteLLM does not know: the nearest one, or the one it has for it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from one_adapter.language import listed, tr

#: What people call a provider -> LiteLLM's word, or none where it is reached as an OpenAI-like server.
NICKNAMES: Mapping[str, str] = {
    "zhipu": "zai", "zhipuai": "zai", "glm": "zai", "bigmodel": "zai", "z.ai": "zai", "z-ai": "zai",
    "google": "gemini", "google_ai": "gemini", "googleai": "gemini", "google-genai": "gemini",
    "vertex": "vertex_ai", "vertexai": "vertex_ai", "google_vertex": "vertex_ai", "gcp": "vertex_ai",
    "qwen": "dashscope", "aliyun": "dashscope", "tongyi": "dashscope", "bailian": "dashscope",
    "alibaba": "dashscope", "ali": "dashscope",
    "kimi": "moonshot", "moonshotai": "moonshot", "doubao": "volcengine", "volc": "volcengine",
    "ark": "volcengine", "huoshan": "volcengine", "bytedance": "volcengine",
    "claude": "anthropic", "gpt": "openai", "chatgpt": "openai", "open_ai": "openai", "oai": "openai",
    "azure_openai": "azure", "azureopenai": "azure", "azure-openai": "azure", "azureai": "azure_ai",
    "aws": "bedrock", "amazon": "bedrock", "aws_bedrock": "bedrock", "amazon_bedrock": "bedrock",
    "together": "together_ai", "togetherai": "together_ai", "together-ai": "together_ai",
    "fireworks": "fireworks_ai", "fireworksai": "fireworks_ai",
    "nvidia": "nvidia_nim", "nim": "nvidia_nim", "grok": "xai", "x-ai": "xai", "x.ai": "xai",
    "lmstudio": "lm_studio", "lm-studio": "lm_studio", "hf": "huggingface", "hugging_face": "huggingface",
    "github_models": "github", "github-models": "github", "copilot": "github_copilot",
    "mistralai": "mistral", "mistral_ai": "mistral", "deepseek-ai": "deepseek", "deepseek_ai": "deepseek",
    "pplx": "perplexity", "local": "openai", "localai": "openai", "llamacpp": "openai", "llama.cpp": "openai",
    "llama_cpp": "openai", "tgi": "huggingface", "siliconflow": "openai", "silicon": "openai",
    "openai_compatible": "openai", "openai-compatible": "openai", "compatible": "openai",
    "one-api": "openai", "oneapi": "openai", "newapi": "openai", "new-api": "openai",
    "spark": "openai", "xunfei": "openai", "xinghuo": "openai", "hunyuan": "openai", "qianfan": "openai",
    "ernie": "openai", "baidu": "openai", "wenxin": "openai", "stepfun": "openai", "yi": "openai",
    "lingyiwanwu": "openai", "01ai": "openai", "baichuan": "openai",
}  # fmt: skip

#: Words for a model's provider that start a model's name -> the provider.
FAMILIES: tuple[tuple[str, str], ...] = (
    ("gpt", "openai"), ("o1", "openai"), ("o3", "openai"), ("o4", "openai"), ("chatgpt", "openai"),
    ("text-embedding", "openai"), ("dall-e", "openai"), ("whisper", "openai"), ("tts-", "openai"),
    ("claude", "anthropic"), ("gemini", "gemini"), ("mistral", "mistral"), ("codestral", "mistral"),
    ("mixtral", "mistral"), ("deepseek", "deepseek"), ("command", "cohere"), ("grok", "xai"),
    ("glm", "zai"), ("qwen", "dashscope"), ("kimi", "moonshot"), ("moonshot", "moonshot"),
    ("doubao", "volcengine"), ("minimax", "minimax"), ("sonar", "perplexity"), ("anthropic.", "bedrock"),
    ("amazon.", "bedrock"), ("meta.", "bedrock"),
)  # fmt: skip

#: Names of sections and of keys that somebody writes for LiteLLM's, beside slips of the keyboard.
SYNONYMS: Mapping[str, str] = {
    "models": "model_list", "deployments": "model_list", "settings": "litellm_settings",
    "router": "router_settings", "routing": "router_settings", "general": "general_settings",
    "litellm": "litellm_settings", "proxy_settings": "general_settings",
    "server_settings": "general_settings",
    "env": "environment_variables", "environment": "environment_variables",
    "env_vars": "environment_variables",
    "credentials": "credential_list", "mcp": "mcp_servers", "includes": "include",
    "vector_stores": "vector_store_registry", "guardrail": "guardrails",
}  # fmt: skip
_SIGNS = re.compile(r"[^a-z0-9]")


def squeezed(word: str) -> str:
    """A word without case and signs.

    >>> squeezed("Model-Name")
    'modelname'
    """
    return _SIGNS.sub("", word.lower())


def nearest(word: str, known: Iterable[str], cutoff: float = 0.8) -> str:
    """The known word somebody meant by another, as far as the letters tell; empty where none is near.

    >>> nearest("num_retires", ["num_retries", "timeout"])
    'num_retries'
    """
    return _nearest(word, tuple(known), cutoff)


@lru_cache(maxsize=1_000)
def _nearest(word: str, known: tuple[str, ...], cutoff: float) -> str:
    # The same slip in each of thousands of deployments is looked up once.
    by_letters = {squeezed(one): one for one in known}
    plain = squeezed(word)
    if plain in by_letters:
        return by_letters[plain]
    if len(plain) < 3 or len(plain) > 60:
        return ""
    from difflib import get_close_matches  # only a file with a slip in it pays for this

    close = get_close_matches(plain, by_letters, 1, cutoff)
    return by_letters[close[0]] if close else ""


def provider_of(prefix: str, providers: Iterable[str]) -> str:
    """The provider somebody means by an unknown prefix; empty where nobody can tell.

    >>> provider_of("zhipu", ["zai", "openai"]), provider_of("openal", ["zai", "openai"])
    ('zai', 'openai')
    """
    known = list(providers)
    meant = NICKNAMES.get(prefix.lower(), "")
    return meant if meant in known else nearest(prefix, known, 0.75)


def family_of(model: str) -> str:
    """The provider that makes models with names like this; empty where nobody can tell.

    >>> family_of("claude-sonnet-4-5")
    'anthropic'
    """
    name = model.lower()
    return next((provider for start, provider in FAMILIES if name.startswith(start)), "")


def one_of(word: object, known: Iterable[str]) -> str:
    """What to do about a word that is none of these: the nearest, or the first dozen of them."""
    names = list(known)
    meant = nearest(str(word), names, 0.7)
    if meant:
        return tr("Did you mean {name}?", name=meant)
    return tr("It is {names}.", names=listed(names[:12]))
