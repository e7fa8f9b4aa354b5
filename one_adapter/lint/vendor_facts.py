"""Facts about vendors that only the linter needs, as tables; up to date in November 2026."""

from __future__ import annotations

from dataclasses import dataclass

from one_adapter.plan.addresses import split_url


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a type reads. `needed` are alternatives, each a complete set; none: it works without."""

    needed: tuple[tuple[str, ...], ...]
    optional: tuple[str, ...] = ()
    plain: tuple[str, ...] = (
        "domain",
        "addresss",
        "location",
        "project_id",
        "json_file",
        "group_id",
        "appid",
    )

    @property
    def known(self) -> tuple[str, ...]:
        """Every name the type reads."""
        return tuple(dict.fromkeys((*(name for names in self.needed for name in names), *self.optional)))

    @property
    def secret(self) -> tuple[str, ...]:
        """Those that hold a secret."""
        return tuple(name for name in self.known if name not in self.plain)


_KEY = Credentials((("api_key",),))

CREDENTIALS: dict[str, Credentials] = {
    **dict.fromkeys(
        ("azure", "bailian", "claude", "dashscope", "deepseek", "dify", "gemini", "groq", "openai", "zhipu"),
        _KEY,
    ),
    "hunyuan": Credentials((("secret_id", "secret_key"),)),
    "huoshan": Credentials((("api_key",), ("access_key", "secret_key"))),
    "minimax": Credentials((("api_key", "group_id"),)),
    "ollama": Credentials((), ("api_key",)),
    "qianfan": Credentials((("api_key", "secret_key"),), ("addresss",)),
    "vertexai": Credentials((("project_id", "location", "json_file"),)),
    "xinghuo": Credentials((("appid", "api_key", "api_secret"),), ("domain",)),
}


@dataclass(frozen=True, slots=True)
class Home:
    """An address and the service types it goes with; `path` narrows it down, `vendor` is for messages."""

    host: str
    path: str
    types: tuple[str, ...]
    vendor: str


#: First match counts, so the narrower rows come first. `*.` stands for any subdomain.
HOMES: tuple[Home, ...] = (
    Home("api.anthropic.com", "/v1/messages", ("claude",), "Anthropic"),
    Home("api.anthropic.com", "", ("claude", "openai"), "Anthropic"),
    Home(
        "generativelanguage.googleapis.com", "/v1beta/openai", ("openai",), "Gemini's OpenAI-compatible API"
    ),
    Home("generativelanguage.googleapis.com", "", ("gemini",), "Gemini"),
    Home("*.openai.azure.com", "/openai/v1", ("azure", "openai"), "Azure OpenAI"),
    Home("*.openai.azure.com", "", ("azure",), "Azure OpenAI"),
    Home("*.aiplatform.googleapis.com", "", ("vertexai",), "Vertex AI"),
    Home("dashscope.aliyuncs.com", "/compatible-mode", ("openai",), "DashScope's OpenAI-compatible API"),
    Home("dashscope.aliyuncs.com", "/api/v1/apps", ("bailian",), "Bailian"),
    Home("dashscope.aliyuncs.com", "", ("dashscope",), "DashScope"),
    Home("spark-api-open.xf-yun.com", "", ("openai",), "Spark's OpenAI-compatible API"),
    Home("*.xf-yun.com", "", ("xinghuo",), "Spark"),
    Home("aip.baidubce.com", "", ("qianfan",), "Qianfan V1"),
    Home("qianfan.baidubce.com", "", ("openai",), "Qianfan V2"),
    Home("hunyuan.tencentcloudapi.com", "", ("hunyuan",), "Hunyuan"),
    Home("api.hunyuan.cloud.tencent.com", "", ("openai",), "Hunyuan's OpenAI-compatible API"),
    Home("tokenhub.tencentmaas.com", "", ("openai",), "TokenHub"),
    Home("api.minimax.chat", "/v1/text", ("minimax",), "MiniMax"),
    Home("api.minimaxi.com", "/v1/text", ("minimax",), "MiniMax"),
    Home("api.dify.ai", "", ("dify",), "Dify"),
    Home("ark.cn-beijing.volces.com", "", ("openai", "huoshan"), "Volcengine Ark"),
    Home("api.deepseek.com", "", ("openai", "deepseek"), "DeepSeek"),
    Home("open.bigmodel.cn", "", ("openai", "zhipu"), "Zhipu"),
    Home("api.groq.com", "", ("openai", "groq"), "Groq"),
    Home("api.openai.com", "", ("openai",), "OpenAI"),
    Home("api.cloudflare.com", "", ("openai",), "Cloudflare Workers AI"),
    Home("api.lingyiwanwu.com", "", ("openai",), "01.AI"),
    Home("integrate.api.nvidia.com", "", ("openai",), "NVIDIA"),
    Home("api.siliconflow.cn", "", ("openai",), "SiliconFlow"),
    Home("api.moonshot.cn", "", ("openai",), "Moonshot"),
    Home("openrouter.ai", "", ("openai",), "OpenRouter"),
)

#: Types whose server_url the gateway never looks at.
URL_IGNORED = ("dashscope", "dify", "hunyuan", "qianfan")
#: Types that take an OpenAI-shaped address.
OPENAI_SHAPED = ("openai", "deepseek", "zhipu", "groq")

#: Type -> what ended, and the way that is open now.
ENDED: dict[str, tuple[str, str]] = {
    "qianfan": (
        "Baidu ended the Qianfan V1 API on 2026-08-31",
        "Use type openai with server_url https://qianfan.baidubce.com/v2 and a new API key (bce-v3/…).",
    ),
    "hunyuan": (
        "Tencent ended the Hunyuan platform on 2026-09-30",
        "Use type openai with server_url https://tokenhub.tencentmaas.com/v1 and a new TokenHub key.",
    ),
}

#: Type -> models its vendor has retired, in lower case, and the notice.
RETIRED: dict[str, tuple[tuple[str, ...], str]] = {
    "gemini": (
        ("gemini-1.5-pro", "gemini-1.5-flash", "gemini-1.0-pro", "gemini-pro", "gemini-pro-vision"),
        "Google has shut down Gemini 1.0 and 1.5",
    ),
    "groq": (
        ("llama3-70b-8192", "llama3-8b-8192", "gemma-7b-it", "mixtral-8x7b-32768"),
        "Groq has decommissioned it",
    ),
    "minimax": (
        ("abab6.5", "abab6.5s", "abab6.5t", "abab6.5g", "abab5.5s", "abab5.5"),
        "MiniMax no longer lists any abab model",
    ),
    "dashscope": (
        ("qwen-max", "qwen-turbo", "qwen-vl-max", "qwen-vl-plus", "qwq-plus", "qvq-max"),
        "Alibaba retired it on 2026-07-13",
    ),
}

#: Type -> why it does not really work in the gateway.
BROKEN: dict[str, str] = {
    "bailian": "answers every chat with an empty 200",
    "vertexai": "sends a fixed prompt about a picture in place of the client's, and no credential",
    "azure": "sends neither deployment nor model, and drops the path of server_url",
}


def server_host(address: str) -> str:
    """The host name of an address, lower case, without port; empty when there is none.

    >>> server_host("http://LocalHost:8000/v1")
    'localhost'
    """
    return split_url(address).host


def is_private(host: str) -> bool:
    """Whether a host is this machine, or one in a private network.

    >>> is_private("192.168.1.5"), is_private("ollama"), is_private("api.openai.com")
    (True, True, False)
    """
    if host == "localhost" or host.endswith((".local", ".internal", ".localhost", ".lan")):
        return True
    if "." not in host and ":" not in host:
        return True
    if not host[-1:].isdigit() and ":" not in host:
        return False
    from ipaddress import ip_address  # only an address in digits pays for this

    try:
        return ip_address(host.partition("%")[0]).is_private
    except ValueError:
        return False


def home_of(address: str) -> Home | None:
    """The row of the vendor an address belongs to."""
    host, path = server_host(address), split_url(address).path
    for home in HOMES:
        fits = host.endswith(home.host[1:]) if home.host.startswith("*") else host == home.host
        if fits and path.startswith(home.path):
            return home
    return None
