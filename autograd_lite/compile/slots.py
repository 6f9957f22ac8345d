"""How Values and functions come to a trace: what stands in for the slots of Values while one runs, and the guard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from ..checkpoint import checkpointed
from ..graph import Node
from ..handle import Handle
from ..primitive import GUARDS, RULES, Guard, Primitive, Results, describe
from ..rules.indexing import getitem
from ..tracing import tracing
from ..value import Value
from ..watch import rule_at_work
from .forms import FORMS
from .traced import Traced, holds, refuse_mask, replaced

if TYPE_CHECKING:
    from .trace import Trace

_ARRAY: Any = Handle.__dict__["_array"]
_GRADIENT: Any = Handle.__dict__["_grad"]


def _put_into_handles(array: Any, gradient: Any) -> None:
    """Let these be what answers when a Value is asked for its array, and for its gradient."""
    slots: Any = Handle
    slots._array, slots._grad = array, gradient


def held_array(value: Value) -> Any:
    """The array that a Value really holds, also while there is a trace."""
    return _ARRAY.__get__(value)


def array_for_effect(value: Value) -> Any:
    """What an effect receives for a Value: the array, of one that was computed; a leaf is itself."""
    return value if type(value._node) is not Node or value.is_leaf else value._array


class _ArrayOfValue:
    """In the place of `Value._array` while there is a trace: a Value that was there before is an input of it."""

    def __get__(self, value: Any, owner: Any = None) -> Any:
        if value is None:
            return self
        array = _ARRAY.__get__(value)
        if type(array) is Traced or type(array) is Results:  # the several results of one operation
            return array
        trace = tracing.get()
        return array if trace is None else trace.read(value, array)

    def __set__(self, value: Any, array: Any) -> None:
        trace = tracing.get()
        if trace is not None and was_there(value):
            trace.assign(value, array)
            return
        if trace is not None and isinstance(array, np.ndarray | np.generic):
            array = trace.constant(array)  # so that Values made inside hold arrays of the trace, and only those
        _ARRAY.__set__(value, array)


class _GradientOfValue:
    """In the place of `Value._grad` while there is a trace."""

    def __get__(self, value: Any, owner: Any = None) -> Any:
        if value is None:
            return self
        trace = tracing.get()
        gradient = _GRADIENT.__get__(value)
        return gradient if trace is None or not was_there(value) else trace.gradient(value, gradient)

    def __set__(self, value: Any, gradient: Any) -> None:
        trace = tracing.get()
        if trace is None or not was_there(value):
            _GRADIENT.__set__(value, gradient)
        else:
            trace.set_gradient(value, gradient)


def was_there(value: Any) -> bool:
    """Whether a Value was made before the trace: it holds an array, and not one of a trace."""
    try:
        _GRADIENT.__get__(value)  # which is set after the array
        return type(_ARRAY.__get__(value)) is not Traced
    except AttributeError:
        return False


def _has_axes(tree: Any) -> bool:
    """Whether there is an array among the arguments, and not numbers alone."""
    found: list[Traced] = []
    replaced(tree, Traced, lambda x: found.append(x))
    return any(x.ndim for x in found)


class _TracingGuard(Guard):
    """Runs functions and gradient rules while there is a trace."""

    def compose(self, function: Any, implementation: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
        return implementation(*args, **kwargs)

    def run(self, function: Any, forward: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
        trace = tracing.get()
        if trace is None or not isinstance(function, Primitive):
            return forward(*args, **kwargs)
        if holds((args, kwargs), np.random.Generator):
            return trace.draw(function, args, kwargs)
        if not holds((args, kwargs), Traced):
            return forward(*args, **kwargs)
        if function is getitem:
            refuse_mask(trace, args[1])
        if trace.jit and function in FORMS:
            return trace.attempt(FORMS[function], function, args, kwargs)
        if function.traced and _has_axes((args, kwargs)):  # on numbers primitives have short ways of their own
            return trace.attempt(forward, function, args, kwargs)
        return trace.call(function, args, kwargs)

    def __getitem__(self, function: Any) -> Any:
        rule, trace = RULES[function], tracing.get()
        if trace is None or function is checkpointed:  # whose rule is a function of the user
            return rule
        node = rule_at_work()
        if node is not None and node.order < trace.start:
            raise trace.refusal(
                f"backward through {describe(function)}, which was recorded before,",
                "Compute it within the function, or run backward outside",
            )
        return _TracedRule(rule, trace)


class _TracedRule:
    """The rule of a function, in a trace."""

    __slots__ = ("joint", "vjps")

    def __init__(self, rule: Any, trace: Trace) -> None:
        self.vjps = tuple([vjp and _attempted(vjp, trace) for vjp in rule.vjps])
        self.joint = rule.joint and _attempted(rule.joint, trace)


def _attempted(vjp: Callable[..., Any], trace: Trace) -> Callable[..., Any]:
    def attempted(g: Any, out: Any, *args: Any, **kwargs: Any) -> Any:
        return trace.attempt(vjp, vjp, (g, out, *args), kwargs)

    return attempted


_GUARD = _TracingGuard()


@contextmanager
def answering() -> Iterator[None]:
    """A block in which Values and NumPy's functions ask the trace of their thread."""
    GUARDS.insert(0, _GUARD)
    _put_into_handles(_ArrayOfValue(), _GradientOfValue())
    try:
        yield
    finally:
        _put_into_handles(_ARRAY, _GRADIENT)
        GUARDS.remove(_GUARD)
