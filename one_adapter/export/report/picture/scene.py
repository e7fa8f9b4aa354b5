"""What the picture of the routes shows: blocks of names, services, upstreams, and the lines between.

Names that lead to the same services with the same shares stand in one block, so
that 300 names are a dozen blocks and not a thicket. What hangs together is laid
out together; small groups share a figure, and a figure fits a printed page.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from one_adapter.export.formatting import limit_words
from one_adapter.export.report.names import Lead, Name
from one_adapter.language import tr
from one_adapter.plan.addresses import split_url
from one_adapter.plan.types import Plan, ServicePolicy
from one_adapter.plan.vendors import known_host

#: More names or services than these are told in numbers instead of drawn.
MOST_NAMES = 600
MOST_SERVICES = 80
#: A name that leads to more services than this (`random`, as a rule) is drawn without its lines.
MOST_LINES = 10


@dataclass(frozen=True, slots=True)
class Entry:
    """One name in a block, what it becomes upstream where that is another name, and a remark."""

    name: str
    becomes: str = ""
    remark: str = ""
    listed: bool = True


@dataclass(frozen=True, slots=True)
class Wire:
    """A line between two boxes by their ids; `share` is None for one that carries everything."""

    start: str
    end: str
    share: Fraction | None
    service: str
    kind: str = "chat"


@dataclass(frozen=True, slots=True)
class Block:
    """Names that lead the same way. `note` stands for lines that are not drawn."""

    id: str
    entries: tuple[Entry, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Station:
    """A service or an upstream: its heading and the smaller words below; `service` gives its colour."""

    id: str
    heading: str
    words: tuple[str, ...]
    service: str = ""


@dataclass(frozen=True, slots=True)
class Scene:
    """Boxes and lines of one connected part of the routes."""

    blocks: tuple[Block, ...]
    services: tuple[Station, ...]
    upstreams: tuple[Station, ...]
    wires: tuple[Wire, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """All scenes, the services' numbers for colours, and what is told instead of drawn."""

    scenes: tuple[Scene, ...]
    colours: Mapping[str, int]
    left_out: str = ""


def picture_of(plan: Plan, names: Sequence[Name]) -> Picture:
    """The picture of a plan and its names. The same plan gives the same picture."""
    every = [name for name in names if name.answers]
    drawn = every[:MOST_NAMES]
    used = dict.fromkeys(lead.service for name in drawn for lead in (*name.leads, *name.embeddings))
    services = [service for service in plan.services if service.id in used][:MOST_SERVICES]
    shown = {service.id for service in services}
    drawn = [name for name in drawn if {lead.service for lead in name.leads} & shown or name.embeddings]
    drawing = _Drawing(drawn, services)
    missing = len(every) - len(drawn)
    text: str = ""
    if missing or len(used) > len(shown):
        text = tr(
            "The picture shows {names:,} of {all_names:,} names and {services:,} of {all_services:,} "
            "services; the table below has them all.",
            names=len(drawn),
            all_names=len(every),
            services=len(shown),
            all_services=len(plan.services),
        )
    scenes = tuple(drawing.scenes())
    # Numbered as they are drawn, so that neighbours differ.
    stations = [station.service for scene in scenes for station in scene.services]
    return Picture(scenes, {service: number for number, service in enumerate(stations)}, text)


