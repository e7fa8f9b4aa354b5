"""What the gateway assumes when the file does not say: facts about it, as tables."""

from __future__ import annotations

SERVICE_TYPES = (
    "azure",
    "bailian",
    "claude",
    "dashscope",
    "deepseek",
    "dify",
    "gemini",
    "groq",
    "hunyuan",
    "huoshan",
    "minimax",
    "ollama",
    "openai",
    "qianfan",
    "vertexai",
    "xinghuo",
    "zhipu",
)

#: Types that earlier versions of the gateway knew; this one refuses them like any other word.
RETIRED_TYPES = ("agentbuilder", "cozecn", "cozecom")

#: The chat models of a service that lists none.
DEFAULT_MODELS: dict[str, tuple[str, ...]] = {
    "qianfan": (
        "yi_34b_chat",
        "ERNIE-Speed-8K",
        "ERNIE-Speed-128K",
        "ERNIE-Lite-8K",
        "ERNIE-Lite-8K-0922",
        "ERNIE-Tiny-8K",
    ),
    "hunyuan": ("hunyuan-lite", "hunyuan-standard", "hunyuan-standard-256K", "hunyuan-pro"),
    "xinghuo": ("spark-lite", "spark-v2.0", "spark-pro", "spark-max"),
    "deepseek": ("deepseek-chat", "deepseek-coder"),
    "zhipu": ("glm-3-turbo", "glm-4-0520", "glm-4", "glm-4-air", "glm-4-airx", "glm-4-flash", "glm-4v"),
    "minimax": ("abab6.5", "abab6.5s", "abab6.5t", "abab6.5g", "abab5.5s"),
    "huoshan": (
        "Doubao-pro-4k",
        "Doubao-pro-32k",
        "Doubao-pro-128k",
        "Doubao-lite-4k",
        "Doubao-lite-32k",
        "Doubao-lite-128k",
    ),
    "gemini": ("gemini-1.5-pro", "gemini-1.5-flash", "gemini-1.0-pro", "gemini-pro-vision"),
    "groq": ("llama3-70b-8192", "llama3-8b-8192", "gemma-7b-it", "mixtral-8x7b-32768"),
}

#: Upstream model prefix (compared without case) -> address, for OpenAI-shaped services without server_url.
DEFAULT_URLS: tuple[tuple[str, str], ...] = (
    ("glm-", "https://open.bigmodel.cn/api/paas/v4"),
    ("deepseek-", "https://api.deepseek.com/v1"),
    ("yi-", "https://api.lingyiwanwu.com/v1"),
    ("gpt-", "https://api.openai.com/v1"),
)

#: Where embeddings of a service without server_url go, whatever the model.
EMBEDDING_URL = "https://api.openai.com/v1"

#: Upstream models that take content in parts without being listed; a `*` at the end stands for anything.
MULTI_CONTENT_MODELS = ("gpt-4o*", "gpt-4-turbo", "glm-4v", "gemini-*", "yi-vision")

#: What counts where the file says nothing of it.
PORT = 9090
TIMEOUT_SECONDS = 30
LIMIT_WAIT_SECONDS = 120
EMBEDDING_WAIT_SECONDS = 30
PROXY_TIMEOUT_SECONDS = 30
BREAKER_FAILURES = 5
BREAKER_RECOVERY_SECONDS = 30
BREAKER_PROBES = 1

LOAD_BALANCING = ("first", "random", "rand", "round_robin", "rr", "hash")
LOG_LEVELS = (
    "debug",
    "info",
    "warn",
    "warning",
    "error",
    "prod",
    "production",
    "prodj",
    "prodjson",
    "productionjson",
    "dev",
    "development",
)
PROXY_STRATEGIES = ("disabled", "default", "all", "force_all")
PROXY_TYPES = ("http", "socks5")
UPSTREAM_PROTOCOLS = ("auto", "chat_completions", "responses", "anthropic_messages")
#: Days that statistics are kept.
RETENTION_DAYS = 30
MOST_RETENTION_DAYS = 3650
