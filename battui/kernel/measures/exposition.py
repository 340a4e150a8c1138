"""The kernel's figures in Prometheus's text format, version 0.0.4."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from battui.contracts.replies import KernelStats

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def exposition(stats: KernelStats) -> str:
    """Every figure with its help and type; it ends with a newline, as the format wants."""
    return "".join(f"{line}\n" for line in _lines(stats))


def _lines(stats: KernelStats) -> Iterator[str]:
    yield from _one("start_time_seconds", "gauge", "When the kernel started, in Unix time.", stats.started_at)
    yield from _one("commands_total", "counter", "Commands performed.", stats.commands)
    yield from _one("commands_failed_total", "counter", "Commands that ended with an error.", stats.failed)
    yield from _one("commands_busy_total", "counter", "Commands turned away.", stats.busy)
    yield from _one("commands_queued", "gauge", "Commands that nobody has taken yet.", stats.queued)
    yield from _one("commands_performing", "gauge", "Commands under way.", stats.performing)
    yield from _histogram(stats)
    yield from _labelled("missions", "Missions by state.", "state", stats.missions)
    yield from _one("engine_ready", "gauge", "Whether the engine is ready.", int(stats.engine == "ready"))
    yield from _one(
        "engine_restarts_total", "counter", "Crashes after which it started again.", stats.restarts
    )
    yield from _one("generations_total", "counter", "Requests that the engine answered.", stats.generations)
    yield from _one("tokens_total", "counter", "Tokens generated.", stats.tokens)
    yield from _one("engine_working_seconds_total", "counter", "Time with a request.", stats.working_s)
    yield from _labelled("adapters", "Adapters by tier.", "tier", stats.tiers)
    sizes = {"hot": stats.hot_bytes, "warm": stats.warm_bytes}
    yield from _labelled("adapter_bytes", "Bytes of adapters by tier.", "tier", sizes)
    yield from _one("activations_total", "counter", "Learned methods run in cells.", stats.activations)
    yield from _one("cell_kills_total", "counter", "Learned methods that were stopped.", stats.kills)


def _head(name: str, kind: str, meaning: str) -> Iterator[str]:
    yield f"# HELP battui_{name} {meaning}"
    yield f"# TYPE battui_{name} {kind}"


def _one(name: str, kind: str, meaning: str, value: float) -> Iterator[str]:
    yield from _head(name, kind, meaning)
    yield f"battui_{name} {value!r}"


def _labelled(name: str, meaning: str, label: str, values: Mapping[str, int]) -> Iterator[str]:
    yield from _head(name, "gauge", meaning)
    for key, value in sorted(values.items()):
        yield f'battui_{name}{{{label}="{_escaped(key)}"}} {value!r}'


def _histogram(stats: KernelStats) -> Iterator[str]:
    name = "message_seconds"
    yield from _head(name, "histogram", "How long senders of message lines and lessons waited.")
    for bound, count in stats.within:
        yield f'battui_{name}_bucket{{le="{bound!r}"}} {count}'
    yield f'battui_{name}_bucket{{le="+Inf"}} {stats.messages}'
    yield f"battui_{name}_sum {stats.seconds!r}"
    yield f"battui_{name}_count {stats.messages}"


def _escaped(text: str) -> str:
    """States may have names that users gave them."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
