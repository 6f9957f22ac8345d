"""`Trace`: a run of a function in which every NumPy call on its arrays is noted, those of gradient rules included.

Here is how arrays come into a trace (arguments, the Values that the function reads, the buffers of modules), and what
becomes of those that the function changes. What an array does with a call lives in `traced`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import RLock
from typing import Any, NamedTuple

import numpy as np

from ..checkpoint import checkpointed
from ..graph import Node, next_order, nobody
from ..handle import Handle
from ..primitive import GUARDS, RULES, Guard, Primitive, Recorder, Results, describe
from ..rules import part
from ..rules.indexing import getitem
from ..state import Observer, State, current_state, running
from ..tracing import tracing
from ..value import Value
from ..watch import rule_at_work, users_line
from .draws import frozen
from .forms import FORMS
from .kinds import hangs_on_numbers
from .quietly import quietly
from .traced import (
    Step,
    Traced,
    TraceError,
    holds,
    numbers_of,
    refuse_mask,
    replaced,
    steps_in,
)
from .writing import changed_by, written, written_through

_lock = RLock()  # one trace at a time: while one runs, the class of Values is another


# ---- where inputs come from ----


class Argument(NamedTuple):
    """The array at a place among the leaves of the arguments."""

    place: int
    name: str


class Captured(NamedTuple):
    """The array of a Value that the function reads."""

    value: Value


class Gradient(NamedTuple):
    """The gradient that a Value had before the call."""

    value: Value


class Buffer(NamedTuple):
    """An array that is an attribute of a module."""

    module: Any
    name: str


class Cotangent(NamedTuple):
    """The gradient of a result, which the backward pass of the program receives."""

    place: int


# ---- what happens at every call besides computing ----


def write_into(target: Any, new: Any) -> None:
    """`target[...] = new`."""
    target[...] = new


def set_data(value: Any, new: Any) -> None:
    """`value.data = new`."""
    value.data = new


def renew(value: Any) -> None:
    """What assigning an array that was changed in place does: graphs recorded before must not run backward."""
    value.data = value.data


def set_requires_grad(value: Any, wanted: bool) -> None:
    """`value.requires_grad = wanted`."""
    value.requires_grad = wanted


def set_gradient(value: Any, new: Any) -> None:
    """`value.grad = new`."""
    value.grad = new


def set_buffer(module: Any, name: str, new: Any) -> None:
    """`module.name = new`."""
    setattr(module, name, new)


def get_data(value: Any) -> Any:
    """`value.data`."""
    return value.data


def get_gradient(value: Any) -> Any:
    """`value.grad`."""
    return value.grad


def get_buffer(module: Any, name: str) -> Any:
    """`module.name`."""
    return getattr(module, name)


class Decision(Exception):  # noqa: N818 - it is an answer, not a mistake
    """At a call a condition that the program was made for does not hold."""


def require(condition: Any, answer: bool) -> None:
    """Go on only if the condition is what it was in the trace."""
    if bool(condition) is not answer:
        raise Decision


def insist(condition: Any, answer: bool) -> None:
    """Go on only if a condition is what it was in the trace, where it is too late for another program."""
    if bool(condition) is not answer:
        raise RuntimeError(
            "a compiled program came to a branch that hangs on random numbers, or on what a call before has changed, "
            "and they led another way than when it was traced. Leave that branch outside of the compiled function."
        )


def kinds_of(result: Any) -> Any:
    """Shape and dtype of every array of a result."""
    if isinstance(result, tuple | list):
        return tuple([kinds_of(x) for x in result])
    return np.shape(result), np.asarray(result).dtype.str


def are_alike(result: Any, kinds: Any) -> bool:
    """Whether the arrays of a result have these shapes and dtypes."""
    return bool(kinds_of(result) == kinds)


def ancestors_of(step: Step) -> Iterator[Step]:
    """A step and all that it was computed from."""
    waiting, seen = [step], {step}
    while waiting:
        step = waiting.pop()
        yield step
        new = [parent for parent in step.parents if parent not in seen]
        seen.update(new)
        waiting += new


_NOT_ASKED: Any = object()
_IN_PLACE = {written, written_through, changed_by}


@dataclass(slots=True, eq=False)
class _Held:
    """A Value that was there before the trace.

    Attributes:
        value: the Value.
        node: its Node then, and the handle of that.
        read: its array as it was read, None before.
        start: the step that read it.
        array: its array now: `read`, which may have been written into, or what was assigned.
        assigned: whether something was assigned to its data.
        gradient: its gradient now.
        before: its gradient when the function first asked or assigned: a step, None, or `_NOT_ASKED`.
        known: its gradient when everything was last noted, or `_NOT_ASKED`.
        wanted: whether it wanted a gradient then.
    """

    value: Value
    node: Node | None
    handle: Any
    read: Any = None
    start: Step | None = None
    array: Any = None
    assigned: bool = False
    gradient: Any = None
    before: Any = _NOT_ASKED
    known: Any = _NOT_ASKED
    wanted: bool = False
    asked: bool = False


@dataclass(slots=True, eq=False)
class _HeldBuffer:
    """A buffer of a module: the array, what stands for it, and the step that read it."""

    module: Any
    name: str
    array: Any
    read: Traced
    start: Step


class Trace(Observer):
    """The calls of one run of a function.

    Args:
        name: how messages call the function.
        was_there: says of a plain array whether it was there before, so that it is a constant.

    Attributes:
        steps: the calls, in order; inputs are steps as well.
        missing: Values that had no gradient when the function asked.
        modules: the modules that were called, and their attributes then.
        ran_backward: whether the function itself asked for gradients of a Value.
    """

    def __init__(self, name: str, was_there: Callable[[Any], bool] = lambda array: False, jit: bool = False) -> None:
        self.name, self._array_was_there, self.jit = name, was_there, jit
        self._kept_arrays: dict[int, tuple[Any, Any]] = {}  # plain arrays and what they held, by identity
        self.steps: list[Step] = []
        self.missing: list[Value] = []
        self.modules: dict[int, tuple[Any, dict[str, Any]]] = {}
        self.sets_gradients = False
        self._held: dict[int, _Held] = {}
        self._buffers: list[_HeldBuffer] = []
        self._arguments: list[tuple[Traced, Step]] = []
        self._states: list[tuple[Any, Any]] = []  # of the generators that were drawn from
        self._drawn: dict[Any, Step] = {}
        self._errors = np.geterr()
        self._refused: TraceError | None = None  # the last refusal
        self._begun = False  # whether an effect came, so that what was there before may have changed
        self.start = next_order()  # Nodes of a lower order were there before

    # ---- calls ----

    def call(self, function: Any, args: Any, kwargs: Any) -> Any:
        """Run a function on the example's numbers, and note the call."""
        out = function(*numbers_of(args), **numbers_of(kwargs))
        result = self.noted(quietly(function, self._errors), args, kwargs, out)
        if hangs_on_numbers(function, args, kwargs) and rule_at_work() is None:
            self.expect_alike(result)
        return result

    def attempt(self, inner: Callable[..., Any], function: Any, args: Any, kwargs: Any) -> Any:
        """Note the calls that a function of the library makes; of one that asks for numbers the call as a whole.

        So it is with one that writes into an array piece by piece, which would be copied for every piece.
        """
        length, refused = len(self.steps), self._refused
        try:
            out = inner(*args, **kwargs)
            if sum([step.function in _IN_PLACE for step in self.steps[length:]]) < 2:
                return out
        except TraceError:
            if not holds((args, kwargs), Traced):
                raise
        self._refused = refused
        del self.steps[length:]
        return self.call(function, args, kwargs)

    def noted(self, function: Any, args: Any, kwargs: Any, out: Any, effect: bool = False) -> Any:
        """A call that has run, and what it returned, as arrays of the trace."""
        step = self._step(function, tuple(args), kwargs, out)
        step.effect = effect
        return self._results(step, out)

    def _step(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], out: Any) -> Step:
        step = Step()
        step.function = function
        step.args = self._as_it_is(replaced(args, Traced, lambda x: x.step))
        step.kwargs = self._as_it_is(replaced(kwargs, Traced, lambda x: x.step)) if kwargs else {}
        step.parents = tuple(steps_in((step.args, step.kwargs)))
        node = rule_at_work()
        step.backward = node is not None
        step.out, step.order, step.scope = out, next_order(), (node.scope if node else "") or current_state().scope
        step.name, step.hooks, step.handle = None, None, nobody
        step.source, step.line, step.effect = None, users_line(), False
        read: list[Any] = []
        replaced((args, kwargs), Traced, lambda x: read.append(x._array))
        step.alias = any(_shares_memory(out, array) for array in [*read, *[parent.out for parent in step.parents]])
        self.steps.append(step)
        return step

    def _as_it_is(self, args: Any) -> Any:
        """The arguments of a call with copies of the arrays that the function may write into later."""
        return replaced(args, np.ndarray, self._kept) if holds(args, np.ndarray) else args

    def _kept(self, array: Any) -> Any:
        if not array.flags.writeable or self._array_was_there(array):
            return array
        _, kept = self._kept_arrays.get(id(array), (None, None))
        if kept is None or kept.shape != array.shape or kept.dtype != array.dtype or kept.tobytes() != array.tobytes():
            kept = array.copy("K")
            self._kept_arrays[id(array)] = array, kept
        return kept

    def _results(self, step: Step, out: Any) -> Any:
        if isinstance(out, np.ndarray | np.generic):
            return Traced(self, out, step)
        if isinstance(out, tuple | list):
            parts = [self._part(step, i, result) for i, result in enumerate(out)]
            if isinstance(out, Results):
                results = Results(parts)
                results.names = out.names
                return results
            return type(out)(*parts) if hasattr(out, "_fields") else type(out)(parts)
        if isinstance(out, bool | int | float | complex):
            step.out = np.asarray(out)[()]
            return Traced(self, step.out, step)
        if out is None:
            return None
        raise self.refusal(
            f"{describe(step.function)} returns {type(out).__name__}, which would be the same at every call",
            "Return the array, and call it outside",
        )

    def _part(self, step: Step, i: int, result: Any) -> Any:
        if result is None:
            return None
        inner = self._step(part, (), {}, result)
        inner.args, inner.parents, inner.alias = (step, i), (step,), True
        return self._results(inner, result)

    def constant(self, array: Any) -> Traced:
        """An array that is the same at every call."""
        array = self._kept(array) if isinstance(array, np.ndarray) else array
        step = self._step(None, (), {}, array)
        step.source = None
        return Traced(self, array, step)

    def input(self, source: Any, array: Any, name: str | None = None) -> Traced:
        """An array that is another one at every call."""
        step = self._step(None, (), {}, array)
        step.source, step.name = source, name
        return Traced(self, array, step)

    def argument(self, place: int, name: str, array: Any) -> Traced:
        """The array at a place among the arguments; if the function writes into it, so does the program."""
        traced = self.input(Argument(place, name), array, name)
        if isinstance(array, np.ndarray):
            self._arguments.append((traced, traced.step))
        return traced

    # ---- refusals ----

    def refusal(self, what: str, instead: str) -> TraceError:
        """What to raise for something that a program cannot repeat."""
        line = users_line()
        where = f"\n  {line}" if line is not None else ""
        self._refused = TraceError(
            f"{what} cannot be compiled into ag.compile({self.name}), because a program makes the same calls whatever "
            f"the numbers are. {instead}; or leave it outside of the compiled function.{where}"
        )
        return self._refused

    # ---- effects ----

    def effect(self, function: Any, args: Any, kwargs: Any) -> None:
        """Note a call that is not to run now, but at every call of the program."""
        self.flush()
        self._note_effect(function, *replaced((args, kwargs), Recorder, _array_of))

    def _note_effect(self, function: Any, args: Any, kwargs: Any = {}) -> None:  # noqa: B006 - is read only
        self._step(function, args, kwargs, None).effect = True

    def draw(self, function: Primitive, args: Any, kwargs: Any) -> Any:
        """Note a draw of random numbers, which every call of the program draws anew.

        From the same states of the generators the same is drawn: `checkpoint` goes back to them.
        """
        generators = [x for x in (*args, *kwargs.values()) if isinstance(x, np.random.Generator)]
        for x in generators:
            if all(x is not known for known, _ in self._states):
                self._states.append((x, x.bit_generator.state))
        key = function, *[(id(x), frozen(x.bit_generator.state)) for x in generators]
        out = function.forward(*numbers_of(args), **numbers_of(kwargs))
        step = self._drawn.get(key)
        if step is None or np.shape(step.out) != np.shape(out) or not np.array_equal(step.out, out):
            step = self._drawn[key] = self._step(function, args, kwargs, out)
            step.effect = True
        return self._results(step, out)

    def expect(self, condition: Any) -> bool:
        """The truth of a condition, which the program will look at again."""
        if type(condition) is not Traced:
            return bool(condition)
        answer = bool(condition._array)
        free = all(step.effect is False for step in ancestors_of(condition.step))
        self._note_effect(require if free else insist, (condition, answer))
        return answer

    def expect_alike(self, result: Any) -> None:
        """Note that shapes and dtypes of a result, which may hang on the numbers, must be those of the example."""
        result = tuple(result) if isinstance(result, tuple) else result
        known = kinds_of(numbers_of(result))
        self.expect(self.noted(are_alike, (result, known), {}, True))

    # ---- Values that were there before ----

    def _hold(self, value: Value) -> _Held:
        held = self._held.get(id(value))
        if held is None:
            node = value._node
            held = self._held[id(value)] = _Held(value, node, None if node is None else node.handle)
            held.wanted = type(node) is Node
        return held

    def read(self, value: Value, array: Any) -> Any:
        """The array of a Value that was there before."""
        held = self._hold(value)
        if held.array is None:
            if self._begun:
                held.array = self.noted(get_data, (value,), {}, array, effect=True)
            else:
                held.array = self.input(Captured(value), array, value.name)
            held.read, held.start = held.array, held.array.step
        return held.array

    def assign(self, value: Value, array: Any) -> None:
        """Let a Value that was there before hold another array."""
        held = self._hold(value)
        held.array = array if type(array) is Traced else self.constant(array)
        held.assigned = True

    def gradient(self, value: Value, gradient: Any) -> Any:
        """The gradient of a Value that was there before."""
        held = self._hold(value)
        if not held.asked:
            held.asked = True
            if self._begun:
                if held.known is not _NOT_ASKED:  # which is what the program will find there
                    gradient = None if held.known is None else held.known._array
                held.gradient = self.noted(get_gradient, (value,), {}, gradient, effect=True)
            elif gradient is None:
                self.missing.append(value)
            else:
                raw = _ARRAY.__get__(gradient) if isinstance(gradient, Value) else gradient
                held.gradient = self.input(Gradient(value), raw, f"{value.name or 'value'}.grad")
            held.before = None if held.gradient is None else held.gradient.step
        return held.gradient

    def set_gradient(self, value: Value, gradient: Any) -> None:
        """Let a Value that was there before have another gradient."""
        held = self._hold(value)
        if gradient is None and not (held.asked and held.gradient is None):
            self._note_effect(set_gradient, (value, None))  # at once, so that the memory is free for the new one
            held.before = None
        held.asked = True
        self.sets_gradients = self.sets_gradients or gradient is not None
        if type(gradient) is Traced:
            gradient = Traced(self, gradient._array, gradient.step)  # no two Values share a gradient
        held.gradient = gradient

    def abandoned(self, leaf: Node) -> None:
        for held in self._held.values():
            if leaf is held.node:
                held.assigned = True

    def own_array(self, value: Value) -> Traced | None:
        """The array of a Value that was made in the trace; None of one that was there before."""
        return None if _was_there(value) else value._array

    def value_of(self, leaf: Node) -> Value | None:
        """The Value that was there before and whose Node this is."""
        return next((held.value for held in self._held.values() if held.node is leaf), None)

    # ---- modules ----

    def entered(self, module: Any) -> None:
        if id(module) not in self.modules:
            self.modules[id(module)] = module, dict(module.__dict__)
            for name, array in list(module.named_buffers(recurse=False)):
                if isinstance(array, np.ndarray):
                    self._hold_buffer(module, name, array)

    def _hold_buffer(self, module: Any, name: str, array: Any) -> None:
        if self._begun:
            traced = self.noted(get_buffer, (module, name), {}, array, effect=True)
        else:
            traced = self.input(Buffer(module, name), array, name)
        self._buffers.append(_HeldBuffer(module, name, array, traced, traced.step))
        module.__dict__[name] = traced

    # ---- the end, or an effect, before which everything must be what it is now ----

    def flush(self) -> None:
        """Note what the function has changed outside of itself, and forget what it has read."""
        for traced, start in self._arguments:
            if traced.step is not start:
                self._note_effect(write_into, (start, traced))
        self._arguments = [(traced, traced.step) for traced, _ in self._arguments]
        buffers, self._buffers = self._buffers, []
        for buffer in buffers:
            now = buffer.module.__dict__[buffer.name]
            buffer.module.__dict__[buffer.name] = buffer.array
            if now is not buffer.read:
                self._note_effect(set_buffer, (buffer.module, buffer.name, now))
            elif now.step is not buffer.start:
                self._note_effect(write_into, (buffer.start, now))
        for held in self._held.values():
            self._flush(held)
        self._begun = True
        for buffer in buffers:
            self._hold_buffer(buffer.module, buffer.name, buffer.array)

    def _flush(self, held: _Held) -> None:
        wanted = type(held.value._node) is Node
        if wanted != held.wanted:
            held.wanted = wanted
            self._note_effect(set_requires_grad, (held.value, wanted))
        if held.array is not held.read:
            self._note_effect(set_data, (held.value, held.array))
        else:
            if held.array is not None and held.array.step is not held.start:
                self._note_effect(write_into, (held.start, held.array))
            if held.assigned:
                self._note_effect(renew, (held.value,))
        held.array = held.read = held.start = None
        held.assigned = False
        if held.asked:
            now = held.gradient.step if type(held.gradient) is Traced else held.gradient
            if now is not held.before:
                self._note_effect(set_gradient, (held.value, held.gradient))
            held.known = held.gradient
        held.asked, held.gradient, held.before = False, None, _NOT_ASKED

    @contextmanager
    def running(self) -> Iterator[None]:
        """A block in which Values and NumPy's functions answer to this trace."""
        with _lock:
            state = current_state()
            outer = tracing.set(self), running.set(State(state.recording, state.scope, self))
            GUARDS.insert(0, _GUARD)
            _put_into_handles(_ArrayOfValue(), _GradientOfValue())
            try:
                yield
            except Exception as error:
                if self._refused is None or isinstance(error, TraceError):
                    raise
                raise self._refused from error  # NumPy has made another error of it
            else:
                if self._refused is not None:  # somebody has caught it, and gone another way
                    raise self._refused
            finally:
                _put_into_handles(_ARRAY, _GRADIENT)
                GUARDS.remove(_GUARD)
                running.reset(outer[1])
                tracing.reset(outer[0])
                self._restore()

    def forget(self) -> None:
        """Let go of the arrays of the example, which otherwise go when Python looks for cycles."""
        self._arguments, self._held, self._kept_arrays = [], {}, {}

    def _restore(self) -> None:
        """Leave everything outside as it was before the function ran."""
        for buffer in self._buffers:
            buffer.module.__dict__[buffer.name] = buffer.array
        for held in self._held.values():
            held.value._node = held.node
            if held.node is not None:
                held.node.handle = held.handle
        for generator, before in self._states:
            generator.bit_generator.state = before
        self._buffers, self._states = [], []


