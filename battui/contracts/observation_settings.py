"""What can be configured of how a kernel is watched."""

from __future__ import annotations

from dataclasses import dataclass

from battui.contracts.setting_checks import setting


@dataclass(frozen=True, slots=True)
class LogSettings:
    """What is kept of the kernel's events, in files of JSON lines in the state folder."""

    level: str = setting(
        "info",
        "The least that an event has to be to be kept; none keeps nothing.",
        choices=("debug", "info", "warning", "error", "none"),
    )
    file_kb: int = setting(4096, "KiB after which a new file is begun.", low=16, high=1_048_576)
    files: int = setting(5, "Files kept, the present one included.", low=2, high=1000)


@dataclass(frozen=True, slots=True)
class MetricsSettings:
    """Where the kernel's figures can be had besides `battui stats`."""

    port: int = setting(
        0, "TCP port on loopback where Prometheus finds the figures at /metrics; 0: none.", low=0, high=65_535
    )
