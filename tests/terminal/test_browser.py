"""`battui serve`: a page and a web socket for who has the key, on this machine alone."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, CookieJar, WSMsgType, WSServerHandshakeError
from yarl import URL

from battui.cli.serve import check_place, require_library
from battui.contracts.errors import Unreachable, UsageError
from tests.terminal.house import BATTUI, House
from tests.terminal.screen import PATIENCE_S, plain


@contextmanager
def served(house: House) -> Iterator[tuple[subprocess.Popen[str], URL]]:
    """The server's process, and the address that it tells."""
    process = subprocess.Popen(
        [*BATTUI, "--output", "json", "serve", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=house.environment,
    )
    try:
        assert process.stdout is not None
        yield process, URL(json.loads(process.stdout.readline())["url"])
    finally:
        process.kill()
        process.communicate()


async def until(socket: ClientWebSocketResponse, wanted: str) -> None:
    """Read what is drawn until it has the words."""
    drawn = b""
    while wanted not in plain(drawn):
        message = await asyncio.wait_for(socket.receive(), PATIENCE_S)
        assert message.type is WSMsgType.BINARY, message
        drawn += message.data


def test_who_has_the_key_works_in_a_browser_and_nobody_else_gets_in(house: House) -> None:
    async def visit(url: URL) -> None:
        async with ClientSession() as stranger:
            for path in ("/", "/ws", "/?key=guessed"):
                assert (await stranger.get(url.with_query(None).join(URL(path)))).status == 403
        # Cookies of an address are kept only if asked for.
        async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as browser:
            page = await browser.get(url)
            assert (page.status, page.url.query_string) == (200, "")
            text = await page.text()
            socket_url = url.with_scheme("ws").with_path("/ws").with_query(width="100", height="30")
            assert str(socket_url.with_query(None)) in text
            assert "connect-src 'self'" in page.headers["Content-Security-Policy"]
            with pytest.raises(WSServerHandshakeError, match="403"):
                await browser.ws_connect(socket_url, origin="http://elsewhere.example")
            async with browser.ws_connect(socket_url, origin=str(url.origin())) as socket:
                await until(socket, "150")
                await socket.send_json(["stdin", ":account.deposit_(amount=7)\r"])
                await until(socket, "157")
                await socket.send_json(["stdin", "\x11"])
                while not (await socket.receive()).type.value & WSMsgType.CLOSE.value:
                    pass

    with served(house) as (process, url):
        assert url.host == "127.0.0.1"
        asyncio.run(visit(url))
        assert house.battui("send", "account.balance") == "157\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 128 + signal.SIGTERM
    assert house.falls_empty(PATIENCE_S) == []


@pytest.mark.slow
def test_with_the_kernel_the_server_ends(house: House) -> None:
    house.detach()
    with served(house) as (process, _):
        house.battui("bridge", "stop")
        assert process.wait(PATIENCE_S) == Unreachable.exit_code


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "garden.example", ""])
def test_an_address_that_others_reach_is_refused_unless_it_is_asked_for(host: str) -> None:
    with pytest.raises(UsageError, match="others could reach"):
        check_place(host, 8022, beyond=False)
    check_place(host, 8022, beyond=True)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_this_machine_is_not_refused(host: str) -> None:
    check_place(host, 0, beyond=False)
    with pytest.raises(UsageError, match="--port"):
        check_place(host, 65_536, beyond=False)


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    require_library()
    # Python finds no module of which it knows that it is none.
    monkeypatch.setitem(sys.modules, "textual_serve", None)
    with pytest.raises(Unreachable, match=r"pip install 'battui\[serve\]'"):
        require_library()
