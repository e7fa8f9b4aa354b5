"""Vendors by their hosts: which service types speak to them, and what is special about their addresses."""

from __future__ import annotations

from dataclasses import dataclass

from one_adapter.language import tr


@dataclass(frozen=True, slots=True)
class Host:
    """A host, or the part of one below `path`.

    `name` is what people call the vendor, `api` what stands there where it has several. `types` are the
    service types that go with it. `base` is the address its documentation gives for OpenAI's protocol;
    `vendor_slash_model` says that its models are called so, `guard` which parameters are kept in range.
    """

    name: str
    host: str
    path: str = ""
    types: tuple[str, ...] = ("openai",)
    base: str = ""
    api: str = ""
    vendor_slash_model: bool = False
    guard: str = ""

    def has(self, host: str) -> bool:
        """Whether a host is this one; `*.` at the beginning stands for any subdomain."""
        return host.endswith(self.host[1:]) if self.host.startswith("*") else host == self.host


def _compatible(vendor: str) -> str:
    return tr("{vendor}'s OpenAI-compatible API", vendor=vendor)


#: The first to fit counts, so the narrower rows come first.
HOSTS: tuple[Host, ...] = (
    Host("OpenAI", "api.openai.com", base="https://api.openai.com/v1"),
    Host(
        "Cloudflare Workers AI",
        "api.cloudflare.com",
        base="https://api.cloudflare.com/client/v4/accounts/ACCOUNT_ID/ai/v1",
        vendor_slash_model=True,
    ),
    Host("DeepSeek", "api.deepseek.com", types=("openai", "deepseek"), base="https://api.deepseek.com/v1"),
    Host(
        "Zhipu GLM",
        "open.bigmodel.cn",
        types=("openai", "zhipu"),
        base="https://open.bigmodel.cn/api/paas/v4",
        guard="glm",
    ),
    Host(
        "Alibaba DashScope",
        "dashscope.aliyuncs.com",
        "/compatible-mode",
        base="https://dashscope.aliyuncs.com/compatible-mode/v1",
        api=_compatible("DashScope"),
    ),
    Host("Alibaba DashScope", "dashscope.aliyuncs.com", "/api/v1/apps", ("bailian",), api="Bailian"),
    Host("Alibaba DashScope", "dashscope.aliyuncs.com", "", ("dashscope",), api="DashScope"),
    Host(
        "Volcengine Ark",
        "ark.cn-beijing.volces.com",
        types=("openai", "huoshan"),
        base="https://ark.cn-beijing.volces.com/api/v3",
    ),
    Host("01.AI", "api.lingyiwanwu.com", base="https://api.lingyiwanwu.com/v1"),
    Host(
        "Groq",
        "api.groq.com",
        types=("openai", "groq"),
        base="https://api.groq.com/openai/v1",
        guard="groq",
    ),
    Host(
        "NVIDIA",
        "integrate.api.nvidia.com",
        base="https://integrate.api.nvidia.com/v1",
        vendor_slash_model=True,
    ),
    Host("SiliconFlow", "api.siliconflow.cn", base="https://api.siliconflow.cn/v1", vendor_slash_model=True),
    Host("Moonshot", "api.moonshot.cn", base="https://api.moonshot.cn/v1"),
    Host("OpenRouter", "openrouter.ai", base="https://openrouter.ai/api/v1", vendor_slash_model=True),
    Host("Anthropic", "api.anthropic.com", "/v1/messages", ("claude",)),
    Host("Anthropic", "api.anthropic.com", "", ("claude", "openai")),
    Host("Gemini", "generativelanguage.googleapis.com", "/v1beta/openai", api=_compatible("Gemini")),
    Host("Gemini", "generativelanguage.googleapis.com", "", ("gemini",)),
    Host("Azure OpenAI", "*.openai.azure.com", "/openai/v1", ("azure", "openai")),
    Host("Azure OpenAI", "*.openai.azure.com", "", ("azure",)),
    Host("Vertex AI", "*.aiplatform.googleapis.com", "", ("vertexai",)),
    Host("Spark", "spark-api-open.xf-yun.com", api=_compatible("Spark")),
    Host("Spark", "*.xf-yun.com", "", ("xinghuo",)),
    Host("Qianfan", "aip.baidubce.com", "", ("qianfan",), api="Qianfan V1"),
    Host("Qianfan", "qianfan.baidubce.com", api="Qianfan V2"),
    Host("Hunyuan", "hunyuan.tencentcloudapi.com", "", ("hunyuan",)),
    Host("Hunyuan", "api.hunyuan.cloud.tencent.com", api=_compatible("Hunyuan")),
    Host("TokenHub", "tokenhub.tencentmaas.com"),
    Host("MiniMax", "api.minimax.chat", "/v1/text", ("minimax",)),
    Host("MiniMax", "api.minimaxi.com", "/v1/text", ("minimax",)),
    Host("Dify", "api.dify.ai", "", ("dify",)),
)

#: Those that speak OpenAI's protocol, by the address their documentation gives.
OPENAI_HOSTS = tuple(row for row in HOSTS if row.base)


#: Host -> LiteLLM's word for the vendor in its price list.
PRICED_AS = {
    "api.openai.com": "openai",
    "api.deepseek.com": "deepseek",
    "api.groq.com": "groq",
    "dashscope.aliyuncs.com": "dashscope",
    "open.bigmodel.cn": "zai",
    "api.moonshot.cn": "moonshot",
    "api.minimaxi.com": "minimax",
    "ark.cn-beijing.volces.com": "volcengine",
    "api.cloudflare.com": "cloudflare",
    "tokenhub.tencentmaas.com": "tencent",
    "api.anthropic.com": "anthropic",
    "generativelanguage.googleapis.com": "gemini",
    "*.openai.azure.com": "azure",
    "*aiplatform.googleapis.com": "vertex_ai",
}


def priced_as(host: str) -> str:
    """LiteLLM's word for the vendor at a host, in its price list; "" where the list has no such vendor.

    >>> priced_as("api.groq.com"), priced_as("a-b.openai.azure.com"), priced_as("a-reseller.example")
    ('groq', 'azure', '')
    """
    known = (
        word
        for at, word in PRICED_AS.items()
        if (host.endswith(at[1:]) if at.startswith("*") else host == at)
    )
    return next(known, "")


def host_at(host: str, path: str) -> Host | None:
    """The row of an address, by its host (lower case, without port) and path.

    >>> host_at("dashscope.aliyuncs.com", "/compatible-mode/v1").types
    ('openai',)
    """
    return next((row for row in HOSTS if row.has(host) and path.startswith(row.path)), None)


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
