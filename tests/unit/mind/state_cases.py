"""Cycles in each state with what came of their effects, and the step that is expected."""

from __future__ import annotations

from dataclasses import replace

from battui.mind.steps import (
    Excerpt,
    Found,
    Generated,
    RecordRead,
    Tried,
)
from tests.unit.mind.state_parts import (
    ASKING,
    AUDIT,
    DRAFT,
    EXPECTING,
    GREEDY,
    LOOKING_UP,
    PLAN,
    QUESTION,
    RECALLED,
    RECORD,
    SETTINGS,
    SOURCE,
    Case,
    bad,
    candidate,
    fate,
    result,
)

CASES: dict[str, Case] = {
    "idle begins": Case("IDLE", "-> DECOMPOSING"),
    "decomposing asks for a plan": Case("DECOMPOSING", "generate plan: m1.plan x1"),
    "decomposing keeps the plan": Case(
        "DECOMPOSING",
        "-> DELEGATING",
        (
            Generated(
                "plan",
                (result('{"strategy": "add", "pillars": ["SAGE"], "sub_questions": {"SAGE": "How?"}}'),),
            ),
        ),
        remembered={
            "plan": {**PLAN, "way": "council", "reason": "no expert writes methods here"},
            "tokens": 7,
        },
    ),
    "decomposing survives nonsense": Case(
        "DECOMPOSING", "-> DELEGATING", (Generated("plan", (result("I would rather not."),)),)
    ),
    "decomposing counts tokens on": Case(
        "DECOMPOSING",
        "-> DELEGATING",
        (Generated("plan", (result("{}"),)),),
        slots={"tokens": 100},
        remembered={"tokens": 107},
    ),
    "delegating asks whom the plan names": Case(
        "DELEGATING",
        "generate facet: m1.facet.SAGE x1, m1.facet.SIMPLE_HEART x1",
        slots={"plan": {**PLAN, "pillars": ["SAGE", "SIMPLE_HEART"]}},
    ),
    "delegating asks nobody": Case("DELEGATING", "-> SYNTHESIZING", slots={"plan": {**PLAN, "pillars": []}}),
    "delegating asks nobody unknown": Case(
        "DELEGATING", "-> SYNTHESIZING", slots={"plan": {**PLAN, "pillars": ["NOBODY"]}}
    ),
    "delegating keeps what was said": Case(
        "DELEGATING",
        "-> SYNTHESIZING",
        (
            Generated(
                "facet",
                (
                    result(" It\ngrows. ", request="m1.facet.SAGE"),
                    result("Add it.", request="m1.facet.SIMPLE_HEART"),
                ),
            ),
        ),
        slots={"plan": PLAN, "tokens": 1},
        remembered={"facets": {"SAGE": "It grows.", "SIMPLE_HEART": "Add it."}, "tokens": 15},
    ),
    "writing recalls what was learned": Case("SYNTHESIZING", "recall"),
    "writing asks for all candidates": Case("SYNTHESIZING", "generate candidates: m1.0a x4", RECALLED),
    "writing asks for the greedy one first": Case(
        "SYNTHESIZING", "generate candidates: m1.0a x1", RECALLED, mandate=EXPECTING
    ),
    "writing asks for the others then": Case(
        "SYNTHESIZING",
        "generate candidates: m1.0a x3",
        RECALLED,
        mandate=EXPECTING,
        slots={"fates": [fate(0)]},
    ),
    "writing asks again with advice": Case(
        "SYNTHESIZING",
        "generate candidates: m1.1a x3, m1.1b x1",
        RECALLED,
        slots={"attempt": 1, "fates": [fate(0)], "feedback": ["it raised"]},
    ),
    "writing has its drafts tried": Case(
        "SYNTHESIZING",
        "try 2 from 0",
        (Generated("candidates", (result("    return amount", "    return amount"),)),),
        remembered={"drafts": [DRAFT, DRAFT], "tokens": 14},
    ),
    "writing counts candidates on": Case(
        "SYNTHESIZING",
        "try 1 from 3",
        (Generated("candidates", (result("    return amount"),)),),
        mandate=EXPECTING,
        slots={"fates": [fate(0), fate(1), fate(2)]},
    ),
    "writing resumes with its drafts": Case(
        "SYNTHESIZING", "try 2 from 0", slots={"drafts": [SOURCE, SOURCE]}
    ),
    "writing installs the survivor": Case(
        "SYNTHESIZING",
        "install deposit_(amount)",
        (Tried((bad(0), candidate(1))),),
        slots={"drafts": [SOURCE]},
        remembered={"fates": [fate(0), fate(1, chosen=True, survived=True)]},
    ),
    "writing tries again what a later sender has to say of": Case(
        "SYNTHESIZING",
        "try 1 from 0",
        (Tried((candidate(0),), senders=0),),
        mandate=EXPECTING,
        slots={"drafts": [SOURCE]},
    ),
    "writing goes on where a later sender expects nothing": Case(
        "SYNTHESIZING",
        "install deposit_(amount)",
        (Tried((candidate(0),), senders=0),),
        slots={"drafts": [SOURCE]},
    ),
    "writing asks a person first": Case(
        "SYNTHESIZING", "await approval", (Tried((candidate(0),)),), settings=ASKING
    ),
    "writing tells why and tries again": Case(
        "SYNTHESIZING",
        "go on",
        (Tried((bad(0), bad(1))),),
        remembered={
            "attempt": 1,
            "drafts": [],
            "feedback": ["verdict 0", "verdict 1"],
            "fates": [fate(0), fate(1)],
        },
    ),
    "the greedy one alone is no attempt": Case(
        "SYNTHESIZING",
        "go on",
        (Tried((bad(0),)),),
        mandate=EXPECTING,
        remembered={"drafts": [], "feedback": ["verdict 0"], "fates": [fate(0)]},
    ),
    "the greedy one is an attempt where it is all": Case(
        "SYNTHESIZING",
        "go on",
        (Tried((bad(0),)),),
        mandate=EXPECTING,
        settings=GREEDY,
        remembered={"attempt": 1},
    ),
    "writing fails after the last attempt": Case(
        "SYNTHESIZING",
        "-> FAILED",
        (Tried((bad(4), bad(5))),),
        slots={"attempt": 1, "fates": [fate(0)]},
        remembered={
            "failure": "none of the 3 candidates passed; the best: verdict 0",
            "fates": [fate(0), fate(4, attempt=1), fate(5, attempt=1)],
        },
    ),
    "writing fails where nothing was written": Case(
        "SYNTHESIZING",
        "-> FAILED",
        (Tried(()),),
        slots={"attempt": 1},
        remembered={"failure": "the model wrote no method"},
    ),
    "writing is done once it is installed": Case(
        "SYNTHESIZING", "-> COMPLETE", slots={"installed": "a method"}
    ),
    "answering looks it up": Case("SYNTHESIZING", "search", mandate=QUESTION),
    "answering asks, with what was found": Case(
        "SYNTHESIZING",
        "generate answer: m1.answer x1",
        (Found((Excerpt("guide.md:3", "A balance below zero is overdrawn."),)),),
        mandate=QUESTION,
        remembered={"evidence": [["guide.md:3", "A balance below zero is overdrawn."]]},
    ),
    "answering goes by the object's own slot before any page": Case(
        "SYNTHESIZING",
        "generate answer: m1.answer x1",
        (Found((Excerpt("guide.md:3", "The balance is 150."),)),),
        mandate=replace(QUESTION, question="What is the balance?"),
        remembered={"evidence": [["account.balance", "balance = 100"]]},
    ),
    "answering asks nothing where nothing was found": Case(
        "SYNTHESIZING",
        "-> COMPLETE",
        (Found((Excerpt("guide.md:3", "A lion hunts at night."),)),),
        mandate=QUESTION,
        remembered={
            "reply": "I do not know. What I looked at does not speak of overdrawn. "
            "I looked at guide.md:3, account.balance.",
            "sources": [],
        },
    ),
    "answering asks the council where its own words find nothing": Case(
        "SYNTHESIZING",
        "-> DECOMPOSING",
        (Found((Excerpt("guide.md:3", "A lion hunts at night."),)),),
        mandate=QUESTION,
        slots={"plan": LOOKING_UP},
        remembered={"attempt": 1},
    ),
    "answering asks no council where nothing is indexed": Case(
        "SYNTHESIZING",
        "-> COMPLETE",
        (Found((), indexed=False),),
        mandate=QUESTION,
        slots={"plan": LOOKING_UP},
        remembered={"sources": []},
    ),
    "answering asks no council where the depth is straight": Case(
        "SYNTHESIZING",
        "-> COMPLETE",
        (Found(()),),
        mandate=QUESTION,
        slots={"plan": LOOKING_UP},
        settings=replace(SETTINGS, depth="straight"),
        remembered={"sources": []},
    ),
    "decomposing asks no adviser what stands where": Case(
        "DECOMPOSING",
        "-> DELEGATING",
        (Generated("plan", (result('{"strategy": "s", "pillars": ["SAGE"], "look_up": ["debt"]}'),)),),
        mandate=QUESTION,
        slots={"attempt": 1},
        remembered={
            "plan": {
                "strategy": "s",
                "pillars": [],
                "sub_questions": {},
                "look_up": ["debt"],
                "way": "council",
                "reason": "nothing was found in the question's own words",
            }
        },
    ),
    "answering keeps the words that are supported": Case(
        "SYNTHESIZING",
        "-> COMPLETE",
        (Generated("answer", (result(" An overdrawn balance is below zero (guide.md:3).\n"),)),),
        mandate=QUESTION,
        slots={"evidence": [["guide.md:3", "Overdrawn is a balance below zero."]]},
        remembered={"reply": "An overdrawn balance is below zero. (guide.md:3)", "tokens": 7},
    ),
    "answering quotes where the words are not supported": Case(
        "SYNTHESIZING",
        "-> COMPLETE",
        (Generated("answer", (result("It is not."),)),),
        mandate=QUESTION,
        slots={"evidence": [["guide.md:3", "A balance below zero is overdrawn."]]},
        remembered={"reply": "A balance below zero is overdrawn. (guide.md:3)", "sources": ["guide.md:3"]},
    ),
    "auditing fails where nothing is said": Case(
        "SYNTHESIZING",
        "-> FAILED",
        (Generated("answer", (result(" \n"),)),),
        mandate=AUDIT,
        remembered={"failure": "the model had nothing to say"},
    ),
    "auditing reads the record": Case("SYNTHESIZING", "read record", mandate=AUDIT),
    "auditing asks about the record": Case(
        "SYNTHESIZING",
        "generate answer: m1.answer x1",
        (RecordRead(RECORD),),
        mandate=AUDIT,
        remembered={"record": RECORD},
    ),
    "auditing reports": Case(
        "SYNTHESIZING",
        "report 'deposit_ fails.'; -> COMPLETE",
        (Generated("answer", (result("deposit_ fails."),)),),
        mandate=AUDIT,
        remembered={"reply": "deposit_ fails."},
    ),
    "complete answers the first who waits": Case("COMPLETE", "answer 0"),
    "complete answers the next": Case("COMPLETE", "answer 1", answered=1),
    "complete ends when all are answered": Case("COMPLETE", "end", answered=2),
    "failed tells all who wait": Case("FAILED", "end", slots={"failure": "no method"}, answered=1),
}
