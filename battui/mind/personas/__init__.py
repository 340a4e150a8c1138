"""Who thinks: personas as data files, and how they are read."""

from battui.mind.personas.loader import load_personas, shipped_personas

__all__ = ["load_personas", "shipped_personas"]
