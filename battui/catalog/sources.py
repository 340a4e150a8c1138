"""Where documents come from: files and folders, rows of a table, a text given by hand."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_ISLNK, S_ISREG

from battui.catalog.analysis import DEFAULT_LANGUAGE
from battui.catalog.chunking import Sizes, pieces_of
from battui.catalog.conditions import Metadata
from battui.catalog.drafts import Draft, content_hash
from battui.catalog.extract import extract, kind_of
from battui.catalog.extract.formats import decoded
from battui.contracts.errors import Refused

LARGEST = 16 << 20
ROW_SIZES = Sizes(most=4096)
"""A row of a table is one document to whoever made the table; only very long ones are cut."""
UNVISITED = frozenset({"__pycache__", "node_modules"})
COLUMNS = frozenset(
    {"id", "_id", "docid", "doc_id", "docno", "document_id", "pid", "qid", "query_id"}
    | {
        "title",
        "text",
        "body",
        "content",
        "contents",
        "abstract",
        "document",
        "passage",
        "query",
        "question",
        "url",
    }
)
_VERSION = 1
"""Raised when the same content would be cut differently than before."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How documents are indexed."""

    sizes: Sizes = field(default_factory=Sizes)
    language: str = DEFAULT_LANGUAGE
    metadata: Metadata = field(default_factory=dict)

    @property
    def facts(self) -> tuple[object, ...]:
        """What a content hash has to include."""
        return (_VERSION, self.sizes.most, self.sizes.overlap, self.language, sorted(self.metadata.items()))


@dataclass(frozen=True, slots=True)
class Source:
    """A document before it is read: `content` in bytes, `content_hash` over it and the manner."""

    key: str
    name: str
    kind: str
    content: bytes
    content_hash: str
    title: str = ""


def files_below(path: Path) -> Iterator[Path]:
    """Yield `path` itself, or what lies in that folder, in order; hidden entries are not visited."""
    if not path.is_dir() or path.is_symlink():
        yield path
        return
    for folder, names, files in os.walk(path):
        links = [name for name in names if Path(folder, name).is_symlink()]
        names[:] = sorted(
            name for name in names if not name.startswith(".") and name not in {*UNVISITED, *links}
        )
        yield from (Path(folder, name) for name in sorted([*files, *links]) if not name.startswith("."))


def file_source(path: Path, manner: Manner, largest: int = LARGEST) -> Source:
    """Read a file; raises Refused with the reason where it is not to be indexed."""
    content = content_of(path, largest)
    name = str(path)
    return given_source(str(path.resolve()), name, content, manner, kind=kind_of(name))


def content_of(path: Path, largest: int = LARGEST) -> bytes:
    """What the file holds; raises Refused with the reason where it is not to be indexed."""
    try:
        facts = path.lstat()
        if S_ISLNK(facts.st_mode):
            raise Refused("it is a symbolic link")
        if not S_ISREG(facts.st_mode):
            raise Refused("it is no file")
        if facts.st_size > largest:
            raise Refused(f"it is larger than {largest >> 20} MiB")
        return path.read_bytes()
    except OSError as error:
        raise Refused(f"it cannot be read ({(error.strerror or str(error)).lower()})") from None


def given_source(
    key: str, name: str, content: bytes, manner: Manner, *, kind: str = "text", title: str = ""
) -> Source:
    """A document whose content is at hand."""
    return Source(key, name, kind, content, content_hash(content, *manner.facts, kind, title), title)


def rows_of(path: Path, manner: Manner, largest: int = LARGEST) -> Iterator[Source | str]:
    """Yield the rows of a table `id<TAB>title<TAB>text` (the title may be missing); a text says what is wrong.

    Empty lines are passed over, and so is a first line that names the columns. Further tabs belong to the text.
    """
    place = str(path.resolve())
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            fields = line.rstrip(b"\r\n").split(b"\t", 2)
            if not line.strip():
                continue
            if len(fields) < 2 or not fields[0].strip():
                yield f"{path}:{number}: it is no row of id, title and text"
                continue
            if len(line) > largest:
                yield f"{path}:{number}: it is larger than {largest >> 20} MiB"
                continue
            try:
                texts = [unquoted(decoded(each)) for each in fields]
            except Refused as refused:
                yield f"{path}:{number}: {refused.what}"
                continue
            if number == 1 and names_columns(texts):
                continue
            name, title = texts[0], texts[1] if len(texts) == 3 else ""
            content = "\n".join(filter(None, texts[1:])).encode()
            yield given_source(f"{place}#{name}", name, content, manner, kind="row", title=title)


def unquoted(field: str) -> str:
    """A field of a table without the quotes that some programs put around all of it."""
    bare = field.strip()
    quoted = (
        len(bare) > 1 and bare[0] == bare[-1] == '"' and bare[1:-1].count('"') == 2 * bare[1:-1].count('""')
    )
    return bare[1:-1].replace('""', '"').strip() if quoted else bare


def names_columns(fields: Sequence[str]) -> bool:
    """Whether a table's first line names its columns instead of filling them."""
    return all(field.lower().replace("-", "_") in COLUMNS for field in "\t".join(fields).split("\t"))


def draft_of(source: Source, manner: Manner) -> Draft:
    """Extract and cut a document; raises Refused where there is nothing to be found in it."""
    row = source.kind == "row"
    document = extract(source.content, "text" if row else source.kind)
    pieces = pieces_of(document, ROW_SIZES if row else manner.sizes)
    if not pieces:
        raise Refused("it is empty")
    title = source.title or document.title or Path(source.name).name
    return Draft(
        source.key,
        source.name,
        title,
        source.kind,
        source.content_hash,
        pieces,
        manner.language,
        manner.metadata,
    )
