"""SOA20x: values at the top of the file that the gateway refuses."""

from __future__ import annotations

from collections.abc import Iterator

from one_adapter.config import defaults
from one_adapter.config.reading import trim
from one_adapter.language import listed, tr
from one_adapter.lint.context import Context
from one_adapter.lint.finding import Note
from one_adapter.lint.go.addresses import listening_port, parse_url
from one_adapter.lint.go.values import Record
from one_adapter.lint.rule import rule


def _choice(record: Record, name: str) -> str:
    """A word the user chose, trimmed and lower-cased as the gateway does it."""
    return trim(record.text(name)).lower()


@rule("SOA201", "bad-server-port", "error")
def bad_server_port(context: Context) -> Iterator[Note]:
    """`server_port` is not `:port` or `host:port`.

    The name says port, the field wants a listening address. The colon is part of it.

    Gateway: ends with `server_port: must be in :9090 or host:port format`. Ports go from 1 to 65535;
    a service name such as `:http` is refused.

    LiteLLM: takes `--host` and `--port` on its command line; `one-adapter run` passes on what stands here.
    """
    text = trim(context.record.text("server_port"))
    port = listening_port(text) if text else 1
    if port is None or not 1 <= port <= 65535:
        guess = (
            tr('Write ":{port}".', port=text)
            if text.isdecimal() and 1 <= int(text[:6]) <= 65535
            else tr('Write ":9090".')
        )
        yield context.place_note(
            context.record.at("server_port"),
            tr("this is no address to listen on"),
            guess,
            tr(":port or host:port, 1 to 65535"),
        )


@rule("SOA202", "unknown-load-balancing", "error")
def unknown_load_balancing(context: Context) -> Iterator[Note]:
    """`load_balancing` is a word the gateway does not know.

    It knows `first`, `random`, `rand`, `round_robin`, `rr` and `hash`, in any case.

    Gateway: ends with `load_balancing: supported values: first, random, round_robin, hash`.
    `round-robin` with a dash is refused.

    LiteLLM: has routing strategies of its own; the shares of the old strategy are exported as weights.
    """
    word = _choice(context.record, "load_balancing")
    if word and word not in defaults.LOAD_BALANCING:
        yield unknown_word(context, context.record, "load_balancing", word, defaults.LOAD_BALANCING)


@rule("SOA203", "unknown-log-level", "error")
def unknown_log_level(context: Context) -> Iterator[Note]:
    """`log_level` is a word the gateway does not know.

    Gateway: ends with `log_level: unsupported log level`.

    LiteLLM: knows DEBUG, INFO, WARNING and ERROR, by the environment variable LITELLM_LOG.
    """
    word = _choice(context.record, "log_level")
    if word and word not in defaults.LOG_LEVELS:
        yield unknown_word(context, context.record, "log_level", word, defaults.LOG_LEVELS)


@rule("SOA204", "unknown-proxy-strategy", "error")
def unknown_proxy_strategy(context: Context) -> Iterator[Note]:
    """`proxy.strategy` is a word the gateway does not know.

    Gateway: ends with `proxy.strategy: supported values: disabled, default, all, force_all`.

    LiteLLM: has no proxy setting for each deployment; one-adapter sets the proxy for each upstream call.
    """
    proxy = context.record.record("proxy")
    word = _choice(proxy, "strategy")
    if word and word not in defaults.PROXY_STRATEGIES:
        yield unknown_word(context, proxy, "strategy", word, defaults.PROXY_STRATEGIES)


@rule("SOA205", "unknown-proxy-type", "error")
def unknown_proxy_type(context: Context) -> Iterator[Note]:
    """`proxy.type` is neither `http` nor `socks5`.

    `https` is not a type: an HTTP proxy that forwards https requests is still of type `http`.

    Gateway: ends with `proxy.type: supported values: http, socks5`, also when the strategy is disabled.

    LiteLLM: takes proxies from HTTP_PROXY and HTTPS_PROXY only; one-adapter sets them for each upstream call.
    """
    proxy = context.record.record("proxy")
    word = _choice(proxy, "type")
    if word and word not in defaults.PROXY_TYPES:
        yield unknown_word(context, proxy, "type", word, defaults.PROXY_TYPES)


def unknown_word(context: Context, record: Record, name: str, word: str, known: tuple[str, ...]) -> Note:
    """A note about a word the gateway does not know in a field, with the nearest it does."""
    from difflib import get_close_matches  # only a file with a slip in it pays for this

    close = get_close_matches(word.replace("-", "_"), known, 1, 0.6)
    advice = tr("Did you mean {name}?", name=close[0]) if close else ""
    if advice and context.dialect.balancing.get(close[0]) == "random" and close[0] == "round_robin":
        advice = tr("Write rr to take turns; round_robin is known too, but draws at random.")
    return context.place_note(
        record.at(name), tr("the gateway knows no {name} of this name", name=name), advice, listed(known)
    )


@rule("SOA206", "proxy-incomplete", "error")
def proxy_incomplete(context: Context) -> Iterator[Note]:
    """The proxy is switched on, but its type or its address is missing.

    Every strategy but `disabled` needs a `type`; type `http` needs `http_proxy` or `https_proxy`,
    type `socks5` needs `socks5_proxy`.

    Gateway: ends with `proxy.type: proxy type is required when proxying is enabled`, or with
    `proxy.http_proxy: an HTTP or HTTPS proxy URL is required`.

    LiteLLM: would go direct without a word.
    """
    proxy = context.record.record("proxy")
    strategy, kind = _choice(proxy, "strategy"), _choice(proxy, "type")
    if strategy in ("", "disabled"):
        return
    if kind == "":
        place = proxy.at("type") if "type" in proxy.values else proxy.at("strategy")
        yield context.place_note(
            place,
            tr('proxy.strategy is "{strategy}" but there is no proxy.type', strategy=strategy),
            "",
            listed(defaults.PROXY_TYPES),
        )
    elif kind == "http" and not trim(proxy.text("http_proxy")) and not trim(proxy.text("https_proxy")):
        yield context.place_note(
            proxy.at("type"),
            tr("a proxy of type http needs an address"),
            tr("Set http_proxy or https_proxy."),
        )
    elif kind == "socks5" and not trim(proxy.text("socks5_proxy")):
        yield context.place_note(
            proxy.at("type"), tr("a proxy of type socks5 needs an address"), tr("Set socks5_proxy.")
        )


