"""Conditions and amounts of steps: a small language over published quantities."""

import ast
import operator
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_FUNCTIONS: dict[str, Callable[..., Any]] = {"min": min, "max": max, "abs": abs}


@cache
def _parse(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def evaluate(text: str, quantities: Mapping[str, Any]) -> Any:
    """Value of an expression.

    Parameters
    ----------
    text
        Names, numbers, text, calls of published functions, `+ - * /`, comparisons, `and or not`, `min max abs`.
    quantities
        Names with their values; functions are callable.

    Raises
    ------
    ValueError
        For a name that is not published and for anything else of Python.

    Examples
    --------
    >>> evaluate("min(0.5 * remaining, 10)", {"remaining": 30.0})
    10
    """
    return _value(_parse(text), {"true": True, "false": False, **_FUNCTIONS, **quantities})


def _value(node: ast.expr, names: Mapping[str, Any]) -> Any:
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        if node.id not in names:
            raise ValueError(f"unknown quantity {node.id}")
        return names[node.id]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        function = names.get(node.func.id)
        if not callable(function):
            raise ValueError(f"unknown function {node.func.id}")
        return function(*[_value(argument, names) for argument in node.args])
    return _operation(node, names)


def _operation(node: ast.expr, names: Mapping[str, Any]) -> Any:
    if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
        return _BINARY[type(node.op)](_value(node.left, names), _value(node.right, names))
    if isinstance(node, ast.UnaryOp):
        inner = _value(node.operand, names)
        return not inner if isinstance(node.op, ast.Not) else -inner
    if isinstance(node, ast.BoolOp):
        values = (_value(part, names) for part in node.values)
        return all(values) if isinstance(node.op, ast.And) else any(values)
    if isinstance(node, ast.Compare):
        left = _value(node.left, names)
        for symbol, right_node in zip(node.ops, node.comparators, strict=True):
            right = _value(right_node, names)
            if not _COMPARE[type(symbol)](left, right):
                return False
            left = right
        return True
    raise ValueError(f"not part of the language: {ast.dump(node)}")
