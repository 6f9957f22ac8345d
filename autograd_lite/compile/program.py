"""A trace as a program of NumPy calls: what is computed where, and its text.

The text is a Python module. Its first lines lay out the memory; its function `program` takes the inputs and returns the
results. What a user reads is what runs.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from ..rules import part
from .assembling import assembled, covers, places_of
from .layout import Memory, Place, is_packed, last_uses, owners_of, same_layout
from .naming import Names
from .passes import Steps, escaping, is_constant
from .scalars import ScalarText, are_scalar
from .trace import get_buffer, get_data, get_gradient, renew, set_buffer, set_data, set_gradient, write_into
from .traced import Step, read_as

def takes_out(step: Step) -> bool:
    """Whether the call can be told where to put its result."""
    function = step.function
    if isinstance(function, np.ufunc):
        return function.nout == 1
    if function is np.dot:
        return bool(step.out.flags.c_contiguous) and all(np.ndim(_array(x)) == 2 for x in step.args) and not step.kwargs
    if function is np.reshape:  # one that cannot be a view
        return not step.alias and not step.kwargs and bool(step.out.flags.c_contiguous)
    return is_reduction(function) or function in (np.copy, np.astype, np.concatenate, assembled)


def _array(x: Any) -> Any:
    return x.out if isinstance(x, Step) else x


def is_reduction(function: Any) -> bool:
    return isinstance(getattr(function, "__self__", None), np.ufunc) and function.__name__ == "reduce"


def is_elementwise(function: Any) -> bool:
    return isinstance(function, np.ufunc) and function.signature is None and function.nout == 1


class Program:
    """A list of calls, ready to run.

    Args:
        inputs: the steps whose arrays the program receives, in this order.
        steps: the calls.
        kept: what it returns: steps, and constants.
        name: what its comments call the function that it was made from.
        inner: how many of these, the last ones, are for a program of the same function alone.

    Attributes:
        source: its text.
        constants: what the text needs besides NumPy, by name.
        memory: bytes of the memory that it keeps.
    """

    def __init__(self, inputs: Steps, steps: Steps, kept: list[Any], name: str, inner: int = 0) -> None:
        self.inputs, self.steps, self.kept, self.name = inputs, steps, kept, name
        writer = Writer(inputs, steps, kept, name, inner)
        self.source, self.constants, self.memory = writer.text(), writer.names.constants, writer.memory.size
        self._code = compile(self.source, f"<autograd_lite.compile of {name}>", "exec")

    def instance(self) -> Callable[..., tuple[Any, ...]]:
        """The function of the program, with memory of its own."""
        namespace = dict(self.constants)
        exec(self._code, namespace)
        program: Callable[..., tuple[Any, ...]] = namespace["program"]
        return program


class Writer:
    """Writes the text of a program."""

    def __init__(self, inputs: Steps, steps: Steps, kept: list[Any], name: str, inner: int) -> None:
        self.inputs, self.steps, self.kept, self.name, self._inner = inputs, steps, kept, name, inner
        self.names = Names()
        self.memory = Memory()
        self._texts: dict[Step, str] = {}
        self._places: dict[Step, Place] = {}
        self._static: set[Step] = set()  # views of the memory, made once
        self._layout: list[str] = []
        self._body: list[str] = []
        self._arrays: dict[Any, str] = {}
        self._comment = ""

    def text(self) -> str:
        parameters = [self.names.new(step.name or "x") for step in self.inputs]
        if are_scalar(self.steps, self.kept):
            return self._scalar_text(parameters)
        self._texts.update(zip(self.inputs, parameters, strict=True))
        self._owners = owners_of(self.steps)
        self._escaping = escaping(self.steps, self.kept)
        last = last_uses(self.steps, self._owners)
        ending: dict[int, list[Step]] = {}
        for owner, number in last.items():
            ending.setdefault(number, []).append(owner)
        for number, step in enumerate(self.steps):
            if step in self._texts:
                continue
            if is_constant(step):
                self._texts[step] = self.names.constant(step.out)
                continue
            self._explain(step)
            dying = [owner for owner in ending.get(number, ()) if owner not in self._escaping]
            self._write(step, dying)
            for owner in dying:
                place = self._places.pop(owner, None)
                if place is not None:
                    self.memory.give(place)
                elif owner.out is not None and getattr(owner.out, "nbytes", 0) > _WORTH_FORGETTING:
                    self._forget(owner)
            if step not in last and step in self._places:
                self.memory.give(self._places.pop(step))
        self._body.append(self._return([self._text(x) for x in self.kept]))
        head = self.names.imports()
        if self._layout:
            head += [f"memory = np.empty({self.memory.size}, np.uint8)", *self._layout]
        return self._module(head, {f"program({', '.join(parameters)})": self._body})

    def _module(self, head: list[str], functions: dict[str, list[str]]) -> str:
        lines = [f'"""ag.compile({self.name}): the calls of NumPy that it consists of."""', "", *head]
        for signature, body in functions.items():
            lines += ["", "", f"def {signature}:", *[f"    {line}" if line else "" for line in body]]
        return "\n".join(lines) + "\n"

    @staticmethod
    def _return(texts: list[str]) -> str:
        return f"return ({', '.join(texts)}{',' if len(texts) == 1 else ''})"

    def _scalar_text(self, parameters: list[str]) -> str:
        """The program in Python's own arithmetic, and in NumPy's for where that raises or leaves the finite numbers."""
        inputs = dict(zip(self.inputs, parameters, strict=True))
        scalars = ScalarText(self._text, self.names.function, self.names.new)
        self._texts = dict(inputs)
        for step in self.steps:
            if is_constant(step):
                self._texts[step] = repr(float(step.out))
            elif step not in inputs:
                self._explain(step)
                self._texts[step], line = scalars.line(step)
                self._body.append(line)
        results = [self._text(x) for x in self.kept]
        leaving = len(results) - self._inner
        checked = " + ".join(results[:leaving])
        in_python = [*self._body, *([f"if not isfinite({checked}):", "    raise OverflowError"] if checked else [])]
        wrapped = [f"{self.names.function(type(x.out))}({text})" for x, text in zip(self.kept, results, strict=True)]
        in_python.append(self._return([*wrapped[:leaving], *results[leaving:]]))

        self._body, self._comment, self._texts = [], "", dict(inputs)
        self._owners, self._escaping = {}, set(self.steps)
        for step in self.steps:
            if is_constant(step):
                self._texts[step] = self.names.constant(step.out)
            elif step not in inputs:
                self._explain(step)
                self._write(step, [])
        in_numpy = [*self._body, self._return([self._text(x) for x in self.kept])]

        given = ", ".join(parameters)
        plain = [f"{'bool' if type(x.out) is np.bool_ else 'float'}({text})" for x, text in inputs.items()]
        program = [
            "try:",
            f"    return in_python({', '.join(plain)})",
            "except (ZeroDivisionError, OverflowError):",
            f"    return in_numpy({given})",
        ]
        head = [*self.names.imports()[:1], "from math import isfinite", *self.names.imports()[1:]]
        bodies = {f"in_python({given})": in_python, f"in_numpy({given})": in_numpy, f"program({given})": program}
        return self._module(head, bodies)

    # ---- comments ----

    def _explain(self, step: Step) -> None:
        """Say where the calls that follow come from, if that is another place."""
        scope, line = step.scope, step.line
        where = ""
        if scope:
            label = getattr(scope, "label", "")
            where = f"{label} at {scope}" if label and str(scope) else label or str(scope)
        elif line is not None:
            where = f"{line.code() or line.function} ({line.place()})"
        comment = f"# {'backward of ' if step.backward else ''}{where}" if where else ""
        if comment and comment != self._comment:
            if self._body:
                self._body.append("")
            self._body.append(comment)
            self._comment = comment

    # ---- calls ----

    def _text(self, x: Any) -> str:
        return self.names.text(x, self._texts)

    def _write(self, step: Step, dying: list[Step]) -> None:
        out = step.out
        if takes_out(step) and step not in self._escaping and is_packed(out):
            place = self._reused(step, dying)
            if place is None:
                place = self.memory.take(out.nbytes)
            self._places[step] = place
            name = self._array(place, out)
            self._texts[step] = name
            self._body += self._assembled(step, name) if step.function is assembled else [self._into(step, name)]
            self._static.add(step)
            return
        expression = self._expression(step)
        if out is None:
            self._body.append(expression)
            return
        if step.alias and not step.effect and step.parents and all(self._is_fixed(p) for p in step.parents):
            name = self.names.new(self._text(step.parents[0]) + _view_suffix(step))
            self._layout.append(f"{name} = {expression}")
            self._static.add(step)
        else:
            name = self.names.new("v")
            self._body.append(f"{name} = {expression}")
        self._texts[step] = name

    def _is_fixed(self, step: Step) -> bool:
        return step in self._static

    def _reused(self, step: Step, dying: list[Step]) -> Place | None:
        """The place of an argument that is not needed any more, for a call that may write over it."""
        if not is_elementwise(step.function):
            return None
        for owner in dying:
            place = self._places.get(owner)
            if place is not None and any([owner is x for x in step.args]) and same_layout(owner.out, step.out):
                del self._places[owner]
                dying.remove(owner)
                return place
        return None

    def _forget(self, owner: Step) -> None:
        name = self._texts.get(owner)
        if name is not None and owner not in self.inputs and not is_constant(owner) and name.isidentifier():
            self._body.append(f"del {name}")

    def _array(self, place: Place, like: Any) -> str:
        key = place.offset, like.shape, like.dtype, like.strides
        name = self._arrays.get(key)
        if name is None:
            name = self._arrays[key] = self.names.new("a", always_numbered=True)
            dtype, shape = self.names.text(like.dtype), like.shape
            strides = "" if like.flags.c_contiguous else f", strides={like.strides}"
            self._layout.append(f"{name} = np.ndarray({shape}, {dtype}, memory, {place.offset}{strides})")
        return name

    def _into(self, step: Step, out: str) -> str:
        function, args, kwargs = step.function, step.args, step.kwargs
        if isinstance(function, np.ufunc):
            inner = ", ".join([*map(self._text, args), out, *self._options(kwargs)])
            return f"{self.names.function(function)}({inner})"
        if is_reduction(function):
            return self._reduction(step, out)
        if function is np.dot:
            return f"{self.names.function(function)}({', '.join(map(self._text, args))}, {out})"
        if function is np.concatenate:
            arrays = self._text(args[0])
            axis = args[1] if len(args) > 1 else kwargs.get("axis", 0)
            return f"{self.names.function(function)}({arrays}, {axis}, {out})"
        if function is np.reshape:
            shape = _array(args[0]).shape
            target = self.names.new(f"{out}v")
            self._layout.append(f"{target} = {out}.reshape({shape})")
            return f"{self.names.function(np.copyto)}({target}, {self._text(args[0])})"
        return f"{self.names.function(np.copyto)}({out}, {self._text(args[0])}, 'unsafe')"

    def _assembled(self, step: Step, out: str) -> list[str]:
        """Each piece in its place; where they leave something out, zeros before."""
        pieces, axis, bounds, shape = step.args
        lines = [] if covers(bounds, shape[axis]) else [f"{out}.fill(0)"]
        for piece, place in zip(pieces, places_of(axis, bounds), strict=True):
            part = self.names.new(f"{out}_part")
            self._layout.append(f"{part} = {out}[{self.names.index(place, {})}]")
            lines.append(f"{self.names.function(np.add)}({self._text(piece)}, 0.0, {part})")
        return lines

    def _reduction(self, step: Step, out: str) -> str:
        kwargs = dict(step.kwargs)
        positional = [self._text(x) for x in step.args]
        if not (len(step.args) == 1 and kwargs.keys() <= {"axis", "dtype", "keepdims"}):
            return f"{self.names.function(step.function)}({', '.join([*positional, *self._options(kwargs), f'out={out}'])})"
        inner = [*positional, self._text(kwargs.get("axis", 0)), self._text(kwargs.get("dtype")), out]
        if kwargs.get("keepdims"):
            inner.append("True")
        return f"{self.names.function(step.function)}({', '.join(inner)})"

    def _options(self, kwargs: dict[str, Any]) -> list[str]:
        return [f"{name}={self._text(x)}" for name, x in kwargs.items()]

    def _expression(self, step: Step) -> str:
        function, args, kwargs = step.function, step.args, step.kwargs
        texts = [self._text(x) for x in args]
        if function in _WRITTEN:
            return _WRITTEN[function](self, step, texts)
        if is_reduction(function):
            return self._reduction(step, "None")
        return f"{self.names.function(function)}({', '.join([*texts, *self._options(kwargs)])})"


_WORTH_FORGETTING = 1 << 14


def _view_suffix(step: Step) -> str:
    return "T" if step.function is np.transpose else "v"


def _index(writer: Writer, step: Step, texts: list[str]) -> str:
    return f"{texts[0]}[{writer.names.index(step.args[1], writer._texts)}]"


def _reshape(writer: Writer, step: Step, texts: list[str]) -> str:
    if step.kwargs:
        return f"{texts[0]}.reshape({', '.join([*texts[1:], *writer._options(step.kwargs)])})"
    return f"{texts[0]}.reshape({', '.join(map(str, step.out.shape)) or '()'})"


def _transpose(writer: Writer, step: Step, texts: list[str]) -> str:
    axes = step.args[1]
    return f"{texts[0]}.T" if axes == tuple(range(len(axes)))[::-1] else f"{texts[0]}.transpose{axes}"


def _copy(writer: Writer, step: Step, texts: list[str]) -> str:
    return f"{texts[0]}.copy({step.kwargs.get('order', 'K')!r})"


_WRITTEN: dict[Any, Callable[[Writer, Step, list[str]], str]] = {
    operator.getitem: _index,
    operator.pow: lambda writer, step, texts: f"{texts[0]} ** {texts[1]}",
    np.reshape: _reshape,
    np.transpose: _transpose,
    np.copy: _copy,
    np.astype: lambda writer, step, texts: f"{texts[0]}.astype({texts[1]})",
    read_as: lambda writer, step, texts: f"{texts[0]}.view({texts[1]})",
    part: lambda writer, step, texts: f"{texts[0]}[{texts[1]}]",
    write_into: lambda writer, step, texts: f"{texts[0]}[...] = {texts[1]}",
    set_data: lambda writer, step, texts: f"{texts[0]}.data = {texts[1]}",
    set_gradient: lambda writer, step, texts: f"{texts[0]}.grad = {texts[1]}",
    set_buffer: lambda writer, step, texts: f"{texts[0]}.{step.args[1]} = {texts[2]}",
    renew: lambda writer, step, texts: f"{texts[0]}.data = {texts[0]}.data",
    get_data: lambda writer, step, texts: f"{texts[0]}.data",
    get_gradient: lambda writer, step, texts: f"{texts[0]}.grad",
    get_buffer: lambda writer, step, texts: f"{texts[0]}.{step.args[1]}",
}
