"""`compile`: a function, as programs of NumPy calls; one for each signature that it is called with.

Here is what happens at a call: which program is the right one, what it receives, and how its results become Values that
can be differentiated. How a function becomes a program is `trace`, `passes` and `program`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass
from threading import RLock
from typing import Any

import numpy as np

from ..graph import Node, ancestors, backpropagate, next_order
from ..primitive import defvjp_joint, primitive
from ..state import current_state, enable_grad
from ..tree import Leaf, Rebuild, flatten
from ..value import _NO_KWARGS, Value, _recorded, _recorded_results
from ..variables import name_of, pull_back, together
from .assembling import assemble
from .capture import Capture
from .layout import forget
from .passes import Steps, hoist, lower, prune, simplify
from .program import Program
from .trace import Argument, Buffer, Captured, Cotangent, Decision, Gradient, Trace, held_array
from .traced import Step, Traced, TraceError
from .tracing import tracing

# So many programs of one signature are made; then the function runs as it is.
MOST_VARIANTS = 16


class Signature:
    """What a program is made for: structure, shapes and dtypes of the arguments. Numbers and texts are constants of it."""

    @staticmethod
    def of(tree: Any, arrays: list[Any]) -> Any:
        """Something hashable that is equal for equal signatures; the arrays of the tree are appended to `arrays`."""
        kind = type(tree)
        if kind is np.ndarray:
            arrays.append(tree)
            return tree.shape, tree.dtype, tree.strides
        if kind is tuple or kind is list:
            return (kind, *[Signature.of(item, arrays) for item in tree])
        if isinstance(tree, Value):
            arrays.append(tree)
            array = tree._array
            return Value, type(tree._node) is Node, array.shape, array.dtype, getattr(array, "strides", None)
        if isinstance(tree, np.generic):
            arrays.append(tree)
            return np.generic, tree.dtype
        if isinstance(tree, dict):
            return (kind, tuple(tree), *[Signature.of(item, arrays) for item in tree.values()])
        if isinstance(tree, tuple | list):
            return (kind, *[Signature.of(item, arrays) for item in tree])
        if hasattr(tree, "named_parameters"):
            return kind, id(tree)
        if is_dataclass(tree) and not isinstance(tree, type):
            return (kind, *[Signature.of(getattr(tree, field.name), arrays) for field in fields(tree)])
        if kind is float:
            return kind, tree.hex()
        try:
            hash(tree)
        except TypeError:
            return kind, id(tree)
        return kind, tree


class Variant:
    """A program for one signature, with what must be so for it to be the right one.

    Args:
        function: the function.
        args, kwargs: the arguments of the call that it is made at.
        recording: whether results are to be differentiable.
    """

    def __init__(self, function: Callable[..., Any], args: Any, kwargs: Any, recording: bool) -> None:
        self.function, self.name = function, name_of(function)
        self.modules_held = (args, kwargs)  # so that no other module gets the identity of one of these
        trace = self.trace = Trace(self.name)
        leaves, rebuild = flatten((args, kwargs))
        names = _argument_names(function, leaves)
        with trace.running():
            self._inputs_of(trace, leaves, names)
            given, keyword = rebuild([self._handles.get(i, leaf.value) for i, leaf in enumerate(leaves)], True)
            result = function(*given, **keyword)
            self._results_of(trace, result)
            trace.flush()
            length = len(trace.steps)
            self._backward_of(trace, recording)
        self._programs_of(trace, length)
        self.capture = Capture(function, trace)
        self._forget(trace)

    # ---- making it ----

    def _inputs_of(self, trace: Trace, leaves: list[Leaf], names: list[str]) -> None:
        self._handles: dict[int, Any] = {}
        self._argument_nodes: dict[Node, int] = {}
        self._argument_of: dict[int, int] = {}  # by identity of what stands for an argument in the trace
        self._rebuild_leaves = leaves
        self.places: list[int] = []
        place = 0
        for i, leaf in enumerate(leaves):
            x = leaf.value
            if leaf.is_parameter or not isinstance(x, np.ndarray | np.generic | Value):
                continue
            if isinstance(x, Value):
                traced = trace.argument(place, x.name or names[i], _require_numpy(held_array(x)))
                handle = Value._attached(traced, None)
                if x.requires_grad:
                    handle._start(Node, x.name)
                    self._argument_nodes[handle._node] = place
                    if not x.is_leaf:
                        handle = +handle
                self._handles[i] = handle
            else:
                self._handles[i] = trace.argument(place, names[i], _require_numpy(x))
            self._argument_of[id(self._handles[i])] = place
            place += 1

    def _results_of(self, trace: Trace, result: Any) -> None:
        leaves, self._rebuild = flatten(result)
        self._kinds: list[tuple[str, Any]] = []  # what becomes of each leaf of the result
        self._values: list[Value] = []
        kept: list[Step] = []
        for leaf in leaves:
            x = leaf.value
            if leaf.is_parameter:
                self._kinds.append(("same", x))
            elif id(x) in self._argument_of:
                self._kinds.append(("argument", self._argument_of[id(x)]))
            elif isinstance(x, Value):
                raw = trace.own_array(x)
                if raw is None:
                    self._kinds.append(("same", x))
                    continue
                wanted = type(x._node) is Node
                self._kinds.append(("value" if wanted else "constant", len(kept)))
                if wanted:
                    self._values.append(x)
                kept.append(raw.step)
            elif type(x) is Traced:
                self._kinds.append(("array", len(kept)))
                kept.append(x.step)
            else:
                self._kinds.append(("same", x))
        self._kept: list[Any] = kept

    def _backward_of(self, trace: Trace, recording: bool) -> None:
        """Trace the backward pass of the results too, if somebody may ask for it."""
        self.targets: list[Node] = []
        self.gradients: list[Any] = []
        self.parents: list[Any] = []  # for each target the place of an argument, or a Value
        self._cotangents: Steps = []
        self.refused = ""
        self.differentiable = recording and bool(self._values)
        if not self.differentiable:
            return
        if trace.sets_gradients:
            self.refused = (
                f"{self.name} has run backward itself, and a compiled program keeps nothing for a second time. Return the "
                "loss before backward(), or leave one of the two outside of the compiled function."
            )
        leaves = [node for node in ancestors([v._node for v in self._values]) if node.function is None]
        for node in leaves:
            owner = self._argument_nodes.get(node)
            found = trace.value_of(node) if owner is None else owner
            if found is not None:
                self.targets.append(node)
                self.parents.append(found)
        if self.refused or not self.targets:
            return
        ones = [trace.input(Cotangent(i), _ones_like(v._array._array), "g") for i, v in enumerate(self._values)]
        self._cotangents = [g.step for g in ones]
        found = pull_back(self._values, ones, self.targets, False)
        self.gradients = [g.step if type(g) is Traced else None for g in found]

    def _programs_of(self, trace: Trace, length: int) -> None:
        steps, kept = trace.steps, [*self._kept, *self.gradients]
        self.passes = [("trace", len(steps))]
        for name, run in (("lower", lower), ("simplify", simplify), ("assemble", assemble), ("prune", prune), ("hoist", hoist)):
            steps, kept = run(steps, kept)
            self.passes.append((name, len(steps)))
        count = len(self._kept)
        results, gradients = kept[:count], kept[count:]
        inputs = [step for step in steps if step.source is not None and not isinstance(step.source, Cotangent)]
        self.inputs = inputs
        forward, _ = prune(steps, results)
        has = set(forward)
        backward = [step for step in prune([s for s in steps if not s.effect], gradients)[0] if step not in has]
        within = set(backward)
        residuals = []
        for step in backward:
            for parent in step.parents:
                if parent not in within and not _is_constant(parent) and parent not in residuals:
                    residuals.append(parent)
        residuals += [g for g in gradients if isinstance(g, Step) and g not in within and g not in residuals]
        constants = [s for s in steps if _is_constant(s)]
        cotangents = [step for step in self._cotangents if step not in residuals]
        self._residuals = len(residuals)
        self.forward = Runner(inputs, forward, [*results, *residuals], self.name, len(residuals))
        self.backward: Runner | None = None
        self.given = gradients
        if self.gradients:
            body = [*constants, *backward]
            self.backward = Runner([*self._cotangents, *residuals], body, [g for g in gradients if g is not None], self.name)
        self.steps, self.results = steps, results

    def _forget(self, trace: Trace) -> None:
        """Let go of the arrays of the example."""
        self.capture.bind(self.inputs)
        for runner in (self.forward, self.backward):
            if runner is not None:
                assert runner.program is not None  # it is written now
        forget(trace.steps)
        forget(self.steps)
        del self.trace, self._values, self._handles, self._argument_nodes, self.targets, self._rebuild_leaves

    # ---- running it ----

    def __call__(self, arrays: list[Any], given: tuple[Any, ...], args: Any, kwargs: Any) -> Any:
        """Run the program: `arrays` are the leaves of the arguments, `given` what it receives."""
        outs = self.forward(*given)
        kinds = self._kinds
        wrapped: Any = None
        if self.differentiable:
            wrapped = iter(self._wrapped(arrays, outs, args, kwargs))
        leaves = []
        for kind, x in kinds:
            if kind == "array":
                leaves.append(outs[x])
            elif kind == "value":
                leaves.append(Value._attached(outs[x], None) if wrapped is None else next(wrapped))
            elif kind == "constant":
                leaves.append(Value._attached(outs[x], None))
            elif kind == "argument":
                leaves.append(arrays[x])
            else:
                leaves.append(x)
        return self._rebuild(leaves, True)

    def _wrapped(self, arrays: list[Any], outs: tuple[Any, ...], args: Any, kwargs: Any) -> Sequence[Any]:
        """The results that want a gradient, on one Node whose rule is the program's backward pass."""
        values = [arrays[p] if type(p) is int else p for p in self.parents]
        nodes = tuple([value._node if type(value._node) is Node else None for value in values])
        count = len(self._kept)
        run = Run(self, outs[count:], args, kwargs)
        raw = (run, *[value._array for value in values])
        results = [outs[x] for kind, x in self._kinds if kind == "value"]
        if len(results) == 1:
            return [_recorded(compiled, raw, _NO_KWARGS, (None, *nodes), results[0])]
        found: Sequence[Any] = _recorded_results(compiled, raw, _NO_KWARGS, (None, *nodes), tuple(results))
        return found


