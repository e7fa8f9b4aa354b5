"""Texts that know how they were written, so that they can be said in another language."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING, Any

from one_adapter.language.chosen import Language, chosen

if TYPE_CHECKING:
    from gettext import NullTranslations

#: How the domains end that are read only where they are named.
_LOOKED_UP = ("rules", "help", "click")
#: What beside letters and digits stands at the edge of Latin words and of code.
_EDGES = "`$/-_.%"


class Message(str):
    """An English text that remembers the template and the values it was made of."""

    __slots__ = ("number", "plural", "template", "values")
    template: str
    values: Mapping[str, object]
    plural: str | None
    number: int

    def __new__(
        cls, template: str, values: Mapping[str, object], plural: str | None = None, number: int = 1
    ) -> Message:
        """The text of the template, of its plural where `number` is not 1, with the values filled in."""
        said = template if plural is None or number == 1 else plural
        made = super().__new__(cls, said.format_map(values) if values else _unescaped(said))
        made.template, made.values, made.plural, made.number = template, values, plural, number
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy in another process is made of the same parts."""
        return Message, (self.template, self.values, self.plural, self.number)

    def said_in(self, language: Language) -> str:
        """The text in this language; English where the catalogue lacks it."""
        if language == "en":
            return str(self)
        found = _catalogue(language)
        said = (
            found.gettext(self.template)
            if self.plural is None
            else found.ngettext(self.template, self.plural, self.number)
        )
        values = {name: _said(value, language) for name, value in self.values.items()}
        return _filled(said, values) if values else _unescaped(said)


class _Joined(Message):
    """Several texts as one, with what stands between them in each language."""

    __slots__ = ("between", "parts")
    parts: Sequence[str]
    between: Mapping[Language, str]

    def __new__(cls, parts: Sequence[str], between: Mapping[Language, str]) -> _Joined:
        made = str.__new__(cls, between["en"].join(parts))
        made.template, made.values, made.plural, made.number = "", {}, None, 1
        made.parts, made.between = tuple(parts), between
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        return _Joined, (self.parts, self.between)

    def said_in(self, language: Language) -> str:
        said = [_text(part, language) for part in self.parts]
        if language == "en" or not said:
            return self.between[language].join(said)
        rest = (piece for part in said[1:] for piece in (self.between[language], part))
        return _spaced((said[0], *rest))


class _Changed(Message):
    """A text with something done to it, in each language by itself."""

    __slots__ = ("change", "text")
    text: Message
    change: Callable[[str], str]

    def __new__(cls, text: Message, change: Callable[[str], str]) -> _Changed:
        made = str.__new__(cls, change(str(text)))
        made.template, made.values, made.plural, made.number = "", {}, None, 1
        made.text, made.change = text, change
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        return _Changed, (self.text, self.change)

    def said_in(self, language: Language) -> str:
        return self.change(self.text.said_in(language))


def tr(template: str, /, **values: object) -> Message:
    """Mark a text for translation. The template is a literal, with a name in braces for each value.

    >>> str(tr("{name} has no model", name="m"))
    'm has no model'
    """
    return Message(template, values)


def trn(singular: str, plural: str, /, count: int, **values: object) -> Message:
    """Mark a text that depends on a number, which it may name as `{count}`.

    >>> str(trn("{count} file", "{count} files", count=2))
    '2 files'
    """
    return Message(singular, {"count": count, **values}, plural, count)


def sentences(*texts: str) -> Message:
    """Whole sentences one after another; those that are empty are left out."""
    return _Joined([text for text in texts if text], {"en": " ", "zh": ""})


def joined(texts: Sequence[str], english: str, chinese: str) -> Message:
    """Texts with what stands between them in each language."""
    return _Joined(texts, {"en": english, "zh": chinese})


def lines(*texts: str) -> Message:
    """Texts each on lines of its own."""
    return joined(texts, "\n", "\n")


def listed(words: Sequence[str], last: str = "or") -> Message:
    """Words as a person lists them; `last` is "or" or "and".

    >>> str(listed(["a", "b", "c"]))
    'a, b or c'
    """
    if len(words) < 2:
        return _Joined(words, {"en": "", "zh": ""})
    return _Joined(
        [enumerated(words[:-1]), words[-1]], {"en": f" {last} ", "zh": {"or": " 或 ", "and": " 和 "}[last]}
    )


def changed(text: str, change: Callable[[str], str]) -> str:
    """`change(text)`, which is still marked where the text was: secrets are hidden in it, a part is cut off.

    >>> changed(tr("at last."), lambda said: said.rstrip("."))
    'at last'
    """
    return _Changed(text, change) if isinstance(text, Message) else change(text)


def without_stop(sentence: str) -> str:
    """A sentence without its full stop, to stand inside another.

    >>> without_stop("Give one."), without_stop("请填写。")
    ('Give one', '请填写')
    """
    return changed(sentence, lambda said: said.rstrip(".").removesuffix("。"))


def enumerated(words: Sequence[str]) -> Message:
    """Words one after another, with nothing said of whether all of them are meant or one.

    >>> str(enumerated(["a", "b", "c"]))
    'a, b, c'
    """
    return _Joined(words, {"en": ", ", "zh": "、"})


def translated(text: str) -> str:
    """A marked text in the chosen language; any other text as it is.

    >>> translated("as it is")
    'as it is'
    """
    return _text(text, chosen())


def looked_up(text: str, domain: str | None = None) -> str:
    """What the chosen language has for this very text, which nobody marked: a docstring, a help text.

    `domain` names a catalogue that is read for this only.
    """
    return text if chosen() == "en" or not text else _catalogue(chosen(), domain).gettext(text)


def _said(value: object, language: Language) -> object:
    return value.said_in(language) if isinstance(value, Message) else value


def _text(text: str, language: Language) -> str:
    return text.said_in(language) if isinstance(text, Message) else text


def _filled(template: str, values: Mapping[str, object]) -> str:
    """A Chinese template with its values, blanks between Chinese and Latin letters where they meet."""
    pieces: list[str] = []
    for literal, name, form, conversion in Formatter().parse(template):
        pieces.append(literal)
        if name is not None:
            field = name + (f"!{conversion}" if conversion else "") + (f":{form}" if form else "")
            pieces.append(f"{{{field}}}".format_map(values))
    return _spaced(pieces)


def _spaced(pieces: Iterable[str]) -> str:
    """Texts one after another, with a blank where a Chinese letter and a Latin one would touch."""
    said = ""
    for piece in pieces:
        if said and piece:
            before, after = said[-1], piece[0]
            if (_is_chinese(before) and _is_latin(after)) or (_is_latin(before) and _is_chinese(after)):
                said += " "
        said += piece
    return said


def _is_chinese(letter: str) -> bool:
    return "\u4e00" <= letter <= "\u9fff"


def _is_latin(letter: str) -> bool:
    return letter.isascii() and (letter.isalnum() or letter in _EDGES)


def _unescaped(template: str) -> str:
    return (
        template.replace("{{", "{").replace("}}", "}") if "{{" in template or "}}" in template else template
    )


@cache
def _catalogue(language: Language, domain: str | None = None) -> NullTranslations:
    """What is translated: one domain, or all that have texts of the program."""
    from gettext import GNUTranslations, NullTranslations

    found = NullTranslations()
    folder = Path(__file__).resolve().parent / language / "LC_MESSAGES"
    for path in sorted(folder.glob(f"{domain or '*'}.mo")):
        if domain or not path.stem.endswith(_LOOKED_UP):
            with path.open("rb") as file:
                found.add_fallback(GNUTranslations(file))
    return found
