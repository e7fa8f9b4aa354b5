"""Keep the catalogues of translations in step with the texts of the code.

    python docs/languages.py [DOMAIN…]    take new texts up, drop those that are gone, compile
    python docs/languages.py --check      say what is stale, untranslated or translated wrongly; exit 1

A catalogue, called domain, is a room's: `one_adapter/language/zh/LC_MESSAGES/lint.po` has the texts that
`tr` and `trn` mark in `one_adapter/lint/`. Texts that nobody marks (the paragraphs of the rules' pages, the
help of the commands) come from `GATHERED`. The `.mo` beside each is what the program reads.
"""

from __future__ import annotations

import ast
import io
import string
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir, extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

if TYPE_CHECKING:
    from click import Command

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "one_adapter"
CATALOGUES = PACKAGE / "language" / "zh" / "LC_MESSAGES"
KEYWORDS = {"tr": None, "trn": (1, 2)}
#: Domain -> the parts of the package whose texts it has; a deeper path has its own where one is named.
DOMAINS: Mapping[str, tuple[str, ...]] = {
    "commands": ("commands", "cli.py", "errors.py"),
    "config": ("config", "vendors"),
    "deploy": ("export/deploy",),
    "doctor": ("doctor",),
    "export": ("export",),
    "lint": ("lint", "finding.py"),
    "litellm": ("lint/litellm",),
    "plan": ("plan",),
    "runtime": ("runtime",),
    "verify": ("verify",),
}


def rule_paragraphs() -> Iterator[str]:
    """Every paragraph of the rules' pages."""
    from one_adapter.lint.catalogue import rules

    for rule in rules():
        yield from rule.doc.split("\n\n")


def litellm_rule_paragraphs() -> Iterator[str]:
    """Every paragraph of the pages about LiteLLM's own configuration."""
    from one_adapter.lint.litellm.catalogue import rules

    for rule in rules():
        yield from rule.doc.split("\n\n")


def schema_titles() -> Iterator[str]:
    """What the values of a configuration are called, where a finding tells what was expected."""
    from one_adapter.dialect import DIALECTS
    from one_adapter.lint.schema import schema

    stack: list[object] = [schema(dialect) for dialect in DIALECTS.values()]
    while stack:
        part = stack.pop()
        if isinstance(part, dict):
            if isinstance(part.get("title"), str):
                yield part["title"]
            stack += reversed(part.values())
        elif isinstance(part, list):
            stack += reversed(part)


def command_help() -> Iterator[str]:
    """Every paragraph of the commands' help, and what it says of their options."""
    from click import Context, Group, Option

    from one_adapter.cli import cli
    from one_adapter.commands.spoken import paragraphs

    def texts_of(command: Command) -> Iterator[str]:
        yield from paragraphs(command.help)
        for option in command.params:
            if isinstance(option, Option) and option.help and not option.hidden:
                yield option.help
        if isinstance(command, Group):
            context = Context(command)
            for name in command.list_commands(context):
                below = command.get_command(context, name)
                yield from texts_of(below) if below else ()

    return texts_of(cli)


def click_texts() -> Iterator[tuple[str, ...]]:
    """What click itself may say to who calls a command: in the click that is here, and in those before."""
    import click

    folder = Path(str(click.__file__)).parent
    for name in (
        "_termui_impl",
        "core",
        "decorators",
        "exceptions",
        "formatting",
        "parser",
        "termui",
        "types",
    ):
        found = extract_from_file("python", folder / f"{name}.py", keywords={"_": None, "ngettext": (1, 2)})
        for _, text, _, _ in found:
            yield (text,) if isinstance(text, str) else text
    for message in _read(CATALOGUES / "click.po"):
        if message.id:
            yield (message.id,) if isinstance(message.id, str) else tuple(message.id)


#: Domain -> what yields its texts where they are not marked in the code.
GATHERED: Mapping[str, Callable[[], Iterable[str | tuple[str, ...]]]] = {
    "click": click_texts,
    "help": command_help,
    "litellm_rules": litellm_rule_paragraphs,
    "rules": rule_paragraphs,
    "schema": schema_titles,
}


def domain_of(path: str) -> str | None:
    """The domain of a file, named from the package's folder: of the longest part that holds it."""
    found = [
        (len(part), domain)
        for domain, parts in DOMAINS.items()
        for part in parts
        if path == part or path.startswith(f"{part}/")
    ]
    return max(found)[1] if found else None


def texts() -> dict[str, Catalog]:
    """The texts of the code as they are now, by domain, none of them translated."""
    made = {domain: _empty() for domain in sorted({*DOMAINS, *GATHERED})}
    found = extract_from_dir(
        PACKAGE, method_map=[("**.py", "python")], keywords=KEYWORDS, comment_tags=("Translators:",)
    )
    for name, _, text, comments, _ in sorted(found, key=lambda each: (each[0], each[1])):
        domain = domain_of(name)
        if domain is None:
            raise SystemExit(f"one_adapter/{name} has texts to translate, and no domain of DOMAINS has it")
        made[domain].add(text, locations=[(name, 0)], auto_comments=comments)
    for domain, gather in GATHERED.items():
        for text in gather():
            if text:
                made[domain].add(text[0] if isinstance(text, tuple) and len(text) == 1 else text)
    return made


