"""The text of single calls: with their result put into planned memory, or returned as a new array."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..rules import part
from .assembling import assembled, covers, places_of
from .effects import get_buffer, get_data, get_gradient, renew, set_buffer, set_data, set_gradient, write_into
from .naming import Names
from .passes import Steps, is_reduction
from .replacements import leaves_out
from .traced import Step
from .writing import read_as, written


def takes_out(step: Step) -> bool:
    """Whether the call can be told where to put its result."""
    function = step.function
    if isinstance(function, np.ufunc):
        return function.nout == 1
    if function is np.dot:
        return bool(step.out.flags.c_contiguous) and all(np.ndim(_array(x)) == 2 for x in step.args) and not step.kwargs
    if function is np.reshape:  # one that cannot be a view
        return not step.alias and not step.kwargs and bool(step.out.flags.c_contiguous)
    if function is written:
        return isinstance(step.args[0], Step)
    return is_reduction(function) or function in (np.copy, np.astype, np.concatenate, assembled)


def _array(x: Any) -> Any:
    return x.out if isinstance(x, Step) else x


def results_read(steps: Steps, kept: Sequence[Any]) -> dict[Step, tuple[int, ...]]:
    """For calls whose replacements may leave out results, the numbers of those that are read."""
    found: dict[Step, set[int]] = {}
    for step in steps:
        if leaves_out(step.function) and all(step is not x for x in kept):
            found[step] = set()
        for parent in step.parents:
            if parent in found and step.function is part:
                found[parent].add(step.args[1])
            elif parent in found:
                del found[parent]
    return {step: tuple(sorted(numbers)) for step, numbers in found.items()}


class Calls:
    """Writes calls.

    Args:
        names: the names of the text.
        prepare: takes a line that is to run once, before the program.
        wanted: of some calls with several results, the numbers of those that are to be computed.
    """

    def __init__(self, names: Names, prepare: Callable[[str], None], wanted: Mapping[Step, tuple[int, ...]]) -> None:
        self._names, self._prepare, self._wanted = names, prepare, wanted

    def into(self, step: Step, out: str, texts: Mapping[Any, str]) -> list[str]:
        """The lines of a call that puts its result into `out`."""
        function, args = step.function, step.args
        name = self._names.function(np.copyto if function in _COPYING else function)
        arguments = [self._names.text(x, texts) for x in args]
        if isinstance(function, np.ufunc):
            place = f"out={out}" if function in (np.maximum, np.minimum) else out  # which NumPy wants to be named
            return [f"{name}({', '.join([*arguments, place, *self._options(step, texts)])})"]
        if is_reduction(function):
            return [self._reduction(step, out, texts)]
        if function is np.dot:
            return [f"{name}({', '.join(arguments)}, {out})"]
        if function is np.concatenate:
            axis = args[1] if len(args) > 1 else step.kwargs.get("axis", 0)
            return [f"{name}({arguments[0]}, {axis}, {out})"]
        if function is np.reshape:
            target = self._names.new(f"{out}v")
            self._prepare(f"{target} = {out}.reshape({_array(args[0]).shape})")
            return [f"{name}({target}, {arguments[0]})"]
        if function is written:
            copying = [] if arguments[0] == out else [f"{name}({out}, {arguments[0]})"]
            return [*copying, f"{out}[{self._names.index(args[1], texts)}] = {arguments[2]}"]
        if function is assembled:
            return self._assembled(step, out, texts)
        return [f"{name}({out}, {arguments[0]}, 'unsafe')"]

    def expression(self, step: Step, texts: Mapping[Any, str]) -> str:
        """A call that returns its result."""
        arguments = [self._names.text(x, texts) for x in step.args]
        if step.function in _WRITTEN:
            return _WRITTEN[step.function](step, arguments)
        if step.function is operator.getitem:
            return f"{arguments[0]}[{self._names.index(step.args[1], texts)}]"
        if is_reduction(step.function):
            return self._reduction(step, "None", texts)
        return f"{self._names.function(step.function)}({', '.join([*arguments, *self._options(step, texts)])})"

    def _options(self, step: Step, texts: Mapping[Any, str]) -> list[str]:
        options = [f"{name}={self._names.text(x, texts)}" for name, x in step.kwargs.items()]
        return [*options, f"wanted={self._wanted[step]}"] if step in self._wanted else options

    def _reduction(self, step: Step, out: str, texts: Mapping[Any, str]) -> str:
        name, kwargs = self._names.function(step.function), step.kwargs
        arguments = [self._names.text(x, texts) for x in step.args]
        if len(step.args) != 1 or not kwargs.keys() <= {"axis", "dtype", "keepdims"}:
            return f"{name}({', '.join([*arguments, *self._options(step, texts), f'out={out}'])})"
        inner = [*arguments, self._names.text(kwargs.get("axis", 0)), self._names.text(kwargs.get("dtype")), out]
        return f"{name}({', '.join([*inner, 'True'] if kwargs.get('keepdims') else inner)})"

    def _assembled(self, step: Step, out: str, texts: Mapping[Any, str]) -> list[str]:
        """Each piece in its place; where they leave something out, zeros before."""
        pieces, axis, bounds, shape = step.args
        lines = [] if covers(bounds, shape[axis]) else [f"{out}.fill(0)"]
        for piece, place in zip(pieces, places_of(axis, bounds), strict=True):
            target = self._names.new(f"{out}_part")
            self._prepare(f"{target} = {out}[{self._names.index(place, {})}]")
            lines.append(f"{self._names.function(np.add)}({self._names.text(piece, texts)}, 0.0, {target})")
        return lines


_COPYING = {np.copy, np.astype, np.reshape, written}


def _reshape(step: Step, arguments: list[str]) -> str:
    if step.kwargs:
        options = [f"{name}={x!r}" for name, x in step.kwargs.items()]
        return f"{arguments[0]}.reshape({', '.join([*arguments[1:], *options])})"
    return f"{arguments[0]}.reshape({', '.join(map(str, step.out.shape)) or '()'})"


def _transpose(step: Step, arguments: list[str]) -> str:
    axes = step.args[1]
    return f"{arguments[0]}.T" if axes == tuple(range(len(axes)))[::-1] else f"{arguments[0]}.transpose{axes}"


def _copy(step: Step, arguments: list[str]) -> str:
    if not isinstance(_array(step.args[0]), np.ndarray):
        return f"np.array({arguments[0]})"  # of a number it is an array
    return f"{arguments[0]}.copy({step.kwargs.get('order', 'K')!r})"


_WRITTEN: dict[Any, Callable[[Step, list[str]], str]] = {
    operator.pow: lambda step, arguments: f"{arguments[0]} ** {arguments[1]}",
    np.reshape: _reshape,
    np.transpose: _transpose,
    np.copy: _copy,
    np.astype: lambda step, arguments: f"{arguments[0]}.astype({arguments[1]})",
    read_as: lambda step, arguments: f"{arguments[0]}.view({arguments[1]})",
    part: lambda step, arguments: f"{arguments[0]}[{arguments[1]}]",
    write_into: lambda step, arguments: f"{arguments[0]}[...] = {arguments[1]}",
    set_data: lambda step, arguments: f"{arguments[0]}.data = {arguments[1]}",
    set_gradient: lambda step, arguments: f"{arguments[0]}.grad = {arguments[1]}",
    set_buffer: lambda step, arguments: f"{arguments[0]}.{step.args[1]} = {arguments[2]}",
    renew: lambda step, arguments: f"{arguments[0]}.data = {arguments[0]}.data",
    get_data: lambda step, arguments: f"{arguments[0]}.data",
    get_gradient: lambda step, arguments: f"{arguments[0]}.grad",
    get_buffer: lambda step, arguments: f"{arguments[0]}.{step.args[1]}",
}
