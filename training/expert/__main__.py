"""`python -m training.expert`: train, export, prove, evaluate, describe."""

from __future__ import annotations

import signal
import sys

from battui.contracts.errors import BattuiError
from training.expert.arguments import parsed
from training.expert.memory import keep_memory
from training.expert.verbs import INTERRUPTED


def main() -> int:
    """Run the verb that was asked for; the exit code."""
    keep_memory()
    # Who ends it ends what it has started, too: a bench that is left alone goes on for many minutes.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    arguments = parsed()
    try:
        return int(arguments.run(arguments))
    except KeyboardInterrupt:
        return INTERRUPTED
    except BattuiError as error:
        print(f"training: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
