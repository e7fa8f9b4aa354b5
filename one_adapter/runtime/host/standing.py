"""Whether a request may be relayed: what LiteLLM has loaded and has to do now, before the relay's table."""

from __future__ import annotations

from one_adapter.runtime.entry.asgi import Scope
from one_adapter.runtime.entry.request import Request
from one_adapter.runtime.gateway.circumstances import Circumstances
from one_adapter.runtime.host.circumstances import foreign_settings, present
from one_adapter.runtime.relay.standing import Case, reason


class Standing:
    """The relay's question to LiteLLM, asked for each request; what cannot change meanwhile is kept."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._config: object = None
        self._settings: tuple[str, ...] = ()
        self._fixed: dict[tuple[str, str], str] = {}

    def __call__(self, request: Request, scope: Scope) -> str:
        """Return why a request has to go LiteLLM's way, "" when it need not."""
        if request.config is not self._config:
            self._config, self._fixed = request.config, {}
            self._settings = foreign_settings()
        key = (request.policy.id, request.kind)
        fixed = self._fixed.get(key)
        if fixed is None:
            fixed = self._fixed[key] = reason(self._case(request, Circumstances(settings=self._settings), ()))
        return fixed or reason(self._case(request, present(), [name for name, _ in scope["headers"]]))

    @staticmethod
    def _case(request: Request, at: Circumstances, headers: list[bytes] | tuple[()]) -> Case:
        config, policy = request.config, request.policy
        parameters = config.parameters.get(policy.id, {})
        return Case(at, config.settings.relay, policy, request.kind, parameters, headers)
