"""iFlytek Spark's models: websocket address and domain of each."""

from __future__ import annotations

#: Every name in use for a model, in lower case. The adapter keeps the same for itself, with what each can do.
SPARK: dict[str, tuple[str, str]] = {
    name: (f"wss://spark-api.xf-yun.com{path}", domain)
    for names, path, domain in (
        (("spark-lite", "general", "lite"), "/v1.1/chat", "lite"),
        (("spark-v2.0", "generalv2"), "/v2.1/chat", "generalv2"),
        (("spark-pro", "generalv3"), "/v3.1/chat", "generalv3"),
        (("spark-pro-128k", "pro-128k"), "/chat/pro-128k", "pro-128k"),
        (("spark-max", "spark3.5-max", "generalv3.5"), "/v3.5/chat", "generalv3.5"),
        (("spark-max32k", "spark-max-32k", "max-32k"), "/chat/max-32k", "max-32k"),
        (("4.0ultra", "spark-4.0-ultra"), "/v4.0/chat", "4.0Ultra"),
    )
    for name in names
}
SPARK_HTTP = "https://spark-api-open.xf-yun.com/v1"