def merged(template: Catalog, path: Path) -> Catalog:
    """The texts of `template` with the translations of the catalogue at `path`."""
    old = _read(path)
    catalogue = _empty()
    for message in template:
        if message.id:
            kept = old.get(message.id)
            catalogue.add(
                message.id, kept.string if kept else None, message.locations, (), message.auto_comments
            )
    return catalogue


def written(catalogue: Catalog) -> tuple[bytes, bytes]:
    """A catalogue as `.po` and as `.mo`, the same bytes on every day."""
    po, mo = io.BytesIO(), io.BytesIO()
    write_po(po, catalogue, width=100, include_lineno=False, sort_by_file=True)
    write_mo(mo, catalogue)
    return po.getvalue(), mo.getvalue()


def faults(domain: str, template: Catalog) -> Iterator[str]:
    """What is wrong with a domain's catalogue."""
    path = CATALOGUES / f"{domain}.po"
    catalogue = merged(template, path)
    if not len(catalogue):
        if path.exists():
            yield f"{path.name}: the code has no such texts any more"
        return
    for suffix, content in zip((".po", ".mo"), written(catalogue), strict=True):
        file = path.with_suffix(suffix)
        if not file.exists() or file.read_bytes() != content:
            yield f"{file.name} is stale: python docs/languages.py {domain}"
    for message in catalogue:
        if not message.id:
            continue
        ids = (message.id,) if isinstance(message.id, str) else tuple(message.id)
        said = (message.string,) if isinstance(message.string, str) else tuple(message.string or ("",))
        for text in said:
            if not text:
                yield f"{path.name} has no translation of: {ids[0]}"
            elif domain not in GATHERED and _names(text) != set().union(*map(_names, ids)):
                yield f"{path.name} fills in other values than the original: {ids[0]}"


def unmarked() -> Iterator[str]:
    """Calls of `tr` and `trn` that Babel does not read: their text is no literal, or part of an f-string."""
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        formatted = [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
        hidden = {each for node in formatted for each in ast.walk(node)}
        for call in ast.walk(tree):
            if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name)):
                continue
            texts = {"tr": call.args[:1], "trn": call.args[:2]}.get(call.func.id, ())
            literal = all(isinstance(each, ast.Constant) for each in texts)
            if texts and (not literal or call in hidden):
                where = f"{path.relative_to(ROOT)}:{call.lineno}"
                yield f"{where}: Babel reads no text that is {'in an f-string' if literal else 'no literal'}"


def _names(template: str | list[str]) -> set[str]:
    """The names of the values that a template fills in."""
    return {
        name.split(".")[0].split("[")[0] for _, name, _, _ in string.Formatter().parse(str(template)) if name
    }


class _Catalogue(Catalog):
    """A catalogue whose head says only what a reader of it needs: no dates, no version of Babel."""

    @property  # type: ignore[misc]  # nobody sets it here
    def mime_headers(self) -> list[tuple[str, str]]:
        """The head of the catalogue."""
        return [
            ("Language", "zh"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit"),
            ("Plural-Forms", "nplurals=1; plural=0;"),
        ]


def _empty() -> Catalog:
    return _Catalogue(locale="zh", header_comment="# Chinese texts of one-adapter.", fuzzy=False)


def _read(path: Path) -> Catalog:
    if not path.exists():
        return _empty()
    with path.open("rb") as file:
        return read_po(file, locale="zh")


def main(words: list[str]) -> None:
    """Bring the named domains (all, where none is) up to date, or check them."""
    check = "--check" in words
    named = [word for word in words if word != "--check"]
    made = texts()
    if unknown := set(named) - set(made):
        raise SystemExit(f"no domain is called {', '.join(sorted(unknown))}; there are {', '.join(made)}")
    if check:
        wrong = [*unmarked(), *(fault for domain in named or made for fault in faults(domain, made[domain]))]
        print(*wrong, sep="\n")
        raise SystemExit(1 if wrong else 0)
    CATALOGUES.mkdir(parents=True, exist_ok=True)
    for domain in named or made:
        path = CATALOGUES / f"{domain}.po"
        catalogue = merged(made[domain], path)
        for suffix, content in zip((".po", ".mo"), written(catalogue), strict=True):
            if len(catalogue):
                path.with_suffix(suffix).write_bytes(content)
            else:
                path.with_suffix(suffix).unlink(missing_ok=True)
        open_ = sum(1 for message in catalogue if message.id and not message.string)
        print(f"{domain}: {len(catalogue)} texts, {open_} of them not translated")


if __name__ == "__main__":
    main(sys.argv[1:])
