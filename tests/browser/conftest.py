"""A browser for the tests that look at a page; without one on this machine they are skipped."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest
from tab import Page

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
BROWSER = next(filter(None, map(shutil.which, BROWSERS)), None)
LONGEST_START_SECONDS = 60


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Where a browser is told what to do, and the path for all of it; it ends with the session."""
    if BROWSER is None:
        pytest.skip("there is no browser: apt-get install chromium")
    profile = tmp_path_factory.mktemp("browser")
    flags = (
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",  # a container has 64 MB there
        "--disable-background-networking",
        "--no-first-run",
        f"--user-data-dir={profile}",
        "--remote-debugging-port=0",
        "about:blank",
    )
    process = subprocess.Popen([BROWSER, *flags], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        told, limit = profile / "DevToolsActivePort", time.monotonic() + LONGEST_START_SECONDS
        while not told.exists() or not told.read_text().count("\n"):
            assert process.poll() is None, "the browser ended by itself"
            assert time.monotonic() < limit, "the browser does not start"
            time.sleep(0.02)
        port, path = told.read_text().split()
        yield f"ws://127.0.0.1:{port}", path
        process.terminate()
        process.wait(20)
    finally:
        process.kill()
        process.wait()


@pytest.fixture
async def tab(browser: tuple[str, str]) -> AsyncIterator[Page]:
    """A fresh tab, which shares nothing with those before it."""
    base, path = browser
    async with aiohttp.ClientSession() as session, session.ws_connect(base + path) as all_of_it:
        owner = Page(all_of_it)
        context = (await owner.call("Target.createBrowserContext"))["browserContextId"]
        made = await owner.call("Target.createTarget", url="about:blank", browserContextId=context)
        async with session.ws_connect(f"{base}/devtools/page/{made['targetId']}", max_msg_size=0) as socket:
            yield Page(socket)
        await owner.call("Target.disposeBrowserContext", browserContextId=context)
