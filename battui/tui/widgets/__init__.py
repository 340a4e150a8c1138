"""Pieces of which panes are made."""
