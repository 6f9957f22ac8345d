"""`detect_anomaly`: the first NaN or infinity, and the line of the program that it comes from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .checkpoint import checkpointed
from .graph import Node
from .primitive import describe, plain_array
from .rules import part
from .state import Block, Observer, current_scope
from .watch import Line, Notes, Watch, arrays_in, rule_at_work, users_line

_NOTHING_NEW = frozenset({part, checkpointed})  # what they return has been looked at before


class AnomalyError(FloatingPointError):
    """An operation, or its gradient rule, returned NaN or infinity."""


def detect_anomaly() -> Block:
    """Stop at the first operation that returns NaN or infinity, forward or backward, and say where it stands.

    For a `with` block, or as a decorator of a function. Every result, also of operations that are not recorded, and
    every contribution to a gradient is looked at, which costs time: it is for finding the fault.

    * NaN is never right. What returns it has made it, or has found it in its arguments; the message says which.
    * Infinity is right in the forward pass if an argument was infinite already, such as a mask of -inf.

    Raises:
        AnomalyError: a `FloatingPointError`. It names the operation, the names and shapes of its arguments, what was
            found and where, the module, and the line of your program, also if the fault is in the backward pass.

    Example:
        >>> import numpy as np, autograd_lite as ag
        >>> w = ag.Value([4.0, 0.0], name="w")
        >>> with ag.detect_anomaly(), np.errstate(divide="ignore"):  # doctest: +ELLIPSIS
        ...     try:
        ...         np.sum(np.sqrt(w)).backward()
        ...     except ag.AnomalyError as error:
        ...         print(str(error).splitlines()[0])
        backward through numpy.sqrt of w of shape (2,): the gradient of w is inf in 1 of 2 elements, first at ...
    """
    return Watch("detect_anomaly()", _Anomalies)


class _Anomalies(Observer):
    """Remembers the lines of what is recorded, and looks at every number."""

    __slots__ = ("_lines",)

    def __init__(self) -> None:
        self._lines = Notes()

    def forward(
        self,
        function: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        parents: tuple[Node | None, ...],
        out: Any,
    ) -> None:
        if function in _NOTHING_NEW:
            return
        for result in arrays_in(out):
            trouble = _trouble(result)
            if trouble is None or (trouble.kind == "inf" and _holds(np.isinf, (args, *kwargs.values()))):
                continue
            if rule_at_work() is not None:
                return  # of a backward pass that records itself: it is what a rule returns that counts
            told = f"{describe(function)} of {_listed(args, parents)} returned {trouble}."
            if trouble.kind == "nan":
                told += _explanation(args, parents)
            raise AnomalyError(_placed(told, current_scope(), users_line()))

    def recorded(self, node: Node) -> None:
        rule = rule_at_work()
        self._lines.note(node, users_line() if rule is None else self._lines.about(rule))

    def backward(self, node: Node, gradient: Any, parent: Node, share: Any) -> None:
        for contribution in arrays_in(_raw(share)):
            trouble = _trouble(contribution)
            if trouble is None:
                continue
            told = f"backward through {describe(node.function)} of {_listed(node.args, node.parents)}: "
            for before in arrays_in(_raw(gradient)):
                arrived = _trouble(before)
                if arrived is not None:
                    told += f"the gradient that arrived there is {arrived}. It was passed to backward(), comes from a "
                    told += "hook, or is a sum that overflowed."
                    break
            else:
                told += f"the gradient of {_called(parent, node.parents.index(parent))} is {trouble}."
                if trouble.kind == "nan" and _is_unasked(contribution, _raw(gradient)):
                    function = describe(node.function)
                    told += " The gradient that arrived there is 0, and 0 times an infinite slope is nan. If the "
                    told += "element is not used, as behind np.where(good, ...), write "
                    told += f"{function}(np.where(good, x, 1.0))."
            line = self._lines.about(node)
            if line is None:
                told += " Put the forward pass into the block as well, and this message will name its line."
            raise AnomalyError(_placed(told, node.scope, line))

    def ended(self, error: BaseException | None) -> None:
        self._lines.clear()


class _Trouble(NamedTuple):
    """What an array holds besides finite numbers.

    Attributes:
        kind: `nan` or `inf`; if it holds both, `nan`.
        text: what, how often, and where first.
    """

    kind: str
    text: str

    def __str__(self) -> str:
        return self.text


def _trouble(x: Any) -> _Trouble | None:
    if not _is_floating(x) or np.isfinite(x).all():
        return None
    kind, where = "nan", np.isnan(x)
    if not where.any():
        kind, where = "inf", np.isinf(x)
    if not np.shape(x):
        return _Trouble(kind, str(x))
    first = tuple(map(int, np.unravel_index(int(where.ravel().argmax()), x.shape)))
    number = x[first] if isinstance(x, np.ndarray) else kind  # which a lazy or a distant array would not print
    return _Trouble(kind, f"{number} in {int(where.sum())} of {x.size} elements, first at index {first}")


def _is_floating(x: Any) -> bool:
    return not hasattr(x, "dtype") or x.dtype.kind in "fc"


def _holds(is_such: Callable[[Any], Any], arguments: Any) -> bool:
    return any(bool(np.any(is_such(x))) for x in arrays_in(arguments) if _is_floating(x))


def _explanation(args: tuple[Any, ...], parents: tuple[Node | None, ...]) -> str:
    """Where a NaN came from that an operation returned."""
    for i, (argument, parent) in enumerate(zip(args, parents, strict=True)):
        if _holds(np.isnan, argument):
            if parent is None:
                kind = "is a constant"
            elif parent.function is None:
                kind = "is an input"
            else:
                kind = "was computed before detect_anomaly() began"
            return f" It was there already: {_called(parent, i)} {kind}, and holds nan."
    return " Its arguments hold infinities, but no nan." if _holds(np.isinf, args) else ""


def _is_unasked(share: Any, gradient: Any) -> bool:
    """Whether NaN came out where a 0 went in: from an infinite slope that nobody asked for."""
    same = getattr(gradient, "shape", None) == np.shape(share)
    return same and bool(np.any(np.isnan(share) & (gradient == 0)))


def _called(parent: Node | None, i: int) -> str:
    return (parent is not None and parent.name) or f"argument {i}"


def _listed(args: tuple[Any, ...], parents: tuple[Node | None, ...]) -> str:
    """Names and shapes of the arguments, and the numbers among them."""
    words = []
    for argument, parent in zip(args, parents, strict=True):
        name = None if parent is None else parent.name
        if hasattr(argument, "shape") and hasattr(argument, "dtype"):
            words.append(f"{name} of shape {argument.shape}" if name else f"shape {argument.shape}")
        elif isinstance(argument, bool | int | float | complex | str):
            words.append(repr(argument))
    return ", ".join(words) or "its arguments"


def _raw(x: Any) -> Any:
    """The arrays of what a backward pass hands on, which are Values if it records itself."""
    if isinstance(x, tuple):
        return tuple(_raw(item) for item in x)
    return plain_array(x)


def _placed(told: str, scope: str, line: Line | None) -> str:
    if scope:
        told += f"\n  in module {scope}"
    return told if line is None else f"{told}\n  {line}"
