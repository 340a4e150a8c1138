"""Clients of a running kernel: `Client` for plain programs, `AsyncClient` for Trio and asyncio."""

from battui.bridge.client.asynchronous import AsyncClient
from battui.bridge.client.blocking import Client
from battui.bridge.client.places import local_endpoint
from battui.bridge.keys import KeyPair, read_pair

__all__ = ["AsyncClient", "Client", "KeyPair", "local_endpoint", "read_pair"]
