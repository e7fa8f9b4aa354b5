"""A service's own renames: which way round they are meant, and where they lead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from one_adapter.config.model import Gateway, Service
from one_adapter.plan.addresses import base_address
from one_adapter.plan.vendors import known_host


def turned_round(service: Service) -> bool:
    """Whether a service's redirects stand the other way round, beyond reasonable doubt.

    A redirect's key is what the client sends, its value goes upstream. They are
    turned round when every key is a listed model, every value is the bare name of
    its key, and the host is known to use `vendor/model` ids, so that the bare
    names could not be meant for it.
    """
    pairs, listed = service.model_redirect.items(), set(service.models)
    if not pairs or not all(_bare(key) == value != key and key in listed for key, value in pairs):
        return False
    host = known_host(base_address(service.server_url).url)
    return host is not None and host.vendor_slash_model


def _bare(name: str) -> str:
    return name.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one service and what each becomes upstream.

    `turns` counts how often the gateway enters the service under a name: once for
    each listing, and for a redirect key once more for every listed model.
    """

    service: Service
    redirect: Mapping[str, str]
    turned: bool

    def turns(self) -> dict[str, int]:
        """Every name the service answers to, in the gateway's order, with its count."""
        listed = (*self.service.models, *self.service.embedding_models)
        counts: dict[str, int] = {}
        for place, model in enumerate(listed):
            counts[model] = counts.get(model, 0) + 1
            if place == 0:  # every model enters the keys again; they stand after the first
                for key in self.redirect:
                    counts[key] = counts.get(key, 0) + len(listed)
        return counts

    def upstream_model(self, name: str) -> str:
        """What a chat with `name` asks the vendor for: the redirect, then the map, each followed once."""
        model = self.redirect.get(name, name)
        return self.service.model_map.get(model, model)

    def embedding_model(self, name: str) -> str:
        """What an embedding call asks for: the redirect alone."""
        return self.redirect.get(name, name)


def names_of(gateway: Gateway, redirects: str) -> tuple[Names, ...]:
    """The names of every enabled service, with redirects read as `redirects` says: smart or literal.

    A bare name that only turned-round redirects hold is added to what the gateway
    would answer, so it never takes a share of a name that another service has.
    """
    enabled = [service for service in gateway.services if service.enabled]
    turned = {service.pointer for service in enabled if redirects == "smart" and turned_round(service)}
    taken = {
        name
        for service in enabled
        if service.pointer not in turned
        for name in (*service.models, *service.embedding_models, *service.model_redirect)
    }
    return tuple(
        Names(service, _turned(service, taken), turned=True)
        if service.pointer in turned
        else Names(service, service.model_redirect, turned=False)
        for service in enabled
    )


def _turned(service: Service, taken: set[str]) -> dict[str, str]:
    return {value: key for key, value in service.model_redirect.items() if value not in taken}
