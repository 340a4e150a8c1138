"""`battui image`: what the image is made of, making it smaller, and copying it."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from battui.contracts.replies import Reply

DAYS = 30.0
_MIB = 1 << 20


def add_parser(subparsers: Any) -> None:
    """Add the command `image` with its verbs."""
    parser = subparsers.add_parser("image", help="what the image is made of; pack it, or back it up")
    parser.set_defaults(run=run_info)
    verbs = parser.add_subparsers(title="verbs", metavar="VERB")
    verbs.add_parser("info", help="place, size, objects, methods, models").set_defaults(run=run_info)
    pack = verbs.add_parser("pack", help="forget what the image was long ago; that cannot be undone")
    pack.add_argument(
        "--days", metavar="N", type=float, default=DAYS, help=f"older than so many (default {DAYS:g})"
    )
    pack.set_defaults(run=run_pack)
    backup = verbs.add_parser("backup", help="copy it into a new folder, also while a kernel runs")
    backup.add_argument("folder", metavar="FOLDER", type=Path)
    backup.set_defaults(run=run_backup)


def run_info(arguments: Namespace) -> int:
    """Print what the image is made of; the exit code. Raises UnknownObject where there is none."""
    from battui.cli.headless import replies_to
    from battui.cli.wiring import require_image, settings_of
    from battui.contracts.commands import ListObjects, ShowStats, ShowStatus
    from battui.contracts.models import ListAdapters, ListModels

    image = settings_of(arguments).image
    require_image(arguments)
    replies = replies_to(arguments, ListObjects(), ShowStatus(), ShowStats(), ListModels(), ListAdapters())
    told = {"image": image, **_sizes(image), **_contents(replies)}
    _print(arguments.output, "image", told)
    return 0


def run_pack(arguments: Namespace) -> int:
    """Pack the image, through the kernel that owns it if there is one; the exit code."""
    from battui.cli.headless import perform
    from battui.cli.wiring import require_image
    from battui.contracts.commands import PackImage
    from battui.contracts.errors import UsageError

    if not 0 <= arguments.days <= 36_525:
        raise UsageError("--days is from 0 to 36525", about=f"{arguments.days:g}")
    require_image(arguments)
    return perform(arguments, PackImage(arguments.days))


def run_backup(arguments: Namespace) -> int:
    """Copy the image; the exit code."""
    from battui.cli.wiring import settings_of
    from battui.image.backup import back_up

    image = settings_of(arguments).image
    size = back_up(image, arguments.folder)
    _print(arguments.output, "backup", {"image": image, "folder": str(arguments.folder), "bytes": size})
    return 0


def _sizes(image: str) -> dict[str, int]:
    """Bytes on disk; nothing for an image on a server."""
    from battui.image.storage import BLOB_FOLDER, DATA_FILE

    if "://" in image:
        return {}
    blobs = [path.stat().st_size for path in (Path(image) / BLOB_FOLDER).rglob("*.blob")]
    records = (Path(image) / DATA_FILE).stat().st_size
    return {"record_bytes": records, "blob_bytes": sum(blobs), "blobs": len(blobs)}


def _contents(replies: list[Reply]) -> dict[str, Any]:
    from battui.contracts.models import AdapterList, ModelList
    from battui.contracts.replies import KernelStats, KernelStatus, ObjectList

    objects, status, stats, models, adapters = replies
    assert isinstance(objects, ObjectList)
    assert isinstance(status, KernelStatus)
    assert isinstance(stats, KernelStats)
    assert isinstance(models, ModelList)
    assert isinstance(adapters, AdapterList)
    own = [entry for entry in objects.objects if not entry.system]
    return {
        "objects": len(own),
        "methods": sum(entry.methods for entry in own),
        "open_missions": status.open_missions,
        "missions": dict(stats.missions),
        "models": [model.name for model in models.models],
        "adapters": [adapter.name for adapter in adapters.adapters],
    }


def _print(form: str, reply: str, told: dict[str, Any]) -> None:
    import json

    if form == "json":
        print(json.dumps({"reply": reply} | told, ensure_ascii=False))
        return
    for name, value in told.items():
        print(f"{name.replace('_', ' '):<14}{_words(name, value)}")


def _words(name: str, value: Any) -> str:
    if name.endswith("bytes"):
        return f"{value:,} ({value / _MIB:.1f} MiB)"
    if isinstance(value, dict):
        return ", ".join(f"{count} {key}" for key, count in sorted(value.items())) or "none"
    return (", ".join(value) or "none") if isinstance(value, list) else str(value)
