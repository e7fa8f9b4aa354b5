"""SOA0xx: is the file one the gateway can read at all."""

from __future__ import annotations

from collections.abc import Iterator

from one_adapter.config.document import Document, Duplicate, Span, segments
from one_adapter.config.fields import BREAKER
from one_adapter.config.foreign_files import is_litellm
from one_adapter.language import tr
from one_adapter.lint.context import Context
from one_adapter.lint.finding import Note
from one_adapter.lint.rule import rule

_BOM = "\ufeff"


@rule("SOA001", "file-ending", "error")
def file_ending(context: Context) -> Iterator[Note]:
    """The file's ending is not one the gateway reads.

    The gateway decides by the ending alone how to read a file. It knows `.json`, `.yaml` and
    `.yml`, in lower case.

    Gateway: ends with `unsupport config type`. `config.JSON` and `config.toml` are both refused.

    LiteLLM: `one-adapter export` reads the file all the same if it is JSON or YAML inside, but
    the gateway it comes from cannot have been running on it.
    """
    problem = context.document.problem
    if problem and problem.kind == "ending":
        yield Note("", Span(0, 0), problem.message, tr("Rename the file; the ending is in lower case."))


@rule("SOA002", "byte-order-mark", "error")
def byte_order_mark(context: Context) -> Iterator[Note]:
    """A JSON file begins with a byte order mark.

    Some Windows editors put three invisible bytes in front of a text. JSON does not allow them.

    Gateway: ends with `invalid character 'ï' looking for beginning of value`. In a YAML file the
    mark does no harm.

    LiteLLM: reads YAML only; the exported file has no mark.
    """
    if _has_mark(context.document):
        yield Note(
            "",
            Span(0, 1),
            tr("the file begins with a byte order mark, which JSON does not allow"),
            tr("Save it as UTF-8 without BOM."),
        )


def _has_mark(document: Document) -> bool:
    return document.format == "json" and document.root is None and document.text.startswith(_BOM)


@rule("SOA003", "invalid-syntax", "error")
def invalid_syntax(context: Context) -> Iterator[Note]:
    """The text is not JSON, or not YAML.

    The gateway's JSON is the strict one: no comments, no comma after the last element, double
    quotes only, nothing after the end. One character out of place and nothing of the file is read.

    Gateway: ends with its parser's message, and with exit code 0.

    LiteLLM: never sees the file; `export` and `run` stop here as well.
    """
    problem = context.document.problem
    if problem and problem.kind == "syntax" and not _has_mark(context.document):
        span = problem.span
        if "comma after the last" in problem.message:
            comma = context.document.text.rfind(",", 0, span.start)
            span = Span(comma, comma + 1)
        from one_adapter.lint.hints.syntax import hint_for  # most files can be read

        hint = hint_for(context.document, problem)
        yield Note("", span, hint.message or problem.message, hint.help)


@rule("SOA004", "not-utf8", "warning")
def not_utf8(context: Context) -> Iterator[Note]:
    """There are bytes in the file that are not UTF-8.

    Usually the file was saved in another encoding, such as GBK or Latin-1.

    Gateway: refuses a YAML file, and any file in UTF-16 or UTF-32 (there this is an error), but for YAML in
    UTF-16 with a byte order mark, which it reads. In a JSON string it puts the character U+FFFD (�) in place
    of each bad byte, so that a name or a key is no longer what was meant.

    LiteLLM: would get the same damaged name.
    """
    document = context.document
    if document.problem and document.problem.kind == "encoding":
        span, encoding = document.problem.span, document.encoding
        what = document.problem.message if encoding.startswith("UTF-") else tr("this byte is not UTF-8")
        yield Note("", span, what, _save_as(encoding), severity="error")
    elif document.root is not None and document.encoding.startswith("UTF-"):
        what = tr("the file is {encoding}, which the gateway reads in YAML alone", encoding=document.encoding)
        yield Note("", Span(0, 0), what, tr("Save the file as UTF-8."), severity="info")
    elif document.root is not None and "\ufffd" in document.text:
        at = document.text.index("\ufffd")
        message = tr("this is not UTF-8 (or a literal U+FFFD); the gateway reads the character U+FFFD here")
        yield Note("", Span(at, at + 1), message, _save_as(document.encoding))


def _save_as(encoding: str) -> str:
    if encoding == "GBK":
        return tr("It looks like {encoding}: save the file as UTF-8.", encoding=encoding)
    return tr("Save the file as UTF-8.")


@rule("SOA005", "duplicate-key", "warning")
def duplicate_key(context: Context) -> Iterator[Note]:
    """The same key stands twice in one object.

    Somebody edited one of the two and wonders why nothing changes.

    Gateway: in a JSON file the last one wins, and the first is lost without a word (two objects
    under one key are added up). In a YAML file a key that stands twice is refused (there this is an error).

    LiteLLM: the exported file says what the gateway would have understood.
    """
    document = context.document
    for repeated in document.duplicates:
        if document.format == "yaml" and _never_decoded(repeated):
            continue
        key = segments(repeated.pointer)[-1]
        line, column = document.position(repeated.first.start)
        error = document.format == "yaml"
        what = tr("the gateway refuses this") if error else tr("this one wins")
        yield Note(
            repeated.pointer,
            repeated.again,
            tr('the key "{key}" is here for the second time; {what}', key=key, what=what),
            tr(
                "Keep one of the two; the first is in line {line}, column {column}.", line=line, column=column
            ),
            severity="error" if error else None,
            also=(repeated.first, tr("first here")),
        )


def _never_decoded(repeated: Duplicate) -> bool:
    """Below a field of circuit_breaker that the gateway does not know, its YAML reader never looks."""
    path = segments(repeated.pointer)
    return len(path) > 2 and path[0] == "circuit_breaker" and path[1] not in BREAKER.fields


@rule("SOA006", "not-an-object", "error")
def not_an_object(context: Context) -> Iterator[Note]:
    """The file holds something other than an object.

    A configuration is one object, `{…}` in JSON, `name: value` lines in YAML.

    Gateway: ends with `cannot unmarshal array into Go value`.

    LiteLLM: never sees the file; `export` and `run` stop here as well.
    """
    root = context.document.root
    if root is not None and root.kind not in ("object", "null"):
        from one_adapter.lint.hints.syntax import hint_for_root  # most files hold an object

        yield context.note(
            "",
            tr("a configuration is an object, this is {found}", found=_KINDS[root.kind]),
            hint_for_root(context.document),
            tr('an object with "services" in it'),
        )


_KINDS = {"array": tr("a list"), "string": tr("a text"), "number": tr("a number"), "bool": tr("a boolean")}


@rule("SOA007", "litellm-configuration", "warning")
def litellm_configuration(context: Context) -> Iterator[Note]:
    """The file is a configuration of LiteLLM and not of the gateway.

    `model_list` is LiteLLM's, as in an exported file.

    Gateway: starts without any service.

    LiteLLM: `litellm --config FILE` starts it; `export`, `explain` and `run` say so and stop.
    """
    if is_litellm(context.document):
        yield context.key_note(
            "/model_list",
            tr("this is a configuration of LiteLLM and not of the gateway"),
            tr("Start it with litellm --config."),
        )
