"""Every kind of deployment for one proxy, and what its environment holds."""

from __future__ import annotations

from typing import Any

import raw
from proxy import deployment

BREAKER = {"breaker": {"failures": 3, "recovery_seconds": 60, "probes": 1}}
#: What the proxy's environment holds beside the clients' keys.
SECRETS = {
    "CHEAP_KEY": raw.CHEAP,
    "UP_CLAUDE": "sk-ant-upstream",
    "UP_AZURE": "azure-upstream",
    "UP_GEMINI": "gemini-upstream",
    "NO_KEY": "",
    "DIFY_1_API_KEY": "app-upstream",
    "SPARK_1_APPID": "sparkid",
    "SPARK_1_API_KEY": "spark-upstream-key",
    "SPARK_1_API_SECRET": "spark-upstream-secret",
    "ARK_1_ACCESS_KEY": "ark-upstream-access",
    "ARK_1_SECRET_KEY": "ark-upstream-secret",
}
#: A deployment on which upstreams may misbehave: a place that is lost shows, and no breaker opens.
HOSTILE: dict[str, Any] = {
    "breaker": None,
    "limits": {"service": {"concurrency": 1, "wait_seconds": 3}},
}
#: The address of an upstream that wants a user and a password.
USERINFO = "user-name:pass%2Fword-of-the-address"
#: Where LiteLLM's own clients begin for a vendor with a protocol of its own.
NATIVE = {
    "claude": ("anthropic", "UP_CLAUDE", ""),
    "azure": ("azure", "UP_AZURE", ""),
    "gemini": ("gemini", "UP_GEMINI", "/v1beta"),
    "ollama": ("ollama_chat", "NO_KEY", ""),
}
OURS: dict[str, dict[str, Any]] = {
    "dify": {"model": "dify/app", "credential_env": "DIFY_1", "drop_params": True},
    "spark": {"model": "xinghuo/spark-lite", "credential_env": "SPARK_1", "drop_params": True},
    "ark": {"model": "huoshan/ep-1", "credential_env": "ARK_1"},
}


def own(name: str, base: str, breaker: bool = True, **parameters: Any) -> dict[str, Any]:
    """A deployment of a vendor that has an adapter of ours."""
    made = deployment(name, base, service=f"{name}-1", **(BREAKER if breaker else {}), embeddings=False)
    kind = name.partition("-")[0]
    made["litellm_params"] = {"api_base": base, "timeout": 30, **OURS[kind], **parameters}
    if kind == "ark":
        host = base.removesuffix("/v1")
        made["litellm_params"] |= {"openapi_base": host, "allowed_openai_params": ["thinking", "user"]}
    return made


def native(name: str, base: str, **ours: Any) -> dict[str, Any]:
    """A deployment of a vendor that LiteLLM knows by itself."""
    provider, key, path = NATIVE[name.partition("-")[0]]
    more = {"service": f"{name}-1", "embeddings": False, **BREAKER, **ours}
    made = deployment(name, base + path, key=key, provider=provider, **more)
    made["litellm_params"].pop("use_chat_completions_api")
    made["litellm_params"]["drop_params"] = True
    if provider == "azure":
        made["litellm_params"]["api_version"] = "2024-10-21"
    return made


def services(base: str) -> list[dict[str, Any]]:
    """The model list: one deployment of every kind, and some that a test may break."""
    openai = {"service": "openai-1", **BREAKER}
    return [
        deployment("cheap", f"{base}/cheap/v1", **openai),
        deployment("expensive", f"{base}/expensive/v1", key="UP_2", service="openai-2"),
        deployment("keyless", f"{base}/keyless/v1", key="NO_KEY", service="openai-3", **BREAKER),
        deployment("vectors", f"{base}/vectors/v1", mode="embedding", service="openai-4"),
        *(deployment(f"failing-{n}", f"{base}/v1", service=f"failing-{n}", **BREAKER) for n in range(4)),
        deployment("unreachable", "http://127.0.0.1:9/v1", service="unreachable", **BREAKER),
        deployment("brief", f"{base}/brief/v1", service="brief", timeout=0.5, **BREAKER),
        deployment(
            "single",
            f"{base}/single/v1",
            service="single",
            limits={"service": {"concurrency": 1, "wait_seconds": 2}},
        ),
        *(native(name, base) for name in NATIVE),
        *(native(f"{name}-{how}", base) for name in NATIVE for how in ("breaking", "refusing")),
        own("dify", f"{base}/dify/v1"),
        own("spark", f"{base}/spark/v1.1/chat".replace("http", "ws", 1)),
        own("ark", f"{base}/ark/v1"),
        *(own(f"dify-{how}", f"{base}/dify/v1") for how in ("breaking", "refusing")),
        *(
            own(f"spark-{how}", f"{base}/spark/chat".replace("http", "ws", 1))
            for how in ("breaking", "refusing")
        ),
        *(own(f"ark-{how}", f"{base}/ark/v1") for how in ("breaking", "refusing")),
        *hostile(base),
    ]


def hostile(base: str) -> list[dict[str, Any]]:
    """A deployment a wire on which an upstream may do its worst, and some whose address names a user."""
    made = [
        deployment("openai-hostile", f"{base}/oh/v1", service="openai-hostile", **HOSTILE),
        *(native(f"{name}-hostile", base, **HOSTILE) for name in NATIVE),
        own("dify-hostile", f"{base}/dify/v1", breaker=False),
        own("spark-hostile", f"{base}/spark/chat".replace("http", "ws", 1), breaker=False),
        own("ark-hostile", f"{base}/ark/v1", breaker=False),
        deployment("openai-user", "os.environ/ADDRESS", service="openai-user"),
        deployment("keyless-user", "os.environ/ADDRESS", key="NO_KEY", service="keyless-user"),
        native("claude-user", ""),
    ]
    for one in made:
        if one["model_name"].endswith("-hostile"):
            one["model_info"]["one_adapter"]["limits"] = HOSTILE["limits"]
    made[-1]["litellm_params"]["api_base"] = "os.environ/ADDRESS_BASE"
    return made


def addresses(base: str) -> dict[str, str]:
    """The variables with an address that names a user."""
    whole = base.replace("://", f"://{USERINFO}@")
    return {"ADDRESS": f"{whole}/user/v1", "ADDRESS_BASE": whole}
