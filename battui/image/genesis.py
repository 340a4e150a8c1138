"""The first transaction of an image: the objects that everything else descends from."""

from __future__ import annotations

from typing import Any

from BTrees.Length import Length
from BTrees.OOBTree import OOBTree

from battui.image.objects import UvmObject
from battui.image.primitive import Primitive
from battui.image.world import LOBBY, MISSIONS, SIZE

FORMAT = 1
STATES = ("IDLE", "DECOMPOSING", "DELEGATING", "SYNTHESIZING", "COMPLETE", "FAILED")
CATALOG_PRIMITIVES = {
    "search_": Primitive("search", ("query",), ("top", "where")),
    "index_document_": Primitive("index_document", ("name", "text"), ("language", "metadata")),
    "unindex_document_": Primitive("unindex_document", ("name",)),
}
MODEL_PRIMITIVES = {"infer_": Primitive("infer", ("prompt",), ("system_prompt", "max_tokens", "adapter"))}
MEMORY_PRIMITIVES = {
    "activate_expert_": Primitive("activate_expert", ("name",)),
    "experts_": Primitive("experts"),
}
PRIMITIVES_SINCE = {
    "pLLM_obj": MODEL_PRIMITIVES,
    "knowledge_catalog_obj": CATALOG_PRIMITIVES,
    "memory_manager_obj": MEMORY_PRIMITIVES,
}


def awaken(root: Any) -> None:
    """Perform genesis in a new image, and give an older one the primitives and the count that have come since."""
    if "genesis_obj" not in root:
        perform_genesis(root)
        return
    if SIZE not in root:
        root[SIZE] = Length(len(root[LOBBY]))
    for holder, primitives in PRIMITIVES_SINCE.items():
        for name, primitive in primitives.items():
            held = root[holder]._slots.get(name)
            if held is None or (isinstance(held, Primitive) and held != primitive):
                setattr(root[holder], name, primitive)


def perform_genesis(root: Any) -> None:
    """Make the root objects; the caller's transaction makes them all, or none."""
    traits = UvmObject(
        clone=Primitive("clone", open_ended=True),
        doesNotUnderstand_=Primitive(
            "does_not_understand", ("selector",), ("arguments", "intent", "expectation")
        ),
    )
    language_model = UvmObject(
        {"parent*": [traits]},
        model_id="",
        models=OOBTree(),
        lora_repository=OOBTree(),
        **MODEL_PRIMITIVES,
    )
    root.update(
        format=FORMAT,
        traits_obj=traits,
        pLLM_obj=language_model,
        genesis_obj=UvmObject({"parent*": [language_model, traits]}),
        memory_manager_obj=UvmObject({"parent*": [traits]}, pinned=[], **MEMORY_PRIMITIVES),
        knowledge_catalog_obj=_catalog(traits),
        psm_prototypes_obj=_state_prototypes(traits),
        orchestrator_obj=_orchestrator(traits, language_model),
        alfred_prototype_obj=UvmObject({"parent*": [language_model, traits]}, name="ALFRED", audits=[]),
        active_cycles=OOBTree(),
    )
    root[MISSIONS] = OOBTree()
    root[LOBBY] = OOBTree()
    root[SIZE] = Length()


def _catalog(traits: UvmObject) -> UvmObject:
    return UvmObject({"parent*": [traits]}, skills=OOBTree(), cases=OOBTree(), **CATALOG_PRIMITIVES)


def _orchestrator(traits: UvmObject, language_model: UvmObject) -> UvmObject:
    return UvmObject(
        {"parent*": [traits, language_model]},
        start_cognitive_cycle_for_=Primitive("start_cognitive_cycle", ("target", "mission_brief")),
    )


def _state_prototypes(traits: UvmObject) -> UvmObject:
    """One object a state. A cycle delegates to it through `synthesis_state*`, so that to change that slot is to
    change what the cycle does next."""
    states = {
        name: UvmObject(
            {"parent*": [traits]},
            name=name,
            _process_synthesis_=Primitive(f"psm.{name.lower()}", ("outcomes",)),
        )
        for name in STATES
    }
    return UvmObject({"parent*": [traits]}, **states)
