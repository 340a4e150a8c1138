"""Where replies go: stdout, as text or JSON, each one at once."""

from __future__ import annotations

from battui.contracts.replies import Answer, Reply


def print_reply(reply: Reply, form: str, line: int = 0) -> None:
    """Print one reply; `line` is the number of the script line it answers, 0 for none."""
    if form == "json":
        from battui.cli.reply_json import reply_as_json

        print(reply_as_json(reply, line), flush=True)
        return
    from battui.cli.reply_text import reply_as_text

    if text := reply_as_text(reply):
        print(text, flush=True)


def print_done(form: str, name: str, text: str) -> None:
    """Print that something is done, as an answer whose value is the name of what it was done to."""
    print_reply(Answer(name, text), form)
