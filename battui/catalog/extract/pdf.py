"""PDF by pypdf: the text of each page."""

from __future__ import annotations

import io
import logging

from battui.catalog.extract.blocks import Extract, joined, paragraphs
from battui.contracts.errors import Refused

# pypdf tells of every oddity of a file; what matters is whether there is text.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)


def extract_pdf(content: bytes) -> Extract:
    """The paragraphs of every page, the page as their heading; raises Refused where there is no text to be had."""
    from pypdf import PdfReader

    try:
        reader = PdfReader(io.BytesIO(content))
        pages = [page.extract_text() for page in reader.pages]
        title = str(reader.metadata.title or "") if reader.metadata else ""
    except Exception as error:
        # A broken file can make pypdf fail anywhere and with anything.
        raise Refused(f"it is no PDF that can be read ({type(error).__name__})") from None
    if not any(page.strip() for page in pages):
        raise Refused("its pages hold no text, only pictures perhaps")
    return joined(
        (
            (page[start:end], "prose", (f"page {number}",))
            for number, page in enumerate(pages, 1)
            for start, end in paragraphs(page)
        ),
        title,
    )
