"""The gateway's service types: a row for each, with all that is known of it in November 2026."""

from __future__ import annotations

from dataclasses import dataclass

from one_adapter.config import defaults
from one_adapter.language import tr

#: Credentials that are no secret, whatever the type.
PLAIN = ("domain", "addresss", "location", "project_id", "json_file", "group_id", "appid")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a type reads.

    `needed` are alternatives, each a complete set; none: it works without. `idle` are names people give
    and nobody reads, without any harm.
    """

    needed: tuple[tuple[str, ...], ...] = (("api_key",),)
    optional: tuple[str, ...] = ()
    idle: tuple[str, ...] = ()

    @property
    def known(self) -> tuple[str, ...]:
        """Every name the type reads."""
        return tuple(dict.fromkeys((*(name for names in self.needed for name in names), *self.optional)))

    @property
    def secret(self) -> tuple[str, ...]:
        """Those that hold a secret."""
        return tuple(name for name in self.known if name not in PLAIN)


@dataclass(frozen=True, slots=True)
class Retired:
    """Models a vendor took away (lower case; `*` at the end: any), its notice, and what there is today."""

    models: tuple[str, ...]
    notice: str
    today: str

    @property
    def instead(self) -> str:
        """What to do, as a part of a sentence."""
        return tr("choose {model}", model=self.today)

    @property
    def advice(self) -> str:
        """What to do, as a sentence."""
        return tr("Choose {model}.", model=self.today)

    def has(self, model: str) -> bool:
        """Whether a model is one of them.

        >>> RETIRED["dashscope"].has("Qwen-Max"), RETIRED["dashscope"].has("qwen-max-latest")
        (True, False)
        """
        name = model.lower()
        return name in self.models or name.startswith(self.beginnings)

    @property
    def beginnings(self) -> tuple[str, ...]:
        """How the names begin of which only the beginning is listed."""
        return tuple(one.rstrip("*") for one in self.models if one.endswith("*"))


@dataclass(frozen=True, slots=True)
class Ended:
    """A service its vendor ended: the notice, what to create, and how to write the successor by hand."""

    notice: str
    task: str
    successor: str


@dataclass(frozen=True, slots=True)
class ServiceType:
    """One type.

    `provider` is LiteLLM's word for it, `url` where it goes without a `server_url` ("": that depends on the
    model, or nowhere). `address` says whether a `server_url` counts: for "both", for the "export" alone, or
    for "none". `broken` says why the gateway's own support does not really work.
    """

    name: str
    provider: str = "openai"
    url: str = ""
    credentials: Credentials = Credentials()
    address: str = "both"
    openai_shaped: bool = False
    embeddings: bool = False
    retired: Retired | None = None
    ended: Ended | None = None
    broken: str = ""
    documentation: str = ""

    @property
    def models(self) -> tuple[str, ...]:
        """The gateway's models of a service that lists none."""
        return defaults.DEFAULT_MODELS.get(self.name, ())


def _such_as(model: str) -> str:
    return tr("one of today's, such as {model}", model=model)


