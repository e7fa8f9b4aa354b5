"""The picture of the routes as inline SVG; its colours come from the page's style sheet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from unicodedata import east_asian_width

from one_adapter.export.formatting import percent, visible
from one_adapter.export.page.frame import text
from one_adapter.export.report.picture.layout import BETWEEN_COLUMNS, Layout, Place, layout_of
from one_adapter.export.report.picture.scene import Block, Entry, Picture, Scene, Station, Wire
from one_adapter.language import tr, translated

#: Widths of the columns; all lengths are in pixels where the picture is not scaled.
NAME_WIDTH, SERVICE_WIDTH, UPSTREAM_WIDTH = 372, 190, 270
WIDTH = NAME_WIDTH + SERVICE_WIDTH + UPSTREAM_WIDTH + 2 * BETWEEN_COLUMNS
COLUMNS = (
    (0, tr("Names")),
    (NAME_WIDTH + BETWEEN_COLUMNS, tr("Services")),
    (NAME_WIDTH + SERVICE_WIDTH + 2 * BETWEEN_COLUMNS, tr("Upstreams")),
)
#: Heights of a row and of a small one, and the space around them in a box.
ROW, PAD, SMALL_ROW = 21, 10, 17
#: Two columns of names from FLOW_FROM on, where most are short; from LONG on also where most are renamed.
FLOW_FROM, LONG, SHORT, MOST = 8, 20, 23, 0.8
#: A figure holds scenes up to this height, which fits a printed page below other things. One scene
#: may be taller by itself; from TALL on it is not shrunk to a page, but goes over several.
FIGURE_HEIGHT = 900
TALL = 2600
#: Height of what stands above a figure's columns, and between two of its scenes.
HEADING, GAP = 34, 22
#: How many colours the style sheet has.
COLOURS = 8
#: Where lines leave a box, at most this far apart.
PORT = 20


def figures(picture: Picture) -> Iterator[str]:
    """Each figure of the picture as an `<svg>` element."""
    drawn = [_Draft(scene, picture.colours) for scene in picture.scenes]
    page: list[_Draft] = []
    height = 0.0
    for draft in drawn:
        if page and height + GAP + draft.layout.height > FIGURE_HEIGHT:
            yield _figure(page)
            page, height = [], 0.0
        page.append(draft)
        height += GAP + draft.layout.height
    if page:
        yield _figure(page)


def _figure(drafts: Sequence[_Draft]) -> str:
    parts = [f'<text class="column" x="{x + 2}" y="16">{text(word)}</text>' for x, word in COLUMNS]
    y = float(HEADING)
    for draft in drafts:
        parts.append(f'<g transform="translate(0 {number(y)})">{draft.svg()}</g>')
        y += draft.layout.height + GAP
    height = y - GAP + 4
    kind = "routes tall" if height > TALL else "routes"
    label = text(tr("Routes: names on the left, services in the middle, upstreams on the right"))
    return (
        f'<svg class="{kind}" viewBox="-2 -2 {WIDTH + 4} {number(height)}" role="img" aria-label="{label}" '
        f'xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'
    )


def number(value: float) -> str:
    """A coordinate with at most one decimal.

    >>> number(12.0), number(3.14)
    ('12', '3.1')
    """
    return f"{value:.1f}".removesuffix(".0")


def cells(words: str) -> float:
    """The width of a text in average letters of the Latin alphabet.

    >>> cells("gpt-4o"), cells("通义")
    (6.0, 3.6)
    """
    return sum(1.8 if east_asian_width(char) in "WF" else 1.0 for char in words)


def shortened(text: str, room: float) -> str:
    """`text` cut to `room` letters, with an ellipsis.

    >>> shortened("meta/llama-3.1-405b-instruct", 12)
    'meta/llama-…'
    """
    if cells(text) <= room:
        return text
    kept = ""
    for char in text:
        if cells(kept) + cells(char) > room - 1:
            break
        kept += char
    return f"{kept}…"


class _Draft:
    """A scene with the places of its boxes."""

    def __init__(self, scene: Scene, colours: Mapping[str, int]) -> None:
        self.scene = scene
        self.colours = colours
        leaving: dict[str, int] = {}
        for wire in scene.wires:
            leaving[wire.start] = leaving.get(wire.start, 0) + 1
        blocks = {
            block.id: (NAME_WIDTH, max(_block_height(block), min(leaving.get(block.id, 0), 8) * PORT))
            for block in scene.blocks
        }
        services = {each.id: (SERVICE_WIDTH, _station_height(each)) for each in scene.services}
        upstreams = {each.id: (UPSTREAM_WIDTH, _station_height(each)) for each in scene.upstreams}
        columns = [column for column in (blocks, services, upstreams) if column]
        self.sizes: dict[str, tuple[float, float]] = {**blocks, **services, **upstreams}
        edges = [(wire.start, wire.end, _weight(wire)) for wire in scene.wires]
        self.layout: Layout = layout_of(columns, edges)

    def svg(self) -> str:
        """The scene: lines first, boxes over them."""
        ports = self._ports()
        parts = [self._wire(wire, *ports[index]) for index, wire in enumerate(self.scene.wires)]
        parts += [_share(wire, ports[index][0]) for index, wire in enumerate(self.scene.wires)]
        parts += [self._block(block) for block in self.scene.blocks]
        parts += [self._station(each, "service") for each in self.scene.services]
        parts += [self._station(each, "upstream") for each in self.scene.upstreams]
        return "".join(parts)

    def _colour(self, service: str) -> str:
        return f"c{self.colours[service] % COLOURS}"

    def _middle(self, box: str) -> float:
        return self.layout.places[box].y + self.sizes[box][1] / 2

    def _ports(self) -> list[tuple[Place, Place]]:
        """Where each line begins and ends: side by side, in the order of what is at the other end."""
        wires = self.scene.wires
        starts: dict[int, float] = {}
        ends: dict[int, float] = {}
        for box in self.sizes:
            leaving = [index for index, wire in enumerate(wires) if wire.start == box]
            leaving.sort(key=lambda index: self._middle(wires[index].end))
            starts.update(self._spread(box, leaving))
            coming = [index for index, wire in enumerate(wires) if wire.end == box]
            coming.sort(key=lambda index: self._middle(wires[index].start))
            ends.update(self._spread(box, coming))
        return [
            (
                Place(self.layout.places[wire.start].x + self.sizes[wire.start][0], starts[index]),
                Place(self.layout.places[wire.end].x, ends[index]),
            )
            for index, wire in enumerate(wires)
        ]

    def _spread(self, box: str, wires: Sequence[int]) -> Iterator[tuple[int, float]]:
        height = self.sizes[box][1]
        step = min(PORT, (height - 12) / max(len(wires) - 1, 1))
        first = self._middle(box) - step * (len(wires) - 1) / 2
        for place, index in enumerate(wires):
            yield index, first + step * place

    def _wire(self, wire: Wire, start: Place, end: Place) -> str:
        bend = (end.x - start.x) / 2
        path = (
            f"M{number(start.x)} {number(start.y)}C{number(start.x + bend)} {number(start.y)} "
            f"{number(end.x - bend)} {number(end.y)} {number(end.x)} {number(end.y)}"
        )
        share = 1.0 if wire.share is None else float(wire.share)
        thick = number(1.5 + 5 * share)
        dashes = {"embedding": " embedding", "spare": " spare"}.get(wire.kind, "")
        kind = f"wire {self._colour(wire.service)}{dashes}"
        return f'<path class="{kind}" d="{path}" stroke-width="{thick}"/>'

    def _block(self, block: Block) -> str:
        place = self.layout.places[block.id]
        width, height = self.sizes[block.id]
        columns = _flow(block)
        each = (width - 2 * PAD) / columns
        rows = -(-len(block.entries) // columns)
        parts = [_frame("names", place, width, height)]
        top = place.y + (height - _block_height(block)) / 2 + PAD
        for index, entry in enumerate(block.entries):
            x = place.x + PAD + 2 + each * (index // rows)
            y = top + ROW * (index % rows) + 15
            parts.append(_entry(entry, x, y, each / 7.3 - 1))
        if block.note:
            parts.append(_text("small", place.x + PAD + 2, top + ROW * rows + 13, translated(block.note)))
        return "".join(parts)

    def _station(self, station: Station, kind: str) -> str:
        place = self.layout.places[station.id]
        width, height = self.sizes[station.id]
        x = place.x + PAD + (6 if station.service else 2)
        parts = [_frame(kind, place, width, height)]
        if station.service:
            parts.append(
                f'<rect class="bar {self._colour(station.service)}" x="{number(place.x)}" '
                f'y="{number(place.y + 7)}" width="4" height="{number(height - 14)}" rx="2"/>'
            )
        heading = shortened(visible(station.heading), (width - 26) / 7.5)
        parts.append(_text("heading", x, place.y + PAD + 13, heading))
        for index, word in enumerate(_lines(station)):
            shown = shortened(visible(word), (width - 24) / 6.1)
            parts.append(_text("small", x, place.y + PAD + ROW + SMALL_ROW * index + 11, shown))
        title = escape(visible(" · ".join((station.heading, *map(translated, station.words)))))
        return f"<g>{''.join(parts)}<title>{title}</title></g>"


def _share(wire: Wire, start: Place) -> str:
    """A line's share beside its beginning; nothing where it carries everything."""
    if wire.share is None:
        return ""
    words = tr("spare") if wire.kind == "spare" else percent(wire.share)
    return _text("share", start.x + 8, start.y + 4, translated(words))


