"""From a brief to the prompts for a missing method, and from what a model wrote back to its source."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Sequence
from dataclasses import replace

from battui.contracts.generation import AdapterUse, Generated, GenerationRequest, Sampling
from battui.contracts.values import Value
from battui.mind.briefs import MethodBrief, WorkedExample, abridged_slots
from battui.mind.examples import facet_examples, nearest, shipped_examples
from battui.mind.grammar import body_grammar
from battui.mind.method_form import MethodExpert, one_line, telling
from battui.mind.prompts import template
from battui.mind.slips import without_slips

NEAREST = 4
POSSIBLE = 0.05
"""How probable a text has to be, up to where it leaves a likelier one, to be compared with what passes already."""
STOP = ("\n#", "\ndef ", "\nclass ", "\n```", "\n@")
_FENCE = re.compile(r"^\s*```\w*\s*$", re.MULTILINE)


def method_requests(
    brief: MethodBrief,
    *,
    request_id: str,
    candidates: int,
    attempt: int,
    max_tokens: int,
    temperature: float,
    examples: Sequence[WorkedExample] = (),
    constrained: bool = False,
    expert: MethodExpert | None = None,
    opening: str = "",
    judged: bool = False,
    others: bool = False,
) -> tuple[GenerationRequest, ...]:
    """Ask for `candidates` methods that answer `brief`, one in four of them with advice and feedback, if any.

    A single candidate is told what was said of those before it, but spared the advice.

    `examples` (methods that the image has learned) compete with the shipped ones for a place in the prompt.
    `attempt` moves the seed, so that a retry does not say the same again. `constrained` holds the first attempt
    to a grammar of known names, for engines that take one. Ids are `request_id` and a letter.

    An `expert` is asked in its own form instead, without worked examples; it knows no facets. `opening` takes the
    place of the first lines of the other form.

    `judged` says that something tells right candidates from wrong ones. An expert's first request is then for its
    likeliest texts: the greedy one, and those that it holds possible at all. `others` are wanted beside what was
    found wanting: of an expert, which would say the same again however it is sampled, the likeliest beside the
    greedy text, however unlikely they are, to the very same prompt.
    """
    asked = expert if not brief.facet else None
    if asked is not None:
        notes = () if others else brief.feedback[:1]
        prompts = [(asked.form.prompt(replace(brief, feedback=notes)), candidates)]
    else:
        prompts = _taught_prompts(brief, candidates, examples, opening)
    held = constrained and asked is None and not brief.facet and attempt == 0
    branches = asked is not None and judged and attempt == 0 and candidates > 1
    return tuple(
        GenerationRequest(
            id=f"{request_id}{letter}",
            prompt=prompt,
            candidates=count,
            first_greedy=not others and (attempt == 0 or place > 0),
            max_tokens=max_tokens,
            stop=STOP,
            sampling=Sampling(temperature=temperature, seed=1 + 1000 * attempt + 500 * place),
            grammar=body_grammar(brief) if held else None,
            adapter=AdapterUse(asked.adapter) if asked else None,
            branches=branches,
            least=POSSIBLE if branches and not others else 0.0,
        )
        for place, (letter, (prompt, count)) in enumerate(zip("ab", prompts, strict=False))
    )


def _taught_prompts(
    brief: MethodBrief, candidates: int, examples: Sequence[WorkedExample], opening: str
) -> list[tuple[str, int]]:
    """Prompts with worked examples, and how many candidates each is for."""
    notes = (*brief.feedback, *brief.advice)
    noted = -(-candidates // 4) if notes and candidates > 1 else 0
    unasked = brief.feedback if candidates == 1 else ()
    prompts = [(_prompt(brief, unasked, examples, opening), candidates - noted)]
    return [*prompts, (_prompt(brief, notes, examples, opening), noted)] if noted else prompts


def wrote_nothing(generated: Generated) -> bool:
    """Whether the model has said nothing at all, fences apart."""
    return not _FENCE.sub("", generated.text).strip()


def method_source(brief: MethodBrief, generated: Generated) -> str:
    """Return the method that `generated` continues: head, the intent as docstring, and the body alone.

    Fences, chatter and whatever follows the function are cut off; a text that was cut short by its length loses
    its last, broken lines; plain slips are repaired (`slips`).
    """
    body = _body(brief, _FENCE.sub("", generated.text))
    source = "\n".join([brief.head, *_docstring(one_line(brief.wish)), body]).rstrip()
    whole = _longest_whole(source) if generated.finish == "length" else source
    return without_slips(whole, brief.slots)


def _prompt(brief: MethodBrief, notes: Sequence[str], learned: Sequence[WorkedExample], opening: str) -> str:
    texts = template("method")
    shown = [
        texts["example"].substitute(
            slots=abridged_slots(example.slots), intent=example.intent, source=example.source
        )
        for example in _shown(brief, learned)
    ]
    noted = [texts["note"].substitute(text=one_line(note)) for note in notes]
    task = texts["task"].substitute(
        slots=abridged_slots(_telling(brief)), intent=one_line(brief.wish), head=brief.head
    )
    first = opening.strip("\n") or texts["opening"].substitute()
    return "\n\n".join([first, *shown, "\n".join([*noted, task])])


def _shown(brief: MethodBrief, learned: Sequence[WorkedExample]) -> tuple[WorkedExample, ...]:
    if brief.facet:
        return facet_examples()
    shipped = shipped_examples()
    core = tuple(example for example in shipped if example.core)
    others = [example for example in (*shipped, *learned) if not example.core]
    return (*core, *nearest(brief, others, NEAREST))


def _telling(brief: MethodBrief) -> dict[str, Value]:
    """The slots that the message speaks of first; with them, only a few of the others."""
    words = set(re.findall(r"\w+", f"{brief.intent} {brief.expectation}"))
    named = sum(name in words for name in brief.slots)
    return dict(list(telling(brief).items())[: named + 3 if named else 12])


def _docstring(intent: str) -> list[str]:
    words = intent.replace("\\", "").replace('"""', "'''").rstrip('"')
    stop = "" if words.endswith((".", "!", "?")) else "."
    return [f'    """{words[:1].upper()}{words[1:]}{stop}"""'] if words else []


def _body(brief: MethodBrief, text: str) -> str:
    """The indented lines that belong to the function, wherever in `text` it stands."""
    again = re.search(rf"^([ \t]*)def {re.escape(brief.selector)}\(.*$", text, re.MULTILINE)
    if again:
        text = textwrap.dedent(again.group(1) + text[again.end() :])
    lines = text.split("\n")
    if lines[0].strip():
        lines[0] = "    " + lines[0].strip()
    body: list[str] = []
    for line in lines:
        if line.strip() and not line[0].isspace():
            break
        body.append(line.rstrip())
    return textwrap.indent(textwrap.dedent("\n".join(body)).strip("\n"), "    ")


def _longest_whole(source: str) -> str:
    lines = source.split("\n")
    for end in range(len(lines), 1, -1):
        whole = "\n".join(lines[:end]).rstrip()
        try:
            ast.parse(whole)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        return whole
    return source
