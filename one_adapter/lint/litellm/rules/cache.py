"""LIT605 to 608, 616 and 617: the cache."""

from __future__ import annotations

from collections.abc import Iterator

from one_adapter.config.node import Node
from one_adapter.finding import Severity
from one_adapter.language import listed, tr
from one_adapter.lint.finding import Note
from one_adapter.lint.litellm.context import Context
from one_adapter.lint.litellm.fitting import KINDS, is_reference
from one_adapter.lint.litellm.hints import one_of
from one_adapter.lint.litellm.rule import rule
from one_adapter.lint.litellm.rules.checks import REDIS_SCHEMES
from one_adapter.lint.litellm.walking import is_set

_CACHE = "/litellm_settings/cache"
_PARAMS = "/litellm_settings/cache_params"
#: What says where a Redis is.
_REDIS = ("host", "url", "redis_startup_nodes", "startup_nodes", "sentinel_nodes", "redis_url")
_REDIS_VARIABLES = ("REDIS_HOST", "REDIS_URL", "REDIS_CLUSTER_NODES", "REDIS_SENTINEL_NODES")


def _cache_is_on(context: Context) -> bool:
    node = context.find(_CACHE)
    return node is not None and node.value is True


@rule("LIT605", "cache-without-redis", "error")
def cache_without_redis(context: Context) -> Iterator[Note]:
    """The cache is on, and nothing says where its Redis is.

    Without a `type`, the cache is kept in Redis. `type: local` keeps it in the memory of the process.

    LiteLLM: refuses to start, unless the environment has `REDIS_HOST` or `REDIS_URL`.
    """
    if not _cache_is_on(context):
        return
    params = context.find(_PARAMS)
    if params is not None and params.kind != "object":
        return
    kind = params.get("type") if params else None
    # With parameters and no type the cache is kept in memory, of which another rule speaks.
    if (kind.value not in ("redis", "redis-semantic")) if kind else (params is not None and params.members):
        return
    # A cache of type redis does not read its redis_url.
    places = _REDIS if kind and kind.value == "redis-semantic" else _REDIS[:-1]
    if params and any(params.get(name) is not None for name in places):
        return
    if not is_set(context, *_REDIS_VARIABLES):
        said = tr("the cache is kept in Redis, and the file does not say where that is")
        advice = tr("Give cache_params a host and a port, or type: local, or set REDIS_HOST.")
        yield context.key_note(_CACHE, said, advice)


@rule("LIT606", "cache-shape", "error")
def cache_shape(context: Context) -> Iterator[Note]:
    """`cache` is something else than true or false.

    LiteLLM: starts, and every call fails with `object has no attribute 'cache'`. What the cache is like
    stands under `cache_params`.
    """
    node = context.find(_CACHE)
    if node is not None and node.kind not in ("bool", "null"):
        said = tr("cache must be true or false, this is {kind}", kind=KINDS[node.kind])
        advice = tr("Write cache: true, and what it is like under cache_params.")
        yield context.key_note(_CACHE, said, advice if node.kind in ("object", "string") else "")
    params = context.find(_PARAMS)
    if params is not None and params.kind != "object" and _cache_is_on(context):
        said = tr("{name} must be a mapping, this is {kind}", name="cache_params", kind=KINDS[params.kind])
        yield context.note(_PARAMS, said)


@rule("LIT607", "cache-params-without-cache", "warning")
def cache_params_without_cache(context: Context) -> Iterator[Note]:
    """`cache_params` are there, and the cache is not on.

    LiteLLM: reads them only with `cache: true`.
    """
    params = context.find(_PARAMS)
    node = context.find(_CACHE)
    if params is not None and params.value and (node is None or node.value in (None, False)):
        said = tr("without cache: true, none of this has an effect")
        yield context.key_note(_PARAMS, said, tr("Write cache: true beside it."))


#: What a type of cache cannot do without.
_NEEDED = {
    "redis-semantic": ("similarity_threshold",),
    "qdrant-semantic": ("qdrant_collection_name", "similarity_threshold"),
    "azure-blob": ("azure_account_url", "azure_blob_container"),
}


@rule("LIT616", "cache-in-memory", "warning")
def cache_in_memory(context: Context) -> Iterator[Note]:
    """`cache_params` have no `type`, but say where a Redis is.

    LiteLLM: without any `cache_params` the cache is kept in Redis, with some but without a `type` in the
    memory of the process: each process has its own, and nothing goes to the Redis.
    """
    params = context.find(_PARAMS)
    if _cache_is_on(context) and params is not None and params.members and params.get("type") is None:
        said = tr("without a type, this cache is kept in the memory of the process")
        yield context.key_note(_PARAMS, said, tr("Write type: redis, or type: local if that is meant."))


@rule("LIT617", "cache-incomplete", "error")
def cache_incomplete(context: Context) -> Iterator[Note]:
    """The cache lacks what its type cannot do without.

    One of type `redis-semantic` has a `similarity_threshold`, and a `redis_url` or all of `host`, `port` and
    `password`; these may come from `REDIS_HOST`, `REDIS_PORT` and `REDIS_PASSWORD`, too.

    LiteLLM: refuses to start.
    """
    params = context.find(_PARAMS)
    kind = params.get("type") if params else None
    if params is None or kind is None or kind.kind != "string" or not _cache_is_on(context):
        return
    for name in _NEEDED.get(kind.value, ()):
        if params.get(name) is None:
            said = tr("a cache of type {type} needs {name}", type=kind.value, name=name)
            yield context.note(f"{_PARAMS}/type", said)
    if kind.value == "redis-semantic":
        yield from _semantic(context, params)
    url = params.get("url")
    if (kind.value == "redis" and url is not None and url.kind == "string" and not is_reference(url)) and (
        not url.value.startswith(REDIS_SCHEMES)
    ):
        said = tr("the address of a Redis begins with {schemes}", schemes=listed(REDIS_SCHEMES))
        yield context.note(f"{_PARAMS}/url", said)


#: What a cache by meaning needs where it is not told a redis_url, and the variables LiteLLM takes it from.
_SEMANTIC = {"host": "REDIS_HOST", "port": "REDIS_PORT", "password": "REDIS_PASSWORD"}


def _semantic(context: Context, params: Node) -> Iterator[Note]:
    """It puts an address together by itself, and takes none without a password."""
    if params.get("redis_url") is not None or not any(params.get(name) is not None for name in _SEMANTIC):
        return
    for name, variable in _SEMANTIC.items():
        node = params.get(name)
        if (node is None or not node.value) and not is_set(context, variable):
            said = tr("a cache of type {type} needs {name}", type="redis-semantic", name=name)
            advice = tr("Add it, or give redis_url, or set {variable}.", variable=variable)
            # The variable may well be set where nobody has told.
            severity: Severity | None = "warning" if context.variables is None else None
            yield context.note(f"{_PARAMS}/type", said, advice, severity=severity)


@rule("LIT608", "cache-type", "error")
def cache_type(context: Context) -> Iterator[Note]:
    """The `type` of the cache is none that LiteLLM has.

    LiteLLM: refuses to start.
    """
    node = context.find(f"{_PARAMS}/type")
    if node is None or not _cache_is_on(context) or is_reference(node):
        return
    known = dict(context.tables.words("cache_types"))
    if node.kind != "string" or node.value not in known:
        said = tr('LiteLLM has no cache of type "{name}"', name=context.source(node.span)[:60])
        yield context.note(f"{_PARAMS}/type", said, one_of(node.value, known))
