"""`python -m training.expert`: train, export, prove, evaluate, describe."""

from __future__ import annotations

import sys

from battui.contracts.errors import BattuiError
from training.expert.arguments import parsed
from training.expert.memory import keep_memory


def main() -> int:
    """Run the verb that was asked for; the exit code."""
    keep_memory()
    arguments = parsed()
    try:
        return int(arguments.run(arguments))
    except BattuiError as error:
        print(f"training: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