class _Drawing:
    def __init__(self, names: Sequence[Name], services: Sequence[ServicePolicy]) -> None:
        self.services = {service.id: service for service in services}
        self.leads: dict[str, dict[str, Lead]] = {service.id: {} for service in services}
        groups: dict[tuple[Wire, ...], list[Entry]] = {}
        self.notes: dict[tuple[Wire, ...], str] = {}
        for name in names:
            leads = [lead for lead in (*name.leads, *name.embeddings) if lead.service in self.services]
            for lead in leads:
                self.leads[lead.service].setdefault(lead.address, lead)
            wires = tuple(self._wires(name))
            if len(wires) > MOST_LINES:
                self.notes[()] = tr("drawn from many services, with the shares in the table")
                wires = ()
            groups.setdefault(wires, []).append(_entry(name, leads))
        self.groups = groups

    def _wires(self, name: Name) -> Iterator[Wire]:
        """The lines of a name, as yet without the block they begin at."""
        for kind, leads in (("chat", name.leads), ("embedding", name.embeddings)):
            shares: dict[str, Fraction] = {}
            spares: dict[str, None] = {}
            for lead in leads:
                if lead.service not in self.services:
                    continue
                if lead.spare:
                    spares[lead.service] = None
                else:
                    shares[lead.service] = shares.get(lead.service, Fraction(0)) + lead.share
            word = "embedding" if name.kind == "embedding" else kind
            for service, share in shares.items():
                yield Wire("", service, None if share == 1 else share, service, word)
            for service in (each for each in spares if each not in shares):
                yield Wire("", service, Fraction(0), service, "spare")

    def scenes(self) -> Iterator[Scene]:
        """One scene for each connected part; names without lines stand alone at the end."""
        for wiring in _connected([wires for wires in self.groups if wires]):
            yield self._scene(wiring)
        for wires in self.groups:
            if not wires:
                block = Block("n", tuple(self.groups[wires]), self.notes.get(wires, ""))
                yield Scene((block,), (), (), ())

    def _scene(self, wiring: Sequence[tuple[Wire, ...]]) -> Scene:
        blocks = []
        wires = []
        for number, group in enumerate(wiring):
            blocks.append(Block(f"n{number}", tuple(self.groups[group])))
            wires += [
                Wire(f"n{number}", f"s {wire.end}", wire.share, wire.service, wire.kind) for wire in group
            ]
        ids = dict.fromkeys(wire.service for group in wiring for wire in group)
        ordered = [service for service in self.services if service in ids]
        upstreams: dict[str, Station] = {}
        for service in ordered:
            for address, lead in self.leads[service].items():
                upstreams.setdefault(address, _upstream(lead))
                wires.append(Wire(f"s {service}", f"u {address}", None, service, "upstream"))
        stations = tuple(_station(self.services[service]) for service in ordered)
        return Scene(tuple(blocks), stations, tuple(upstreams.values()), tuple(wires))


def _connected(wiring: Sequence[tuple[Wire, ...]]) -> Iterator[list[tuple[Wire, ...]]]:
    """The wirings in groups that share a service, in their order."""
    parent: dict[str, str] = {}

    def root(service: str) -> str:
        while parent.setdefault(service, service) != service:
            service = parent[service]
        return service

    for wires in wiring:
        for wire in wires[1:]:
            parent[root(wire.end)] = root(wires[0].end)
    groups: dict[str, list[tuple[Wire, ...]]] = {}
    for wires in wiring:
        groups.setdefault(root(wires[0].end), []).append(wires)
    yield from groups.values()


def _entry(name: Name, leads: Iterable[Lead]) -> Entry:
    models = {lead.model for lead in leads if lead.model}
    becomes = next(iter(models)) if len(models) == 1 else ""
    if name.alias_of:
        becomes = name.alias_of
    remark = tr("embeddings") if name.kind == "embedding" else ""
    if not name.name and not name.listed and not remark:
        return Entry(tr("any name"), becomes, "", listed=False)
    return Entry(name.name, becomes if becomes != name.name else "", remark, name.listed)


def _station(service: ServicePolicy) -> Station:
    words: list[str] = [service.type]
    on = [each for each in service.credentials if each.enabled]
    if len(service.credentials) > 1:
        off = len(service.credentials) - len(on)
        words.append(
            tr("{count} credentials, {off} off", count=len(on), off=off)
            if off
            else tr("{count} credentials", count=len(on))
        )
    if service.limit:
        words.append(limit_words(service.limit))
    if service.proxy:
        words.append(tr("by proxy"))
    return Station(f"s {service.id}", service.id, tuple(words), service.id)


def _upstream(lead: Lead) -> Station:
    parts = split_url(lead.address)
    row = known_host(lead.address)
    path = parts.path + ("?…" if lead.query else "")
    words = [word for word in (row.name if row else "", path) if word]
    return Station(f"u {lead.address}", parts.netloc or lead.address, tuple(words))
