"""Places for the boxes of a scene, worked out by Graphviz (the `report` extra brings it), or plain columns.

Graphviz sees numbers only: node names of our making and sizes in points. No text
of the configuration gets to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from itertools import accumulate
from typing import Any, NamedTuple

from one_adapter.language import tr

POINTS_PER_INCH = 72
#: Points between two boxes of a column, and between two columns.
BETWEEN_BOXES = 14
BETWEEN_COLUMNS = 110
#: Said below a picture whose boxes stand in plain columns.
PLAINER = tr("Boxes in the order of the file: with pip install 'one-adapter[report]' lines cross less.")


class Place(NamedTuple):
    """The upper left corner of a box, in points from the figure's."""

    x: float
    y: float


class Layout(NamedTuple):
    """The place of each box, and the size of it all."""

    places: Mapping[str, Place]
    width: float
    height: float


def layout_of(
    columns: Sequence[Mapping[str, tuple[float, float]]], edges: Sequence[tuple[str, str, int]]
) -> Layout:
    """Where the boxes of up to three columns stand, so that lines are short and cross seldom.

    `columns` map a box's id to its width and height in points; an edge is a pair of
    ids with its weight (1 to 100). Without the library the boxes stand in their order.
    """
    graphviz = library()
    if graphviz is None:
        return _stacked(columns)
    graph = graphviz.AGraph(strict=False, directed=True, rankdir="LR")
    graph.graph_attr.update(
        nodesep=str(BETWEEN_BOXES / POINTS_PER_INCH), ranksep=str(BETWEEN_COLUMNS / POINTS_PER_INCH)
    )
    graph.graph_attr["splines"] = "false"
    graph.node_attr.update(shape="box", fixedsize="true", label="")
    numbers: dict[str, str] = {}
    for column in columns:
        for box, (width, height) in column.items():
            numbers[box] = f"b{len(numbers)}"
            inches = {"width": f"{width / POINTS_PER_INCH:.4f}", "height": f"{height / POINTS_PER_INCH:.4f}"}
            graph.add_node(numbers[box], **inches)
        graph.add_subgraph([numbers[box] for box in column], rank="same")
    for start, end, weight in edges:
        graph.add_edge(numbers[start], numbers[end], weight=str(weight))
    graph.layout(prog="dot")
    return _read(graph, columns, numbers)


def library() -> Any | None:
    """Graphviz; None where it is not installed."""
    try:
        return import_module("pygraphviz")
    except ImportError:
        return None


def _stacked(columns: Sequence[Mapping[str, tuple[float, float]]]) -> Layout:
    """Each column's boxes one below the other, in their order."""
    places: dict[str, Place] = {}
    left = height = 0.0
    for column in columns:
        steps = [size[1] + BETWEEN_BOXES for size in column.values()]
        for box, top in zip(column, accumulate(steps, initial=0.0), strict=False):
            places[box] = Place(left, top)
        height = max(height, sum(steps) - BETWEEN_BOXES)
        left += max((size[0] for size in column.values()), default=-BETWEEN_COLUMNS) + BETWEEN_COLUMNS
    return Layout(places, left - BETWEEN_COLUMNS, height)


def _read(
    graph: Any, columns: Sequence[Mapping[str, tuple[float, float]]], numbers: Mapping[str, str]
) -> Layout:
    """The places Graphviz found; it counts upwards and from the middle of a box."""
    corners: dict[str, Place] = {}
    for column in columns:
        for box, (width, height) in column.items():
            x, y = map(float, graph.get_node(numbers[box]).attr["pos"].split(","))
            corners[box] = Place(x - width / 2, -y - height / 2)
    left = min(place.x for place in corners.values())
    top = min(place.y for place in corners.values())
    sizes = {box: size for column in columns for box, size in column.items()}
    places = {box: Place(place.x - left, place.y - top) for box, place in corners.items()}
    return Layout(
        places,
        max(place.x + sizes[box][0] for box, place in places.items()),
        max(place.y + sizes[box][1] for box, place in places.items()),
    )
