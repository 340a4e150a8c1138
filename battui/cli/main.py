"""The `battui` command: read the arguments, run the command, turn every error into one sentence and a code."""

from __future__ import annotations

import os
import signal
import sys
from argparse import Namespace
from collections.abc import Sequence
from types import FrameType

from battui.cli.arguments import build_parser
from battui.contracts.errors import BattuiError

INTERRUPTED = 130
BROKEN_PIPE = 141
FAULT = 1


def main(argv: Sequence[str] | None = None) -> int:
    """Run battui with `argv` (by default the process's own) and return its exit code."""
    arguments = Namespace(verbose=False, output="text")
    _leave_in_order()
    try:
        words = sys.argv[1:] if argv is None else argv
        arguments = build_parser(words).parse_args(words, arguments)
        code = _dispatch(arguments)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        return _reader_gone()
    except KeyboardInterrupt:
        print("battui: interrupted.", file=sys.stderr)
        return INTERRUPTED
    except BattuiError as error:
        return _tell(error, arguments)
    except Exception as error:
        if arguments.verbose:
            raise
        print(f"battui: this is a fault in battui: {_fault(error)}", file=sys.stderr)
        print("Run it again with --verbose for the details.", file=sys.stderr)
        return FAULT


def _leave_in_order() -> None:
    """Let `finally` blocks run when a signal ends the process; the kernel brings its own handlers for its time."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        # Who started us with a signal ignored, as nohup does, means it.
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _leave)


def _leave(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def _dispatch(arguments: Namespace) -> int:
    code: int = arguments.run(arguments)
    return code


def _tell(error: BattuiError, arguments: Namespace) -> int:
    if arguments.verbose:
        import traceback

        traceback.print_exception(error)
    if arguments.output == "json":
        from battui.cli.reply_json import error_as_json

        print(error_as_json(error))
    print(f"battui: {error}", file=sys.stderr)
    if own := getattr(error, "traceback", ""):
        from battui.cli.reply_text import harmless, indented

        # Not battui's traceback but the learned method's own, with its source lines.
        print(indented(harmless(own), "    | "), file=sys.stderr)
    return error.exit_code


def _fault(error: Exception) -> str:
    while isinstance(error, ExceptionGroup) and error.exceptions:
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}"


def _reader_gone() -> int:
    # Python flushes stdout once more at exit; it must not find the closed pipe there.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return BROKEN_PIPE


if __name__ == "__main__":
    sys.exit(main())
