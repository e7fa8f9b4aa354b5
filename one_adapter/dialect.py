"""Where the gateway's versions part: what each decides by itself, as one frozen row of facts.

Everything else asks the row and never the version. A configuration is read, judged, planned and run under
one dialect; the exported file names it (`general_settings.one_adapter.gateway`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Order = Literal["first", "random", "rr", "hash"]
#: Whose limit it is: a key's, a model's at a key or at a service, a service's for chats or for embeddings.
Layer = Literal["credential", "credential_models", "service_models", "service", "embeddings"]


@dataclass(frozen=True, slots=True)
class Dialect:
    """One version of the gateway, with its facts as they were read in its code and observed.

    `balancing` says what each word of load_balancing does, `first_turn` at which place a rotation begins,
    counted from 0. `pools`: a service's keys stand in for each
    other, each with its own breaker, cooldown and limits. `moves_on`: the statuses below 500 that are the
    upstream's fault: a breaker counts them, and the next key is tried. `breaker_counts_all`: an answer that
    blames the request speaks for the upstream, a timeout against it; otherwise neither says anything.
    `limits_add_up`: all numbers of a limit count, and all layers; otherwise the first number and the first
    layer do. `least`: what a limit below 1 counts as. `chat_layers` and `embedding_layers`: the limits a
    request waits for, in this order; the limit of embeddings holds for each model (`embeddings_by_model`) or
    for the service, and refuses or only delays (`embeddings_refuse`). `protocols`: a service may choose its
    upstream's protocol. `lists_random`: `/v1/models` shows `random`. `lists_owners`: it tells whose a model
    is. `lists_nothing`: a list of no models is a list, and no 404. `names_requests`: each POST is answered
    with an `X-Request-ID` of its own.
    """

    version: str
    balancing: Mapping[str, Order]
    first_turn: int
    pools: bool
    moves_on: frozenset[int]
    breaker_counts_all: bool
    limits_add_up: bool
    least: int
    chat_layers: tuple[Layer, ...]
    embedding_layers: tuple[Layer, ...]
    embeddings_by_model: bool
    embeddings_refuse: bool
    protocols: bool
    lists_random: bool
    lists_owners: bool
    lists_nothing: bool
    names_requests: bool
    statistics: bool


#: Gateway 0.10.4: one key a request, one number a limit, no second try.
V0_10 = Dialect(
    version="0.10",
    balancing=MappingProxyType(
        {
            "first": "first",
            "random": "random",
            "rand": "random",
            "round_robin": "random",
            "rr": "rr",
            "hash": "random",
        }
    ),
    first_turn=1,
    pools=False,
    moves_on=frozenset(range(400, 500)) - {400, 401, 403, 404, 413, 415, 422},
    breaker_counts_all=True,
    limits_add_up=False,
    least=0,
    chat_layers=("credential", "service"),
    embedding_layers=("embeddings",),
    embeddings_by_model=True,
    embeddings_refuse=False,
    protocols=False,
    lists_random=True,
    lists_owners=False,
    lists_nothing=False,
    names_requests=False,
    statistics=False,
)
#: Gateway 0.12.0: pools of keys with failover, layered limits, tokens a minute, protocols by service.
V0_12 = Dialect(
    version="0.12",
    balancing=MappingProxyType(
        {
            "first": "first",
            "random": "random",
            "rand": "random",
            "round_robin": "rr",
            "rr": "rr",
            "hash": "hash",
        }
    ),
    first_turn=0,
    pools=True,
    moves_on=frozenset({401, 403, 408, 409, 429}),
    breaker_counts_all=False,
    limits_add_up=True,
    least=1,
    chat_layers=("credential", "credential_models", "service_models", "service"),
    embedding_layers=("credential", "credential_models", "service_models", "embeddings"),
    embeddings_by_model=False,
    embeddings_refuse=True,
    protocols=True,
    lists_random=False,
    lists_owners=True,
    lists_nothing=True,
    names_requests=True,
    statistics=True,
)
DIALECTS: Mapping[str, Dialect] = MappingProxyType({one.version: one for one in (V0_10, V0_12)})
#: The version that people install today.
CURRENT = V0_12


def hashed(name: str, number: int) -> int:
    """Which of `number` entries the order `hash` gives to a name, from 0: FNV-1a of 32 bits, remainder.

    >>> hashed("m1", 3), hashed("openai-1:credentials", 2)
    (0, 1)
    """
    found = 0x811C9DC5
    for byte in name.encode("utf-8", "surrogatepass"):
        found = (found ^ byte) * 0x01000193 & 0xFFFFFFFF
    return found % number
