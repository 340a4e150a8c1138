"""Numbers and repetitions that can be seen to be too large before anything runs."""

from __future__ import annotations

import libcst as cst

from battui.contracts.offered import MethodLimits

_BOUND = 10**40
TOO_LARGE = _BOUND + 1


def constant(node: cst.CSTNode) -> int | None:
    """The value of a constant integer expression, TOO_LARGE beyond 10**40; None where it is no constant."""
    if isinstance(node, cst.Integer):
        return min(node.evaluated_value, TOO_LARGE) if len(node.value) < 100 else TOO_LARGE
    if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Minus):
        inner = constant(node.expression)
        return None if inner is None else -inner
    if isinstance(node, cst.BinaryOperation):
        left, right = constant(node.left), constant(node.right)
        if left is not None and right is not None:
            return _operate(node.operator, left, right)
    return None


def _operate(operator: cst.BaseBinaryOp, left: int, right: int) -> int | None:
    if isinstance(operator, cst.Power):
        return _power(left, right)
    if isinstance(operator, cst.LeftShift):
        return _power(2, right) * left if 0 <= right < 200 else TOO_LARGE
    operations = {cst.Add: left + right, cst.Subtract: left - right, cst.Multiply: left * right}
    value = operations.get(type(operator))
    return None if value is None else max(-TOO_LARGE, min(value, TOO_LARGE))


def _power(base: int, exponent: int) -> int:
    if exponent < 0 or abs(base) <= 1:
        return 1
    if exponent > 200:
        return TOO_LARGE
    return min(int(abs(base) ** exponent), TOO_LARGE)


def excess(node: cst.CSTNode, limits: MethodLimits) -> str:
    """What is too large about a node, in words; empty where nothing is."""
    if isinstance(node, cst.Integer) and len(node.value.replace("_", "")) > limits.integer_digits:
        return f"a number of more than {limits.integer_digits} digits"
    if isinstance(node, cst.BinaryOperation):
        return _excessive_operation(node, limits)
    if isinstance(node, cst.AugAssign) and isinstance(node.operator, cst.PowerAssign | cst.LeftShiftAssign):
        return _excessive_exponent(node.value, limits)
    if isinstance(node, cst.AugAssign) and isinstance(node.operator, cst.MultiplyAssign):
        return _excessive_repeat(node.value)
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value == "pow":
        return _excessive_exponent(node.args[1].value, limits) if len(node.args) == 2 else ""
    return ""


def _excessive_operation(node: cst.BinaryOperation, limits: MethodLimits) -> str:
    if isinstance(node.operator, cst.Power | cst.LeftShift):
        if constant(node) == TOO_LARGE:
            return "a power whose value is too large"
        return _excessive_exponent(node.right, limits)
    if isinstance(node.operator, cst.Multiply):
        return _excessive_repeat(node.right) or _excessive_repeat(node.left)
    return ""


def _excessive_exponent(node: cst.CSTNode, limits: MethodLimits) -> str:
    value = constant(node)
    is_tower = (
        isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Power) and value is None
    )
    if is_tower or (value is not None and value > limits.power):
        return f"a power beyond {limits.power}"
    return ""


def _excessive_repeat(node: cst.CSTNode) -> str:
    value = constant(node)
    return "a factor beyond 10**40" if value == TOO_LARGE else ""


def repeats_too_often(node: cst.BinaryOperation, limits: MethodLimits) -> bool:
    """Text or a list, written out, times a number above the limit."""
    for one, other in ((node.left, node.right), (node.right, node.left)):
        is_sequence = isinstance(
            one, cst.List | cst.Tuple | cst.SimpleString | cst.ConcatenatedString | cst.FormattedString
        )
        times = constant(other)
        if is_sequence and times is not None and times > limits.repeat:
            return True
    return False
