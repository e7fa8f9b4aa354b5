"""The names secrets have in the environment, and the `.env` that holds them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from one_adapter.config.model import Gateway
from one_adapter.contract import ADAPTER_VARIABLES, REFERENCE
from one_adapter.errors import OneAdapterError
from one_adapter.language import tr, translated
from one_adapter.plan.addresses import has_password, is_secret_parameter
from one_adapter.plan.credentials import client_kind_of, left_out
from one_adapter.plan.types import Access, Plan, SecretRef, Target

PREFIX = "SOA"
#: Values that mean themselves to every reader of a `.env`.
_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+,=-]*")


@dataclass(frozen=True, slots=True)
class Secrets:
    """Every variable the exported file refers to.

    `values` holds name -> value; an empty value is one the user must still fill in.
    `api_keys` maps a secret to its variable, `prefixes` a service's credential to
    the prefix of the variables its adapter reads, `proxies` a kind of proxy to the
    variable with its address, `addresses` an upstream's address that holds a password
    and `queries` a (service, parameter, value) of an address's query that is a secret.
    `to_create` names what opens a vendor's successor, `to_fill` those in whose place the
    source has no key at all, but a mask, a variable or a placeholder.
    """

    values: Mapping[str, str]
    names: Mapping[SecretRef, str]
    prefixes: Mapping[tuple[str, int], str]
    proxies: Mapping[str, str]
    addresses: Mapping[str, str]
    queries: Mapping[tuple[str, str, str], str] = field(default_factory=dict)
    to_create: tuple[str, ...] = field(default=())
    to_fill: tuple[str, ...] = field(default=())


def variable(*parts: object) -> str:
    """A variable's name made of words, of which anything but letters and digits becomes an underscore.

    >>> variable("openai-1", "api_key")
    'SOA_OPENAI_1_API_KEY'
    """
    words = "_".join(str(part) for part in parts)
    ascii_words = re.sub(r"[^0-9A-Za-z]+", "_", words).strip("_").upper()
    return f"{PREFIX}_{ascii_words}"


def client_key_names(access: Access) -> list[str]:
    """The variables that hold the clients' keys, in the plan's order.

    >>> from one_adapter.plan.types import ClientKeyPolicy
    >>> client_key_names(Access(False, (ClientKeyPolicy(0, ("*",)), ClientKeyPolicy(1, ()))))
    ['SOA_CLIENT_KEY_1', 'SOA_CLIENT_KEY_2']
    """
    return [
        variable("client_key") if key.index is None else variable("client_key", key.index + 1)
        for key in access.keys
    ]


def secrets_of(gateway: Gateway, plan: Plan, as_written: bool = False) -> Secrets:
    """Every secret of a plan under its variable's name.

    A mask, a variable or a placeholder is no key, and is left empty; `as_written` keeps it, for a proxy that
    sends what the gateway sent.

    Raises `OneAdapterError` (exit code 1), with the variable's name, for a value that no
    environment can hold, or that LiteLLM would take for a reference to it.
    """
    return _Collector(gateway, plan, as_written).collect()


class _Collector:
    def __init__(self, gateway: Gateway, plan: Plan, as_written: bool) -> None:
        self.gateway = gateway
        self.as_written = as_written
        self.plan = plan
        self.services = {service.id: service for service in gateway.services}
        self.values: dict[str, str] = {}
        self.names: dict[SecretRef, str] = {}
        self.prefixes: dict[tuple[str, int], str] = {}
        self.taken_prefixes: set[str] = set()
        self.to_create: list[str] = []
        self.to_fill: list[str] = []
        self.queries: dict[tuple[str, str, str], str] = {}

    def collect(self) -> Secrets:
        for name, key in zip(client_key_names(self.plan.access), self.plan.access.keys, strict=True):
            value = self.gateway.api_key if key.index is None else self.gateway.api_keys[key.index].api_key
            kind = client_kind_of(value)
            self._add(name, value.strip(), bool(kind and kind.left_out))
        addresses: dict[str, str] = {}
        for target in self._targets():
            url = target.upstream.url
            if has_password(url) and url not in addresses:
                addresses[url] = self._add(variable(target.service, "address"), url)
            for name, value in target.upstream.query:
                place = (target.service, name, value)
                if value and is_secret_parameter(name) and place not in self.queries:
                    self.queries[place] = self._add(variable(target.service, "query", name), value)
            for _, ref in target.upstream.keys:
                self._secret(ref)
            for ref in target.upstream.by_reference:
                self._by_reference(ref)
        proxies = self._proxies()
        return Secrets(
            self.values,
            self.names,
            self.prefixes,
            proxies,
            addresses,
            self.queries,
            tuple(dict.fromkeys(self.to_create)),
            tuple(dict.fromkeys(self.to_fill)),
        )

    def _targets(self) -> Iterator[Target]:
        for route in self.plan.routes:
            yield from route.targets
            yield from route.embedding_targets or ()

    def _add(self, name: str, value: str, left_out: bool = False) -> str:
        """Enter a value, or an empty one where it is no key, under a name it gets to itself."""
        if "\0" in value or any("\ud800" <= char <= "\udfff" for char in value):
            told = tr(
                "{name}: there is a character in its value that no environment can hold (NUL, or half of a "
                "pair); the key in the configuration is damaged",
                name=name,
            )
            raise OneAdapterError(told, 1)
        if value.startswith(REFERENCE):
            told = tr(
                "{name}: a value that begins with {reference} would be replaced by LiteLLM; write the key "
                "itself into the configuration",
                name=name,
                reference=REFERENCE,
            )
            raise OneAdapterError(told, 1)
        left_out = left_out and not self.as_written
        given = "" if left_out else value
        taken = name
        number = 2
        while taken in self.values and (not given or self.values[taken] != given):
            taken = f"{name}_{number}"
            number += 1
        self.values[taken] = given
        if left_out:
            self.to_fill.append(taken)
        return taken

    def _value(self, ref: SecretRef) -> str:
        credential = self.services[ref.service].each_credential[ref.credential]
        parts = [credential.get(part) for part in ref.field.split(":")]
        return ":".join(part.strip() if isinstance(part, str) else "" for part in parts)

    def _left_out(self, ref: SecretRef) -> bool:
        """Whether there is no key in a credential, or in one of two that are joined."""
        service = self.services[ref.service]
        values = service.each_credential[ref.credential]
        return any(left_out(service, part, values.get(part)) for part in ref.field.split(":"))

    def _secret(self, ref: SecretRef) -> None:
        if ref in self.names:
            return
        number = (ref.credential + 1,) if ref.credential else ()
        name = variable(ref.service, ref.field, *number)
        self.names[ref] = self._add(
            name, "" if ref.successor else self._value(ref), not ref.successor and self._left_out(ref)
        )
        if ref.successor:
            self.to_create.append(self.names[ref])

    def _by_reference(self, ref: SecretRef) -> None:
        place = (ref.service, ref.credential)
        if place not in self.prefixes:
            number = (ref.credential + 1,) if ref.credential else ()
            self.prefixes[place] = self._unused_prefix(variable(ref.service, *number))
        if ref not in self.names:
            name = f"{self.prefixes[place]}_{ref.field.upper()}"
            self.names[ref] = self._add(name, self._value(ref), self._left_out(ref))

    def _unused_prefix(self, wanted: str) -> str:
        """`wanted`, or with a number where an adapter would read another credential's variables."""
        taken, number = wanted, 2
        while taken in self.taken_prefixes or any(
            f"{taken}_{each}" in self.values for each in ADAPTER_VARIABLES
        ):
            taken, number = f"{wanted}_X{number}", number + 1
        self.taken_prefixes.add(taken)
        return taken

    def _proxies(self) -> dict[str, str]:
        used = [service.proxy for service in self.plan.services if service.proxy]
        proxy = self.gateway.proxy
        given = {"http": proxy.http_proxy, "https": proxy.https_proxy, "socks5": proxy.socks5_proxy}
        wanted = [kind for kind in given if any(getattr(each, kind) for each in used)]
        return {kind: self._add(variable("proxy", kind), given[kind]) for kind in wanted}


