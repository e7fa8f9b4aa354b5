"""A configuration as all that is decided on it takes it: its names and its calls are found once."""

from __future__ import annotations

from functools import cached_property

from one_adapter.config.model import Gateway, Service
from one_adapter.plan.redirects import Names, names_of
from one_adapter.plan.types import Upstream
from one_adapter.plan.vendors import Options, embedding_upstream_of, upstream_of


class Understanding:
    """A configuration, the user's choices, and what follows from the two of them alone."""

    def __init__(self, gateway: Gateway, options: Options) -> None:
        self.gateway = gateway
        self.options = options
        self._upstreams: dict[tuple[str, int, str, bool], Upstream | None] = {}

    @cached_property
    def names(self) -> tuple[Names, ...]:
        """The names of every enabled service."""
        return names_of(self.gateway, self.options.redirects)

    def upstream(
        self, service: Service, credential: int, model: str, embedding: bool = False
    ) -> Upstream | None:
        """Where a service sends a model, or an embedding of it; None where the gateway would answer 500."""
        key = (service.pointer, credential, model, embedding)
        if key not in self._upstreams:
            find = embedding_upstream_of if embedding else upstream_of
            self._upstreams[key] = find(service, credential, model, self.options)
        return self._upstreams[key]