def _shares_memory(a: Any, b: Any) -> bool:
    """Whether results may lie in the same memory; several of them count as one."""
    if isinstance(a, tuple | list):
        return any(_shares_memory(x, b) for x in a)
    if isinstance(b, tuple | list):
        return any(_shares_memory(a, x) for x in b)
    return isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and np.may_share_memory(a, b)


# ---- how Values and functions come to the trace ----

_ARRAY: Any = Handle.__dict__["_array"]
_GRADIENT: Any = Handle.__dict__["_grad"]


def _put_into_handles(array: Any, gradient: Any) -> None:
    """Let these be what answers when a Value is asked for its array, and for its gradient."""
    slots: Any = Handle
    slots._array, slots._grad = array, gradient


def held_array(value: Value) -> Any:
    """The array that a Value really holds, also while there is a trace."""
    return _ARRAY.__get__(value)


def _array_of(value: Value) -> Any:
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
        if trace is not None and _was_there(value):
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
        return gradient if trace is None or not _was_there(value) else trace.gradient(value, gradient)

    def __set__(self, value: Any, gradient: Any) -> None:
        trace = tracing.get()
        if trace is None or not _was_there(value):
            _GRADIENT.__set__(value, gradient)
        else:
            trace.set_gradient(value, gradient)


def _was_there(value: Any) -> bool:
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
