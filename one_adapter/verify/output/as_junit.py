"""A comparison as JUnit's XML, which continuous integration shows test by test."""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from one_adapter.errors import visible
from one_adapter.export.formatting import json_text
from one_adapter.verify.result import Check, Verification, gravest

#: What XML 1.0 cannot hold, even escaped.
_NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_junit(verification: Verification) -> str:
    """A test suite for each name, a test case for each probe.

    A difference is a failure; what was not compared, or is unsteady, is skipped; an early end is an error.
    """
    suites = Element("testsuites", name="one-adapter verify")
    groups = [("", "all names"), *((model, model) for model in verification.models)]
    totals = [
        _suite(suites, title, verification.of(model)) for model, title in groups if verification.of(model)
    ]
    if verification.interrupted:
        suite = SubElement(suites, "testsuite", name="run", tests="1", failures="0", errors="1", skipped="0")
        case = SubElement(suite, "testcase", name="the whole comparison", classname="run")
        SubElement(case, "error", message=_text(verification.interrupted))
        totals.append((1, 0, 1, 0))
    for place, name in enumerate(("tests", "failures", "errors", "skipped")):
        suites.set(name, str(sum(total[place] for total in totals)))
    indent(suites)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(suites, encoding="unicode")}\n'


def _suite(parent: Element, title: str, checks: Iterable[Check]) -> tuple[int, int, int, int]:
    suite = SubElement(parent, "testsuite", name=_text(title))
    probes: dict[str, list[Check]] = {}
    for check in checks:
        probes.setdefault(check.probe, []).append(check)
    failures = skipped = 0
    for probe, several in probes.items():
        case = SubElement(suite, "testcase", name=_text(probe), classname=_text(title))
        worst = gravest(several)
        if worst == "different":
            failures += 1
            _tell(case, "failure", [check for check in several if check.outcome == worst])
        elif worst in ("not compared", "unsteady"):
            skipped += 1
            _tell(case, "skipped", [check for check in several if check.outcome == worst])
        elif worst == "known":
            names = ", ".join(dict.fromkeys(check.known for check in several if check.known))
            SubElement(case, "system-out").text = _text(f"known differences: {names}")
    for name, number in (("tests", len(probes)), ("failures", failures), ("errors", 0), ("skipped", skipped)):
        suite.set(name, str(number))
    return len(probes), failures, 0, skipped


def _tell(case: Element, kind: str, checks: list[Check]) -> None:
    sentences = [check.difference or check.outcome for check in checks]
    told = SubElement(case, kind, message=_text("; ".join(sentences)))
    facts = [f"old: {json_text(check.old, 0)}\nnew: {json_text(check.new, 0)}" for check in checks]
    told.text = _NOT_XML.sub("\ufffd", "\n\n".join(facts))


def _text(words: str) -> str:
    return _NOT_XML.sub("\ufffd", visible(words))
