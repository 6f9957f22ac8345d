"""What an operation is called in a drawing, and which of its arguments are worth naming."""

from __future__ import annotations

import inspect
from functools import lru_cache
from typing import Any

import numpy as np

from ..graph import Node
from ..primitive import RULES, Primitive, is_ufunc
from ..rules import getitem, part, setitem
from .statistics import on_host
from .text import cleaned, plain, shape_of

_SIGNS = {
    np.add: "+",
    np.subtract: "−",
    np.multiply: "×",
    np.divide: "÷",
    np.power: "^",
    np.negative: "−",
    np.matmul: "@",
    np.remainder: "%",
    np.square: "x²",
    np.sqrt: "√",
    np.absolute: "|x|",
    np.sum: "Σ",
}
_INDEXED = {getitem: (1,), setitem: (2,)}  # the arguments that are an index, never an input
_LONGEST = 30


def sign_of(node: Node) -> str:
    """The operation as a short sign with its constant, for a graph of scalars: `+`, `× 2`, `10 ÷`, `tanh`."""
    sign, constants = _SIGNS.get(node.function) or name_of(node), _constants(node)
    if len(node.args) != 2 or not constants:
        return sign
    return f"{constants[0]} {sign}" if 0 in constants else f"{sign} {constants[1]}"


def name_of(node: Node) -> str:
    """The operation's name as the user knows it."""
    if node.function is part:
        results, i = node.args
        return str(results.names[i]) if results.names else f"result {i}"
    name = getattr(node.function, "__name__", None) or type(node.function).__name__
    if is_ufunc(getattr(node.function, "__self__", None)):  # np.add.reduce
        name = f"{node.function.__self__.__name__}.{name}"
    return "index" if node.function is getitem else cleaned(name).lstrip("_") or "operation"


def detail_of(node: Node) -> str:
    """The arguments that are no arrays, in few words: `axis=1`, `× 2`, `[0, 1:]`; "" for none."""
    function = node.function
    if function is part:
        return ""
    if function in _INDEXED:
        return _shortened(_index(node.args[_INDEXED[function][0]]))
    if function in _SIGNS and len(node.args) == 2 and _constants(node):
        return sign_of(node)
    words: list[str] = []
    names = parameter_names(function)
    for i, argument in enumerate(node.args):
        if node.parents[i] is None and not is_array(argument):
            name, default = names[i] if i < len(names) else ("", None)
            words += _named(name, argument, default)
    defaults = dict(names)
    for name, argument in node.kwargs.items():
        words += _named(name, argument, defaults.get(name))
    return _shortened(", ".join(words))


def input_arrays(node: Node) -> list[tuple[int, Any]]:
    """The plain arrays that an operation reads as inputs, each with its argument's position."""
    skipped = _INDEXED.get(node.function, ())
    found: list[tuple[int, Any]] = []
    for i, (argument, parent) in enumerate(zip(node.args, node.parents, strict=True)):
        if parent is None and i not in skipped:
            if is_array(argument):
                found.append((i, argument))
            elif isinstance(argument, tuple | list):  # an index of several axes, such as (rows, targets)
                found += [(i, part) for part in argument if is_array(part) and not _counts(part)]
    return found


def argument_name(node: Node, i: int) -> str:
    """What the operation's author called an argument; "" for NumPy's functions, whose names say nothing."""
    names = parameter_names(node.function)
    return names[i][0] if isinstance(node.function, Primitive) and i < len(names) else ""


@lru_cache(maxsize=512)
def parameter_names(function: Any) -> tuple[tuple[str, Any], ...]:
    """Name and default of the parameters of a function, in order."""
    rule = RULES.get(function)
    if isinstance(function, Primitive):
        source = function.forward
    elif rule is None:  # a call of a compiled program that nobody differentiates any more
        return ()
    else:
        source = rule.joint or next(filter(None, rule.vjps))
    try:
        parameters = list(inspect.signature(source).parameters.values())
    except ValueError:
        return ()
    if not isinstance(function, Primitive):
        parameters = parameters[2:]  # a rule also takes the gradient and the result
    return tuple((p.name, p.default) for p in parameters if p.kind is not p.VAR_POSITIONAL)


def is_array(argument: Any) -> bool:
    """Whether an argument is an array rather than a number or a setting."""
    shape = getattr(argument, "shape", None)
    return isinstance(shape, tuple) and len(shape) > 0 and hasattr(argument, "dtype")


def _counts(index: Any) -> bool:
    """Whether an array is 0, 1, 2, ...: every row in turn, which goes without saying."""
    return index.dtype.kind in "iu" and bool((on_host(index).ravel() == np.arange(index.size)).all())


def _constants(node: Node) -> dict[int, str]:
    """The numbers among the arguments, written."""
    found = {}
    for i, (argument, parent) in enumerate(zip(node.args, node.parents, strict=True)):
        if parent is None and not is_array(argument):
            number = argument.item() if hasattr(argument, "item") else argument
            if isinstance(number, int | float | complex):
                found[i] = plain(number)
    return found


def _named(name: str, argument: Any, default: Any) -> list[str]:
    if argument is None or is_array(argument) or (type(argument) is type(default) and argument == default):
        return []
    if isinstance(argument, bool):
        text = str(argument)
    elif isinstance(argument, int | float | np.generic):
        text = plain(argument.item() if isinstance(argument, np.generic) else argument)
    elif isinstance(argument, str):
        text = argument
    elif isinstance(argument, tuple | list):
        if any(is_array(part) for part in argument):
            return []
        text = str(argument)
    elif isinstance(argument, np.dtype):
        text = argument.name
    elif isinstance(argument, type):
        text = argument.__name__
    else:
        return []  # a random generator, a function: nothing that reads well
    return [f"{name}={text}" if name else text]


def _index(index: Any) -> str:
    items = index if isinstance(index, tuple) else (index,)
    return f"[{', '.join(map(_index_item, items))}]"


def _index_item(item: Any) -> str:
    if isinstance(item, slice):
        start, stop, step = ("" if part is None else str(part) for part in (item.start, item.stop, item.step))
        return f"{start}:{stop}:{step}" if step else f"{start}:{stop}"
    if item is Ellipsis:
        return "…"
    if is_array(item):
        return f"{item.dtype.name} {shape_of(item.shape)}"
    return str(item)


def _shortened(text: str) -> str:
    return cleaned(text, _LONGEST)
