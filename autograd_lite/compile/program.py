"""A trace as a program of NumPy calls: what is computed where, and its text.

The text is a Python module. Its first lines lay out the memory; its function `program` takes the inputs and returns the
results. What a user reads is what runs.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import Any

import numpy as np

from .blocks import SMALLEST, blocks_of
from .calls import Calls, results_read, takes_out
from .kernels import usable
from .layout import Memory, Place, aligned, is_packed, last_uses, owners_of, same_layout
from .loops import Loop
from .naming import WIDTH, Names
from .passes import Steps, escaping, is_constant, is_elementwise
from .regions import Fused, fuse
from .replacements import replaced
from .scalars import ScalarText, are_scalar
from .traced import Step
from .writing import written


class Program:
    """A list of calls, ready to run.

    Args:
        inputs: the steps whose arrays the program receives, in this order.
        steps: the calls.
        kept: what it returns: steps, and constants.
        name: what its comments call the function that it was made from.
        inner: how many of these, the last ones, are for a program of the same function alone.
        jit: whether numba may be used.
        title: the name of its function: that of the gradients is another one, so that both fit into one module.

    Attributes:
        source: its text.
        constants: what the text needs besides NumPy, by name.
        memory: bytes of the memory that it keeps.
        kernels: the texts of the kernels that it calls.
        smallest: elements of the arrays that calls are grouped for, at least.
    """

    def __init__(
        self,
        inputs: Steps,
        steps: Steps,
        kept: list[Any],
        name: str,
        inner: int = 0,
        jit: bool = False,
        title: str = "program",
    ) -> None:
        steps, self.smallest = _planned(steps, kept, jit)
        self.inputs, self.steps, self.kept, self.name, self.title = inputs, steps, kept, name, title
        writer = Writer(inputs, steps, kept, name, inner, jit, title)
        self.source, self.constants, self.memory = writer.text(), writer.names.constants, writer.memory.size
        self.kernels = list(dict.fromkeys(writer.kernels))
        self._code = compile(self.source, f"<autograd_lite.compile of {name}>", "exec")

    def instance(self) -> Callable[..., tuple[Any, ...]]:
        """The function of the program, with memory of its own."""
        namespace = dict(self.constants)
        exec(self._code, namespace)
        program: Callable[..., tuple[Any, ...]] = namespace[self.title]
        return program


def _planned(steps: Steps, kept: list[Any], jit: bool) -> tuple[Steps, int]:
    """The steps with regions that are worth a loop, or a kernel, in place of their calls; from how many elements on."""
    if jit and usable():
        from .kernels import formulas, writing

        return fuse(steps, kept, writing.SMALLEST, formulas.takes), writing.SMALLEST
    planned: Steps = []
    for step in fuse(steps, kept, SMALLEST):
        planned += step.steps if isinstance(step, Fused) and blocks_of(step) is None else [step]
    return planned, SMALLEST


class Writer:
    """Writes the text of a program."""

    def __init__(
        self, inputs: Steps, steps: Steps, kept: list[Any], name: str, inner: int, jit: bool, title: str
    ) -> None:
        self.inputs, self.steps, self.kept, self.name, self._inner = inputs, steps, kept, name, inner
        self.title, prefix = title, title.replace("program", "").replace("gradient", "g")
        self._memory = f"{prefix}_memory" if prefix else "memory"
        self.jit = jit and usable()
        self.kernels: list[str] = []
        self.names = Names(prefix, replaced if self.jit else None)
        self.memory = Memory()
        self.texts: dict[Step, str] = {}
        self.places: dict[Step, Place] = {}
        self._static: set[Step] = set()  # views of the memory, made once
        self._layout: list[str] = []
        self.body: list[str] = []
        self._arrays: dict[Any, str] = {}
        self.calls = Calls(self.names, self.prepare, results_read(steps, kept) if self.jit else {})

    def text(self) -> str:
        parameters = [self.names.new(step.name or "x") for step in self.inputs]
        if are_scalar(self.steps, self.kept):
            return self._scalar_text(parameters)
        self.texts.update(zip(self.inputs, parameters, strict=True))
        self.owners = owners_of(self.steps)
        self.escaping = escaping(self.steps, self.kept)
        last = last_uses(self.steps, self.owners)
        ending: dict[int, list[Step]] = {}
        for owner, number in last.items():
            ending.setdefault(number, []).append(owner)
        for number, step in enumerate(self.steps):
            if step in self.texts:
                continue
            if is_constant(step):
                self.texts[step] = self.names.constant(step.out)
                continue
            if not isinstance(step, Fused):
                self.explain(step)
            dying = [owner for owner in ending.get(number, ()) if owner not in self.escaping]
            self._write(step, dying)
            for owner in dying:
                place = self.places.pop(owner, None)
                if place is not None:
                    self.memory.give(place)
                elif owner.out is not None and getattr(owner.out, "nbytes", 0) > _WORTH_FORGETTING:
                    self._forget(owner)
            for result in step.outputs if isinstance(step, Fused) else [step]:
                if result not in last and result in self.places:
                    self.memory.give(self.places.pop(result))
        self.body.append(self._return([self._text(x) for x in self.kept]))
        head = self.names.imports()
        if self.memory.size:
            name = self.names.function(aligned)
            head = [*self.names.imports(), f"{self._memory} = {name}({self.memory.size})"]
        head += self._layout
        return self._module(head, {f"{self.title}({', '.join(parameters)})": self.body})

    def _module(self, head: list[str], functions: dict[str, list[str]]) -> str:
        what = "the calls of NumPy that it consists of" if self.title == "program" else "the gradients of its results"
        lines = [f'"""ag.compile({self.name}): {what}."""', "", *head]
        for signature, body in functions.items():
            lines += ["", "", f"def {signature}:", *[f"    {line}" if line else "" for line in _tidy(body)]]
        return "\n".join(lines) + "\n"

    @staticmethod
    def _return(texts: list[str]) -> str:
        return f"return ({', '.join(texts)}{',' if len(texts) == 1 else ''})"

    def _scalar_text(self, parameters: list[str]) -> str:
        """The program in Python's own arithmetic, and in NumPy's for where that raises or leaves the finite numbers."""
        inputs = dict(zip(self.inputs, parameters, strict=True))
        scalars = ScalarText(self._text, self.names.function, self.names.new)
        self.texts = dict(inputs)
        for step in self.steps:
            if is_constant(step):
                self.texts[step] = repr(float(step.out))
            elif step not in inputs:
                self.explain(step)
                self.texts[step], line = scalars.line(step)
                self.body.append(line)
        results = [self._text(x) for x in self.kept]
        leaving = len(results) - self._inner
        checked = " + ".join(results[:leaving])
        in_python = [*self.body, *([f"if not isfinite({checked}):", "    raise OverflowError"] if checked else [])]
        wrapped = [f"{self.names.function(type(x.out))}({text})" for x, text in zip(self.kept, results, strict=True)]
        in_python.append(self._return([*wrapped[:leaving], *results[leaving:]]))

        self.body, self.texts = [], dict(inputs)
        self.owners, self.escaping = {}, set(self.steps)
        for step in self.steps:
            if is_constant(step):
                self.texts[step] = self.names.constant(step.out)
            elif step not in inputs:
                self.explain(step)
                self._write(step, [])
        in_numpy = [*self.body, self._return([self._text(x) for x in self.kept])]

        given = ", ".join(parameters)
        in_python_name, in_numpy_name = (f"{self.title}_in_{language}" for language in ("python", "numpy"))
        plain = [f"{'bool' if type(x.out) is np.bool_ else 'float'}({text})" for x, text in inputs.items()]
        program = [
            "try:",
            f"    return {in_python_name}({', '.join(plain)})",
            "except (ZeroDivisionError, OverflowError):",
            f"    return {in_numpy_name}({given})",
        ]
        head = [*self.names.imports()[:1], "from math import isfinite", *self.names.imports()[1:]]
        bodies = {
            f"{in_python_name}({given})": in_python,
            f"{in_numpy_name}({given})": in_numpy,
            f"{self.title}({given})": program,
        }
        return self._module(head, bodies)

    # ---- comments ----

    def explain(self, step: Step) -> None:
        """Say where the calls that follow come from, if that is another place."""
        scope, line = step.scope, step.line
        where = ""
        if scope:
            label = getattr(scope, "label", "")
            where = f"{label} at {scope}" if label and str(scope) else label or str(scope)
        elif line is not None:
            code, place = line.code() or line.function, f" ({line.place()})"
            where = textwrap.shorten(code, WIDTH - len(place) - 20, placeholder=" ...") + place
        if where:
            self.body.append(f"# {'backward of ' if step.backward else ''}{where}")

    # ---- calls ----

    def _text(self, x: Any) -> str:
        return self.names.text(x, self.texts)

    def _write(self, step: Step, dying: list[Step]) -> None:
        out = step.out
        if isinstance(step, Fused) and self.jit:
            from .kernels.writing import write_kernel

            self.kernels.append(write_kernel(self, step))
            return
        if isinstance(step, Fused):
            blocks = blocks_of(step)
            assert blocks is not None
            Loop(self, step, blocks, dying).write()
            return
        if takes_out(step) and step not in self.escaping and is_packed(out):
            name = self.place(step, self._reused(step, dying) or self.memory.take(out.nbytes))
            self.body += self.calls.into(step, name, self.texts)
            return
        expression = self.calls.expression(step, self.texts)
        if out is None:
            self.body.append(expression)
            return
        if _is_view(step) and step.parents and all(self.is_fixed(p) for p in step.parents):
            name = self.names.new(self._text(step.parents[0]) + _view_suffix(step))
            self.prepare(f"{name} = {expression}")
            self._static.add(step)
        else:
            name = self.names.new("v")
            self.body.append(f"{name} = {expression}")
        self.texts[step] = name

    def place(self, step: Step, place: Place) -> str:
        """Let the result of a step be in a place of the memory, under the name that is returned."""
        self.places[step] = place
        name = self.texts[step] = self.array(place, step.out)
        self._static.add(step)
        return name

    def is_fixed(self, step: Step) -> bool:
        """Whether the array of a step is the same object at every call."""
        return step in self._static

    def prepare(self, line: str) -> None:
        """Let a line run once, before the program."""
        self._layout.append(line)

    def _reused(self, step: Step, dying: list[Step]) -> Place | None:
        """The place of an argument that is not needed any more, for a call that may write over it."""
        if not (is_elementwise(step.function) or step.function is written):
            return None
        if step.out.size == 1 and step.out.dtype.kind == "c":  # a single product is rounded otherwise in place
            return None
        for owner in dying:
            place = self.places.get(owner)
            args = step.args[:1] if step.function is written else step.args
            if place is not None and any(owner is x for x in args) and same_layout(owner.out, step.out):
                del self.places[owner]
                dying.remove(owner)
                return place
        return None

    def _forget(self, owner: Step) -> None:
        name = self.texts.get(owner)
        if name is not None and owner not in self.inputs and not is_constant(owner) and name.isidentifier():
            self.body.append(f"del {name}")

    def array(self, place: Place, like: Any) -> str:
        """The name of an array in a place of the memory."""
        key = place.offset, like.shape, like.dtype, like.strides
        name = self._arrays.get(key)
        if name is None:
            name = self._arrays[key] = self.names.fixed("a", always_numbered=True)
            dtype, shape = self.names.text(like.dtype), like.shape
            strides = "" if like.flags.c_contiguous else f", strides={like.strides}"
            self.prepare(f"{name} = np.ndarray({shape}, {dtype}, {self._memory}, {place.offset}{strides})")
        return name


def _tidy(body: list[str]) -> list[str]:
    """The lines without comments that no call follows, or that say again what the last one said."""
    kept: list[str] = []
    comment = said = ""
    for line in body:
        if line.lstrip().startswith("#"):
            comment = line
            continue
        if comment and comment.strip() != said:
            kept += [comment] if comment.startswith(" ") or not kept else ["", comment]
            said = comment.strip()
        comment = ""
        kept.append(line)
    return kept


# Names of arrays of this many bytes are deleted when they are not needed any more.
_WORTH_FORGETTING = 1 << 14


def _is_view(step: Step) -> bool:
    """Whether a call does nothing but show memory, so that it may be made once for all calls of the program."""
    module = getattr(step.function, "__module__", None) or ""
    return step.alias and not step.effect and module.partition(".")[0] in ("numpy", "_operator", "autograd_lite")


def _view_suffix(step: Step) -> str:
    return "T" if step.function is np.transpose else "v"
