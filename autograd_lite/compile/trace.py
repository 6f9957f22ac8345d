"""`Trace`: a run of a function in which every NumPy call on its arrays is noted, those of gradient rules included.

What an array does with a call lives in `traced`, what becomes of Values, buffers and arguments in `outside`, how Values
and functions come to the trace in `slots`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import RLock
from typing import Any

import numpy as np

from ..graph import next_order, nobody
from ..primitive import Primitive, Recorder, Results, describe
from ..rules import part
from ..state import State, current_state, running
from ..tracing import TraceError, tracing
from ..watch import rule_at_work, users_line
from .draws import frozen
from .effects import are_alike, insist, kinds_of, require
from .kinds import hangs_on_numbers
from .outside import Outside
from .quietly import quietly
from .slots import answering, array_for_effect
from .traced import (
    Step,
    Traced,
    holds,
    numbers_of,
    replaced,
    steps_in,
)
from .writing import changed_by, written, written_through

_lock = RLock()  # one trace at a time: while one runs, the class of Values is another


def ancestors_of(step: Step) -> Iterator[Step]:
    """A step and all that it was computed from."""
    waiting, seen = [step], {step}
    while waiting:
        step = waiting.pop()
        yield step
        new = [parent for parent in step.parents if parent not in seen]
        seen.update(new)
        waiting += new


_IN_PLACE = {written, written_through, changed_by}


class Trace(Outside):
    """The calls of one run of a function.

    Args:
        name: how messages call the function.
        was_there: says of a plain array whether it was there before, so that it is a constant.

    Attributes:
        steps: the calls, in order; inputs are steps as well.
        start: Nodes of a lower order were there before.
    """

    def __init__(self, name: str, was_there: Callable[[Any], bool] = lambda array: False, jit: bool = False) -> None:
        super().__init__()
        self.name, self._array_was_there, self.jit = name, was_there, jit
        self._kept_arrays: dict[int, tuple[Any, Any]] = {}  # plain arrays and what they held, by identity
        self.steps: list[Step] = []
        self._states: list[tuple[Any, Any]] = []  # of the generators that were drawn from
        self._drawn: dict[Any, Step] = {}
        self._errors = np.geterr()
        self._refused: TraceError | None = None  # the last refusal
        self.start = next_order()

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
        self.note_effect(function, *replaced((args, kwargs), Recorder, array_for_effect))

    def note_effect(self, function: Any, args: Any, kwargs: Any = {}) -> None:  # noqa: B006 - is read only
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
        self.note_effect(require if free else insist, (condition, answer))
        return answer

    def expect_alike(self, result: Any) -> None:
        """Note that shapes and dtypes of a result, which may hang on the numbers, must be those of the example."""
        result = tuple(result) if isinstance(result, tuple) else result
        known = kinds_of(numbers_of(result))
        self.expect(self.noted(are_alike, (result, known), {}, True))

    @contextmanager
    def running(self) -> Iterator[None]:
        """A block in which Values and NumPy's functions answer to this trace."""
        with _lock, answering():
            state = current_state()
            outer = tracing.set(self), running.set(State(state.recording, state.scope, self))
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
                running.reset(outer[1])
                tracing.reset(outer[0])
                self.restore()
                for generator, before in self._states:
                    generator.bit_generator.state = before
                self._states = []

    def forget(self) -> None:
        """Let go of the arrays of the example, which otherwise go when Python looks for cycles."""
        self._arguments, self._held, self._kept_arrays = [], {}, {}


def _shares_memory(a: Any, b: Any) -> bool:
    """Whether results may lie in the same memory; several of them count as one."""
    if isinstance(a, tuple | list):
        return any(_shares_memory(x, b) for x in a)
    if isinstance(b, tuple | list):
        return any(_shares_memory(a, x) for x in b)
    return isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and np.may_share_memory(a, b)
