"""Whether a request may be relayed: what LiteLLM has loaded and has to do now, before the relay's table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import inf

from one_adapter.language import tr
from one_adapter.runtime.announcing import announce
from one_adapter.runtime.entry.asgi import Scope
from one_adapter.runtime.entry.request import Request
from one_adapter.runtime.gateway.circumstances import Circumstances
from one_adapter.runtime.gateway.config import Config
from one_adapter.runtime.gateway.settings import Policy
from one_adapter.runtime.host.circumstances import foreign_settings, present
from one_adapter.runtime.relay.standing import Case, orders, reason

#: Seconds for which what LiteLLM has to do for every request is not looked up again.
LOOK_SECONDS = 0.02


class Standing:
    """The relay's question to LiteLLM, asked for each request; what hardly changes meanwhile is kept."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._known: tuple[object, object] = (None, None)
        self._look_at = -inf
        self._at = Circumstances()
        self._reasons: dict[tuple[str, str], str] = {}
        self._told = ""

    def __call__(self, request: Request, scope: Scope) -> str:
        """Why a request has to go LiteLLM's way, "" when it need not."""
        if request.started >= self._look_at or request.config is not self._known[0]:
            self._look_at = request.started + LOOK_SECONDS
            now = present()
            if request.config is not self._known[0] or now is not self._known[1]:
                self._see(request.config, now)
        key = (request.attempt.choice.policy.id, request.kind)
        found = self._reasons.get(key)
        if found is None:
            found = self._reasons[key] = reason(_case(request, self._at, ()))
        names = () if found else orders(scope["headers"])
        return reason(_case(request, self._at, names)) if names else found

    def look(self, config: Config) -> None:
        """See what holds now, and say so where it keeps everything from the relay."""
        self._see(config, present())

    def _see(self, config: Config, now: Circumstances) -> None:
        self._known = config, now
        self._at = replace(now, settings=foreign_settings())
        self._reasons = {}
        if config.settings.relay:
            self._tell()

    def _tell(self) -> None:
        """Say on standard error why nothing is relayed, when that is so and was not said before."""
        why = reason(Case(self._at, True, Policy(), "chat", {}))
        if why and why != self._told:
            announce(tr("nothing is relayed, LiteLLM makes every call: {reason}", reason=why))
        self._told = why


def _case(request: Request, at: Circumstances, names: Sequence[bytes]) -> Case:
    config, policy = request.config, request.policy
    parameters = config.parameters.get(policy.id, {})
    return Case(at, config.settings.relay, policy, request.kind, parameters, names)
