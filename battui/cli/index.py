"""`battui index`: bring documents into the image's catalog."""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from battui.contracts.errors import UsageError

if TYPE_CHECKING:
    from battui.catalog.ingestion import Ingestion, Tally
    from battui.cli.kernel_ingestion import KernelIngestion
    from battui.contracts.settings import Settings
    from battui.image.image import Image

MOST_TOLD = 20


def add_parser(subparsers: Any) -> None:
    """Add the command `index`."""
    parser = subparsers.add_parser(
        "index",
        help="make files and folders searchable",
        description="Index files and folders: text, Markdown, reStructuredText, HTML, PDF and source code. "
        "What has not changed since the last time is left alone. - reads one text from stdin.",
    )
    parser.add_argument("paths", metavar="PATH", nargs="*", help="a file, a folder, or - for stdin")
    parser.add_argument(
        "--tsv",
        metavar="FILE",
        action="append",
        type=Path,
        default=[],
        help="a table with one document a line: id, title, text",
    )
    parser.add_argument("--prune", action="store_true", help="also take out what is no longer there")
    parser.add_argument(
        "--language", metavar="NAME", default="english", help="what the documents are written in"
    )
    parser.add_argument(
        "--meta", metavar="KEY=VALUE", action="append", default=[], help="metadata for every document"
    )
    parser.add_argument("--name", metavar="NAME", default="stdin", help="what to call the text from stdin")
    parser.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Index what was named; 1 if anything was skipped and nothing indexed. The exit code."""
    from battui.catalog.analysis import check_language
    from battui.catalog.ingestion import Ingestion
    from battui.catalog.sources import Manner
    from battui.cli.kernel_ingestion import KernelIngestion
    from battui.cli.remote_kernel import once_it_can_be_had, running_kernel
    from battui.cli.wiring import settings_of
    from battui.image.image import Image

    places = _places(arguments)
    manner = Manner(language=check_language(arguments.language), metadata=_metadata(arguments.meta))
    settings = settings_of(arguments)
    pace = _Pace()
    owned = once_it_can_be_had(lambda: None if running_kernel(settings) else Image.open(settings.image))
    if owned is None:
        with KernelIngestion(arguments, manner) as through:
            _ingest(through, arguments, places, pace)
        return _report(through.tally, arguments.output, pace)
    with owned as image:
        ingestion = Ingestion(image, manner)
        _ingest(ingestion, arguments, places, pace)
        _embed(image, settings)
    return _report(ingestion.tally, arguments.output, pace)


def _ingest(
    ingestion: Ingestion | KernelIngestion, arguments: Namespace, places: list[Path], pace: _Pace
) -> None:
    from battui.catalog.ingestion import is_below

    try:
        _take_all(ingestion, arguments, pace)
        ingestion.finish()
        if arguments.prune:
            ingestion.prune(lambda key: is_below(key, places))
    finally:
        pace.close()


def _embed(image: Image, settings: Settings) -> None:
    """Make the vectors that are lacking, where they are turned on."""
    if not settings.catalog.embeddings:
        return
    from battui.kernel.catalog.embedding import EmbeddingThread, embedding_model

    model = image.read(lambda world: embedding_model(world, settings))
    assert model is not None
    pace = _Pace("chunks embedded")
    with EmbeddingThread(settings, model) as embeddings:
        pace.total = image.read(embeddings.count_lacking)
        try:
            for chunks in embeddings.fill(image):
                pace.step(chunks, chunks)
        finally:
            pace.close()
    print(f"{_counted(pace.done, 'chunk')} embedded with {model.name}", file=sys.stderr)


def _places(arguments: Namespace) -> list[Path]:
    places = [*(Path(path) for path in arguments.paths if path != "-"), *arguments.tsv]
    if not places and "-" not in arguments.paths:
        raise UsageError("there is nothing to index", remedy="Name files or folders, --tsv FILE, or -.")
    for place in places:
        # With --prune a folder that is gone takes its documents along.
        if not arguments.prune and not place.exists() and not place.is_symlink():
            raise UsageError("there is no such file or folder", about=str(place))
    return places


def _metadata(pairs: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not (name and equals):
            raise UsageError("this is no metadata", about=pair, remedy="Write KEY=VALUE.")
        try:
            found[name] = float(value) if "." in value else int(value)
        except ValueError:
            found[name] = value
    return found


def _take_all(ingestion: Ingestion | KernelIngestion, arguments: Namespace, pace: _Pace) -> None:
    from battui.catalog.sources import file_source, given_source, rows_of
    from battui.contracts.errors import Refused

    files = list(_files(arguments.paths))
    manner = ingestion.manner
    tables = [path for path in arguments.tsv if path.exists()]
    pace.total = sum(_size(path) for path in [*files, *tables])
    for path in files:
        pace.step(_size(path))
        try:
            ingestion.take(file_source(path, manner))
        except Refused as refused:
            ingestion.skip(str(path), refused.what)
    for table in tables:
        for row in rows_of(table, manner):
            if isinstance(row, str):
                ingestion.skip(*row.split(": ", 1))
            else:
                pace.step(len(row.content))
                ingestion.take(row)
    if "-" in arguments.paths:
        content = sys.stdin.buffer.read()
        key = f"stdin:{arguments.name}"
        ingestion.take(given_source(key, arguments.name, content, manner))


def _files(paths: list[str]) -> Iterator[Path]:
    from battui.catalog.sources import files_below

    for path in paths:
        if path != "-" and (Path(path).exists() or Path(path).is_symlink()):
            yield from files_below(Path(path))


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0


class _Pace:
    """How fast it goes and the time that is left, on stderr: a line rewritten on a terminal, else each quarter."""

    def __init__(self, things: str = "documents") -> None:
        self.total = 0
        self.done = 0
        self._things = things
        self._size = 0
        self._began = time.monotonic()
        self._terminal = sys.stderr.isatty()
        self._told = 0.0 if self._terminal else 0.25

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return time.monotonic() - self._began

    def step(self, size: int, things: int = 1) -> None:
        """So many things more, of which `size` counts for the share that is done."""
        self.done += things
        self._size += size
        if self._terminal and self.seconds - self._told >= 0.1:
            self._told = self.seconds
            print(f"\r\x1b[K{self._text()}", end="", file=sys.stderr, flush=True)
        elif not self._terminal and self.total and self._size / self.total >= self._told:
            self._told += 0.25
            if self.seconds >= 1:
                print(self._text(), file=sys.stderr, flush=True)

    def close(self) -> None:
        """End the line that is being rewritten."""
        if self._terminal and self._told:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    def _text(self) -> str:
        share = min(1.0, self._size / self.total) if self.total else 1.0
        left = self.seconds * (1 - share) / share if share else 0.0
        return f"{share:.0%}  {self.done} {self._things}, {self.done / self.seconds:.0f}/s, {left:.0f} s left"


def _report(tally: Tally, form: str, pace: _Pace) -> int:
    """Tell what became of the documents; 1 where all there were had to be skipped."""
    for name, reason in tally.skipped[:MOST_TOLD]:
        print(f"skipped {name}: {reason}", file=sys.stderr)
    if (more := len(tally.skipped) - MOST_TOLD) > 0:
        print(f"skipped {more} more", file=sys.stderr)
    if form == "json":
        import json

        told = {"indexed": tally.indexed, "chunks": tally.chunks, "unchanged": tally.unchanged}
        told |= {"pruned": tally.pruned}
        skipped = [{"name": name, "reason": reason} for name, reason in tally.skipped]
        print(json.dumps({"reply": "index", **told, "skipped": skipped}, ensure_ascii=False))
    else:
        print(_summary(tally, pace))
    nothing = not (tally.indexed or tally.unchanged or tally.pruned)
    return 1 if tally.skipped and nothing else 0


def _summary(tally: Tally, pace: _Pace) -> str:
    rate = tally.indexed / pace.seconds if pace.seconds else 0.0
    indexed, chunks = _counted(tally.indexed, "document"), _counted(tally.chunks, "chunk")
    parts = [f"{indexed} indexed in {chunks} ({rate:.0f}/s)"]
    parts += [f"{tally.unchanged} unchanged"] if tally.unchanged else []
    parts += [f"{tally.pruned} pruned"] if tally.pruned else []
    parts += [f"{len(tally.skipped)} skipped"] if tally.skipped else []
    return ", ".join(parts)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
