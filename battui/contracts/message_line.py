"""The message line: one grammar for the terminal, the command line and scripts. Parsed, never evaluated.

account = genesis_obj.clone(balance=100)        bind a name in the lobby
account.balance                                 read a slot
account.owner.name = 'Ada'                      write a slot
account.deposit_(amount=50)                     send a message
account.deposit_(amount=50)  # intent => self.balance == 150
account ? 'Is it overdrawn?'                    ask
@1f.balance                                     an object by its oid
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from battui.contracts.commands import Argument, Ask, Bind, Line, Named, Path, Read, Send, Write
from battui.contracts.errors import UsageError
from battui.contracts.values import check_name

MAX_LINE = 20_000
_OID = re.compile(r"@([0-9a-f]{1,16})\b")
_OID_NAME = re.compile(r"oid_([0-9a-f]{1,16})_object")
_HELP = "A line looks like: account.deposit_(amount=50)  # what it means => self.balance == 150"


@dataclass(frozen=True, slots=True)
class ScriptLine:
    """One line of a script with its number, counted from 1."""

    number: int
    text: str
    command: Line


def parse_script(text: str) -> Iterator[ScriptLine]:
    """Yield the commands of a script; blank lines and comment lines are passed over.

    Raises UsageError that names the line.
    """
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if stripped and not stripped.startswith("#"):
            try:
                yield ScriptLine(number, stripped, parse_line(stripped))
            except UsageError as error:
                raise UsageError(error.what, about=f"line {number}", remedy=error.remedy) from None


def parse_line(line: str) -> Line:
    """Return the command that `line` stands for; raises UsageError or NotASelector."""
    if len(line) > MAX_LINE:
        raise UsageError(
            f"the line is longer than {MAX_LINE} characters",
            remedy="Put large values into a script or a file.",
        )
    code, comment = _split(line, "#")
    subject, question = _split(code, "?")
    if question is not None:
        return Ask(_path(_expression(subject)), _question(question))
    command = _command(_statement(code))
    return command if comment is None else _annotate(command, comment)


def _split(line: str, mark: str) -> tuple[str, str | None]:
    """Split at the first `mark` that stands outside quotes."""
    quote = ""
    escaped = False
    for position, char in enumerate(line):
        if escaped:
            escaped = False
        elif quote:
            escaped = char == "\\"
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char == mark:
            return line[:position].strip(), line[position + 1 :].strip()
    return line.strip(), None


def _annotate(command: Line, comment: str) -> Line:
    intent, arrow, expectation = comment.rpartition("=>")
    if not arrow:
        intent, expectation = comment, ""
    send = command.source if isinstance(command, Bind) else command
    if not isinstance(send, Send):
        raise UsageError("only a message can have an intent", about=comment, remedy="Leave the comment out.")
    send = replace(send, intent=intent.strip(), expectation=expectation.strip())
    return replace(command, source=send) if isinstance(command, Bind) else send


def _parse(code: str) -> ast.Module:
    marked = _outside_quotes(code)
    try:
        return ast.parse(marked)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else "it cannot be parsed"
        raise UsageError(f"this is no message line: {reason}", about=code[:80], remedy=_HELP) from None


def _outside_quotes(code: str) -> str:
    """Spell `@1f` as a name that Python can parse, but leave text in quotes alone."""
    pieces = re.split(r"('(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\")", code)
    return "".join(
        piece if index % 2 else _OID.sub(r"oid_\1_object", piece) for index, piece in enumerate(pieces)
    )


def _statement(code: str) -> ast.stmt:
    body = _parse(code).body
    if len(body) != 1:
        raise UsageError("one message per line", about=code[:80], remedy=_HELP)
    return body[0]


def _expression(code: str) -> ast.expr:
    statement = _statement(code)
    if not isinstance(statement, ast.Expr):
        raise UsageError(
            "this names no object", about=code[:80], remedy="Ask like this: account ? 'What is it?'"
        )
    return statement.value


def _command(statement: ast.stmt) -> Line:
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            return Bind(check_name(name), _send(value) if isinstance(value, ast.Call) else _argument(value))
        case ast.Assign(targets=[ast.Attribute() as target], value=value):
            path = _path(target)
            check_name(path.names[-1])
            return Write(path, _argument(value))
        case ast.Expr(value=ast.Call() as call):
            return _send(call)
        case ast.Expr(value=(ast.Name() | ast.Attribute()) as expression):
            return Read(_path(expression))
        case _:
            raise UsageError("this is no message", about=ast.unparse(statement)[:80], remedy=_HELP)


def _send(call: ast.Call) -> Send:
    if not isinstance(call.func, ast.Attribute):
        raise UsageError(
            "a message needs a receiver",
            about=ast.unparse(call)[:80],
            remedy="Write receiver.message(argument=1).",
        )
    named: list[tuple[str, Argument]] = []
    for keyword in call.keywords:
        if keyword.arg is None:
            raise UsageError(
                "`**` cannot be used here", about=ast.unparse(call)[:80], remedy="Name each argument."
            )
        named.append((check_name(keyword.arg), _argument(keyword.value)))
    return Send(
        receiver=_path(call.func.value),
        selector=check_name(call.func.attr),
        positional=tuple(_argument(argument) for argument in call.args),
        named=tuple(named),
    )


def _path(expression: ast.expr) -> Path:
    names: list[str] = []
    while isinstance(expression, ast.Attribute):
        names.insert(0, expression.attr)
        expression = expression.value
    if not isinstance(expression, ast.Name):
        raise UsageError(
            "a path is names with dots between them",
            about=ast.unparse(expression)[:80],
            remedy="Bind a name first.",
        )
    if match := _OID_NAME.fullmatch(expression.id):
        return Path(tuple(names), int(match.group(1), 16))
    return Path((expression.id, *names))


def _argument(expression: ast.expr) -> Argument:
    match expression:
        case ast.Constant(value=(None | bool() | int() | float() | str()) as value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=(int() | float()) as value)) if (
            value is not True
        ):
            return -value
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return [_argument(item) for item in items]
        case ast.Dict(keys=keys, values=values):
            return {_key(key): _argument(value) for key, value in zip(keys, values, strict=True)}
        case ast.Name() | ast.Attribute():
            return Named(_path(expression))
        case _:
            raise UsageError(
                "an argument is a literal or the name of an object",
                about=ast.unparse(expression)[:80],
                remedy="Write numbers, text in quotes, lists, dictionaries, or names.",
            )


def _key(key: ast.expr | None) -> str:
    if isinstance(key, ast.Constant) and isinstance(key.value, str):
        return key.value
    raise UsageError("the keys of a dictionary are texts", remedy="Put each key in quotes.")


def _question(text: str) -> str:
    expression = _expression(text) if text else None
    if (
        isinstance(expression, ast.Constant)
        and isinstance(expression.value, str)
        and expression.value.strip()
    ):
        return expression.value.strip()
    raise UsageError(
        "a question is a text in quotes", about=text[:80], remedy="Ask like this: account ? 'What is it?'"
    )
