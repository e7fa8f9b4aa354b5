"""The HTML report and its picture of the routes, as text; tests/browser looks at them in a browser."""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import pytest
from configurations import Config, document, openai, plan, service

from one_adapter.config.reading import read_gateway
from one_adapter.export.report.names import shown_names
from one_adapter.export.report.picture.layout import layout_of
from one_adapter.export.report.picture.scene import Picture, picture_of
from one_adapter.export.report.picture.svg import NAME_WIDTH, figures, shortened
from one_adapter.export.report.write import write_report
from one_adapter.export.secrets.variables import secrets_of
from one_adapter.plan.build import decide

HOSTILE = "<img src=x onerror=alert(1)>\"'&]]><!--</svg><script>"


def page(config: object) -> str:
    made = document(config)
    decided = decide(made)
    return write_report("html", "config.json", decided, secrets_of(read_gateway(made), decided), [])


def picture(config: object) -> Picture:
    decided = plan(config)
    return picture_of(decided, shown_names(decided))


def names_drawn(drawn: Picture) -> list[str]:
    return [entry.name for scene in drawn.scenes for block in scene.blocks for entry in block.entries]


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def tags(text: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = _Tags()
    parser.feed(text)
    return parser.seen


def test_names_that_lead_the_same_way_share_a_block() -> None:
    drawn = picture(openai(service("a", "b"), service("b", "c")))
    blocks = [[entry.name for entry in block.entries] for scene in drawn.scenes for block in scene.blocks]
    assert sorted(blocks) == [["a"], ["b", "random"], ["c"]]
    same = picture(openai(service("a", "b", "c")))
    assert names_drawn(same) == ["a", "b", "c", "random"]
    assert len(same.scenes[0].blocks) == 1


def test_services_that_share_a_name_are_one_scene_and_others_are_not() -> None:
    apart = openai(*(service(f"m{n}") for n in range(12)))
    drawn = picture(apart)
    assert len(drawn.scenes) == 13
    assert drawn.scenes[-1].blocks[0].note
    assert names_drawn(drawn)[-1] == "random"
    pairs = openai(*(service(f"shared-{n // 2}", f"m{n}") for n in range(12)))
    assert len(picture(pairs).scenes) == 12 / 2 + 1
    chain = openai(*(service(f"link-{n}", f"link-{n + 1}") for n in range(12)))
    assert [len(scene.services) for scene in picture(chain).scenes] == [12, 0]


def test_lines_carry_shares_and_say_what_is_spare_or_for_embeddings() -> None:
    config = openai(
        service("m", model_redirect={"alias": "m"}), service("m", "alias"), load_balancing="first"
    )
    kinds = {wire.kind for scene in picture(config).scenes for wire in scene.wires}
    assert kinds == {"chat", "spare", "upstream"}
    embedding = openai(service("m", embedding_models=["e"]))
    wires = [wire for scene in picture(embedding).scenes for wire in scene.wires]
    assert [wire.kind for wire in wires] == ["chat", "embedding", "upstream"]
    assert "wire c0 embedding" in page(embedding)
    assert ">spare</text>" in page(config)


def test_a_service_is_drawn_with_its_rules_and_an_upstream_with_its_vendor() -> None:
    config = {
        "proxy": {"strategy": "force_all", "type": "http", "http_proxy": "http://p.example:1"},
        **openai(
            service(
                "m",
                server_url="https://api.groq.com/openai/v1?tenant=7",
                credentials=None,
                credential_list=[{"api_key": "a"}, {"api_key": "b"}],
            ),
            service("n", limit={"concurrency": 2}),
        ),
    }
    stations = {each.heading: each.words for scene in picture(config).scenes for each in scene.services}
    assert stations == {
        "openai-1": ("openai", "2 credentials", "by proxy"),
        "openai-2": ("openai", "2 at once", "by proxy"),
    }
    upstreams = {each.heading: each.words for scene in picture(config).scenes for each in scene.upstreams}
    assert upstreams["api.groq.com"] == ("Groq", "/openai/v1?…")


def test_every_name_is_drawn_as_long_as_there_are_no_more_than_a_few_hundred() -> None:
    config = openai(*(service(*(f"m-{n}-{k}" for k in range(15))) for n in range(20)))
    drawn = picture(config)
    assert sorted(names_drawn(drawn)) == sorted(name.name for name in shown_names(plan(config)))
    assert drawn.left_out == ""
    text = page(config)
    assert all(f">m-{n}-{k}<" in text for n in range(20) for k in range(15))


def test_what_is_too_much_to_draw_is_told_in_numbers() -> None:
    config = openai(*(service(*(f"m-{n}-{k}" for k in range(10)), "shared") for n in range(90)))
    drawn = picture(config)
    assert re.match(r"The picture shows \d+ of 902 names and \d+ of 90 services", drawn.left_out)
    assert drawn.left_out in page(config)


def test_a_plan_without_routes_has_no_picture() -> None:
    assert 'id="routes"' not in page({"services": {}})
    assert list(figures(picture({"services": {}}))) == []


def test_each_figure_is_well_formed_and_stays_inside_its_frame() -> None:
    config = openai(*(service("shared", *(f"名字-{n}-{k}" for k in range(12))) for n in range(9)))
    for text in figures(picture(config)):
        root = ElementTree.fromstring(text)
        _, _, width, height = map(float, root.attrib["viewBox"].split())
        for box in root.iter("{http://www.w3.org/2000/svg}rect"):
            assert 0 <= float(box.attrib["x"]) <= float(box.attrib["x"]) + float(box.attrib["width"]) <= width
            assert float(box.attrib["height"]) <= height


def test_long_names_are_cut_in_the_picture_and_whole_in_their_tooltip() -> None:
    long = "organisation/model-with-a-name-that-never-ends-and-then-some-more"
    (text,) = figures(picture(openai(service(long), service(long))))
    assert f"<title>{long}</title>" in text
    assert shortened(long, NAME_WIDTH / 7.3 - 4) not in (long, "")
    assert f">{long}<" not in text.replace(f"<title>{long}</title>", "")


def test_hostile_names_are_text_and_nothing_else() -> None:
    config = openai(
        service(HOSTILE, f"{HOSTILE}2", id="ok", model_map={HOSTILE: f"up {HOSTILE}"}),
        model_redirect={f"alias {HOSTILE}": HOSTILE},
    )
    config["services"]["openai"][0]["server_url"] = "https://h.example/<script>"
    text = page(config)
    found = tags(text)
    assert not {"script", "img", "link", "iframe", "object", "embed", "a", "base", "form"} & {
        t for t, _ in found
    }
    attributes = {name for _, attrs in found for name in attrs}
    assert not {name for name in attributes if name.startswith("on")}
    assert not attributes & {"src", "href", "xlink:href", "srcset", "action", "background"}


def test_the_page_asks_nobody_for_anything() -> None:
    config: Config = {"api_key": "k", **openai(service("m"))}
    text = page(config)
    assert "url(" not in text
    assert "@import" not in text
    policy = next(attrs["content"] for tag, attrs in tags(text) if attrs.get("http-equiv"))
    assert policy is not None
    assert policy.startswith("default-src 'none'")


def test_without_the_library_the_picture_is_plainer_and_the_page_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = openai(service("a", "b"), service("b", "c"))
    whole = page(config)
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    plain = page(config)
    assert "pip install &#x27;one-adapter[report]&#x27;" in plain
    assert "pip install &#x27;one-adapter[report]&#x27;" not in whole
    assert plain.count("<svg") == whole.count("<svg") == 1
    assert plain.count("<rect") == whole.count("<rect")


@pytest.mark.parametrize("installed", [True, False])
def test_boxes_stand_inside_of_the_figure(installed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not installed:
        monkeypatch.setitem(sys.modules, "pygraphviz", None)
    columns = [{"a": (100.0, 20.0), "b": (60.0, 40.0)}, {"c": (80.0, 30.0)}, {}]
    layout = layout_of([column for column in columns if column or not installed], [("a", "c", 1)])
    for column in columns:
        for box, (width, height) in column.items():
            place = layout.places[box]
            assert 0 <= place.x <= place.x + width <= layout.width + 0.01
            assert 0 <= place.y <= place.y + height <= layout.height + 0.01
    assert (
        layout.places["a"].y + 20 < layout.places["b"].y or layout.places["b"].y + 40 < layout.places["a"].y
    )


@pytest.mark.parametrize("kind", ["markdown", "json"])
def test_the_other_forms_need_no_library(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    made = document(openai(service("m")))
    decided = decide(made)
    assert write_report(kind, "config.json", decided, secrets_of(read_gateway(made), decided), [])


def test_boxes_of_a_column_never_overlap() -> None:
    left = {f"l{n}": (100.0, 20.0 + 7 * n) for n in range(12)}
    right = {f"r{n}": (80.0, 40.0) for n in range(5)}
    edges: list[tuple[str, str, int]] = [(f"l{n}", f"r{(n * 3) % 5}", 1 + n % 9) for n in range(12)]
    layout = layout_of((left, right), edges)
    for column in (left, right):
        spans = sorted((layout.places[box].y, layout.places[box].y + size[1]) for box, size in column.items())
        assert all(before[1] < after[0] for before, after in pairwise(spans))
        assert len({layout.places[box].x for box in column}) == 1


@pytest.mark.parametrize("number", [1, 3, 30])
def test_the_picture_is_the_same_each_time(number: int) -> None:
    config: Any = openai(*(service("shared", f"m{n}") for n in range(number)))
    assert page(config) == page(config)
