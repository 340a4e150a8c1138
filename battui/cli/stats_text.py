"""The kernel's figures as lines of text."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

from battui.contracts.replies import KernelStats

_MIB = 1 << 20
SHARES = (0.5, 0.9, 0.99)


def stats_lines(stats: KernelStats) -> Iterator[str]:
    """A line for each part of the kernel."""
    since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(stats.started_at))
    yield f"kernel      since {since}"
    yield (
        f"commands    {stats.commands} performed, {stats.failed} failed, {stats.busy} turned away; "
        f"{stats.queued} queued, {stats.performing} under way"
    )
    yield f"messages    {stats.messages}{_latency(stats)}"
    yield f"missions    {_counts(stats.missions)}"
    yield f"engine      {stats.engine}, {stats.restarts} restarts"
    rate = f", {stats.tokens / stats.working_s:.1f} a second" if stats.working_s else ""
    yield f"tokens      {stats.tokens} in {stats.generations} generations{rate}"
    sizes = f"; {stats.hot_bytes / _MIB:.1f} MiB hot, {stats.warm_bytes / _MIB:.1f} MiB warm"
    yield f"adapters    {_counts(stats.tiers)}{sizes if stats.tiers else ''}"
    yield f"cells       {stats.activations} methods run, {stats.kills} stopped"


def _latency(stats: KernelStats) -> str:
    if not stats.messages:
        return ""
    shares = (f"{share:.0%} {_bound(stats, share)}" for share in SHARES)
    return f", {stats.seconds / stats.messages:.3f} s on average; {', '.join(shares)}"


def _bound(stats: KernelStats, share: float) -> str:
    """The smallest of the counted bounds that so large a share of the messages kept to."""
    for bound, count in stats.within:
        if count >= share * stats.messages:
            return f"within {bound:g} s"
    return f"over {stats.within[-1][0]:g} s" if stats.within else "not known"


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "none"
