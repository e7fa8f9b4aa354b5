"""Make the pictures of the READMEs, docs/pictures/, from real runs, in both languages.

    python docs/pictures.py [NAME…]     all, or only some of lint, explain, run, verify, report, page

What a command prints on a terminal becomes an SVG, with its colours; the report and the page of a comparison
are photographed by Chromium without a window, which needs a font with Chinese characters (fonts-noto-cjk).
`run` and `verify` start a proxy, with an echo for every vendor: nothing leaves the machine. The
configurations are docs/mistakes.json, for `lint`, and docs/pictures.json.
"""

from __future__ import annotations

import html
import os
import pty
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from one_adapter.language import LANGUAGES, Language, width
from one_adapter.language.chosen import VARIABLE

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
COLUMNS = 100
CELL, LINE, EDGE = 8.0, 19, 18
PATIENCE_SECONDS = 120
FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'Noto Sans Mono CJK SC', monospace"
GROUND, INK = "#1e222a", "#d7dae0"
#: SGR -> colour: the eight, and their bright sisters.
SHADES = ("5c6370", "e06c75", "98c379", "e5c07b", "61afef", "c678dd", "56b6c2", "d7dae0")
COLOURS = dict(enumerate(SHADES, start=30))
COLOURS |= {code + 60: colour for code, colour in COLOURS.items()}
SGR = re.compile(r"\x1b\[([\d;]*)m")
OTHER_CODES = re.compile(r"\x1b\[[\d;?]*[A-Za-ln-z]|\x1b[=>]")


def svg(command: str, printed: str) -> str:
    """A terminal with this command and what it printed, escape codes included."""
    seen = OTHER_CODES.sub("", printed).replace("\r\n", "\n").rstrip().split("\n")
    lines = [f"\x1b[92m$\x1b[0m {command}", *(line.rpartition("\r")[2] for line in seen)]
    across = max(width(SGR.sub("", line)) for line in lines)
    size = round(across * CELL + 2 * EDGE), len(lines) * LINE + 2 * EDGE
    text = "".join(_line(line, EDGE + (number + 0.75) * LINE) for number, line in enumerate(lines))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size[0]}" height="{size[1]}" '
        f'viewBox="0 0 {size[0]} {size[1]}" role="img" aria-label="{html.escape(command)}">\n'
        f'<rect width="100%" height="100%" rx="8" fill="{GROUND}"/>\n'
        f'<g font-family="{FONTS}" font-size="13" fill="{INK}">\n{text}</g>\n</svg>\n'
    )


def _line(line: str, y: float) -> str:
    """The pieces of a line, each at its cell and as wide as its cells, whatever font there is."""
    made, at = [], 0
    for text, style in _pieces(line):
        cells = width(text)
        if text.strip():
            made.append(
                f'<text x="{EDGE + at * CELL:g}" y="{y:g}" textLength="{cells * CELL:g}" '
                f'lengthAdjust="spacingAndGlyphs"{style}>{html.escape(text, quote=False)}</text>\n'
            )
        at += cells
    return "".join(made)


def _pieces(line: str) -> Iterator[tuple[str, str]]:
    """(text, attributes): of one style each, and of one width of characters."""
    codes: set[int] = set()
    parts = SGR.split(line)
    for text, new in zip(parts[::2], ["", *parts[1::2]], strict=True):
        for code in (int(word or 0) for word in new.split(";") if new or word):
            codes = set() if code == 0 else codes | {code}
        colour = next((COLOURS[code] for code in codes if code in COLOURS), "")
        style = f' fill="#{colour}"' if colour else ""
        style += ' font-weight="bold"' if 1 in codes else ""
        style += ' opacity=".65"' if 2 in codes else ""
        for piece in re.findall(r"\s+|[!-~]+(?: [!-~]+)*|[^\x00-\x7f]+", text):
            yield piece, style


