"""No value of a secret in a text that quotes the file."""

from __future__ import annotations

from urllib.parse import unquote

from one_adapter.export.secrets.variables import Secrets
from one_adapter.language import changed
from one_adapter.plan.addresses import HIDDEN, split_url
from one_adapter.plan.types import Plan

#: Shorter values are words rather than secrets, and are not searched for in texts.
SHORTEST_SECRET = 6


class Hider:
    """Replaces the values of secrets in a text."""

    def __init__(self, plan: Plan, secrets: Secrets) -> None:
        texts: set[str] = set()
        for value in secrets.values.values():
            texts.update((value, *_passwords(value)) if "://" in value else (value, *value.split(":")))
        for route in plan.routes:
            for target in route.targets:
                texts.update(value for _, value in target.upstream.query)
        texts.update(repr(text)[1:-1] for text in tuple(texts))  # as a sentence quotes it
        found = {text for text in texts if len(text) >= SHORTEST_SECRET}
        self.texts = sorted(found, key=lambda text: (-len(text), text))
        self.hidden: dict[str, str] = {}  # most notes are the same few sentences

    def __call__(self, text: str) -> str:
        """The text with every secret in it hidden, in whatever language it is read."""
        if text not in self.hidden:
            self.hidden[text] = changed(text, self._without_secrets)
        return self.hidden[text]

    def _without_secrets(self, shown: str) -> str:
        for secret in self.texts:
            if secret in shown:
                shown = shown.replace(secret, HIDDEN)
        return shown


def _passwords(url: str) -> tuple[str, str]:
    """The password in an address, as written and as meant."""
    written = split_url(url).userinfo.partition(":")[2]
    return written, unquote(written)
