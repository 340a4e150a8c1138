"""The web server of `battui serve`: textual-serve's, behind a key that only who reads its address has."""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeAlias
from urllib.parse import urlsplit

from aiohttp import web
from textual_serve.server import Server

from battui.contracts.errors import Unreachable
from battui.contracts.portal import Portal

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]
COOKIE = "battui-key"
POLICY = (
    "default-src 'self' data:; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "connect-src 'self' ws://{host}; frame-ancestors 'none'"
)
"""The page asks nothing of other machines, not even for its fonts."""


class WebServer:
    """Gives each browser that has the key a screen of its own, until `exit`.

    A loopback address keeps other machines out, but neither other users of this one nor pages that the browser has
    open. So the address that is told has a key in it, which the browser keeps as a cookie for this server alone;
    and a screen is not opened for a page that came from somewhere else.
    """

    def __init__(
        self, portal: Portal, command: str, host: str, port: int, tell: Callable[[str], None]
    ) -> None:
        self._portal = portal
        self._server = Server(command, host, port, title="battui")
        self._tell = tell
        self._key = secrets.token_urlsafe(24)
        self._exit: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def exit(self, result: int) -> None:
        """Stop serving; all screens are left."""
        if not self._exit.done():
            self._exit.set_result(result)

    async def run_async(self) -> int:
        """Serve until `exit` or the kernel's end; the exit code. Raises Unreachable where the port cannot be had."""
        app = await self._server._make_app()
        # It prints a banner, and in a wild terminal width; what there is to say is said by `tell`.
        app.on_startup.remove(self._server.on_startup)
        app.middlewares.append(self._checked)
        runner = web.AppRunner(app, shutdown_timeout=2.0)
        await runner.setup()
        try:
            await self._listen(runner)
            watching = asyncio.create_task(self._watch_kernel())
            try:
                return await self._exit
            finally:
                watching.cancel()
        finally:
            await runner.cleanup()

    async def _watch_kernel(self) -> None:
        with suppress(Unreachable):
            async with self._portal.events() as events:
                async for _ in events:
                    pass
        self.exit(Unreachable.exit_code)

    async def _listen(self, runner: web.AppRunner) -> None:
        host, port = self._server.host, self._server.port
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise Unreachable(
                f"this address cannot be listened at: {error.strerror}",
                about=f"{host}:{port}",
                remedy="Choose another --port; 0 takes any that is free.",
            ) from None
        port = runner.addresses[0][1]
        name = f"[{host}]" if ":" in host else host
        self._tell(f"http://{name}:{port}/?key={self._key}")

    @web.middleware
    async def _checked(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        origin = request.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != request.host:
            raise web.HTTPForbidden(text="This page came from somewhere else.")
        if given := request.query.get("key"):
            self._require(given)
            answer = web.HTTPSeeOther("/")
            # Without a lifetime: the browser forgets it when it is closed.
            answer.set_cookie(COOKIE, self._key, httponly=True, samesite="Strict")
            return answer
        if not request.path.startswith("/static/"):
            self._require(request.cookies.get(COOKIE, ""))
        # The page is to find everything under the name that it was asked for by, which may be a tunnel's.
        self._server.public_url = f"http://{request.host}"
        response = await handler(request)
        if not response.prepared:
            response.headers["Content-Security-Policy"] = POLICY.format(host=request.host)
        return response

    def _require(self, given: str) -> None:
        if not hmac.compare_digest(given.encode(), self._key.encode()):
            raise web.HTTPForbidden(text="Open the address that battui serve has printed: it has the key.")