class Runner:
    """A program and instances of it, one for each call that runs at the same time."""

    def __init__(self, inputs: Steps, steps: Steps, kept: list[Any], name: str, inner: int = 0) -> None:
        self._made = inputs, steps, kept, name, inner
        self._program: Program | None = None
        self._idle: list[Callable[..., tuple[Any, ...]]] = []
        self._lock = RLock()

    @property
    def program(self) -> Program:
        with self._lock:
            if self._program is None:
                self._program = Program(*self._made)
        return self._program

    def __call__(self, *arrays: Any) -> tuple[Any, ...]:
        try:
            run = self._idle.pop()
        except IndexError:
            run = self.program.instance()
        try:
            return run(*arrays)
        finally:
            self._idle.append(run)


class Run:
    """One run of a program whose results may be differentiated."""

    __slots__ = ("args", "kwargs", "residuals", "variant")

    def __init__(self, variant: Variant, residuals: tuple[Any, ...], args: Any, kwargs: Any) -> None:
        self.variant, self.residuals, self.args, self.kwargs = variant, residuals, args, kwargs


@primitive
def compiled(run: Run, *arrays: Any) -> Any:
    """A run of a compiled function, as one operation; recorded by hand, never called."""
    raise AssertionError("a compiled function is recorded after it has run")


