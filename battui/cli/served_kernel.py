"""A kernel with its bridge beside it, and a kernel in another process: to a front end, both are a kernel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import trio

from battui.bridge.bridge import Bridge
from battui.bridge.endpoint import socket_path
from battui.bridge.sockets import Places
from battui.contracts.errors import Unreachable, UsageError
from battui.contracts.portal import Portal
from battui.contracts.settings import Settings
from battui.kernel.kernel import Kernel
from battui.kernel.portal import KernelPortal


def places_of(settings: Settings, tcp: str = "") -> Places:
    """Where the kernel of these settings listens."""
    path = socket_path(settings.image, settings.state_dir)
    return Places(path, tcp, keys_folder(settings), settings.bridge.high_water)


def keys_folder(settings: Settings) -> Path:
    """Where the keys for TCP lie."""
    return settings.config_dir / "bridge"


class ServedKernel:
    """The kernel of this process, which other processes reach through its bridge.

    Where the bridge cannot be had, that is announced and the kernel lives without, or without TCP if that is what
    cannot be had; with `required`, `run` raises.
    `on_demand` is the Kernel's.
    """

    def __init__(
        self, settings: Settings, *, tcp: str = "", required: bool = False, on_demand: bool = False
    ) -> None:
        self._settings = settings
        self._kernel = Kernel(settings, on_demand=on_demand)
        self._places = places_of(settings, tcp)
        self._required = required
        self._bridge: Bridge | None = None

    @property
    def portal(self) -> Portal:
        """The kernel's own portal."""
        return self._kernel.portal

    @property
    def tcp(self) -> str:
        """The endpoint for TCP, empty where there is none."""
        return self._bridge.tcp if self._bridge is not None else ""

    def stop(self) -> None:
        """Ask for an orderly end."""
        if self._bridge is not None:
            self._bridge.withdraw()
        self._kernel.stop()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Live until `stop`; raises BattuiError where the image cannot be had."""
        async with trio.open_nursery() as nursery:
            await nursery.start(self._live)
            self._bridge = self._opened()
            if self._bridge is not None:
                await nursery.start(self._bridge.run)
            task_status.started()

    async def _live(self, *, task_status: trio.TaskStatus[None]) -> None:
        await self._kernel.run(task_status=task_status)
        if self._bridge is not None:
            self._bridge.end()

    def _opened(self) -> Bridge | None:
        portal = self._kernel.portal
        assert isinstance(portal, KernelPortal)
        announce: Callable[[str], None] = portal.warn
        image = self._settings.image
        for places in dict.fromkeys((self._places, replace(self._places, tcp=""))):
            bridge = Bridge(portal, places, image=image, stop=self.stop, announce=announce)
            try:
                bridge.open()
            except (Unreachable, UsageError) as error:
                if self._required:
                    raise
                announce(str(error))
            else:
                return bridge
        return None
