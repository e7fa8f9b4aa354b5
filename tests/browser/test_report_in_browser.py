"""The HTML report as readers see it: in a real browser, light, dark, small, and on paper."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from configurations import Config, document, openai, service
from tab import Page

from one_adapter.config.reading import read_gateway
from one_adapter.export.report.names import shown_names
from one_adapter.export.report.write import write_report
from one_adapter.export.secrets.variables import secrets_of
from one_adapter.language import Language
from one_adapter.language.chosen import speaking
from one_adapter.plan.build import decide

HOSTILE = '"><img src="https://evil.example/x.png" onerror="console.log(1)"><script>console.log(2)</script>'
#: Every text of the picture that is no tooltip.
DRAWN = "[...document.querySelectorAll('svg.routes text')]"
#: Boxes and texts that stick out of their figure, by their words.
ESCAPED = """
[...document.querySelectorAll('svg.routes')].flatMap(svg => {
  const frame = svg.getBoundingClientRect()
  return [...svg.querySelectorAll('text, rect')].filter(each => {
    const box = each.getBoundingClientRect()
    return box.left < frame.left - 1 || box.right > frame.right + 1 || box.bottom > frame.bottom + 1
  }).map(each => each.textContent)
})"""
#: Names that are wider than the box they stand in.
OVERFULL = """
[...document.querySelectorAll('svg.routes text')].filter(text => {
  const box = text.getBoundingClientRect()
  return [...document.querySelectorAll('svg.routes rect.names')].some(rect => {
    const frame = rect.getBoundingClientRect()
    const across = box.left >= frame.left && box.left < frame.right
    const inside = across && box.top >= frame.top && box.top < frame.bottom
    return inside && box.right > frame.right
  })
}).map(text => text.textContent)"""


def configuration(services: int, models: int) -> Config:
    entries: list[Config] = []
    for number in range(services):
        names = [f"vendor-{number}-模型-{each}" for each in range(models)]
        more: Config = {"limit": {"qpm": 15}} if number % 3 == 1 else {}
        if number % 4 == 2:
            more |= {"credentials": None, "credential_list": [{"api_key": "a"}, {"api_key": "b"}]}
        entries.append(service(*names, *(["shared"] if number % 2 else []), **more))
    return openai(*entries, api_key="sk-client", enable_web=True)


def written(folder: Path, config: Config) -> tuple[Path, list[str]]:
    """The report of a configuration as a file, and every name it has."""
    made = document(config)
    decided = decide(made)
    path = folder / "report.html"
    text = write_report("html", "config.json", decided, secrets_of(read_gateway(made), decided), [])
    path.write_text(text, encoding="utf-8")
    return path, [name.name for name in shown_names(decided)]


@pytest.mark.parametrize(("services", "models", "language"), [(1, 2, "en"), (5, 6, "zh"), (20, 15, "en")])
async def test_the_picture_shows_every_name_inside_its_frame(
    tab: Page, tmp_path: Path, services: int, models: int, language: Language
) -> None:
    with speaking(language):
        path, names = written(tmp_path, configuration(services, models))
    await tab.open(path)
    words = await tab.ask(
        f"{DRAWN}.flatMap(text => [...text.querySelectorAll('tspan')].map(t => t.textContent))"
    )
    assert set(names) <= set(words)
    assert await tab.ask(ESCAPED) == []
    assert await tab.ask(OVERFULL) == []
    assert tab.requests == [path.as_uri()]
    assert tab.complaints == []


async def test_light_and_dark_differ_and_both_can_be_read(tab: Page, tmp_path: Path) -> None:
    path, _ = written(tmp_path, configuration(3, 3))
    seen: dict[str, Any] = {}
    for scheme in ("light", "dark"):
        await tab.open(path, scheme)
        seen[scheme] = await tab.ask(
            "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color,"
            "getComputedStyle(document.querySelector('.box.names')).fill,"
            "getComputedStyle(document.querySelector('svg.routes text')).fill]"
        )
    assert brightness(seen["light"][0]) > 200 > 90 > brightness(seen["light"][1])
    assert brightness(seen["dark"][0]) < 60 < 170 < brightness(seen["dark"][1])
    assert brightness(seen["light"][2]) > 200 > 60 > brightness(seen["dark"][2])


def brightness(colour: str) -> float:
    """The mean of red, green and blue of `rgb(r, g, b)`."""
    numbers = [float(part) for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    return sum(numbers) / 3


@pytest.mark.parametrize("width", [390, 768, 1920])
async def test_the_page_itself_never_scrolls_sideways(tab: Page, tmp_path: Path, width: int) -> None:
    path, _ = written(tmp_path, configuration(3, 3))
    await tab.open(path, width=width)
    assert await tab.ask("document.documentElement.scrollWidth <= innerWidth")


async def test_it_prints_on_white_with_the_folded_settings_opened(tab: Page, tmp_path: Path) -> None:
    path, _ = written(tmp_path, configuration(20, 15))
    await tab.open(path, "dark")
    await tab.call("Emulation.setEmulatedMedia", media="print")
    assert await tab.ask("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    heights = await tab.ask(
        "[...document.querySelectorAll('details table')].map(t => t.getBoundingClientRect().height)"
    )
    assert len(heights) >= 3
    assert min(heights) > 10
    sheet = await tab.call("Page.printToPDF", preferCSSPageSize=True)
    pdf = base64.b64decode(sheet["data"])
    assert pdf.startswith(b"%PDF")
    assert 5 <= pdf.count(b"/Type /Page\n") <= 60


async def test_hostile_names_run_nothing_and_load_nothing(tab: Page, tmp_path: Path) -> None:
    config = openai(service(HOSTILE, model_redirect={f"alias {HOSTILE}": HOSTILE}, id="one"), api_key="k")
    path, _ = written(tmp_path, config)
    await tab.open(path)
    assert await tab.ask("document.querySelectorAll('img, script, iframe, link').length") == 0
    assert tab.requests == [path.as_uri()]
    assert tab.complaints == []


async def test_a_checklist_item_can_be_ticked(tab: Page, tmp_path: Path) -> None:
    config = openai(service("m"))
    path, _ = written(tmp_path, config)
    await tab.open(path)
    await tab.ask("document.querySelector('.todo label').click()")
    assert await tab.ask("document.querySelector('.todo input').checked")
