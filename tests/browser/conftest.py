"""A browser for the tests that look at a page; without one on this machine they are skipped."""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from tab import Page

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
BROWSER = next(filter(None, map(shutil.which, BROWSERS)), None)


@pytest.fixture
async def tab(tmp_path: Path) -> AsyncIterator[Page]:
    """A fresh tab of a fresh browser, which ends with the test."""
    if BROWSER is None:
        pytest.skip("there is no browser: apt-get install chromium")
    flags = (
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",  # a container has 64 MB there
        "--disable-background-networking",
        "--no-first-run",
    )
    profile = tmp_path / "profile"
    process = await asyncio.create_subprocess_exec(
        BROWSER,
        *flags,
        f"--user-data-dir={profile}",
        "--remote-debugging-port=0",
        "about:blank",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    try:
        port = ""
        while not port:
            line = (await asyncio.wait_for(process.stderr.readline(), 60)).decode("utf-8", "replace")
            assert line, "the browser ended by itself"
            found = re.search(r"DevTools listening on ws://127\.0\.0\.1:(\d+)/", line)
            port = found[1] if found else ""
        draining = asyncio.ensure_future(process.stderr.read())
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
                pages = await answer.json(content_type=None)
            address = next(each["webSocketDebuggerUrl"] for each in pages if each["type"] == "page")
            async with session.ws_connect(address, max_msg_size=0) as socket:
                yield Page(socket)
                with contextlib.suppress(Exception):
                    await socket.send_json({"id": 0, "method": "Browser.close"})
        await asyncio.wait_for(process.wait(), 20)
        await draining
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
