"""The text of a kernel: a region as one function that goes through the rows.

A row is gone through as often as its reductions ask for: the mean first, then what is left without it. What a later
pass needs is computed again if that is cheap, or else kept in a row of scratch memory.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from ..layout import is_contiguous
from ..regions import COLUMN, ROW, WHOLE, Fused, reduced, summed_rows
from ..traced import Step
from .formulas import KINDS, SIZED, accumulation, constant_of, cost_of, dtype_of, formula, written_number

# Additions that computing once more may cost before a value is kept.
CHEAP = 4


@dataclass(frozen=True)
class Array:
    """An array that a kernel is given.

    Attributes:
        name: what the text calls it.
        number: its number among the arrays.
        like: an array of its shape, dtype and strides.
        place: where it comes from: a step of the program, or an array.
    """

    name: str
    number: int
    like: Any
    place: Any


class KernelText:
    """Writes a kernel.

    Args:
        region: its calls.
        in_place: results that are written over an input, element by element.

    Attributes:
        text: its text, a Python module with the function `kernel`.
        arguments: what it is given, in order: the inputs that are no constants, then the results.
        flat: it goes through elements instead of rows.
        partial: for each result whether each part of the rows has its own, which are to be added up.
        cost: additions that it costs, about.
    """

    def __init__(self, region: Fused, in_place: Mapping[Step, Step] = {}) -> None:
        self.region, (self.rows, self.width) = region, region.space
        self._constants: dict[str, str] = {}
        self.arguments: list[Array] = []
        self._arrays: dict[Any, Array] = {}
        self._offsets: dict[tuple[Any, ...], str] = {}
        self._head: list[str] = []  # before the rows
        self._row: list[str] = []  # at the start of each row
        self._names: dict[Step, str] = {}
        self._nans: dict[Step, str] = {}  # of a maximum whether there was a nan
        self._count = 0
        self._inside = set(region.steps)
        self._levels()
        for step in region.steps:
            for x in step.args:
                if self._is_given(x):
                    self._array(x, "x")
        for step in region.outputs:
            if step in in_place:
                self._arrays[step] = self._array(in_place[step], "x")
            else:
                self._array(step, "y")
        self.written = {self._arrays[step].number for step in region.outputs}
        self.partial = [region.roles[step] is COLUMN for step in region.outputs]
        self._keep()
        self.cost = (
            self.rows
            * self.width
            * sum(
                max(cost_of(step), 1)
                for step in region.steps
                if region.roles[step] is not ROW or reduced(step) is not None
            )
        )
        self.text = self._module()

    # ---- what is given ----

    def _array(self, x: Any, letter: str) -> Array:
        key = x if isinstance(x, Step) else id(x)
        array = self._arrays.get(key)
        if array is None:
            like = x.out if isinstance(x, Step) else x
            number = len(self.arguments)
            array = self._arrays[key] = Array(f"{letter}{number + 1}", number, like, x)
            self.arguments.append(array)
        return array

    def _is_given(self, x: Any) -> bool:
        """Whether an argument of a call comes from outside, and is not the same number at every call."""
        outside = x not in self._inside if isinstance(x, Step) else isinstance(x, np.ndarray | np.generic)
        return outside and constant_of(x) is None

    def _base(self, x: Step) -> Step:
        """What a view inside of the region shows."""
        while x in self._inside and x.alias:
            x = x.args[0]
        return x

    # ---- passes through a row ----

    def _levels(self) -> None:
        """For each call the number of the pass in which it can be made; of a row's number the one before which."""
        roles = self.region.roles
        self._level: dict[Step, int] = {}
        for step in self.region.steps:
            level = max([self._level[x] for x in step.parents if x in self._inside], default=0)
            self._level[step] = level + 1 if reduced(step) is not None else level
        self._passes = 1 + max(
            [self._level[step] - (reduced(step) is not None) for step in self.region.steps if self._goes_through(step)]
        )
        self._roots: list[list[Step]] = [[] for _ in range(self._passes)]
        for step in self.region.steps:
            if reduced(step) is not None:
                self._roots[self._level[step] - 1].append(step)
            elif roles[step] is COLUMN or (roles[step] is WHOLE and step in self.region.outputs):
                self._roots[self._level[step]].append(step)

    def _goes_through(self, step: Step) -> bool:
        return self.region.roles[step] is not ROW or reduced(step) is not None

    def _keep(self) -> None:
        """Choose what is kept in scratch memory from one pass to a later one."""
        self._kept: dict[Step, Array] = {}
        outputs, done = set(self.region.outputs), set()
        for number, roots in enumerate(self._roots):
            seen: set[Step] = set()
            waiting = [self._base(x) for root in roots for x in ([root] if self._is_value(root) else root.parents)]
            while waiting:
                step = waiting.pop()
                if step in seen or step not in self._inside or self.region.roles[step] is not WHOLE:
                    continue
                seen.add(step)
                if step in done and number:
                    if step in outputs:
                        continue
                    if self._again(step) > CHEAP:
                        self._kept.setdefault(step, None)  # type: ignore[arg-type]
                        continue
                waiting += [self._base(x) for x in step.parents]
            done |= seen
        for step in self._kept:
            like = np.empty(self.width, step.out.dtype)
            self._kept[step] = Array(f"b{len(self._head) + 1}", len(self.arguments) + len(self._head), like, None)
            self._head.append(f"{self._kept[step].name} = np.empty({self.width}, np.{step.out.dtype.name})")
        self._total = len(self.arguments) + len(self._kept)

    def _is_value(self, step: Step) -> bool:
        return self.region.roles[step] is WHOLE

    def _again(self, step: Step) -> int:
        """What it costs to compute a value once more."""
        if step not in self._inside or self.region.roles[step] is not WHOLE:
            return 1
        if step in self.region.outputs or step in self._kept:
            return 1
        return cost_of(step) + sum([self._again(self._base(x)) for x in step.parents])

    # ---- text ----

    def _module(self) -> str:
        self.flat = self._is_flat()
        body = self._flat() if self.flat else self._by_rows()
        names = sorted(set(re.findall(r"\b[a-z]\w*", "\n".join(body))))
        library = [name for name in names if name in _ACCESS]
        functions = [name for name in names if re.fullmatch(rf"({'|'.join(SIZED)})(32|64)", name)]
        given = ", ".join([array.name for array in self.arguments])
        lines = [f'"""{self._title()}"""', "", "import numpy as np", ""]
        lines.append(f"from autograd_lite.compile.kernels.access import {', '.join(library)}")
        if functions:
            lines.append(f"from autograd_lite.compile.kernels.elementary import {', '.join(functions)}")
        lines += ["", "boolean, f32, f64, i32, i64 = np.bool_, np.float32, np.float64, np.int32, np.int64"]
        lines += [f"{name} = {text}" for text, name in self._constants.items()]
        lines += ["", "", f"def kernel(start, stop, {given}):"]
        return "\n".join([*lines, *[f"    {line}" for line in body], "    return 0"]) + "\n"

    def _title(self) -> str:
        where = "arrays of equal length" if self.flat else f"{self.rows} rows of {self.width}"
        return f"{len(self.region.steps)} calls on {where}."

    def _is_flat(self) -> bool:
        """Whether all arrays have the same elements in the same order, so that rows do not matter."""
        if any(role is not WHOLE for role in self.region.roles.values()) or self._kept or self._passes > 1:
            return False
        size = self.rows * self.width
        return all(np.size(x.like) == size and is_contiguous(x.like) for x in self.arguments if _size(x.like) != 1)

    def _flat(self) -> list[str]:
        inner = self._pass(0, "i")
        return [*self._head, "for i in range(start, stop):", *_indented([*self._row, *inner])]

    def _by_rows(self) -> list[str]:
        steps, roles = self.region.steps, self.region.roles
        body: list[str] = []
        for step in self.region.outputs:
            if roles[step] is COLUMN:
                array = self._arrays[step]
                self._head.append(f"for c in range({self.width}):")
                self._head.append(f"    {self._store(array, 'c', self._constant(0.0, step.out.dtype))}")
        for number in range(self._passes + 1):
            for step in steps:
                if roles[step] is ROW and not step.alias and reduced(step) is None and self._level[step] == number:
                    self._names[step] = name = self._new()
                    body.append(f"{name} = {self._formula(step, {}, body, None)}")
            if number == self._passes:
                break
            for step in self._roots[number]:
                if roles[step] is ROW:
                    self._names[step] = self._new("s")
                    text, start, _ = accumulation(step)
                    body.append(f"{self._names[step]} = {self._special(start, step.out.dtype)}")
                    if "est(" in text:
                        self._nans[step] = self._new("n")
                        body.append(f"{self._nans[step]} = i32(0)")
            inner = self._pass(number, "c")
            if inner:
                body += [f"for c in range({self.width}):", *_indented(inner)]
            for step in self._roots[number]:
                if step in self._nans:
                    nan = self._constant(np.nan, step.out.dtype)
                    body.append(f"{self._names[step]} = select({self._nans[step]} != 0, {nan}, {self._names[step]})")
        for step in self.region.outputs:
            if roles[step] is ROW:
                shape = step.out.shape
                body.append(self._store(self._arrays[step], self._place(step.out, shape, None), self._names[step]))
        return [*self._head, "for r in range(start, stop):", *_indented([*self._row, *body])]

    def _pass(self, number: int, index: str) -> list[str]:
        """What is done with each element in one pass."""
        lines: list[str] = []
        stores: list[str] = []  # behind everything that may read what they write over
        known: dict[Any, str] = {}
        for step in self._roots[number]:
            if self.region.roles[step] is WHOLE:
                name = self._value(step, number, known, lines, index)
                stores.append(self._store(self._arrays[step], self._place(step.out, step.out.shape, index), name))
                continue
            shape = (reduced(step) if reduced(step) is not None else summed_rows(step)).out.shape
            text, _, taken = accumulation(step)
            values = [self._operand(x, step.out.dtype, shape, number, known, lines, index) for x in step.args]
            element = taken.format(*values)
            if self.region.roles[step] is ROW:
                lines.append(f"{self._names[step]} = {text.format(self._names[step], element)}")
                if step in self._nans:
                    lines.append(f"{self._nans[step]} = seen_nan({self._nans[step]}, {element})")
            else:
                array = self._arrays[step]
                lines.append(self._store(array, index, f"{self._load(array, index)} + {element}"))
        return lines + stores

    def _value(self, step: Step, number: int, known: dict[Any, str], lines: list[str], index: str) -> str:
        """The name of an element of a value in a pass, after the lines that compute it."""
        step = self._base(step)
        if step in known:
            return known[step]
        kept = self._kept.get(step)
        stored = kept or (self._arrays[step] if step in self.region.outputs else None)
        name = known[step] = self._new()
        if stored is not None and self._level[step] < number and step in self._stored_before(number):
            place = "c" if kept else self._place(step.out, step.out.shape, index)
            lines.append(f"{name} = {self._load(stored, place)}")
            return name
        lines_before = len(lines)
        text = self._formula(step, known, lines, index, number)
        assert len(lines) >= lines_before
        lines.append(f"{name} = {text}")
        if kept and self._first_pass(step) == number:
            lines.append(self._store(kept, "c", name))
        return name

    def _stored_before(self, number: int) -> set[Step]:
        return {step for step in self._inside if self._first_pass(step) < number}

    def _first_pass(self, step: Step) -> int:
        """The pass in which a value is computed first."""
        if not hasattr(self, "_first"):
            self._first: dict[Step, int] = {}
            for number, roots in enumerate(self._roots):
                waiting = [self._base(x) for root in roots for x in ([root] if self._is_value(root) else root.parents)]
                seen: set[Step] = set()
                while waiting:
                    x = waiting.pop()
                    if x in seen or x not in self._inside or self.region.roles[x] is not WHOLE:
                        continue
                    seen.add(x)
                    if x in self._first and (x in self._kept or x in self.region.outputs):
                        continue
                    self._first.setdefault(x, number)
                    waiting += [self._base(y) for y in x.parents]
        return self._first.get(step, self._passes)

    def _formula(self, step: Step, known: dict[Any, str], lines: list[str], index: str | None, number: int = 0) -> str:
        found = formula(step)
        assert found is not None
        text, kinds = found
        shape = step.out.shape
        values = [
            self._operand(x, kind, shape, number, known, lines, index)
            for x, kind in zip(step.args, kinds, strict=False)  # a cast has one argument more
        ]
        return self._special(text.format(*values), kinds[-1])

    def _special(self, text: str, dtype: Any) -> str:
        """With the numbers and functions of the dtype."""
        for word, x in (("zero", 0.0), ("one", 1.0), ("infinity", np.inf)):
            if re.search(rf"\b{word}\b", text):
                text = re.sub(rf"\b{word}\b", self._constant(x, dtype), text)
        bits = dtype.itemsize * 8
        return re.sub(rf"\b({'|'.join(SIZED)})\(", rf"\g<1>{bits}(", text)

    def _operand(
        self,
        x: Any,
        dtype: Any,
        shape: tuple[int, ...],
        number: int,
        known: dict[Any, str],
        lines: list[str],
        index: str | None,
    ) -> str:
        """An argument of a call whose result has this shape, in this dtype."""
        fixed = constant_of(x)
        if fixed is not None:
            return self._constant(fixed, dtype)
        if isinstance(x, Step) and x in self._inside:
            base = self._base(x)
            if self.region.roles[base] is ROW:
                return _cast(self._names[base], base.out.dtype, dtype)
            return _cast(self._value(base, number, known, lines, index or "c"), base.out.dtype, dtype)
        array = self._arrays[x if isinstance(x, Step) else id(x)]
        if isinstance(array.like, np.generic):
            return _cast(array.name, array.like.dtype, dtype)
        key = array.name, shape
        if key not in known:
            place = self._place(array.like, shape, index)
            name = self._new()
            load = f"{name} = {self._load(array, place)}"
            if index is None or not re.search(r"\b[ci]\b", place):
                # the same for the whole row
                early = (array.name, place)
                if early not in self._offsets:
                    self._offsets[early] = name
                    (self._row if re.search(r"\br\b", place) or place.startswith("o") else self._head).append(load)
                name = self._offsets[early]
            else:
                lines.append(load)
            known[key] = name
        return _cast(known[key], dtype_of(x), dtype)

    # ---- memory ----

    def _load(self, array: Array, place: str) -> str:
        return f"load({array.name}, {array.number}, {self._total}, {place})"

    def _store(self, array: Array, place: str, x: str) -> str:
        return f"store({array.name}, {array.number}, {self._total}, {place}, {x})"

    def _place(self, like: Any, shape: tuple[int, ...], index: str | None) -> str:
        """Where the element of the row, or the row's number, lies in an array that is broadcast to a shape."""
        if _size(like) == 1:
            return "0"
        if index == "i":
            return "i"
        lengths = (1,) * (len(shape) - len(like.shape)) + tuple(like.shape)
        strides = (0,) * (len(shape) - len(like.shape)) + tuple(s // like.itemsize for s in like.strides)
        strides = tuple(0 if n == 1 else s for n, s in zip(lengths, strides, strict=True))
        leading = len(shape) if index is None else len(shape) - 1
        row = self._row_place(shape[:leading], strides[:leading])
        column = "" if index is None or not strides[-1] else index if strides[-1] == 1 else f"{index} * {strides[-1]}"
        if not row:
            return column or "0"
        if re.fullmatch(r"\w+", row) and not column:
            return row
        name = self._offsets.get(("offset", row))
        if name is None:
            name = self._offsets["offset", row] = self._new("o")
            self._row.insert(sum([line.startswith("o") for line in self._row]), f"{name} = {row}")
        return f"{name} + {column}" if column else name

    def _row_place(self, shape: tuple[int, ...], strides: tuple[int, ...]) -> str:
        axes: list[list[int]] = []  # lengths and strides of axes that cannot be joined
        for n, s in zip(shape, strides, strict=True):
            if n == 1:
                continue
            if axes and axes[-1][1] == s * n:
                axes[-1] = [axes[-1][0] * n, s]
            else:
                axes.append([n, s])
        terms = []
        inner = prod(n for n, _ in axes)
        for i, (n, s) in enumerate(axes):
            inner //= n
            if not s:
                continue
            term = "r" if inner == 1 else f"r // {inner}"
            if i:
                term = f"{term} % {n}"
            terms.append(term if s == 1 else f"{term} * {s}" if term == "r" else f"({term}) * {s}")
        return " + ".join(terms)

    def _constant(self, x: float | bool, dtype: Any) -> str:
        text = written_number(x, dtype)
        return text if dtype.kind == "b" else self._constants.setdefault(text, f"k{len(self._constants) + 1}")

    def _new(self, letter: str = "v") -> str:
        self._count += 1
        return f"{letter}{self._count}"


_ACCESS = {
    "load", "store", "select", "plus", "times", "fabs", "sqrt", "floor", "ceil", "rint", "trunc", "copysign", "maximum",
    "minimum", "highest", "lowest", "seen_nan",
}  # fmt: skip


def _cast(name: str, has: Any, wanted: Any) -> str:
    if has == wanted:
        return name
    return f"({name} != 0)" if wanted.kind == "b" else f"{KINDS[wanted.char]}({name})"


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _size(x: Any) -> int:
    return int(getattr(x, "size", 1))
