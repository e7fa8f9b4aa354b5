"""What is logged and printed, and what LiteLLM says of errors: without the secrets we know, at bounded cost.

LiteLLM looks for the shapes of secrets in every error, many times and on the event loop, by patterns whose
cost grows with the square of a text's length. The patterns here take the same shapes out in one pass each.
"""

from __future__ import annotations

import copy
import logging
import multiprocessing
import re
import sys
from functools import lru_cache
from types import ModuleType
from typing import Any

from one_adapter.runtime.redaction import CleanStream, known

#: Characters of a text that is looked through; what is longer is cut.
TEXT_CHARACTERS = 16 << 10
NAMES = (
    r"api[_-]?key|passw(?:or)?d|secret(?:_key)?|(?:private|master|signing|encryption|xai)_key|"
    r"access_key(?:_id)?|(?:auth|access|refresh|session|huggingface)_token|database_url|db_url|"
    r"connection_string|webhook_url|azure_username"
)
#: Every part begins with a letter or sign of its own and takes in what it has looked at, so that a pass
#: is linear in the text's length, whatever the text.
SHAPES = re.compile(
    "|".join(
        (
            r"-----BEGIN[A-Z -]{0,40}PRIVATE KEY-----[^-]*(?:-----END[A-Z -]{0,40}PRIVATE KEY-----)?",
            r"ya29\.[\w.~+/-]+",
            r"A(?:KIA|SIA)[0-9A-Z]{16}",
            r"(?:[Bb]earer|[Bb]asic)\s{1,8}[\w.~+/=-]{10,}",
            r"sk-[\w-]{13,}",
            r"AIza[\w-]{35}",
            r"dapi[0-9a-f]{32}",
            r"eyJ[\w-]{10,}(?:\.[\w-]*)*",
            r"(?<=://)[^\s'\":/@]{0,256}:[^\s'\"/@]{1,256}(?=@)",
            r"(?<=[?&])(?:key|sig|token)=[^\s&'\"]{8,}",
            rf"(?i:{NAMES})['\"]?\s{{0,4}}[:=]\s{{0,4}}['\"]?[^\s,'\"}})\]{{}}>]{{4,}}",
        )
    )
)
#: Paths of the machine and hosts of an inner network.
DETAILS = re.compile(
    "|".join(
        (
            r"/(?:etc|var|opt|usr|home|root|private|Users|tmp|mnt|srv)/[^\s'\")\]}>,]+",
            r"[A-Za-z]:\\[^\s'\")\]}>,]+",
            r"(?<![\w.])(?:10(?:\.\d{1,3}){3}|172\.(?:1[6-9]|2\d|3[01])(?:\.\d{1,3}){2}"
            r"|192\.168(?:\.\d{1,3}){2}|127(?:\.\d{1,3}){3})(?![\w.])",
            r"(?<![A-Za-z0-9.-])[A-Za-z0-9.-]{1,253}\.(?:internal|local|corp|lan|intra|private)\b",
        )
    )
)


class Pass:
    """Stands in for one of LiteLLM's patterns; a text that comes again costs nothing."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        """Look for `pattern`, after the secrets we know."""
        self._sub = lru_cache(256)(pattern.sub)

    def sub(self, replacement: str, text: str) -> str:
        """The text without what the pattern finds, at most `TEXT_CHARACTERS` characters of it."""
        if len(text) > TEXT_CHARACTERS:
            text = f"{text[:TEXT_CHARACTERS]}... ({len(text) - TEXT_CHARACTERS} more characters)"
        return self._sub(replacement, known.clean(text))


def install() -> None:
    """Clean what LiteLLM says, what any logger logs and what is printed, once."""
    from litellm.litellm_core_utils import secret_redaction

    for name, pattern in (("_SECRET_RE", SHAPES), ("_INTERNAL_DETAIL_RE", DETAILS)):
        if isinstance(getattr(secret_redaction, name, None), re.Pattern):
            setattr(secret_redaction, name, Pass(pattern))
    clean_logs()
    clean_terminal()


def drop_prints(module: ModuleType) -> None:
    """Have a module of LiteLLM's print nothing: its list of models, in green, and thanks for using it."""
    module.print = lambda *_, **__: None  # type: ignore[attr-defined]


def drop_a_workers_prints(module: ModuleType) -> None:
    """Have LiteLLM print nothing in a worker process of `--num_workers`, each of which would print it all."""
    if multiprocessing.parent_process() is not None:
        drop_prints(module)


def clean_terminal() -> None:
    """Take the secrets out of whatever this process prints."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is not None and not isinstance(stream, CleanStream):
            setattr(sys, name, CleanStream(stream, known.clean))


def clean_logs() -> None:
    """Take the secrets out of every record that any handler of this process gets."""
    stock = logging.Handler.handle
    if hasattr(stock, "own"):
        return

    def handle(self: logging.Handler, record: logging.LogRecord) -> Any:
        return stock(self, cleaned(record))

    handle.own = stock  # type: ignore[attr-defined]
    logging.Handler.handle = handle  # type: ignore[method-assign]


def cleaned(record: logging.LogRecord) -> logging.LogRecord:
    """The record, or one without secrets where it holds any, in its message or its traceback.

    >>> known.learn(["sk-of-the-example"])
    >>> cleaned(logging.makeLogRecord({"msg": "%s", "args": ("sk-of-the-example",)})).getMessage()
    '***'
    """
    try:
        told = record.getMessage()
    except Exception:  # the message does not fit its arguments
        record = copy.copy(record)
        record.msg = told = f"{record.msg} {record.args!r}"
        record.args = ()
    if record.exc_info and not record.exc_text:  # kept there by formatters, too
        record.exc_text = logging.Formatter().formatException(record.exc_info)
    trace = record.exc_text or ""
    stack = record.stack_info or ""
    found = [known.clean(one) for one in (told, trace, stack)]
    if found == [told, trace, stack]:
        return record
    record = copy.copy(record)
    if isinstance(record.args, tuple) and record.args:  # uvicorn's access log reads them one by one
        record.args = tuple(known.clean(one) if isinstance(one, str) else one for one in record.args)
    if not record.args or record.getMessage() != found[0]:
        record.msg, record.args = found[0], ()
    record.exc_text, record.stack_info = found[1] or None, found[2] or None
    if record.exc_text:
        record.exc_info = None
    return record
