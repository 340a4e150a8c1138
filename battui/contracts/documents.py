"""Documents of the catalog: what a front end may ask of the kernel, and what it is answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

from battui.contracts.values import Value

DocumentKind: TypeAlias = Literal[
    "text", "markdown", "restructuredtext", "html", "python", "source", "pdf", "row"
]
"""How the content is read; a row of a table is one document, whatever its length."""
DOCUMENT_KINDS: tuple[str, ...] = get_args(DocumentKind)


@dataclass(frozen=True, slots=True)
class Document:
    """A document to be found by its words. `key` is its place and unique, `name` what a ranking calls it.

    Its `content` comes along, or lies in the regular `file` on the kernel's machine. Without `title` it is what the
    content says, or the name.
    """

    key: str
    name: str
    content: bytes = b""
    kind: DocumentKind = "text"
    title: str = ""
    file: str = ""


@dataclass(frozen=True, slots=True)
class IndexDocuments:
    """Make documents searchable, each in place of an earlier one with the same key; all in one transaction.

    Answers an Answer whose value is a map: `indexed`, `unchanged` and `chunks` are numbers, `skipped` pairs the names
    of those that cannot be read with the reasons.
    """

    documents: tuple[Document, ...]
    language: str = "english"
    metadata: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RemoveDocuments:
    """Take documents out of the catalog by their keys. Answers an Answer with how many there were."""

    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ListDocuments:
    """Answer a DocumentList: the documents whose keys begin with `prefix`, in order, from the one `after` on."""

    prefix: str = ""
    after: str = ""
    limit: int = 1_000


CatalogCommand: TypeAlias = IndexDocuments | RemoveDocuments | ListDocuments


@dataclass(frozen=True, slots=True)
class DocumentView:
    """A document of the catalog, in so many chunks."""

    key: str
    name: str
    title: str
    kind: str
    chunks: int


@dataclass(frozen=True, slots=True)
class DocumentList:
    documents: tuple[DocumentView, ...] = ()
