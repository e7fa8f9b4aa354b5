"""Files judged, each by the rules of its kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from one_adapter.config.document import Document
from one_adapter.config.litellm_file import LiteLLMFile
from one_adapter.config.reading import read_gateway
from one_adapter.dialect import CURRENT, Dialect
from one_adapter.finding import Finding
from one_adapter.lint.kinds import LITELLM
from one_adapter.lint.output.as_text import Judged

Choice = Callable[[tuple[Finding, ...]], tuple[Finding, ...]]


class Judge(NamedTuple):
    """By which versions files are judged, and what is known beside them.

    An empty `litellm` is the newest version there are tables of; `variables` are names that are set.
    """

    gateway: Dialect = CURRENT
    litellm: str = ""
    variables: frozenset[str] | None = None
    told: bool = False

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
        context = Context(document, version, self.variables, self.told)
        return [
            Judged(file, choice(found), kind=LITELLM, version=version) for file, found in judge_files(context)
        ]
