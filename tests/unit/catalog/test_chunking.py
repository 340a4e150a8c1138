"""Documents of every kind, cut where their structure says."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from battui.catalog.chunking import Sizes, pieces_of
from battui.catalog.extract import extract, kind_of
from battui.contracts.errors import Refused

SMALL = Sizes(most=12, overlap=4, count=lambda text: len(text.split()))
MARKDOWN = """# Lions

They hunt at night. They sleep by day. They eat what they find. They roar.

## Cubs

```python
# one two three four five six seven eight

def cub(): return "nine ten eleven twelve thirteen"
```

- they play
- they sleep
"""
RST = """=====
Lions
=====

They hunt::

    one two three four five six seven

    eight nine ten eleven twelve thirteen

Cubs
----

They play.
"""
HTML = """<html><head><title>Zoo</title><style>p {}</style></head><body><h1>Lions</h1>
<p>They <b>hunt</b> at&nbsp;night.<script>nothing()</script></p><h2>Cubs</h2><pre>one
  two</pre></body></html>"""
PYTHON = '''"""About."""

import os


class Lion:
    """A lion."""

    def roar(self):
        return "one two three four five six seven"

    @property
    def age(self):
        return 1 + 2 + 3 + 4 + 5


def hunt():
    pass
'''


def cut(text: str, kind: str, most: int = 12) -> list[tuple[tuple[str, ...], str]]:
    sizes = replace(SMALL, most=most)
    return [(piece.headings, piece.text) for piece in pieces_of(extract(text.encode(), kind), sizes)]


def test_markdown_keeps_code_blocks_whole_and_its_headings() -> None:
    pieces = cut(MARKDOWN, "markdown")
    assert pieces[0] == (("Lions",), "# Lions\n\nThey hunt at night. They sleep by day.")
    assert pieces[1][1].startswith("They sleep by day. They eat"), "neighbours share a sentence"
    code = next(text for _, text in pieces if "```" in text)
    assert code.count("```") == 2
    assert pieces[-1] == (("Lions", "Cubs"), "- they play\n- they sleep")


def test_restructured_text_has_sections_and_literal_blocks() -> None:
    pieces = cut(RST, "restructuredtext")
    assert [headings for headings, _ in pieces] == [("Lions",), ("Lions",), ("Lions", "Cubs")]
    assert "one two" in pieces[1][1]
    assert "thirteen" in pieces[1][1]
    assert pieces[2][1] == "Cubs\n----\n\nThey play."


def test_html_is_what_a_reader_reads() -> None:
    document = extract(HTML.encode(), "html")
    assert document.title == "Zoo"
    assert document.text == "Lions\n\nThey hunt at night.\n\nCubs\n\none\n  two"
    assert document.blocks[-1].headings == ("Lions", "Cubs")


def test_source_is_cut_between_functions() -> None:
    pieces = cut(PYTHON, "python", most=16)
    roar = next(piece for piece in pieces if "roar" in piece[1])
    assert roar[0] == ("Lion", "roar")
    assert "return" in roar[1]
    assert all(text.count("def ") <= 2 for _, text in pieces)
    assert any(text.lstrip().startswith("@property") for _, text in pieces)


def test_other_languages_are_cut_at_the_margin() -> None:
    pieces = cut("func roar() {\n  a b c d e f g\n}\n\nfunc hunt() {\n  a b c d e f g\n}\n", "source")
    assert [headings for headings, _ in pieces] == [("roar",), ("hunt",)]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\x7fELF\0\0", "binary"),
        (b"caf\xe9", "UTF-8"),
        (b"\xff\xfeA", "UTF-16"),
    ],
)
def test_what_is_no_text_is_refused_with_the_reason(content: bytes, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        extract(content, "text")


def test_broken_pdf_is_refused() -> None:
    for content in (b"", b"%PDF-1.7 and no more", b"hello"):
        with pytest.raises(Refused, match="PDF"):
            extract(content, "pdf")


def test_marked_encodings_are_read() -> None:
    for encoding in ("utf-8-sig", "utf-16", "utf-32"):
        assert extract("Löwe".encode(encoding), "text").text == "Löwe"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.md", "markdown"),
        ("b/README", "text"),
        ("c.RST", "restructuredtext"),
        ("d.py", "python"),
        ("e.go", "source"),
    ],
)
def test_names_say_the_kind(name: str, kind: str) -> None:
    assert kind_of(name) == kind


PARTS = ["lion", "tiger.", "cub!", "\n", "\n\n", "# Head\n", "```\n", "    ", "x" * 60, "é", "def f():\n"]
KINDS = st.sampled_from(["text", "markdown", "restructuredtext", "python", "source"])


@given(st.lists(st.sampled_from(PARTS), max_size=80).map(" ".join), KINDS)
def test_pieces_are_spans_that_lose_no_word_and_cut_none(text: str, kind: str) -> None:
    document = extract(text.encode(), kind)
    pieces = pieces_of(document, SMALL)
    covered: set[int] = set()
    for piece in pieces:
        assert document.text[piece.start : piece.end] == piece.text
        for edge in (piece.start, piece.end):
            before, after = document.text[edge - 1 : edge], document.text[edge : edge + 1]
            assert not (before.isalnum() and after.isalnum() and edge), "no word is cut"
        covered.update(range(piece.start, piece.end))
    if kind in ("text", "source", "python"):
        left = {place for place, letter in enumerate(document.text) if letter.isalnum()} - covered
        assert not left


def test_pdf_has_its_text_by_pages() -> None:
    document = extract(pdf_of("Lions hunt at night.", "Zebras sleep."), "pdf")
    assert document.text == "Lions hunt at night.\n\nZebras sleep."
    assert [block.headings for block in document.blocks] == [("page 1",), ("page 2",)]


def pdf_of(*pages: str) -> bytes:
    """A PDF with a line of text on each page, written by hand."""
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(pages)))
    parts = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for number, text in enumerate(pages):
        content = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET"
        page = "/Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /Font << /F1 3 0 R >> >>"
        parts.append(f"<< {page} /Contents {5 + 2 * number} 0 R >>")
        parts.append(f"<< /Length {len(content)} >>\nstream\n{content}\nendstream")
    text, places = "%PDF-1.4\n", []
    for number, part in enumerate(parts, 1):
        places.append(len(text))
        text += f"{number} 0 obj\n{part}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    head = f"xref\n0 {len(parts) + 1}\n0000000000 65535 f \n{table}"
    trailer = f"trailer\n<< /Size {len(parts) + 1} /Root 1 0 R >>\nstartxref\n{len(text)}\n%%EOF\n"
    return f"{text}{head}{trailer}".encode()