def _rule(g: Any, out: Any, run: Run, *arrays: Any) -> Sequence[Any]:
    variant = run.variant
    if variant.refused:
        raise RuntimeError(variant.refused)
    several = isinstance(out, tuple)
    outs, gradients = (out, g) if several else ((out,), (g,))
    if any(getattr(x, "is_batch", False) for x in gradients if x is not None):
        raise TypeError("a program takes one gradient at a time")
    if any(isinstance(x, Value) for x in arrays):
        return [None, *_again(run, arrays, outs, gradients)]
    assert variant.backward is not None
    cotangents = [
        np.zeros_like(x) if share is None else _conjugated(share) for x, share in zip(outs, gradients, strict=True)
    ]
    found = iter(variant.backward(*cotangents, *run.residuals))
    return [None, *[None if g is None else _conjugated(next(found)) for g in variant.given]]


defvjp_joint(compiled, _rule)


def _conjugated(x: Any) -> Any:
    return np.conjugate(x) if x.dtype.kind == "c" else x


def _again(run: Run, arrays: Sequence[Any], outs: Sequence[Any], gradients: Sequence[Any]) -> list[Any]:
    """Gradients that can be differentiated again: the function itself runs, and is recorded."""
    variant = run.variant
    targets = [array._node for array in arrays]
    start = next_order()
    with enable_grad():
        result = variant.function(*run.args, **run.kwargs)
    leaves = [leaf.value for leaf in flatten(result)[0] if isinstance(leaf.value, Value) and leaf.value.requires_grad]
    found = pull_back(
        leaves,
        [np.zeros_like(x) if share is None else _conjugated_value(share) for x, share in zip(outs, gradients, strict=True)],
        targets,
        True,
    )
    return [_conjugated_value(g) for g in found]


def _conjugated_value(x: Any) -> Any:
    return np.conjugate(x) if x.dtype.kind == "c" else x


def _ones_like(x: Any) -> Any:
    """The example of a gradient: an array for an array, a number for a number."""
    return np.ones_like(x) if isinstance(x, np.ndarray) else x.dtype.type(1)


def _is_constant(step: Step) -> bool:
    return step.function is None and step.source is None


def _require_numpy(array: Any) -> Any:
    if not isinstance(array, np.ndarray | np.generic):
        raise TypeError(
            f"ag.compile plans memory for NumPy's arrays, but got {type(array).__module__}.{type(array).__name__}. Call "
            "the function itself on these."
        )
    return array


def _argument_names(function: Callable[..., Any], leaves: list[Leaf]) -> list[str]:
    """What the text calls each leaf of the arguments: by its parameter, and where it is in that."""
    try:
        parameters = [p.name for p in inspect.signature(function).parameters.values()]
    except (TypeError, ValueError):
        parameters = []
    names = []
    for leaf in leaves:
        inside = leaf.path[3:]
        if leaf.path.startswith("[0]") and inside:
            number, _, rest = inside[1:].partition("]")
            place = int(number)
            first = parameters[place] if place < len(parameters) else f"x{place}"
            names.append(first + rest)
        else:
            names.append(inside.strip("[]'") or "x")
    return names
