"""The steward's plan, what the facets are asked, and the prompts for answers in words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from string import Template
from typing import Any

from battui.contracts.generation import AdapterUse, ChatMessage, GenerationRequest
from battui.contracts.values import Value
from battui.mind.briefs import Persona, Pillar, Plan, abridge, abridged_slots
from battui.mind.prompts import template

STEWARD = "ALFRED"
PLAN_TOKENS = 96
FACET_TOKENS = 40
ANSWER_TOKENS = 96
AUDIT_TOKENS = 160
MOST_PILLARS = 2
MOST_LOOK_UPS = 2
LONGEST_QUESTION = 120
LONGEST_RECORD = 24
LONGEST_SAYING = 400
LONGEST_PASSAGE = 800


def plan_request(
    *,
    request_id: str,
    title: str,
    wanted: str,
    slots: Mapping[str, Value],
    understood: Sequence[str],
    personas: Mapping[str, Persona],
    wording: Template | None = None,
) -> GenerationRequest:
    """Ask the steward how to think a mission through. `wanted` is the intent, or the question itself.

    `wording` takes the place of battui's own.
    """
    pillars = "; ".join(f"{pillar.name}: {pillar.intent}" for pillar in _pillars(personas).values()) or "none"
    user = (wording or template("plan")["plan_user"]).substitute(
        title=title,
        wanted=wanted or title,
        slots=abridged_slots(slots) or "nothing",
        understood=", ".join(understood[:12]) or "nothing",
        pillars=pillars,
    )
    request = _request(
        request_id, personas[STEWARD], user, tokens=PLAN_TOKENS, schema=plan_schema(tuple(_pillars(personas)))
    )
    system, asked = request.messages
    return replace(request, messages=(system, *_plan_example(pillars, tuple(_pillars(personas))), asked))


def _plan_example(pillars: str, names: tuple[str, ...]) -> tuple[ChatMessage, ...]:
    """A plan that was asked for and given, with the advisers at hand; nothing where there are none."""
    if not names:
        return ()
    texts = template("plan")
    return (
        ChatMessage("user", texts["plan_example_user"].substitute(pillars=pillars)),
        ChatMessage("assistant", texts["plan_example_answer"].substitute(pillar=names[-1])),
    )


def plan_schema(pillars: tuple[str, ...]) -> Mapping[str, object]:
    """The JSON schema of a plan that may ask these pillars."""
    short: dict[str, object] = {"type": "string", "maxLength": LONGEST_QUESTION}
    named: dict[str, object] = {"type": "string", "enum": list(pillars)} if pillars else short
    fields: dict[str, object] = {
        "strategy": short,
        "pillars": {"type": "array", "items": named, "maxItems": min(MOST_PILLARS, len(pillars))},
        "sub_questions": {
            "type": "object",
            "properties": dict.fromkeys(pillars, short),
            "additionalProperties": False,
        },
        "look_up": {
            "type": "array",
            "items": {"type": "string", "maxLength": 40},
            "maxItems": MOST_LOOK_UPS,
        },
    }
    return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}


def parse_plan(text: str, personas: Mapping[str, Persona]) -> Plan:
    """Return the plan in `text`, bounded in every direction. Whatever the text is, a usable plan comes back.

    Where no JSON object can be read from it, the plan asks every pillar its own intent, looks nothing up, and
    its `strategy` says so. JSON that was cut short is closed and read as far as it goes.
    """
    known = _pillars(personas)
    read = _json_object(text)
    if read is None:
        chosen = tuple(known)[:MOST_PILLARS]
        questions = {name: known[name].intent for name in chosen}
        return Plan("No plan could be read; every adviser is asked for its own view.", chosen, questions)
    questions = _questions(read.get("sub_questions"), known)
    listed = [name for name in _texts(read.get("pillars")) if name in known]
    chosen = tuple(dict.fromkeys([*listed, *questions]))[:MOST_PILLARS]
    return Plan(
        strategy=_short(read.get("strategy")) or "Proceed without a strategy.",
        pillars=chosen,
        sub_questions={name: questions.get(name) or known[name].intent for name in chosen},
        look_up=tuple(dict.fromkeys(_texts(read.get("look_up"))))[:MOST_LOOK_UPS],
    )


def facet_requests(
    plan: Plan,
    *,
    request_id: str,
    title: str,
    wanted: str,
    slots: Mapping[str, Value],
    persona: Persona,
    wording: Template | None = None,
) -> tuple[GenerationRequest, ...]:
    """Ask each pillar of `persona` that the plan names, in the pillar's own voice. Ids end in its name."""
    text = wording or template("plan")["facet_user"]
    return tuple(
        _request(
            f"{request_id}.{name}",
            persona,
            text.substitute(
                title=title,
                wanted=wanted or title,
                slots=abridged_slots(slots) or "nothing",
                question=plan.sub_questions.get(name, persona.pillars[name].intent),
            ),
            system=persona.pillars[name].system_prompt,
            tokens=FACET_TOKENS,
        )
        for name in plan.pillars
        if name in persona.pillars
    )