def on_terminal(
    words: list[str], language: Language, folder: Path, until: Callable[[str], bool] | None = None
) -> str:
    """What `one-adapter …` prints on a terminal in this folder, and only till `until` is true."""
    inner, outer = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name != "GITHUB_ACTIONS"}
    terminal = {"COLUMNS": str(COLUMNS), "TERM": "xterm-256color", "PYTHONUTF8": "1", "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-m", "one_adapter", *words],
        cwd=folder,
        env={**environment, **terminal, VARIABLE: language},
        stdin=subprocess.DEVNULL,
        stdout=outer,
        stderr=outer,
    )
    os.close(outer)
    printed, ended_at = b"", time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < ended_at:
        if until and process.poll() is None and until(printed.decode("utf-8", "replace")):
            process.send_signal(signal.SIGINT)
            until = None
            break
        if select.select([inner], [], [], 0.2)[0]:
            try:
                printed += os.read(inner, 65536)
            except OSError:  # the other end is closed
                break
        elif process.poll() is not None:
            break
    os.close(inner)
    process.wait(PATIENCE_SECONDS)
    return printed.decode("utf-8")


def photograph(name: str, language: Language, page: Path, height: int) -> None:
    """Write the top of a page as PNG."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        raise SystemExit("Chromium is needed: apt-get install chromium")
    target = PICTURES / f"{name}.{language}.png"
    subprocess.run(
        [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
         f"--window-size=1000,{height}", f"--screenshot={target}", page.as_uri()],
        check=True, capture_output=True, timeout=PATIENCE_SECONDS,
    )  # fmt: skip


def lint(language: Language, folder: Path) -> str:
    """Three mistakes, and what to do about them."""
    shutil.copy(ROOT / "docs" / "mistakes.json", folder / "config.json")
    return on_terminal(["lint", "config.json"], language, folder)


def explain(language: Language, folder: Path) -> str:
    """Where names lead."""
    return on_terminal(["explain", "config.json"], language, folder)


def run(language: Language, folder: Path) -> str:
    """The start of the proxy, up to the line that it listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def listens(printed: str) -> bool:
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
        except OSError:
            return False
        return f":{port}" in printed and printed.endswith("\n")

    words = ["run", "config.json", "--dry-run", "--no-watch", "--port", str(port)]
    return on_terminal(words, language, folder, listens).replace(str(port), "9090")


def verify(language: Language, folder: Path) -> str:
    """Every promise of a configuration, played."""
    return on_terminal(["verify", "config.json"], language, folder)


def report(language: Language, folder: Path) -> str:
    """What became of every setting."""
    words = ["export", "config.json", "-o", "litellm", "--report", "report.html"]
    on_terminal(words, language, folder)
    return "report.html"


def page(language: Language, folder: Path) -> str:
    """A comparison as a page to hand on."""
    words = ["verify", "config.json", "--format", "html", "--output", "verify.html"]
    on_terminal(words, language, folder)
    return "verify.html"


#: Name -> the command that a person would have typed, and what makes the terminal's text.
TERMINALS: Mapping[str, tuple[str, Callable[[Language, Path], str]]] = {
    "lint": ("one-adapter lint config.json", lint),
    "explain": ("one-adapter explain config.json", explain),
    "run": ("one-adapter run config.json --dry-run", run),
    "verify": ("one-adapter verify config.json", verify),
}
#: Name -> what makes the page, and how much of it is seen.
PAGES: Mapping[str, tuple[Callable[[Language, Path], str], int]] = {
    "report": (report, 1000),
    "page": (page, 800),
}


def make(name: str, language: Language) -> None:
    """Write one picture."""
    if name in TERMINALS:
        (PICTURES / f"{name}.{language}.svg").write_text(of_terminal(name, language), "utf-8")
        return
    maker, height = PAGES[name]
    with _folder() as folder:
        photograph(name, language, folder / maker(language, folder), height)


def of_terminal(name: str, language: Language) -> str:
    """The picture of a command."""
    command, maker = TERMINALS[name]
    with _folder() as folder:
        return svg(command, maker(language, folder))


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder with the configuration, called as most are."""
    with tempfile.TemporaryDirectory() as made:
        shutil.copy(ROOT / "docs" / "pictures.json", Path(made) / "config.json")
        yield Path(made)


def main(names: list[str]) -> None:
    """Make the pictures that are named, or all."""
    known = [*TERMINALS, *PAGES]
    if unknown := set(names) - set(known):
        raise SystemExit(f"no picture is called {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    PICTURES.mkdir(exist_ok=True)
    for name in names or known:
        for language in LANGUAGES:
            make(name, language)


if __name__ == "__main__":
    main(sys.argv[1:])
