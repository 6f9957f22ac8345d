"""What was there before a trace and may be changed in it: Values, their gradients, buffers of modules, arguments.

Everything outside stays as it is while the function is traced. What has become of it is noted at the end, and before
every effect.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..graph import Node
from ..state import Observer
from ..value import Value
from .effects import (
    Argument,
    Buffer,
    Captured,
    Gradient,
    get_buffer,
    get_data,
    get_gradient,
    renew,
    set_buffer,
    set_data,
    set_gradient,
    set_requires_grad,
    write_into,
)
from .slots import held_array, was_there
from .traced import Step, Traced

_NOT_ASKED: Any = object()


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


class Outside(Observer):
    """The part of a `Trace` that has to do with what was there before.

    Attributes:
        missing: Values that had no gradient when the function asked.
        modules: the modules that were called, and their attributes then.
        sets_gradients: whether the function itself has asked for gradients of Values that were there before.
    """

    def __init__(self) -> None:
        self.missing: list[Value] = []
        self.modules: dict[int, tuple[Any, dict[str, Any]]] = {}
        self.sets_gradients = False
        self._held: dict[int, _Held] = {}
        self._buffers: list[_HeldBuffer] = []
        self._arguments: list[tuple[Traced, Step]] = []
        self._begun = False  # whether an effect came, so that what was there before may have changed

    # ---- what a trace notes ----

    def noted(self, function: Any, args: Any, kwargs: Any, out: Any, effect: bool = False) -> Any:
        """A call that has run, and what it returned, as arrays of the trace."""
        raise NotImplementedError

    def note_effect(self, function: Any, args: Any, kwargs: Any = {}) -> None:  # noqa: B006 - is read only
        """A call that is to run at every call of the program."""
        raise NotImplementedError

    def constant(self, array: Any) -> Traced:
        """An array that is the same at every call."""
        raise NotImplementedError

    def input(self, source: Any, array: Any, name: str | None = None) -> Traced:
        """An array that is another one at every call."""
        raise NotImplementedError

    def argument(self, place: int, name: str, array: Any) -> Traced:
        """The array at a place among the arguments; if the function writes into it, so does the program."""
        traced = self.input(Argument(place, name), array, name)
        if isinstance(array, np.ndarray):
            self._arguments.append((traced, traced.step))
        return traced

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
                raw = held_array(gradient) if isinstance(gradient, Value) else gradient
                held.gradient = self.input(Gradient(value), raw, f"{value.name or 'value'}.grad")
            held.before = None if held.gradient is None else held.gradient.step
        return held.gradient

    def set_gradient(self, value: Value, gradient: Any) -> None:
        """Let a Value that was there before have another gradient."""
        held = self._hold(value)
        if gradient is None and not (held.asked and held.gradient is None):
            self.note_effect(set_gradient, (value, None))  # at once, so that the memory is free for the new one
            held.before = None
        held.asked = True
        self.sets_gradients = self.sets_gradients or gradient is not None
        if type(gradient) is Traced:
            gradient = Traced(gradient._trace, gradient._array, gradient.step)  # no two Values share a gradient
        held.gradient = gradient

    def abandoned(self, leaf: Node) -> None:
        for held in self._held.values():
            if leaf is held.node:
                held.assigned = True

    def own_array(self, value: Value) -> Traced | None:
        """The array of a Value that was made in the trace; None of one that was there before."""
        return None if was_there(value) else value._array

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
                self.note_effect(write_into, (start, traced))
        self._arguments = [(traced, traced.step) for traced, _ in self._arguments]
        buffers, self._buffers = self._buffers, []
        for buffer in buffers:
            now = buffer.module.__dict__[buffer.name]
            buffer.module.__dict__[buffer.name] = buffer.array
            if now is not buffer.read:
                self.note_effect(set_buffer, (buffer.module, buffer.name, now))
            elif now.step is not buffer.start:
                self.note_effect(write_into, (buffer.start, now))
        for held in self._held.values():
            self._flush(held)
        self._begun = True
        for buffer in buffers:
            self._hold_buffer(buffer.module, buffer.name, buffer.array)

    def _flush(self, held: _Held) -> None:
        wanted = type(held.value._node) is Node
        if wanted != held.wanted:
            held.wanted = wanted
            self.note_effect(set_requires_grad, (held.value, wanted))
        if held.array is not held.read:
            self.note_effect(set_data, (held.value, held.array))
        else:
            if held.array is not None and held.array.step is not held.start:
                self.note_effect(write_into, (held.start, held.array))
            if held.assigned:
                self.note_effect(renew, (held.value,))
        held.array = held.read = held.start = None
        held.assigned = False
        if held.asked:
            now = held.gradient.step if type(held.gradient) is Traced else held.gradient
            if now is not held.before:
                self.note_effect(set_gradient, (held.value, held.gradient))
            held.known = held.gradient
        held.asked, held.gradient, held.before = False, None, _NOT_ASKED

    def restore(self) -> None:
        """Leave everything outside as it was before the function ran."""
        for buffer in self._buffers:
            buffer.module.__dict__[buffer.name] = buffer.array
        for held in self._held.values():
            held.value._node = held.node
            if held.node is not None:
                held.node.handle = held.handle
        self._buffers = []