def dotenv(values: Mapping[str, str], remarks: Mapping[str, str] | None = None) -> str:
    """The text of a `.env`: one assignment a line, below what is to be remarked about it.

    >>> print(dotenv({"A": 'x"$y', "B": "sk-1"}, {"B": "to be filled in"}), end="")
    A='x"$y'
    # to be filled in
    B=sk-1
    """
    remarks = remarks or {}
    lines = []
    for name, value in values.items():
        lines += [f"# {translated(remarks[name])}"] if name in remarks else []
        lines.append(f"{name}={_quoted(value)}")
    return "".join(f"{line}\n" for line in lines)


def remarks_of(to_create: Iterable[str], to_fill: Iterable[str]) -> dict[str, str]:
    """What is said above the variables that wait for a value."""
    fill = tr("to be filled in: the old file has no key here, see the report")
    create = tr("to be created with the vendor, see the report")
    return {**dict.fromkeys(to_fill, fill), **dict.fromkeys(to_create, create)}


def _quoted(value: str) -> str:
    """`value` in quotes that python-dotenv, Docker Compose and a shell all undo to the same text.

    What needs no quotes has none, so that `docker run --env-file`, which keeps them, reads it too.

    Single quotes say everything as it is, but python-dotenv replaces `${…}` even there.
    In double quotes a dollar sign is the default of a variable nobody sets: all three
    put it back, while they disagree about a backslash before it. A backtick in double
    quotes is for the shell alone, which would run it otherwise.
    """
    if _PLAIN.fullmatch(value):
        return value
    if not any(part in value for part in ("'", "\\", "${")):
        return f"'{value}'"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "${SOA_DOLLAR:-$}")
    escaped = escaped.replace("`", "\\`")
    return f'"{escaped}"'
