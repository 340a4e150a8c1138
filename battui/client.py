"""The client library: a running kernel for programs, plain or asynchronous. docs/client.md has examples.

`Client` is for plain programs, `AsyncClient` for Trio and asyncio; both have the same verbs. They take and answer the
dataclasses of `battui.contracts`, and raise the errors of `battui.contracts.errors`.
"""

from battui.bridge.client import AsyncClient, Client, KeyPair, local_endpoint, read_pair

__all__ = ["AsyncClient", "Client", "KeyPair", "local_endpoint", "read_pair"]
