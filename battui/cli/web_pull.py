"""Models and adapters fetched from a web address that the user names, and brought into the image."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from battui.contracts.models import OnStep
    from battui.contracts.settings import Settings


@dataclass(frozen=True, slots=True)
class Source:
    """Where something is to be had, what it is to be called, and which SHA-256 it must have; empty: whichever."""

    address: str
    name: str = ""
    sha256: str = ""


def add_arguments(parser: ArgumentParser, *, of: str) -> None:
    """Add what both kinds of `pull` take."""
    parser.add_argument(
        "--name", metavar="NAME", default="", help="what to call it; otherwise after the address"
    )
    parser.add_argument("--sha256", metavar="HASH", default="", help=f"that {of} must have; else it is shown")


def pulled_model(settings: Settings, source: Source, tell: OnStep) -> tuple[str, str]:
    """Fetch a GGUF file into the image: its name there, and a sentence that says so.

    Raises as `web_source.fetch` and `model_place.added`.
    """
    from battui.cli.model_place import added
    from battui.cli.remote_kernel import once_it_can_be_had
    from battui.engines.web_source import fetch, file_name
    from battui.kernel.experts.incarnation import name_after

    file = file_name(source.address)
    name = source.name or name_after(Path(file).stem)
    folder = _downloads(settings, source)
    found = fetch(source.address, folder / file, tell, sha256=source.sha256)
    with _used_up(folder):
        done = once_it_can_be_had(lambda: added(settings, folder / file, name, tell))
    return name, f"{done}\nsha256 {found}"


def pulled_adapter(settings: Settings, source: Source, tell: OnStep) -> tuple[str, str]:
    """Fetch an adapter in PEFT form into the image: its name there, and a sentence that says so.

    Raises as `web_source.fetch` and `add_adapter`.
    """
    from battui.cli.model_place import performed
    from battui.contracts.models import AdapterList, AddAdapter
    from battui.engines.peft import CONFIG, WEIGHTS
    from battui.engines.web_source import fetch, inside
    from battui.kernel.experts.incarnation import name_after

    name = source.name or name_after(_last(source.address))
    folder = _downloads(settings, source)
    fetch(inside(source.address, CONFIG), folder / CONFIG, tell)
    found = fetch(inside(source.address, WEIGHTS), folder / WEIGHTS, tell, sha256=source.sha256)
    with _used_up(folder):
        added = performed(settings, AddAdapter(str(folder), name))
    assert isinstance(added, AdapterList)
    done = f"{name} is now in the image {settings.image}, for {added.adapters[0].base}."
    return name, f"{done}\nsha256 {found}"


def _last(address: str) -> str:
    """What the folder at an address is called; a branch of a repository is called after the repository."""
    from urllib.parse import urlsplit

    parts = [part for part in urlsplit(address).path.split("/") if part]
    if "resolve" in parts[1:]:
        parts = parts[: parts.index("resolve", 1)]
    return parts[-1] if parts else ""


def _downloads(settings: Settings, source: Source) -> Path:
    """The folder in which a download from this address goes on."""
    import hashlib

    return settings.cache_dir / "downloads" / hashlib.sha256(source.address.encode()).hexdigest()[:16]


@contextmanager
def _used_up(folder: Path) -> Iterator[None]:
    """The block after which nothing of the folder is wanted, whether or not the image took it."""
    import shutil

    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)
