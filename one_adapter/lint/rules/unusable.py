"""SOA510 and SOA516 to SOA520: credentials that open nothing, whatever the vendor."""

from __future__ import annotations

from collections.abc import Iterator

from one_adapter.language import tr
from one_adapter.lint.context import Context
from one_adapter.lint.finding import Note
from one_adapter.lint.keys import Key, keys_of
from one_adapter.lint.rule import rule
from one_adapter.vendors.unusable import holds_control, strange_character

#: A path, or a service account's whole JSON.
_MAY_HAVE_LINES = ("json_file",)


def _told(context: Context, *kinds: str) -> Iterator[Note]:
    """A note for every key of one of these kinds."""
    for key in context.once(keys_of):
        kind = key.kind
        if kind is None or kind.name not in kinds or _is_broken(key):
            continue
        says, advice = kind.says, kind.help
        if kind.name == "strange":
            says = tr(
                "has {sign} in it, which no key has",
                sign=strange_character(key.value),
            )
        if kind.name == "several" and key.for_clients:
            advice = tr("Write an entry of api_keys for each of them.")
        yield context.note(key.pointer, tr("this {name} {says}", name=key.name, says=says), advice)


def _is_broken(key: Key) -> bool:
    """Whether there is a control character in a key, of which another rule speaks."""
    return holds_control(key.value) and (key.kind is None or key.kind.name not in ("several", "placeholder"))


@rule("SOA510", "placeholder-credential", "warning")
def placeholder_credential(context: Context) -> Iterator[Note]:
    """A credential is a placeholder.

    Words such as `EMPTY` are told only where the vendor is known to ask for a key.

    Gateway: sends it to the vendor, who answers 401; the client gets that from 0.12, and 500 from 0.10.

    LiteLLM: the export leaves the variable in `.env` empty and puts it on the list of things to do; `run`
    sends what the gateway sent.
    """
    yield from _told(context, "placeholder")


@rule("SOA516", "control-character-in-key", "warning")
def control_character_in_key(context: Context) -> Iterator[Note]:
    """There is a control character inside a key.

    A line break or an invisible character came along when the key was copied. No HTTP header can hold one.

    Gateway: sends no request, because Go refuses the header; no client can send such a key either.

    LiteLLM: cannot send it either. A NUL cannot stand in the environment, so `export` and `run` refuse it.
    """
    for key in context.once(keys_of):
        if _is_broken(key) and key.name not in _MAY_HAVE_LINES:
            what = tr(
                "there is a control character in this {name}, and no HTTP header can hold it", name=key.name
            )
            yield context.note(key.pointer, what, tr("Copy the key again, without line breaks."))


@rule("SOA517", "variable-for-credential", "warning")
def variable_for_credential(context: Context) -> Iterator[Note]:
    """A credential names a variable: `${KEY}`, `$KEY`, `{{KEY}}`, `%KEY%`, `env:KEY`.

    The configuration knows no variables. A dollar sign inside a key is a plain character.

    Gateway: sends the text as it stands; the vendor answers 401. As a key of clients it is what they must
    send, letter by letter.

    LiteLLM: the export leaves the variable in `.env` empty and puts it on the list of things to do.
    """
    yield from _told(context, "variable")


@rule("SOA518", "masked-credential", "warning")
def masked_credential(context: Context) -> Iterator[Note]:
    """A credential is a mask: `sk-****`, `sk-ab...yz`, the mark of the gateway's own console.

    It was copied from a page that shows no keys. The key itself is only where it was made.

    Gateway: sends it to the vendor, who answers 401; the client gets that from 0.12, and 500 from 0.10.

    LiteLLM: the export leaves the variable in `.env` empty and puts it on the list of things to do.
    """
    yield from _told(context, "mask", "redaction")


@rule("SOA519", "several-keys-in-one", "warning")
def several_keys_in_one(context: Context) -> Iterator[Note]:
    """Several keys stand in one text.

    Other gateways take a list with commas or line breaks. Here each key is an entry of `credential_list`.

    Gateway: sends all of them as one key. With a line break in it no call leaves.

    LiteLLM: the export writes what stands there.
    """
    yield from _told(context, "several")


@rule("SOA520", "malformed-credential", "warning")
def malformed_credential(context: Context) -> Iterator[Note]:
    """There is something about a credential that no key has.

    `Bearer` or a variable's name in front of it, quotes inside of the quotes, a blank, a full-width or
    invisible sign, or an address in its place.

    Gateway: sends the text as it stands; the vendor answers 401. Blanks around it are sent as well, and with
    a line break there no call leaves.

    LiteLLM: the export writes what stands there, without blanks around it.
    """
    yield from _told(context, "labelled", "quoted", "address", "strange", "blank")
    for key in context.once(keys_of):
        value, bare = key.value, key.value.strip()
        if key.kind is None and bare and value != bare and not key.for_clients and not holds_control(bare):
            around = tr("a line break") if "\n" in value or "\r" in value else tr("blanks")
            what = tr(
                "this {name} has {around} around it, and the gateway takes nothing off",
                name=key.name,
                around=around,
            )
            yield context.note(key.pointer, what, tr("Remove them; the export does."))
