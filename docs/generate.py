"""Write what is made from the code; with `--check`, exit 1 and name the files that would change.

Usage: python docs/generate.py [--check]

Whole pages come from `PAGES`. In the READMEs, a block that follows the comment `<!-- output: COMMAND -->`
holds what the command prints in the page's language; ` | head -n N` at the end of it leaves the rest out.
Of the pictures, those are made here that need neither a proxy nor a browser (the others: docs/pictures.py).
"""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import click
from conversion import conversion_page
from pictures import PICTURES, of_terminal

from one_adapter.cli import cli
from one_adapter.language import LANGUAGES, Language, chosen, translated
from one_adapter.language.chosen import VARIABLE, speaking
from one_adapter.lint.pages import FOLDERS as RULE_FOLDERS
from one_adapter.lint.pages import files as rule_pages

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
WITH_OUTPUTS: Mapping[str, Language] = {"README.md": "en", "README.zh-CN.md": "zh"}
DRAWN = ("lint", "explain")

MADE_FROM = "<!-- Written by docs/generate.py from the commands themselves. -->"
#: What the page of the commands says by itself.
CLI_TEXTS: Mapping[str, str] = {
    "The commands": "命令",
    "Exit codes: 0 all is well; 1 the configuration has errors; 2 wrong usage or an input that cannot be "
    "read.": ("退出码：0 一切正常；1 配置有错误；2 用法不对或输入无法读取。"),
    "Option": "选项",
    "What it does": "作用",
    " In the environment: {value}.": "环境变量：{value}。",
    " Default: {value}.": "默认：{value}。",
}


def cli_page(language: Language = "en") -> str:
    """`cli.md`: every command with its arguments and options."""
    with speaking(language):
        title, codes, *_ = map(_said, CLI_TEXTS)
        parts = [f"{MADE_FROM}\n# {title}\n\n{codes}\n"]
        context = click.Context(cli)
        for name in cli.list_commands(context):
            command = cli.get_command(context, name)
            if command is not None and not command.hidden:
                parts.append(_command(f"one-adapter {name}", command))
        return "\n".join(parts)


def _said(text: str) -> str:
    return CLI_TEXTS[text] if chosen() == "zh" else text


def _command(title: str, command: click.Command) -> str:
    words = [title]
    options = []
    for parameter in command.params:
        if isinstance(parameter, click.Argument):
            words.append(_argument(parameter))
        elif isinstance(parameter, click.Option) and not parameter.hidden:
            options.append(f"| {_spelling(parameter)} | {_explanation(parameter)} |")
    if options:
        words.insert(1, "[OPTIONS]")
    usage = " ".join(words)
    about = _prose(inspect.cleandoc(command.help or ""))
    text = [f"## `{title}`\n", f"```text\n{usage}\n```\n", about]
    if options:
        heads = f"| {_said('Option')} | {_said('What it does')} |\n|---|---|\n"
        text += [heads + "\n".join(options) + "\n"]
    return "\n".join(text)


def _argument(parameter: click.Argument) -> str:
    name = parameter.metavar or (parameter.name or "").upper()
    return name if parameter.required or name.startswith("[") else f"[{name}]"


def _spelling(option: click.Option) -> str:
    """``--port`` with the value it takes, in code, safe inside a table."""
    names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    if option.is_flag or option.count:
        return names
    if isinstance(option.type, click.Choice):
        choices = " \\| ".join(f"`{choice}`" for choice in option.type.choices)
        return f"{names} {choices}"
    value = option.metavar or option.type.name.upper()
    return f"{names} {value}".replace("|", "\\|")


def _explanation(option: click.Option) -> str:
    text = " ".join((option.help or "").split()).replace("|", "\\|")
    if isinstance(option.envvar, str):
        text += _said(" In the environment: {value}.").format(value=f"`{option.envvar}`")
    if isinstance(option.show_default, str):
        return text + _said(" Default: {value}.").format(value=translated(option.show_default))
    shown = option.default if isinstance(option.default, (str, int)) else None
    if shown is None or shown == "" or option.is_flag:
        return text
    return text + _said(" Default: {value}.").format(value=f"`{shown}`")


def _prose(help_text: str) -> str:
    """Click's help as Markdown: a paragraph marked to keep its line breaks is an example."""
    paragraphs = []
    for paragraph in help_text.split("\n\n"):
        lines = paragraph.strip().splitlines()
        if lines and lines[0].strip() == "\b":
            paragraphs.append("```text\n" + "\n".join(lines[1:]) + "\n```")
        elif lines:
            paragraphs.append(paragraph.strip() if chosen() == "en" else _unbroken(lines))
    return "\n\n".join(paragraphs) + "\n"


def _unbroken(lines: list[str]) -> str:
    """A paragraph in one line: Chinese has no blanks where English lines are joined."""
    return re.sub(r"(?<=[^\x00-\x7f])\n|\n(?=[^\x00-\x7f])", "", "\n".join(map(str.strip, lines))).replace(
        "\n", " "
    )


def with_outputs(text: str, language: Language) -> str:
    """The text with every output block as the commands print it now."""
    return re.sub(
        r"(<!-- output: (.+?) -->\n```\w+\n).*?(?=```)",
        lambda found: found[1] + output(found[2], language),
        text,
        flags=re.DOTALL,
    )


def output(command: str, language: Language) -> str:
    """What `one-adapter …` prints, in the project's folder, outside of any terminal or workflow."""
    words, _, cut = command.partition(" | head -n ")
    arguments = words.removeprefix("one-adapter ").split()
    environment = {name: value for name, value in os.environ.items() if name != "GITHUB_ACTIONS"}
    done = subprocess.run(
        [sys.executable, "-m", "one_adapter", *arguments],
        capture_output=True,
        encoding="utf-8",
        cwd=ROOT,
        env={**environment, "NO_COLOR": "1", "PYTHONUTF8": "1", VARIABLE: language},
        check=False,
    )
    if done.returncode not in (0, 1) or not done.stdout:
        raise SystemExit(f"{command}: {done.stderr}")
    lines = done.stdout.splitlines(keepends=True)
    return "".join(lines[: int(cut)] if cut else lines)


PAGES: Mapping[str, Callable[[], str]] = {
    "cli.md": cli_page,
    "zh/cli.md": lambda: cli_page("zh"),
    "conversion.md": conversion_page,
    "zh/conversion.md": lambda: conversion_page("zh"),
}


def pages() -> Iterator[tuple[Path, str]]:
    """(path, text) of every file made from the code, or partly so."""
    for name, make in PAGES.items():
        yield DOCS / name, make()
    for language, folder in RULE_FOLDERS.items():
        with speaking(language):
            for name, text in rule_pages().items():
                yield DOCS / folder / name, text
    for name, language in WITH_OUTPUTS.items():
        path = ROOT / name
        yield path, with_outputs(path.read_text(encoding="utf-8"), language)
    for name in DRAWN:
        for language in LANGUAGES:
            yield PICTURES / f"{name}.{language}.svg", of_terminal(name, language)


def stale() -> list[str]:
    """The files that differ from what the code says now, by their names in the project."""
    return [
        str(path.relative_to(ROOT))
        for path, text in pages()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]


def main(arguments: list[str]) -> int:
    """Write the files; with `--check`, only look."""
    if arguments not in ([], ["--check"]):
        print(__doc__, file=sys.stderr)
        return 2
    if arguments:
        old = stale()
        for name in old:
            print(f"{name} is stale: run python docs/generate.py", file=sys.stderr)
        return 1 if old else 0
    for path, text in pages():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
