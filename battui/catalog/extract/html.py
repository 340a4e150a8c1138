"""HTML by the standard library's parser: what a reader would read, in blocks."""

from __future__ import annotations

from html.parser import HTMLParser

from battui.catalog.extract.blocks import Extract, Headings, Kind, joined

_UNREAD = {"script", "style", "template", "noscript", "svg", "head"}
_INLINE = {
    *("a", "abbr", "b", "bdi", "bdo", "cite", "code", "data", "del", "dfn", "em", "i", "ins", "kbd", "label"),
    *("mark", "q", "s", "samp", "small", "span", "strong", "sub", "sup", "time", "u", "var", "wbr", "font"),
}
_HEADINGS = {f"h{level}": level for level in range(1, 7)}


def extract_html(text: str) -> Extract:
    """Headings, paragraphs and preformatted blocks; scripts, styles and markup are left out."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    reader.end_block()
    return joined(reader.parts, reader.title.strip())


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[tuple[str, Kind, tuple[str, ...]]] = []
        self.title = ""
        self._words: list[str] = []
        self._headings = Headings()
        self._unread = 0
        self._preformatted = 0
        self._in_title = False
        self._heading = 0

    def handle_starttag(self, tag: str, _attributes: list[tuple[str, str | None]]) -> None:
        self._in_title = tag == "title"
        if tag in _UNREAD:
            self._unread += 1
        if tag == "br":
            self._words.append("\n")
        elif tag not in _INLINE:
            self.end_block()
            self._preformatted += tag == "pre"
            self._heading = _HEADINGS.get(tag, 0)

    def handle_endtag(self, tag: str) -> None:
        self._in_title = False
        if tag in _UNREAD:
            self._unread = max(0, self._unread - 1)
        if tag not in _INLINE:
            self.end_block()
            self._preformatted = max(0, self._preformatted - (tag == "pre"))

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data
        elif not self._unread:
            self._words.append(data)

    def end_block(self) -> None:
        """What has gathered is a block."""
        text, self._words = "".join(self._words), []
        text = text.strip("\n") if self._preformatted else " ".join(text.split())
        if not text.strip():
            return
        kind: Kind = "code" if self._preformatted else "heading" if self._heading else "prose"
        path = self._headings.enter(self._heading, text) if kind == "heading" else self._headings.path
        self._heading = 0
        self.parts.append((text, kind, path))
