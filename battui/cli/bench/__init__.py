"""`battui bench`: how well missions do, measured on tasks with known ends."""

from battui.cli.bench.command import add_parser

__all__ = ["add_parser"]
