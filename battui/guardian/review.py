"""The guardian's verdict on one source, and its repair."""

from __future__ import annotations

from dataclasses import replace

import libcst as cst

from battui.contracts.review import Finding, Review
from battui.guardian import allow
from battui.guardian.allow.signature import only_function
from battui.guardian.covenant import Leak, Policy, TooComplex, Verdict, analyse
from battui.guardian.hashing import hash_of
from battui.guardian.reading import Reading, Unreadable, check_compiles, parse, read
from battui.guardian.repair import repaired as with_signals
from battui.guardian.rules import ALL_RULES, Rules

TOO_COMPLEX = Finding(
    "size", 1, "the method has too many ways through it to be checked", "Split it into several methods."
)

_NO_COVENANT = Verdict((), ())


def review(source: str, *, rules: Rules = ALL_RULES, repair: bool = True) -> Review:
    """Check `source` against `rules`; with `repair`, insert signals that are missing.

    Never raises, and takes a bounded time: whatever is wrong with the text is a finding.
    """
    as_it_is, repaired = review_both(source, rules, repair=repair)
    return as_it_is if repaired is None else repaired


def review_both(source: str, rules: Rules, *, repair: bool = True) -> tuple[Review, Review | None]:
    """The verdict on `source` as it is, and the one with its signals inserted where any were; never raises."""
    try:
        return _review(read(source), rules, repair=repair)
    except Unreadable as unreadable:
        return Review(False, source, (unreadable.finding,)), None
    except (TooComplex, RecursionError, MemoryError):
        return Review(False, source, (TOO_COMPLEX,)), None


def _review(reading: Reading, rules: Rules, *, repair: bool) -> tuple[Review, Review | None]:
    allowed = _allow(reading) if rules.allow else ()
    function = only_function(reading.module)
    if function is None:
        return _without_function(reading, allowed), None
    policy = policy_of(rules)
    verdict = analyse(function, policy) if policy is not None else _NO_COVENANT
    as_it_is = _verdict(reading, function, (*allowed, *covenant_findings(reading, verdict)))
    if not repair or policy is None or not verdict.leaks:
        return as_it_is, None
    fixed = repair_function(function, verdict, policy)
    if fixed is None:
        return as_it_is, None
    text = reading.module.with_changes(body=[fixed]).code
    repaired = replace(_verdict(reading, function, allowed), source=text, repaired=True)
    return as_it_is, replace(repaired, tree_hash=hash_of(parse(text)))


def _verdict(reading: Reading, function: cst.FunctionDef, findings: tuple[Finding, ...]) -> Review:
    return Review(
        accepted=not any(one.severity == "error" for one in findings),
        source=reading.source,
        findings=tuple(sorted(findings, key=lambda one: one.line)),
        tree_hash=hash_of(reading.tree),
        selector=function.name.value,
        parameters=_parameters(function),
    )


def _allow(reading: Reading) -> tuple[Finding, ...]:
    try:
        check_compiles(reading.source)
        return allow.check(reading)
    except Unreadable as unreadable:
        return (unreadable.finding,)


def _without_function(reading: Reading, findings: tuple[Finding, ...]) -> Review:
    form = Finding(
        "form", 1, "this is not exactly one function", "Write one function, `def name(self, ...):`."
    )
    return Review(False, reading.source, findings or (form,), tree_hash=hash_of(reading.tree))


def _parameters(function: cst.FunctionDef) -> tuple[str, ...]:
    params = function.params
    every = (*params.posonly_params, *params.params, *params.kwonly_params)
    return tuple(param.name.value for param in every[1:])


def policy_of(rules: Rules, tracked: frozenset[str] = frozenset()) -> Policy | None:
    """How strictly the covenant is read; None where it is not."""
    if rules.covenant == "off":
        return None
    return Policy(
        assignments=rules.covenant == "strict", covers=not rules.allow, answers=rules.allow, tracked=tracked
    )


def covenant_findings(reading: Reading, verdict: Verdict) -> tuple[Finding, ...]:
    """What the covenant has against one function of `reading`, in words."""
    return (*_leak_findings(reading, verdict), *_style_findings(reading, verdict))


def repair_function(function: cst.FunctionDef, verdict: Verdict, policy: Policy) -> cst.FunctionDef | None:
    """One function with its missing signals inserted, or None where that cannot be done. Raises TooComplex."""
    return with_signals(function, verdict.leaks, lambda changed: not analyse(changed, policy).leaks)


def _leak_findings(reading: Reading, verdict: Verdict) -> list[Finding]:
    found: dict[tuple[int, str], Finding] = {}
    for leak in verdict.leaks:
        line = reading.line(leak.change.statement)
        owner = leak.change.path.split("|", 1)[0]
        found.setdefault((line, owner), Finding("covenant", line, *_words(reading, leak, owner)))
    return list(found.values())


def _words(reading: Reading, leak: Leak, owner: str) -> tuple[str, str]:
    where = "at its end" if leak.leaving is None else f"by the return on line {reading.line(leak.leaving)}"
    before = "at the end of the method" if leak.leaving is None else "before that return"
    message = f"{owner} changes here and the method may be left {where} without its signal"
    return message, f"Write {owner}._p_changed = True after the change, {before}."


def _style_findings(reading: Reading, verdict: Verdict) -> list[Finding]:
    return [
        Finding(
            "covenant",
            reading.line(change.statement),
            f"{change.path} changes here after its signal",
            f"Write {change.path}._p_changed = True after the change.",
            severity="style",
        )
        for change in verdict.early
    ]
