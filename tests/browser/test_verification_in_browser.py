"""The page of a comparison as readers see it: in a browser, light, dark, small, and with hostile names."""

from __future__ import annotations

from pathlib import Path

import pytest
from tab import Page

from one_adapter.verify.output import FORMATS
from one_adapter.verify.result import OUTCOMES, Check, Verification

HOSTILE = '"><img src="https://evil.example/x.png" onerror="console.log(1)"><script>console.log(2)</script>'
#: Contrast of a badge's words on the page they stand on, by WCAG's formula.
CONTRAST = """
(() => {
  const light = colour => colour.match(/[0-9.]+/g).slice(0, 3).map(Number).map(part => {
    const share = part / 255
    return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  }).reduce((sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0)
  const back = light(getComputedStyle(document.querySelector('section')).backgroundColor)
  return [...document.querySelectorAll('td code, td')].map(each => {
    const front = light(getComputedStyle(each).color)
    return (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05)
  })
})()"""


def written(folder: Path, *names: str) -> Path:
    checks = [
        Check("stream", name, outcome, f"{outcome} of {name}", "fields", ["a"], {"b": name}, "status-kept")
        for name in names
        for outcome in OUTCOMES
    ]
    found = Verification(
        "http://old:9090", "http://new:9091", (Check("wrong key", "", "same"), *checks), ("A note.",)
    )
    path = folder / "verify.html"
    path.write_text(FORMATS["html"](found), encoding="utf-8")
    return path


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_name_and_difference_stands_there_and_can_be_read(
    tab: Page, tmp_path: Path, scheme: str
) -> None:
    names = [f"模型-{number}" for number in range(30)]
    path = written(tmp_path, *names)
    await tab.open(path, scheme)
    words = await tab.ask("document.body.innerText")
    assert all(f"different of {name}" in words for name in names)
    assert await tab.ask("document.querySelector('h1').textContent") == "Different."
    assert await tab.ask("document.querySelectorAll('#names tbody tr').length") == 31
    assert min(await tab.ask(CONTRAST)) >= 4.5
    assert tab.requests == [path.as_uri()]
    assert tab.complaints == []


@pytest.mark.parametrize("width", [390, 1280])
async def test_the_page_never_scrolls_sideways(tab: Page, tmp_path: Path, width: int) -> None:
    await tab.open(written(tmp_path, "a-name-that-is-very-long-" * 6), width=width)
    assert await tab.ask("document.documentElement.scrollWidth <= innerWidth")


async def test_it_has_what_a_screen_reader_goes_by(tab: Page, tmp_path: Path) -> None:
    await tab.open(written(tmp_path, "m"))
    assert await tab.ask("document.documentElement.lang") == "en"
    assert await tab.ask("document.querySelectorAll('main, header, h1').length") == 3
    assert await tab.ask("[...document.querySelectorAll('section')].every(s => s.querySelector('h2'))")
    assert await tab.ask(
        "[...document.querySelectorAll('table')].every(t => t.querySelectorAll('th').length)"
    )


async def test_hostile_names_run_nothing_and_load_nothing(tab: Page, tmp_path: Path) -> None:
    path = written(tmp_path, HOSTILE)
    await tab.open(path)
    assert await tab.ask("document.querySelectorAll('img, script, iframe, link').length") == 0
    assert tab.requests == [path.as_uri()]
    assert tab.complaints == []
