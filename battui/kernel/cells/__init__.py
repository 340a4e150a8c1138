"""Sealed processes in which learned code runs."""
