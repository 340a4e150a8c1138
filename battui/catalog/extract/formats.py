"""Which extractor reads which file, and how bytes become text."""

from __future__ import annotations

import codecs
import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path, PurePath

from battui.catalog.extract.blocks import Extract
from battui.catalog.extract.html import extract_html
from battui.catalog.extract.markdown import extract_markdown
from battui.catalog.extract.pdf import extract_pdf
from battui.catalog.extract.plain import extract_plain
from battui.catalog.extract.restructured import extract_restructured
from battui.catalog.extract.source import extract_python, extract_source
from battui.contracts.errors import Refused

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_READERS: Mapping[str, Callable[[str], Extract]] = {
    "text": extract_plain,
    "markdown": extract_markdown,
    "restructuredtext": extract_restructured,
    "html": extract_html,
    "python": extract_python,
    "source": extract_source,
}


def kind_of(name: str) -> str:
    """The kind of a document by its name."""
    return _kinds().get(PurePath(name).suffix.lstrip(".").lower(), "text")


def extract(content: bytes, kind: str) -> Extract:
    """Read a document of this kind; raises Refused with the reason where it is no text or damaged."""
    if kind == "pdf":
        return extract_pdf(content)
    return _READERS[kind](decoded(content))


def decoded(content: bytes) -> str:
    """UTF-8, or what a byte order mark says; raises Refused for anything else."""
    encoding = next((encoding for mark, encoding in _MARKS if content.startswith(mark)), "utf-8")
    if encoding == "utf-8" and b"\0" in content:
        raise Refused("it is binary")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise Refused(f"it is not {encoding.removesuffix('-sig').upper()} (byte {error.start})") from None
    if "\0" in text:
        raise Refused("it is binary")
    return text


@cache
def _kinds() -> dict[str, str]:
    table = tomllib.loads((Path(__file__).parent / "formats.toml").read_text(encoding="utf-8"))["kinds"]
    return {suffix: kind for kind, suffixes in table.items() for suffix in suffixes}
