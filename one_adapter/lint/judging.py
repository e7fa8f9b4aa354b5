"""Files judged, each by the rules of its kind."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import NamedTuple

from one_adapter.config.document import Document
from one_adapter.config.litellm_file import LiteLLMFile
from one_adapter.config.reading import read_gateway
from one_adapter.dialect import CURRENT, Dialect
from one_adapter.finding import Finding
from one_adapter.lint.finding import in_order
from one_adapter.lint.kinds import LITELLM
from one_adapter.lint.output.as_text import Judged

Choice = Callable[[tuple[Finding, ...]], tuple[Finding, ...]]


class Judge(NamedTuple):
    """By which versions files are judged, and what is known beside them.

    An empty `litellm` is the newest version there are tables of; `variables` are names that are set. `here`
    says that LiteLLM is to run in the environment of this process.
    """

    gateway: Dialect = CURRENT
    litellm: str = ""
    variables: frozenset[str] | None = None
    told: bool = False
    here: bool = False

    def __call__(self, document: Document, choice: Choice = tuple) -> list[Judged]:
        """The document, and each that it includes, with the findings that are chosen."""
        if isinstance(document, LiteLLMFile):
            return self._litellm(document, choice)
        # Each kind's rules are read only where there is a file of that kind.
        from one_adapter.lint.catalogue import judge

        read = read_gateway(document, self.gateway)
        return [Judged(document, choice(judge(document, self.gateway, read)), read)]

    def _litellm(self, document: LiteLLMFile, choice: Choice) -> list[Judged]:
        from one_adapter.lint.litellm.catalogue import judge_files
        from one_adapter.lint.litellm.context import Context
        from one_adapter.lint.litellm.tables import NEWEST

        version = self.litellm or NEWEST
        look = _is_installed if self.here and _is_installed("litellm") else None
        context = Context(document, version, self.variables, self.told, installed=look)
        return [
            Judged(file, choice(found), kind=LITELLM, version=version) for file, found in judge_files(context)
        ]


def _is_installed(module: str) -> bool:
    from importlib.util import find_spec  # looks for it, and imports nothing

    return find_spec(module) is not None


def each_once(judged: Sequence[list[Judged]]) -> list[Judged]:
    """Every file once, of lists of files with what they include.

    A file that another includes is no configuration by itself: what was found in it alone is left out. What
    is found in a file that several include is what was found under any of them.
    """
    inside = {_path(one) for ones in judged for one in ones[1:]}
    kept = [ones for ones in judged if _path(ones[0]) not in inside]
    told = {_path(one) for ones in kept for one in ones}
    # Of files that include one another the first is told of.
    for ones in judged:
        if _path(ones[0]) not in told:
            kept.append(ones)
            told.update(map(_path, ones))
    once: dict[str, Judged] = {}
    for one in (one for ones in kept for one in ones):
        known = once.setdefault(_path(one), one)
        if known is not one:
            both = in_order(dict.fromkeys([*known.findings, *one.findings]))
            once[_path(one)] = known._replace(findings=both)
    return list(once.values())


def _path(one: Judged) -> str:
    return os.path.abspath(one.document.name)  # noqa: PTH100 - Path.absolute leaves `..` in