def answer_request(
    question: str,
    *,
    request_id: str,
    slots: Mapping[str, Value],
    facets: Mapping[str, str],
    passages: Sequence[str],
    persona: Persona,
) -> GenerationRequest:
    """Ask for an answer in words from an object's slots, the facets' advice and passages from the catalog."""
    texts = template("plan")
    found = "".join(
        texts["passage"].substitute(text=" ".join(passage.split())[:LONGEST_PASSAGE]) + "\n"
        for passage in passages[:3]
    )
    user = texts["answer_user"].substitute(
        slots=abridged_slots(slots) or "nothing", passages=found, facets=_said(facets), question=question
    )
    return _request(request_id, persona, user, tokens=ANSWER_TOKENS)


def audit_request(
    record: Mapping[str, Value], *, request_id: str, facets: Mapping[str, str], persona: Persona
) -> GenerationRequest:
    """Ask for a report over `record`: what each method counted, failed and took."""
    lines = [_record_line(name, value) for name, value in list(record.items())[:LONGEST_RECORD]]
    user = template("plan")["audit_user"].substitute(
        record="\n".join(lines) or "nothing yet", facets=_said(facets)
    )
    return _request(request_id, persona, user, tokens=AUDIT_TOKENS)


def _request(
    request_id: str,
    persona: Persona,
    user: str,
    *,
    tokens: int,
    system: str = "",
    schema: Mapping[str, object] | None = None,
) -> GenerationRequest:
    return GenerationRequest(
        id=request_id,
        messages=(
            ChatMessage("system", system or persona.system_prompt),
            ChatMessage("user", user),
        ),
        max_tokens=tokens,
        sampling=persona.sampling,
        schema=schema,
        adapter=AdapterUse(persona.adapter) if persona.adapter else None,
    )


def _pillars(personas: Mapping[str, Persona]) -> dict[str, Pillar]:
    return {name: pillar for persona in personas.values() for name, pillar in persona.pillars.items()}


def _said(facets: Mapping[str, str]) -> str:
    text = template("plan")["facet"]
    return "".join(
        text.substitute(name=name, text=" ".join(said.split())[:LONGEST_SAYING]) + "\n"
        for name, said in facets.items()
        if said.strip()
    )


def _record_line(name: str, value: Value) -> str:
    told = abridged_slots(value) if isinstance(value, dict) else abridge(value)
    return f"{name}: {told}"


def _questions(value: object, known: Mapping[str, Pillar]) -> dict[str, str]:
    if not isinstance(value, dict):
        return {}
    return {name: question for name in value if name in known and (question := _short(value[name]))}


def _texts(value: object) -> list[str]:
    return [text for item in value if (text := _short(item))] if isinstance(value, list) else []


def _short(value: object) -> str:
    return " ".join(value.split())[:LONGEST_QUESTION] if isinstance(value, str) else ""


def _json_object(text: str) -> dict[str, Any] | None:
    start = text.find("{")
    if start < 0:
        return None
    for attempt in _closings(text[start : start + 4000]):
        try:
            read, _ = json.JSONDecoder().raw_decode(attempt)
        except (ValueError, RecursionError):
            continue
        return read if isinstance(read, dict) and read else None
    return None


def _closings(text: str) -> Iterator[str]:
    """The text itself, then with its open strings and brackets closed, after ever fewer of its last entries."""
    yield text
    for _ in range(8):
        yield text + _open_ends(text)
        text, comma, _ = text.rpartition(",")
        if not comma:
            return


def _open_ends(text: str) -> str:
    ends: list[str] = []
    quoted = escaped = False
    for character in text:
        if quoted:
            quoted = escaped or character != '"'
            escaped = character == "\\" and not escaped
        elif character == '"':
            quoted = True
        elif character in "{[":
            ends.append("}" if character == "{" else "]")
        elif character in "}]" and ends:
            ends.pop()
    return ('"' if quoted else "") + "".join(reversed(ends))
