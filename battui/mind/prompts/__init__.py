"""Prompts as data files, and how they are read."""

from battui.mind.prompts.templates import template

__all__ = ["template"]
