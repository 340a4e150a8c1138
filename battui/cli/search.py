"""`battui search`: find passages in the image's catalog, or answer a file of queries as a ranking."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from battui.contracts.errors import UsageError

if TYPE_CHECKING:
    from battui.catalog.hybrid import Nearness
    from battui.catalog.passages import Passage
    from battui.contracts.settings import Settings
    from battui.image.image import Image
    from battui.image.world import World

TOP = 10
TOP_OF_RUN = 100
TAG = "battui"


def add_parser(subparsers: Any) -> None:
    """Add the command `search`."""
    parser = subparsers.add_parser(
        "search",
        help="find passages in what was indexed",
        description='Words find chunks with any of them, the best first. "A phrase" has to stand there; AND, OR, '
        "NOT, -word and parentheses work as expected.",
    )
    parser.add_argument("query", metavar="QUERY", nargs="*", help="what to look for")
    parser.add_argument("--top", metavar="K", type=_count, default=None, help="how many, 10 if not given")
    parser.add_argument(
        "--where",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="only documents with this metadata, such as kind=markdown; numbers may be a range, 10..20",
    )
    parser.add_argument("--queries", metavar="FILE", type=Path, help="queries, one a line: id, tab, words")
    parser.add_argument("--run", dest="run_file", metavar="FILE", type=Path, help="write a TREC run for them")
    parser.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Print the passages, 1 if there are none; or write the run. The exit code."""
    if arguments.queries is not None:
        return _run_queries(arguments)
    if arguments.run_file is not None:
        raise UsageError("--run needs queries", remedy="Name a file: --queries FILE.")
    query = " ".join(arguments.query).strip()
    if not query:
        raise UsageError("there is nothing to look for", remedy="For example: battui search 'group commit'")
    passages = _passages(arguments, query)
    for passage in passages:
        _print(passage, arguments.output)
    if not passages:
        print("battui: nothing was found.", file=sys.stderr)
    return 0 if passages else 1


def _passages(arguments: Namespace, query: str) -> tuple[Passage, ...]:
    from battui.catalog.conditions import condition
    from battui.catalog.passages import search
    from battui.catalog.postings import Postings
    from battui.cli.wiring import settings_of
    from battui.image.image import Image

    where = [condition(text) for text in arguments.where]
    top = arguments.top or TOP
    settings = settings_of(arguments)
    with Image.look(settings.image) as image, _nearness(image, settings) as near:
        vector = near(query)
        return image.read(lambda world: search(world, Postings(), query, top=top, where=where, near=vector))


@contextmanager
def _nearness(image: Image, settings: Settings) -> Iterator[Callable[[str], Nearness | None]]:
    """What makes vectors of queries, where they are turned on."""
    if not settings.catalog.embeddings:
        yield lambda _: None
        return
    from battui.kernel.catalog.embedding import EmbeddingThread, embedding_model

    model = image.read(lambda world: embedding_model(world, settings))
    assert model is not None
    with EmbeddingThread(settings, model) as embeddings:
        yield embeddings.near


def _run_queries(arguments: Namespace) -> int:
    from battui.cli.wiring import settings_of
    from battui.image.image import Image

    if arguments.query or arguments.where:
        raise UsageError("--queries stands alone", remedy="Leave out QUERY and --where.")
    queries = list(_queries(arguments.queries))
    settings = settings_of(arguments)
    with Image.look(settings.image) as image, _nearness(image, settings) as near:
        lines = image.read(lambda world: list(_trec(world, queries, arguments.top or TOP_OF_RUN, near)))
    text = "".join(f"{line}\n" for line in lines)
    if arguments.run_file is None:
        print(text, end="")
    else:
        arguments.run_file.write_text(text, encoding="utf-8")
        print(f"{len(queries)} queries, {len(lines)} lines written to {arguments.run_file}", file=sys.stderr)
    return 0


def _trec(
    world: World, queries: list[tuple[str, str]], top: int, near: Callable[[str], Nearness | None]
) -> Iterator[str]:
    """The lines of a TREC run: query, Q0, document, rank, score, tag. Queries are words, never operators."""
    from battui.catalog.passages import ranking
    from battui.catalog.postings import Postings

    postings = Postings()
    for number, words in queries:
        found = ranking(world, postings, words, top=top, near=near(words))
        for place, (document, score) in enumerate(found, 1):
            yield f"{_word(number)} Q0 {_word(document)} {place} {score:.6f} {TAG}"


def _word(name: str) -> str:
    """A run's columns stand between blanks: a name with blanks would be several."""
    return "_".join(name.split())


def _queries(path: Path) -> Iterator[tuple[str, str]]:
    from battui.catalog.sources import names_columns, unquoted

    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the queries cannot be read ({error})", about=str(path)) from None
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        name, tab, words = line.rstrip("\r").partition("\t")
        if not tab or not name.strip():
            raise UsageError("a query is an id, a tab and words", about=f"{path}:{number}")
        if number > 1 or not names_columns([name.strip(), words.strip()]):
            yield unquoted(name), unquoted(words)


def _print(passage: Passage, form: str) -> None:
    if form == "json":
        import json

        from battui.cli.reply_json import plain

        print(json.dumps({"reply": "passage", **plain(passage)}, ensure_ascii=False))
        return
    path = " > ".join(passage.headings)
    print(f"{passage.place}  {path or passage.title}  ({passage.score:.2f})")
    for line in _highlighted(passage).splitlines():
        if line.strip():
            print(f"    {line.rstrip()}")
    print()


def _highlighted(passage: Passage) -> str:
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        return passage.text
    parts, last = [], 0
    for start, end in passage.marks:
        parts.append(f"{passage.text[last:start]}\x1b[1m{passage.text[start:end]}\x1b[0m")
        last = end
    return "".join(parts) + passage.text[last:]


def _count(text: str) -> int:
    count = int(text)
    if not 1 <= count <= 10_000:
        raise ValueError
    return count
