"""Flat buffers: where the parameters and states of an optimizer live, and in what pieces they are updated.

Nothing here knows an optimizer's equation; it is handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from functools import cache
from itertools import pairwise
from typing import Any, ClassVar, Protocol

import numpy as np

import autograd_lite as ag

# Elements that go through a whole update before the next ones do: few enough to stay in the processor's cache.
BLOCK = 1 << 17
# Elements that BLAS adds at once. OpenBLAS starts threads above 10,000, and waking them takes longer than the sum.
BLAS_CHUNK = 10_000


# What runs updates as kernels, in a program with `jit`; see `kernels`.
run_in_place: ContextVar[Callable[..., Any] | None] = ContextVar("nn_optim_run_in_place", default=None)


class Rule(Protocol):
    """What an optimizer says of itself; see `Optimizer`."""

    counts_steps: ClassVar[bool]
    by_parameter: ClassVar[bool]
    scalars: ClassVar[Mapping[str, float]]

    def advance(self, group: dict[str, Any], t: int, *scalars: float) -> tuple[float, ...]: ...

    def update(self, group: dict[str, Any], t: int, theta: Any, g: Any, d: Any, s: Any, *state: Any) -> None: ...


class Block:
    """A stretch of a bucket that is updated at once: some whole parameters, or a part of a large one."""

    __slots__ = ("arrays", "first", "gathered", "last", "part", "scratch", "shape", "theta")

    def __init__(self, bucket: Bucket, first: int, last: int, start: int, stop: int, scratch: Any) -> None:
        self.first, self.last = first, last
        self.shape = bucket.shapes[first] if bucket.rule.by_parameter else (stop - start,)
        self.gathered, *self.scratch = [row.reshape(self.shape) for row in scratch[:, : stop - start]]
        self.part = slice(start - bucket.offsets[first], stop - bucket.offsets[first])
        self.theta = bucket.theta[start:stop].reshape(self.shape)
        self.arrays = [flat[start:stop].reshape(self.shape) for flat in bucket.state.values()]

    def gradient(self, gradients: list[Any]) -> Any:
        if self.last - self.first == 1:
            flat = gradients[self.first] = gradients[self.first].reshape(-1)  # once for all parts of this parameter
            g = flat[self.part]
            return g if len(self.shape) == 1 else g.reshape(self.shape)
        return np.concatenate(gradients[self.first : self.last], axis=None, out=self.gathered)


class Bucket:
    """The parameters of one group that share a dtype, in one flat array.

    Attributes:
        params: the parameters.
        names: what messages call them.
        offsets: where each of them starts in the flat arrays, and where the last one ends.
        theta: the flat array of the parameters.
        views: the part of `theta` that belongs to each parameter, in its shape.
        state: the other flat arrays, by name.
        steps: how often each parameter was updated; not counted if nothing depends on it.
        scalars: the numbers that are remembered for each parameter.
    """

    def __init__(self, params: list[ag.Value], dtype: Any, group: int, rule: Rule) -> None:
        members = [(i, p) for i, p in enumerate(params) if p.dtype == dtype]
        self.params = [p for _, p in members]
        self.names = [called(p, i, group) for i, p in members]
        self.offsets = [0, *np.cumsum([p.size for p in self.params]).tolist()]
        self.shapes = [p.shape for p in self.params]
        self.theta = _flat(self.offsets[-1], self.params[0])
        self.views = [self.part(self.theta, i) for i in range(len(self.params))]
        self.state: dict[str, Any] = {}
        self.steps = [0] * len(self.params)
        self.rule = rule
        self.scalars = [tuple(rule.scalars.values())] * len(self.params)
        self._skipped: list[int] = []
        self._active: Sequence[int] = range(len(self.params))
        self._blocks: list[Block] | None = None

    def part(self, flat: Any, i: int) -> Any:
        """The part of a flat array that belongs to parameter `i`, in its shape."""
        return flat[self.offsets[i] : self.offsets[i + 1]].reshape(self.shapes[i])

    def allocate(self, names: tuple[str, ...]) -> None:
        """Make sure that there are these flat arrays of state, and no others."""
        if names != tuple(self.state):
            self.state = {name: self.state.get(name, np.zeros_like(self.theta)) for name in names}
            self._blocks = None

    def restore(self, i: int, entry: dict[str, Any] | None) -> None:
        """Set the state of parameter `i` to what was saved; None is the state before the first step."""
        self.steps[i] = 0 if entry is None else int(entry.get("step", 1))
        start = self.rule.scalars
        self.scalars[i] = tuple(start[name] if entry is None else float(entry[name]) for name in start)
        for name, flat in self.state.items():
            self.part(flat, i)[...] = 0 if entry is None else entry[name]
        self._blocks = None

    def entry(self, i: int) -> dict[str, Any]:
        """The state of parameter `i`; arrays are views of the real ones."""
        entry: dict[str, Any] = {}
        if self.rule.counts_steps:
            entry["step"] = np.asarray(self.steps[i], dtype=np.float32)
        for name, scalar in zip(self.rule.scalars, self.scalars[i], strict=True):
            entry[name] = np.asarray(scalar, dtype=self.theta.dtype)
        return entry | {name: self.part(flat, i) for name, flat in self.state.items()}

    def take_over(self, active: Sequence[int]) -> None:
        """Make the data of these parameters views of `theta`."""
        params, views = self.params, self.views
        for i in active:
            p, view = params[i], views[i]
            if p.data is not view:
                view[...] = p.data
            p.data = view  # a fresh leaf: graphs that read the old contents must not run backward

    def gradients(self) -> list[Any]:
        """The gradient of each parameter, None for those to be left alone; changes nothing but the plan."""
        found: list[Any] = []
        skipped = []
        for i, p in enumerate(self.params):
            gradient = p.grad
            if gradient is None or not p.requires_grad:
                skipped.append(i)
                gradient = None
            elif p.data is not self.views[i] and p.dtype != self.theta.dtype:
                raise TypeError(
                    f"{self.names[i]} holds {p.dtype} now, but held {self.theta.dtype} when this optimizer took it "
                    f"over. Write p.data = p.data.astype(np.{self.theta.dtype}), or make a new optimizer."
                )
            elif type(gradient) is not np.ndarray and isinstance(gradient, ag.Value):
                gradient = gradient.data
            found.append(gradient)
        if skipped != self._skipped:
            self._skipped, self._blocks = skipped, None
            self._active = [i for i in range(len(found)) if found[i] is not None]
        return found

    def step(self, group: dict[str, Any], gradients: list[Any]) -> None:
        """One step of every parameter that has a gradient: `Optimizer.update`, block by block."""
        rule, steps = self.rule, self.steps
        self.take_over(self._active)
        if self._blocks is None:
            self._blocks = self._planned()  # not before: under detect_mutation what was taken over unlocks `theta`
        if rule.scalars:
            kind = self.theta.dtype.type
            for i in self._active:
                advanced = rule.advance(group, steps[i] + 1, *self.scalars[i])
                self.scalars[i] = tuple(float(kind(scalar)) for scalar in advanced)  # as a state dict has them
        run = run_in_place.get()
        done = run is not None and not rule.by_parameter and self._run(run, group, gradients)
        for block in self._blocks if not done else ():
            first = block.first
            g = block.gradient(gradients)
            rule.update(group, steps[first] + 1, block.theta, g, *block.scratch, *block.arrays, *self.scalars[first])
        if self.state or rule.counts_steps:
            for i in self._active:
                steps[i] += 1

    def _run(self, run: Callable[..., Any], group: dict[str, Any], gradients: list[Any]) -> bool:
        """The updates of one step by kernels; False if there are none for them, and nothing has happened."""
        alike: dict[Any, list[Any]] = {}
        for i in self._active:
            start, stop = self.offsets[i], self.offsets[i + 1]
            theta = self.theta[start:stop]
            state = [flat[start:stop] for flat in self.state.values()]
            stretch = theta, gradients[i].reshape(-1), theta, theta, *state
            alike.setdefault((self.steps[i], self.scalars[i]), []).append(stretch)
        found = [run(stretches, (self.rule, group, t + 1), scalars) for (t, scalars), stretches in alike.items()]
        if None in found:
            return False
        for update in found:
            update()
        return True

    def _planned(self) -> list[Block]:
        """Blocks that cover the active parameters; those in one block have taken equal steps."""
        spans: list[tuple[int, int, int, int]] = []  # first and last parameter, first and last element
        for i in self._active:
            start, stop = self.offsets[i], self.offsets[i + 1]
            if self.rule.by_parameter:
                spans.append((i, i + 1, start, stop))
                continue
            if spans:
                first, last, begin, _ = spans[-1]
                whole = begin == self.offsets[first]  # not the last part of a large one
                if whole and last == i and self._equal(first, i) and stop - begin <= BLOCK:
                    spans[-1] = (first, i + 1, begin, stop)
                    continue
            parts = -(-(stop - start) // BLOCK)
            cuts = [start + (stop - start) * k // parts for k in range(parts)] + [stop]
            spans += [(i, i + 1, a, b) for a, b in pairwise(cuts)]
        longest = max([stop - start for *_, start, stop in spans], default=0)
        scratch = np.empty_like(self.theta, shape=(3, longest))
        return [Block(self, *span, scratch) for span in spans]

    def _equal(self, i: int, j: int) -> bool:
        return self.steps[i] == self.steps[j] and self.scalars[i] == self.scalars[j]


def add_scaled(y: Any, a: float, x: Any, s: Any) -> None:
    """y += a x, in one pass over memory where BLAS has one.

    Args:
        y: a flat array, changed in place.
        a: a number.
        x: an array like `y`.
        s: scratch space; may be `x` itself.
    """
    axpy = _axpy(y.dtype.char) if y.size >= BLAS_CHUNK and type(y) is np.ndarray and y.ndim == 1 else None
    if axpy is None or x.dtype != y.dtype or not (x.flags.c_contiguous and y.flags.c_contiguous):
        y += np.multiply(x, a, out=s)
        return
    for start in range(0, y.size, BLAS_CHUNK):
        axpy(x, y, min(BLAS_CHUNK, y.size - start), a, start, 1, start)


@cache
def _axpy(char: str) -> Callable[..., Any] | None:
    if char not in "fd":
        return None
    from scipy.linalg import blas  # takes a while to import, so only where arrays are large

    axpy: Callable[..., Any] = blas.saxpy if char == "f" else blas.daxpy
    return axpy


def _flat(size: int, like: ag.Value) -> Any:
    """A flat array of zeros, of the parameter's dtype and kind (NumPy's, CuPy's)."""
    return np.zeros_like(like.data, shape=(size,))


def called(p: Any, i: int, group: int) -> str:
    """How a message calls parameter `i` of a group."""
    name = getattr(p, "name", None)
    return repr(name) if isinstance(name, str) else f"parameter {i} of group {group}"
