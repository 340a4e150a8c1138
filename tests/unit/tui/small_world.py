"""The canned world of the scripted portal: an account that has learned, its owner, two adapters, documents."""

from __future__ import annotations

from dataclasses import replace

from battui.contracts.cases import Case
from battui.contracts.generation import EngineDescription, EngineStatus
from battui.contracts.methods import SelectorPlace, SelectorUses
from battui.contracts.models import AdapterList, AdapterView
from battui.contracts.replies import (
    KernelStats,
    MethodStory,
    MethodView,
    ObjectSummary,
    ObjectView,
    SlotView,
)
from battui.contracts.values import Ref, Value

START = 1_700_000_000.0
SOURCE = "def deposit_(self, amount):\n    self.balance = self.balance + amount\n    self._p_changed = True\n"

DEPOSIT = MethodView(
    selector="deposit_",
    parameters=("amount",),
    source=SOURCE,
    intent="add amount to balance",
    mission="m1",
    installed_at=START,
    ruleset="guardian 1",
    tree_hash="9f8e7d6c5b4a39281706",
    trials=("self.balance == 150",),
)
FIRST = replace(DEPOSIT, source=SOURCE.replace("+ amount", "+ 50"), mission="m0", installed_at=START - 60)
STORY = MethodStory(
    "account_prototype",
    (DEPOSIT, FIRST),
    (Case("send", {"balance": 100}, {"amount": 50}, {"balance": 150}),),
    {"model": "SmolLM2-135M-Instruct", "adapter": "jit", "tokens": 93},
)
PASSAGES: list[Value] = [
    {
        "text": "Commits are grouped: one fsync answers several messages.",
        "document": "design.md",
        "line": 87,
        "headings": ["Decisions", "Commits"],
        "score": 7.25,
        "chunk": Ref(40),
    },
    {
        "text": "A message that nobody understands becomes a mission.",
        "document": "guide.md",
        "line": 12,
        "headings": ["Guide"],
        "score": 3.5,
        "chunk": Ref(41),
    },
]
OBJECTS = {
    1: ObjectView(
        1,
        "account",
        (
            SlotView("parent*", "parent", "account_prototype", Ref(2)),
            SlotView("balance", "data", "100", 100),
            SlotView("owner", "data", "@3 ada", Ref(3)),
            SlotView("entries", "data", "[@3]", [Ref(3), "opened"]),
            SlotView("deposit_", "method", "", None, "account_prototype", DEPOSIT),
        ),
    ),
    2: ObjectView(2, "account_prototype", (SlotView("deposit_", "method", "", None, "", DEPOSIT),)),
    3: ObjectView(3, "ada", (SlotView("name", "data", "'Ada'", "Ada"),)),
    9: ObjectView(9, "genesis_obj", (SlotView("clone", "primitive", "clone"),)),
}
SUMMARIES = (
    ObjectSummary(1, "account", 4, 0),
    ObjectSummary(3, "ada", 1, 0),
    ObjectSummary(9, "genesis_obj", 0, 1, system=True),
)
READY = EngineStatus("ready", description=EngineDescription("llama.cpp", "1", "SmolLM2-135M-Instruct"))
PAY = "def pay_(self, amount):\n    self.log(amount)\n    self.deposit_(amount=amount)\n"
USES = SelectorUses(
    "deposit_",
    (
        SelectorPlace(
            2, "account_prototype", "deposit_", "method", "(amount)  add amount to balance", 0, SOURCE
        ),
        SelectorPlace(5, "piggy_bank", "deposit_", "data", "12"),
    ),
    (SelectorPlace(3, "ada", "pay_", "method", "self.deposit_(amount=amount)", 3, PAY),),
)
ADAPTERS = AdapterList(
    (
        AdapterView(
            "jit", "smollm2-135m", "ab" * 32, 16, "cd" * 32, 9_799_680, "hot", True, 41, config={"r": 16}
        ),
        AdapterView("sage", "smollm2-135m", "ab" * 32, 8, "ef" * 32, 4_900_000, "warm", False, 3),
        AdapterView("poet", "smollm2-135m", "ab" * 32, 8, "12" * 32, 4_900_000, "cold"),
        AdapterView("old", "tiny-1b", "34" * 32, 8, "56" * 32, 4_900_000, "refused", note="made for tiny-1b"),
    ),
    engine_bytes=9_799_680,
    engine_budget=512 << 20,
    warm_bytes=14_699_680,
    warm_budget=1024 << 20,
)
STATS = KernelStats(START - 60, 120, 2, queued=3, tokens=4531, working_s=61.0, activations=97, kills=1)
