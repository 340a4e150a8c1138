"""A method as text: signature, certificate, source; then its cases, its versions and where it came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

from textual.content import Content

from battui.contracts.cases import Case
from battui.contracts.replies import MethodStory, MethodView
from battui.contracts.values import Value
from battui.tui.values import date_and_clock, difference, one_line, pretty, python

_SHORT = 12
"""Characters of a hash that a person is shown."""


def method_text(method: MethodView) -> Content:
    """Return signature, facts and source of a method."""
    signature = f"{method.selector}({', '.join(method.parameters)})"
    lines = [Content.styled(signature, "bold")]
    if method.intent:
        lines.append(Content.styled(method.intent, "$muted"))
    lines += [_fact(title, text) for title, text in _facts(method) if text]
    return Content("\n").join([*lines, Content(""), python(method.source)])


def story_text(story: MethodStory) -> Content:
    """Return what stands behind the method: cases, provenance, and what each version changed."""
    return Content("\n").join(
        [*_cases(story.cases), *_provenance(story.provenance), *_versions(story.versions)]
    )


def _facts(method: MethodView) -> list[tuple[str, str]]:
    if method.primitive:
        return [("primitive", "battui's own, written in Python")]
    certificate = " ".join(filter(None, [method.ruleset, method.tree_hash[:_SHORT]]))
    learned = date_and_clock(method.installed_at) if method.installed_at else ""
    return [
        ("certificate", certificate),
        ("tried", ", ".join(method.trials)),
        ("learned", f"{learned}  {method.mission}".strip()),
        ("versions", str(method.versions) if method.versions > 1 else ""),
    ]


def _fact(title: str, text: str) -> Content:
    return Content.assemble((f"{title:<12}", "$muted"), text)


def _heading(text: str) -> Iterator[Content]:
    yield Content("")
    yield Content.styled(text, "bold $text-primary")


def _cases(cases: tuple[Case, ...]) -> Iterator[Content]:
    if cases:
        yield from _heading("Cases that every version has to pass")
        for case in cases:
            given = f"({_named(case.arguments)})" + (f" with {_named(case.slots)}" if case.slots else "")
            yield Content.assemble(one_line(given), ("  →  ", "$muted"), one_line(_end(case)))


def _end(case: Case) -> str:
    """What has to come of a case."""
    if case.raises:
        return f"raises {case.raises}"
    changed = {name: value for name, value in case.after.items() if case.slots.get(name) != value}
    ends = [_named(changed)] if changed else []
    ends += [f"answers {pretty(case.result)}"] if case.answers else []
    return ", ".join(ends) or "nothing changes"


def _named(values: Mapping[str, Value]) -> str:
    return ", ".join(f"{name}={pretty(value)}" for name, value in values.items())


def _provenance(told: Mapping[str, Value]) -> Iterator[Content]:
    facts = [(name, _short(name, value)) for name, value in told.items() if value not in ("", None, [], {})]
    if facts:
        yield from _heading("Provenance")
        yield from (_fact(name.replace("_", " "), text) for name, text in facts)


def _short(name: str, value: Value) -> str:
    text = value if isinstance(value, str) else pretty(value, width=200)
    return text[:_SHORT] if name.endswith("sha256") else one_line(text)[:160]


def _versions(versions: tuple[MethodView, ...]) -> Iterator[Content]:
    for place, (newer, older) in enumerate(pairwise(versions)):
        number = len(versions) - place
        learned = f"  {date_and_clock(newer.installed_at)} {newer.mission}"
        yield from _heading(f"Version {number} changed{learned}")
        yield difference(older.source, newer.source)
