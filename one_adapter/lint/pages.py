"""The documentation of the rules, made of their docstrings and of the examples that test them.

`python -m one_adapter.lint.pages` writes docs/rules/ and docs/zh/rules/; a test fails when the pages are
stale. A page speaks the chosen language.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from one_adapter.config.document import Document, parse
from one_adapter.config.litellm_file import parse_litellm
from one_adapter.dialect import DIALECTS
from one_adapter.finding import Finding, Severity
from one_adapter.language import Language, chosen, looked_up, tr, translated
from one_adapter.language.chosen import speaking
from one_adapter.lint.all_rules import AnyRule, every_rule
from one_adapter.lint.catalogue import judge, rules
from one_adapter.lint.litellm.catalogue import judge as judge_litellm
from one_adapter.lint.litellm.catalogue import rules as litellm_rules
from one_adapter.lint.litellm.context import Context
from one_adapter.lint.output.as_text import render_text
from one_adapter.lint.rule import Rule

_HERE = Path(__file__).resolve().parent
#: A folder a rule, which holds a file that breaks it and the same put right.
EXAMPLES = _HERE / "examples"
LITELLM_EXAMPLES = _HERE / "litellm" / "examples"
#: Where the pages of each language are, below docs/.
FOLDERS: Mapping[Language, str] = {"en": "rules", "zh": "zh/rules"}
_SEVERITIES: Mapping[Severity, str] = {
    "error": tr("*error*: the gateway refuses the file"),
    "warning": tr("*warning*: the gateway accepts it, and something will not do what it says"),
    "info": tr("*info*: worth knowing"),
}
_LITELLM_SEVERITIES: Mapping[Severity, str] = {
    "error": tr("*error*: LiteLLM does not start, loses a deployment, or a call surely fails"),
    "warning": tr("*warning*: LiteLLM accepts it, and it does nothing or something else than it says"),
    "info": tr("*info*: worth knowing"),
}
_NAMES: Mapping[Severity, str] = {"error": tr("error"), "warning": tr("warning"), "info": tr("info")}
#: How a paragraph begins that stands under a heading of its own, in every language.
_HEADINGS = (("Gateway: ", tr("What the gateway does")), ("LiteLLM: ", tr("What LiteLLM would do")))
_LITELLM_HEADINGS = (("LiteLLM: ", tr("What LiteLLM does")),)
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
    paragraphs = _paragraphs(rule)
    headings = _HEADINGS if isinstance(rule, Rule) else _LITELLM_HEADINGS
    parts = [f"# {rule.code} {rule.name}", translated(_told(rule)), f"**{paragraphs[0]}**"]
    prefixes = tuple(prefix for prefix, _ in headings)
    parts += [paragraph for paragraph in paragraphs[1:] if not paragraph.startswith(prefixes)]
    bad, good = examples_of(rule, "bad"), examples_of(rule, "good")
    if bad:
        parts += [_heading(tr("An example")), _block(bad), "```text\n" + _findings(rule, bad) + "```"]
    if good:
        parts += [_heading(tr("The same put right")), _block(good)]
    for prefix, heading in headings:
        said = [
            _sentence(paragraph.removeprefix(prefix))
            for paragraph in paragraphs
            if paragraph.startswith(prefix)
        ]
        parts += [_heading(heading), *said] if said else []
    return "\n\n".join(parts) + "\n"


def _paragraphs(rule: AnyRule) -> list[str]:
    domain = "rules" if isinstance(rule, Rule) else "litellm_rules"
    return [looked_up(paragraph, domain) for paragraph in rule.doc.split("\n\n")]


def _told(rule: AnyRule) -> str:
    """How grave a breach is; of a rule that does not hold under every version: where it does."""
    if not isinstance(rule, Rule):
        return _LITELLM_SEVERITIES[rule.severity]
    severity = _SEVERITIES[rule.severity]
    if len(rule.dialects) == len(DIALECTS):
        return severity
    return tr("{severity} (`--gateway {version}`)", severity=severity, version=rule.dialects[-1].version)


def _heading(text: str) -> str:
    return f"## {translated(text)}"


def _sentence(text: str) -> str:
    """The text as it stands by itself under a heading: in English with a capital at its beginning."""
    return text[:1].upper() + text[1:] if chosen() == "en" else text


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
    lines = [translated(tr("| Code | Name | Severity | What is wrong |")), "|---|---|---|---|"]
    lines += [_row(rule) for rule in litellm_rules()]
    between = translated(tr("Of LiteLLM's own configuration:"))
    return f"{_gateway_table()}\n{between}\n\n" + "\n".join(lines) + "\n"


def _gateway_table() -> str:
    head = translated(tr("| Code | Name | Severity | What is wrong | Gateway |"))
    lines = [head, "|---|---|---|---|---|"]
    for rule in rules():
        where = "" if len(rule.dialects) == len(DIALECTS) else rule.dialects[-1].version
        lines.append(f"{_row(rule)} {where} |")
    return "\n".join(lines) + "\n"


def _row(rule: AnyRule) -> str:
    name = f"[{rule.name}]({rule.code}-{rule.name}.md)"
    title = _paragraphs(rule)[0].replace("\n", " ")
    return f"| {rule.code} | {name} | {translated(_NAMES[rule.severity])} | {title} |"


def files() -> dict[str, str]:
    """Every page in the chosen language by its file name, with the list of rules as README.md."""
    head = tr(
        "`one-adapter lint` judges by these rules. An error is what the gateway refuses; a warning is what\n"
        "it accepts and then does otherwise than the file says; an info is worth knowing. Some rules are\n"
        "graver in YAML than in JSON, as their pages tell, and some hold under one version of the gateway\n"
        "alone: the last column says which (`--gateway`). The pages are made from the rules themselves:\n"
        "`python -m one_adapter.lint.pages` writes them. Codes that begin with LIT are about LiteLLM's own\n"
        "configuration: an error is what it refuses, a deployment it loses, or a call that surely fails."
    )
    title = translated(tr("Rules"))
    pages = {f"{rule.code}-{rule.name}.md": page(rule) for rule in every_rule()}
    return {"README.md": f"# {title}\n\n{translated(head)}\n\n{table()}", **pages}


def write(folder: Path) -> None:
    """Write the pages in the chosen language into a folder, and remove those of rules that are gone."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = files()
    for old in folder.glob("*.md"):
        if old.name not in wanted:
            old.unlink()
    for name, text in wanted.items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    for language, folder in FOLDERS.items():
        with speaking(language):
            write(_HERE.parents[1] / "docs" / folder)
