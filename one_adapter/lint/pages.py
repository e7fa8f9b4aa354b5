"""The documentation of the rules, made of their docstrings and of the examples that test them.

`python -m one_adapter.lint.pages` writes docs/rules/; a test fails when the pages are stale.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from one_adapter.config.document import Document, parse
from one_adapter.config.litellm_file import parse_litellm
from one_adapter.dialect import DIALECTS
from one_adapter.finding import Finding
from one_adapter.lint.catalogue import judge, rules
from one_adapter.lint.every import AnyRule, every_rule
from one_adapter.lint.litellm.catalogue import judge as judge_litellm
from one_adapter.lint.litellm.catalogue import rules as litellm_rules
from one_adapter.lint.litellm.context import Context
from one_adapter.lint.output.as_text import render_text
from one_adapter.lint.rule import Rule

_HERE = Path(__file__).resolve().parent
#: A folder a rule, which holds a file that breaks it and the same put right.
EXAMPLES = _HERE / "examples"
LITELLM_EXAMPLES = _HERE / "litellm" / "examples"
_SEVERITIES = {
    "error": "the gateway refuses the file",
    "warning": "the gateway accepts it, and something will not do what it says",
    "info": "worth knowing",
}
_LITELLM_SEVERITIES = {
    "error": "LiteLLM does not start, loses a deployment, or a call surely fails",
    "warning": "LiteLLM accepts it, and it does nothing or something else than it says",
    "info": "worth knowing",
}
_HEADINGS = (("Gateway: ", "What the gateway does"), ("LiteLLM: ", "What LiteLLM would do"))
_LITELLM_HEADINGS = (("LiteLLM: ", "What LiteLLM does"),)
_FINDINGS_SHOWN = 3
#: The day on which examples are judged: models end, and pages stay.
_TODAY = date(2026, 11, 26)


def examples_of(rule: AnyRule, kind: str) -> Path | None:
    """A rule's example: `bad` breaks it, `good` is the same put right. None where there is none."""
    folder = EXAMPLES if isinstance(rule, Rule) else LITELLM_EXAMPLES
    return next(iter(sorted((folder / f"{rule.code}-{rule.name}").glob(f"{kind}.*"))), None)


def page(rule: AnyRule) -> str:
    """A rule's page, in Markdown.

    >>> page(rules()[0]).splitlines()[0]
    '# SOA001 file-ending'
    """
    paragraphs = rule.doc.split("\n\n")
    ours = isinstance(rule, Rule)
    severities, headings = (_SEVERITIES, _HEADINGS) if ours else (_LITELLM_SEVERITIES, _LITELLM_HEADINGS)
    parts = [
        f"# {rule.code} {rule.name}",
        f"*{rule.severity}*: {severities[rule.severity]}{_where(rule)}",
        f"**{paragraphs[0]}**",
    ]
    prefixes = tuple(prefix for prefix, _ in headings)
    parts += [paragraph for paragraph in paragraphs[1:] if not paragraph.startswith(prefixes)]
    bad, good = examples_of(rule, "bad"), examples_of(rule, "good")
    if bad:
        parts += ["## An example", _block(bad), "```text\n" + _findings(rule, bad) + "```"]
    if good:
        parts += ["## The same put right", _block(good)]
    for prefix, heading in headings:
        said = [
            _sentence(paragraph.removeprefix(prefix))
            for paragraph in paragraphs
            if paragraph.startswith(prefix)
        ]
        parts += [f"## {heading}", *said] if said else []
    return "\n\n".join(parts) + "\n"


def _where(rule: AnyRule) -> str:
    """Of a rule that does not hold under every version of the gateway: where it does."""
    if not isinstance(rule, Rule):
        return ""
    return "" if len(rule.dialects) == len(DIALECTS) else f" (`--gateway {rule.dialects[-1].version}`)"


def _sentence(text: str) -> str:
    """The text with a capital at its beginning, as it stands by itself under a heading."""
    return text[:1].upper() + text[1:]


def _block(path: Path) -> str:
    text = path.read_bytes().decode("utf-8", "replace").replace("\ufeff", "")
    kind = path.suffix.removeprefix(".")
    return f"```{kind if kind != 'toml' else 'json'}\n{text.rstrip()}\n```"


def _findings(rule: AnyRule, path: Path) -> str:
    """What the linter says of the example under this rule, as for a file called config."""
    document: Document
    findings: Sequence[Finding]
    if isinstance(rule, Rule):
        document = parse(path.read_bytes(), f"config{path.suffix}")
        findings = judge(document, rule.dialects[-1])
    else:
        document = example_context(path).document
        findings = judge_litellm(example_context(path))
    return render_text([one for one in findings if one.code == rule.code][:_FINDINGS_SHOWN], document)


def example_context(path: Path) -> Context:
    """An example about LiteLLM's file as it is judged: on a fixed day, with the variables beside it."""
    variables = path.with_name("variables.env")
    names = frozenset(variables.read_text("utf-8").split()) if variables.exists() else None
    document = parse_litellm(path.read_bytes(), f"config{path.suffix}")
    return Context(document, variables=names, told=True, today=_TODAY)


def table() -> str:
    """The list of all rules, in Markdown: those of the gateway's file, and those of LiteLLM's."""
    lines = ["| Code | Name | Severity | What is wrong |", "|---|---|---|---|"]
    for one in litellm_rules():
        lines.append(
            f"| {one.code} | [{one.name}]({one.code}-{one.name}.md) | {one.severity} | {_title(one)} |"
        )
    return _gateway_table() + "\nOf LiteLLM's own configuration:\n\n" + "\n".join(lines) + "\n"


def _title(rule: AnyRule) -> str:
    return rule.doc.partition("\n\n")[0].replace("\n", " ")


def _gateway_table() -> str:
    lines = ["| Code | Name | Severity | What is wrong | Gateway |", "|---|---|---|---|---|"]
    for rule in rules():
        name = f"[{rule.name}]({rule.code}-{rule.name}.md)"
        where = "" if len(rule.dialects) == len(DIALECTS) else rule.dialects[-1].version
        lines.append(f"| {rule.code} | {name} | {rule.severity} | {_title(rule)} | {where} |")
    return "\n".join(lines) + "\n"


def files() -> dict[str, str]:
    """Every page by its file name, with the list of rules as README.md."""
    head = (
        "# Rules\n\n"
        "`one-adapter lint` judges by these rules. An error is what the gateway refuses; a warning is what\n"
        "it accepts and then does otherwise than the file says; an info is worth knowing. Some rules are\n"
        "graver in YAML than in JSON, as their pages tell, and some hold under one version of the gateway\n"
        "alone: the last column says which (`--gateway`). The pages are made from the rules themselves:\n"
        "`python -m one_adapter.lint.pages` writes them. Codes that begin with LIT are about LiteLLM's own\n"
        "configuration: an error is what it refuses, a deployment it loses, or a call that surely fails.\n\n"
    )
    pages = {f"{rule.code}-{rule.name}.md": page(rule) for rule in every_rule()}
    return {"README.md": head + table(), **pages}


def write(folder: Path) -> None:
    """Write the pages into a folder, and remove those of rules that are gone."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = files()
    for old in folder.glob("*.md"):
        if old.name not in wanted:
            old.unlink()
    for name, text in wanted.items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(_HERE.parents[1] / "docs" / "rules")