@rule("SOA207", "bad-proxy-address", "error")
def bad_proxy_address(context: Context) -> Iterator[Note]:
    """`http_proxy` or `https_proxy` is not an absolute URL.

    The scheme belongs to it: `http://127.0.0.1:7890`, not `127.0.0.1:7890`. Blanks around the address
    are not taken away.

    Gateway: ends with `proxy.http_proxy: must be an absolute proxy URL`, whatever the strategy.

    LiteLLM: never sees it; `export` and `run` stop here as well.
    """
    proxy = context.record.record("proxy")
    for name in ("http_proxy", "https_proxy"):
        text = proxy.text(name)
        if not text:
            continue
        parsed = parse_url(text)
        if isinstance(parsed, str) or not parsed.scheme or not parsed.host:
            blanks = text != text.strip()
            reason = parsed if isinstance(parsed, str) and not blanks else ""
            yield context.place_note(
                proxy.at(name),
                tr("{name} is no absolute URL: {reason}", name=name, reason=reason)
                if reason
                else tr("{name} is no absolute URL", name=name),
                tr("Remove the blanks around it.") if blanks else tr("Begin it with http://."),
                "scheme://host:port",
            )


@rule("SOA208", "empty-client-key", "error")
def empty_client_key(context: Context) -> Iterator[Note]:
    """An entry of `api_keys` has no key.

    Gateway: ends with `api_keys.0.api_key: must not be empty`.

    LiteLLM: never sees it; `export` and `run` stop here as well.
    """
    for entry, place in context.record.items("api_keys"):
        if isinstance(entry, Record) and not entry.text("api_key"):
            where = entry.places.get("api_key", place)
            yield context.place_note(
                where, tr("this entry of api_keys has no api_key"), tr("Give it a key or remove it.")
            )


@rule("SOA209", "duplicate-client-key", "error")
def duplicate_client_key(context: Context) -> Iterator[Note]:
    """The same key stands twice in `api_keys`.

    One entry a key: the models a key may use belong into one `supported_models`.

    Gateway: ends with `api_keys.1.api_key: duplicate access key`.

    LiteLLM: never sees it; `export` and `run` stop here as well.
    """
    first: dict[str, Record] = {}
    for entry, _ in context.record.items("api_keys"):
        key = entry.text("api_key") if isinstance(entry, Record) else ""
        if key and key in first:
            before = first[key].at("api_key")
            line, column = context.document.position(before.span.start)
            note = context.place_note(
                entry.at("api_key"),
                tr("this key is in api_keys for the second time"),
                tr(
                    "Join the two entries; the first is in line {line}, column {column}.",
                    line=line,
                    column=column,
                ),
            )
            yield note._replace(also=(before.span, tr("first here")))
        elif key:
            first[key] = entry


@rule("SOA210", "negative-translation", "error")
def negative_translation(context: Context) -> Iterator[Note]:
    """`translation.retry` or `translation.concurrency` is below zero.

    0 means: no repeats, no bound.

    Gateway: ends with `translation: retry and concurrency must not be negative`.

    LiteLLM: has no translation endpoint; one-adapter serves it with these settings.
    """
    yield from _negative(
        context, context.record.record("translation"), ("retry", "concurrency"), tr("0 or more")
    )


@rule("SOA211", "negative-breaker", "error")
def negative_breaker(context: Context) -> Iterator[Note]:
    """A number of `circuit_breaker` is below zero.

    0 means the built-in value: 5 failures, 30 seconds, 1 probe. `"enabled": false` switches it off.

    Gateway: ends with `circuit_breaker: thresholds and timeouts must not be negative`.

    LiteLLM: its cooldowns work otherwise; one-adapter keeps the gateway's breaker.
    """
    names = ("failure_threshold", "recovery_timeout_seconds", "half_open_max_requests")
    yield from _negative(context, context.record.record("circuit_breaker"), names, tr("0 or more"))


def _negative(context: Context, record: Record, names: tuple[str, ...], expected: str) -> Iterator[Note]:
    for name in names:
        if record.number(name) < 0:
            yield context.place_note(record.at(name), tr("{name} is below zero", name=name), "", expected)


@rule("SOA212", "retention-out-of-range", "error", lambda dialect: dialect.statistics)
def retention_out_of_range(context: Context) -> Iterator[Note]:
    """`statistics.retention_days` is not between 1 and 3650.

    0 means the built-in 30 days. `"enabled": false` switches the statistics off.

    Gateway: 0.12 ends with `statistics.retention_days: must be between 1 and 3650 days`, 0.10 does nothing
    with it.

    LiteLLM: has no such setting; one-adapter keeps no statistics.
    """
    statistics = context.record.record("statistics")
    days = statistics.number("retention_days") or defaults.RETENTION_DAYS
    if not 1 <= days <= defaults.MOST_RETENTION_DAYS:
        yield context.place_note(
            statistics.at("retention_days"),
            tr("statistics are kept between 1 and 3650 days"),
            "",
            tr("1 to 3650"),
        )