def _weight(wire: Wire) -> int:
    return 1 + round(9 * (1 if wire.share is None else float(wire.share)))


def _text(kind: str, x: float, y: float, words: str) -> str:
    return f'<text class="{kind}" x="{number(x)}" y="{number(y)}">{escape(words)}</text>'


def _frame(kind: str, place: Place, width: float, height: float) -> str:
    return (
        f'<rect class="box {kind}" x="{number(place.x)}" y="{number(place.y)}" '
        f'width="{number(width)}" height="{number(height)}" rx="9"/>'
    )


def _flow(block: Block) -> int:
    """In how many columns the names of a block stand."""
    count = len(block.entries)
    short = sum(cells(entry.name) <= SHORT for entry in block.entries)
    renamed = sum(bool(entry.becomes) for entry in block.entries)
    few = count >= FLOW_FROM and renamed <= count / 2
    return 2 if short >= MOST * count and (few or count >= LONG) else 1


def _block_height(block: Block) -> float:
    rows = -(-len(block.entries) // _flow(block))
    return rows * ROW + 2 * PAD + (SMALL_ROW if block.note else 0)


def _lines(station: Station) -> tuple[str, ...]:
    """A service's small words on one line, an upstream's one below the other."""
    words = tuple(map(translated, station.words))
    return (" · ".join(words),) if station.service else words


def _station_height(station: Station) -> float:
    return ROW + SMALL_ROW * len(_lines(station)) + 2 * PAD


def _entry(entry: Entry, x: float, y: float, room: float) -> str:
    """One name; what it becomes stands behind it where there is room, and always in its tooltip."""
    full = visible(translated(entry.name)) or translated(tr("(empty)"))
    remark = translated(entry.remark)
    becomes = visible(entry.becomes)
    name = shortened(full, room)
    left = room - cells(name)
    parts = [f'<tspan class="{"name" if entry.listed else "name unlisted"}">{escape(name)}</tspan>']
    if becomes and left > 8:
        parts.append(f'<tspan class="small"> → {escape(shortened(becomes, left * 1.15 - 3))}</tspan>')
    if remark and left > cells(remark) + 2:
        parts.append(f'<tspan class="small"> {remark}</tspan>')
    title = escape(f"{full} → {becomes}" if becomes else full)
    return f'<text x="{number(x)}" y="{number(y)}">{"".join(parts)}<title>{title}</title></text>'
