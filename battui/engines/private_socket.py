"""The Unix socket of the llama.cpp server, in a folder that nobody else can enter.

Without a host name the server listens on a TCP port with no key; with a socket's path it opens none.
"""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import tempfile
from pathlib import Path

from battui.contracts.errors import EngineFailed

LONGEST_PATH = 100  # sun_path holds 108 bytes
TIMEOUT_S = 30.0


class PrivateSocket:
    """A folder with mode 0700 and in it the path of a socket; `post` asks the server behind it."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="llama-"))
        self.path = self.folder / "s.sock"  # the ending is how the library knows a socket
        if len(str(self.path).encode()) > LONGEST_PATH:
            self.remove()
            raise EngineFailed(
                "the path of the temporary folder is too long for a socket",
                about=str(self.folder),
                remedy="Set TMPDIR to a shorter path.",
            )

    def post(self, route: str, body: object) -> dict[str, object]:
        """Send `body` as JSON to `route`. Raises EngineFailed where the answer is no JSON object."""
        connection = _UnixConnection(str(self.path))
        try:
            connection.request("POST", route, json.dumps(body), {"Content-Type": "application/json"})
            answer = json.loads(connection.getresponse().read())
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise EngineFailed(f"llama.cpp did not answer {route}: {error}") from error
        finally:
            connection.close()
        if not isinstance(answer, dict) or "error" in answer:
            raise EngineFailed(f"llama.cpp refused {route}: {answer}")
        return answer

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=TIMEOUT_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)