_ROWS = (
    ServiceType(
        "azure",
        "azure",
        broken=tr("sends neither deployment nor model, and drops the path of server_url"),
        documentation="https://learn.microsoft.com/azure/ai-services/openai/reference",
    ),
    ServiceType(
        "bailian",
        url="https://dashscope.aliyuncs.com/api/v2/apps/agent",
        address="none",
        broken=tr("answers every chat with an empty 200"),
        documentation="https://help.aliyun.com/zh/model-studio/call-single-agent-application",
    ),
    ServiceType(
        "claude",
        "anthropic",
        "https://api.anthropic.com",
        documentation="https://docs.anthropic.com/en/api/messages",
    ),
    ServiceType(
        "dashscope",
        url="https://dashscope.aliyuncs.com/compatible-mode/v1",
        address="none",
        retired=Retired(
            (
                "qwen1.5-*",
                "qwen2-*",
                "qwen-max",
                "qwen-turbo",
                "qwen-vl-max",
                "qwen-vl-plus",
                "qwq-plus",
                "qvq-max",
            ),
            tr("Alibaba retired it in 2026"),
            _such_as("qwen-plus"),
        ),
        documentation="https://help.aliyun.com/zh/model-studio/compatibility-of-openai-with-dashscope",
    ),
    ServiceType(
        "deepseek",
        url="https://api.deepseek.com/v1",
        openai_shaped=True,
        documentation="https://api-docs.deepseek.com",
    ),
    ServiceType(
        "dify", "dify", "https://api.dify.ai/v1", address="export", documentation="https://docs.dify.ai"
    ),
    ServiceType(
        "gemini",
        "gemini",
        "https://generativelanguage.googleapis.com/v1beta",
        retired=Retired(
            ("gemini-1.0-*", "gemini-1.5-*", "gemini-pro", "gemini-pro-vision"),
            tr("Google has shut down Gemini 1.0 and 1.5"),
            _such_as("gemini-2.5-flash"),
        ),
        documentation="https://ai.google.dev/api",
    ),
    ServiceType(
        "groq",
        url="https://api.groq.com/openai/v1",
        openai_shaped=True,
        retired=Retired(
            ("llama3-70b-8192", "llama3-8b-8192", "gemma-7b-it", "mixtral-8x7b-32768"),
            tr("Groq has decommissioned it"),
            _such_as("llama-3.3-70b-versatile"),
        ),
        documentation="https://console.groq.com/docs",
    ),
    ServiceType(
        "hunyuan",
        url="https://tokenhub.tencentmaas.com/v1",
        credentials=Credentials((("secret_id", "secret_key"),)),
        address="none",
        ended=Ended(
            tr("Tencent ended the Hunyuan platform on 2026-09-30"),
            tr(
                "secret_id and secret_key open nothing any more. "
                "Create a TokenHub API key and choose a model it serves, such as hy3-preview"
            ),
            tr("Use type openai with server_url https://tokenhub.tencentmaas.com/v1 and a new TokenHub key."),
        ),
        documentation="https://cloud.tencent.com/document/product/1823/131382",
    ),
    ServiceType(
        "huoshan",
        url="https://ark.cn-beijing.volces.com/api/v3",
        credentials=Credentials((("api_key",), ("access_key", "secret_key"))),
        documentation="https://www.volcengine.com/docs/82379",
    ),
    ServiceType(
        "minimax",
        url="https://api.minimaxi.com/v1",
        credentials=Credentials((("api_key", "group_id"),)),
        retired=Retired(
            ("abab*",),
            tr("MiniMax lists no abab models and no chatcompletion_pro any more"),
            tr("a MiniMax-M model, such as {model}", model="MiniMax-M2"),
        ),
        documentation="https://platform.minimaxi.com",
    ),
    ServiceType(
        "ollama",
        "ollama_chat",
        "http://127.0.0.1:11434",
        credentials=Credentials((), idle=("api_key",)),
        documentation="https://docs.ollama.com/api",
    ),
    ServiceType(
        "openai",
        openai_shaped=True,
        embeddings=True,
        documentation="https://platform.openai.com/docs/api-reference",
    ),
    ServiceType(
        "qianfan",
        url="https://qianfan.baidubce.com/v2",
        credentials=Credentials((("api_key", "secret_key"),), ("addresss",)),
        address="none",
        embeddings=True,
        ended=Ended(
            tr("Baidu ended the V1 model endpoints of Qianfan on 2026-08-31"),
            tr(
                "api_key and secret_key open nothing any more. "
                "Create a V2 API key (bce-v3/ALTAK-…) in the Qianfan console and choose V2 model names"
            ),
            tr(
                "Use type openai with server_url https://qianfan.baidubce.com/v2 "
                "and a new API key (bce-v3/…)."
            ),
        ),
        documentation="https://cloud.baidu.com/doc/qianfan",
    ),
    ServiceType(
        "vertexai",
        "vertex_ai",
        credentials=Credentials((("project_id", "location", "json_file"),)),
        address="none",
        broken=tr("sends a fixed prompt about a picture in place of the client's, and no credential"),
        documentation="https://cloud.google.com/vertex-ai/generative-ai/docs",
    ),
    ServiceType(
        "xinghuo",
        "xinghuo",
        "wss://spark-api.xf-yun.com",
        credentials=Credentials((("appid", "api_key", "api_secret"),), ("domain",)),
        documentation="https://www.xfyun.cn/doc/spark/Web.html",
    ),
    ServiceType(
        "zhipu",
        url="https://open.bigmodel.cn/api/paas/v4",
        openai_shaped=True,
        documentation="https://docs.bigmodel.cn",
    ),
)

SERVICE_TYPES: dict[str, ServiceType] = {row.name: row for row in _ROWS}

#: Columns of the table that are asked for by themselves.
CREDENTIALS = {row.name: row.credentials for row in _ROWS}
RETIRED = {row.name: row.retired for row in _ROWS if row.retired}
ENDED = {row.name: row.ended for row in _ROWS if row.ended}
BROKEN = {row.name: row.broken for row in _ROWS if row.broken}
OPENAI_SHAPED = tuple(row.name for row in _ROWS if row.openai_shaped)
EMBEDDING_TYPES = tuple(row.name for row in _ROWS if row.embeddings)
#: Types for which the gateway never looks at server_url.
URL_IGNORED = tuple(row.name for row in _ROWS if row.address != "both")
