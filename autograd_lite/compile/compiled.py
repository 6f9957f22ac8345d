"""`Variant`: the programs that a function has become for one signature, and what they are given and return.

How a function becomes a program is told in `trace`, `passes` and `program`; which variant runs at a call in `function`;
how results are differentiated in `gradient`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import RLock
from typing import Any

import numpy as np

from ..graph import Node, ancestors, leaf, nobody
from ..state import current_state, enable_grad
from ..tree import flatten
from ..value import _NO_KWARGS, Value, _recorded, _recorded_results
from ..variables import name_of
from .assembling import assemble
from .capture import Capture
from .draws import Draws
from .gradient import Run, compiled, pulled_back
from .layout import forget
from .passes import Steps, hoist, is_constant, lower, prune, simplify
from .program import Program
from .signature import argument_names, is_argument_array, objects_in
from .surroundings import Surroundings
from .trace import Argument, Buffer, Captured, Cotangent, Decision, Trace, held_array, require, set_buffer, write_into
from .traced import Step, Traced

# Of so many results every one alone has a program for its gradients, besides the one of all.
MOST_ALONE = 3


class PassValues(Exception):  # noqa: N818 - it is an answer, not a mistake
    """A function does more to Values among its arguments than read them: its program must be for these very Values."""


class Variant:
    """A function as programs for one signature, with what must be so for them to be the right ones.

    Args:
        function: the function.
        args, kwargs: the arguments of the call that it is made at.
        by_identity: Values among the arguments are passed to the function as they are.
        jit: its programs may use numba.

    Attributes:
        forward: the program that computes the results, and makes all changes.
        backward: programs that compute gradients, by which results have a gradient.
        capture: what else the function has read.
        unsettled: what the function changed although it had read it, in words; empty if nothing.
        changes: what else running it once more would change, in words; empty if nothing.
        buffers: the buffers of modules that it changes, by module and name.
        refused: why there are no gradients; empty if there are.
        steps, passes: the calls, and how many each pass left.
    """

    def __init__(self, function: Callable[..., Any], args: Any, kwargs: Any, by_identity: bool, jit: bool) -> None:
        self.function, self.name, self.jit = function, name_of(function), jit
        leaves, rebuild = flatten((args, kwargs))
        self._objects = list(objects_in((args, kwargs)))  # held, so that nothing else gets the identity of one
        names = argument_names(function, leaves)
        before = Surroundings(function, *self._objects)
        trace = Trace(self.name, before.holds)
        self._start = trace.start
        draws = Draws(before.generators)
        self._had_gradients = [getattr(x.value, "_grad", None) is not None for x in leaves]
        with trace.running():
            self._inputs_of(trace, leaves, names, by_identity)
            given, keyword = rebuild([self._handles.get(i, leaf.value) for i, leaf in enumerate(leaves)], True)
            result = function(*given, **keyword)
            self._look_at_arguments()
            self._results_of(trace, result, before)
            trace.flush()
            self._backward_of(trace)
            self._generators = [generator for generator, _ in trace._states]
            if draws.past(self._generators):
                raise trace.refusal(
                    "drawing random numbers past the trace, from a generator as such,",
                    "Pass them as an argument, or draw in an @ag.primitive that takes the generator",
                )
        self._leaves = [None if is_argument_array(x) else x.value for x in leaves]
        self._places = [i for i, x in enumerate(leaves) if is_argument_array(x)]
        _, self._rebuild_arguments = flatten(rebuild(self._leaves, True))
        self._look_for_leaks(trace, before)
        after = Surroundings(function, *self._objects)
        self.unsettled = before.change() or after.since(before) or after.add_modules(trace.modules.values())
        self.capture = Capture(trace, after)
        self._programs_of(trace, before)
        self._forget(trace)

    # ---- making it ----

    def _inputs_of(self, trace: Trace, leaves: list[Any], names: list[str], by_identity: bool) -> None:
        self._handles: dict[int, Any] = {}
        self._argument_nodes: dict[Node, int] = {}
        self._argument_of: dict[int, int] = {}  # by identity of what stands for an argument in the trace
        self._are_values: list[bool] = []
        self._watched: list[tuple[Value, Any, Any]] = []
        self._passed: dict[int, Value] = {}  # Values that are passed as they are
        for i, found in enumerate(leaves):
            x = found.value
            if not is_argument_array(found):
                continue
            place = len(self._are_values)
            self._are_values.append(isinstance(x, Value))
            if not isinstance(x, Value):
                handle: Any = trace.argument(place, names[i], _require_numpy(x))
            elif by_identity or self._had_gradients[i]:
                _require_numpy(held_array(x))
                self._objects.append(x)
                handle = self._passed[place] = x
            else:
                traced = trace.argument(place, x.name or names[i], _require_numpy(held_array(x)))
                handle = Value._attached(traced, None)
                if x._node is not None:
                    handle._start(type(x._node), x.name)
                    self._argument_nodes[handle._node] = place
                    if not x.is_leaf:
                        handle = +handle
                self._watched.append((handle, traced, handle._node))
            self._handles[i] = handle
            self._argument_of[id(handle)] = place

    def _look_at_arguments(self) -> None:
        for handle, array, node in self._watched:
            if handle._grad is not None or handle._node is not node or (node is None and handle._array is not array):
                raise PassValues

    def _look_for_leaks(self, trace: Trace, before: Surroundings) -> None:
        """Refuse arrays of the trace in what outlives it."""
        leak = before.first(_is_of_a_trace)
        for module, attributes in trace.modules.values():
            for name, x in module.__dict__.items():
                if x is not attributes.get(name) and _is_of_a_trace(x):
                    leak = f"{type(module).__name__}.{name}"
            if leak:
                module.__dict__.clear()
                module.__dict__.update(attributes)
        if leak:
            raise trace.refusal(
                f"keeping an array in {leak}", "Return it, or let it be a buffer: self.register_buffer(name, array)"
            )

    def _results_of(self, trace: Trace, result: Any, before: Surroundings) -> None:
        leaves, rebuild = flatten(result)
        self._kinds: list[tuple[str, Any]] = []  # what becomes of each leaf of the result
        self._values: list[Value] = []
        self._kept: list[Any] = []
        self._value_outs: list[int] = []  # the numbers of the results that want a gradient
        self._constants: list[tuple[int, str | None]] = []  # those of Values that want none, and their names
        self._found: list[tuple[str, int, int, bool]] = []  # the gradients of Values, and whether these are Values
        known: dict[int, tuple[str, Any]] = {}  # the same Value twice is the same Value
        for found in leaves:
            x = found.value
            kind = known.get(id(x)) if isinstance(x, Value | Traced) else None
            if kind is None:
                kind = known[id(x)] = ("same", x) if found.is_parameter else self._kind_of(trace, x, before)
            self._kinds.append(kind)
        # without the example's results in it
        _, self._rebuild = flatten(rebuild([x.value if x.is_parameter else None for x in leaves], True))

    def _kind_of(self, trace: Trace, x: Any, before: Surroundings) -> tuple[str, Any]:
        if id(x) in self._argument_of:
            return "argument", self._argument_of[id(x)]
        if isinstance(x, Value):
            raw = trace.own_array(x)
            if raw is None:
                return "same", x
            self._kept.append(raw.step)
            number, gradient = len(self._kept) - 1, x._grad
            if type(x._node) is Node:
                self._values.append(x)
                self._value_outs.append(number)
                kind = "value", len(self._values) - 1
            else:
                self._constants.append((number, x.name))
                kind = "constant", len(self._constants) - 1
            if gradient is not None:  # a backward pass in the function has come by
                raw = gradient._array if isinstance(gradient, Value) else gradient
                self._found.append((*kind, len(self._kept), isinstance(gradient, Value)))
                self._kept.append((raw if type(raw) is Traced else trace.constant(raw)).step)
            return kind
        if type(x) is Traced:
            self._kept.append(x.step)
            return "array", len(self._kept) - 1
        if type(x) is np.ndarray and not before.holds(x):
            return "fresh", x.copy()
        self._require_no_trace(trace, x)
        return "same", x

    def _require_no_trace(self, trace: Trace, x: Any) -> None:
        for name, held in getattr(x, "__dict__", {}).items():
            if _is_of_a_trace(held):
                raise trace.refusal(
                    f"a result of type {type(x).__name__}, which holds an array in {name!r},",
                    "Return the arrays, in a dict, list, tuple or dataclass",
                )

    def _backward_of(self, trace: Trace) -> None:
        """Trace the backward pass of the results too: of all together, and of few also one by one."""
        self._targets: list[Node] = []
        self._parents: list[Any] = []  # for each target the place of an argument, or a Value
        self._cotangents: list[Step] = []
        self._gradients: dict[tuple[bool, ...], list[Any]] = {}
        self._names = [value.name for value in self._values]
        self.refused = ""
        if not self._values:
            return
        roots: list[Any] = [v._node for v in self._values]
        for node in ancestors(roots, since=self._start):
            if node.function is None or node.order < self._start:
                continue
            # Every use is a parent of its own, so that the engine adds up what flows there in the order of the function.
            parents = list(node.parents)
            for i, target in enumerate(parents):
                parent = None if target is None else self._argument_nodes.get(target)
                if parent is None and target is not None and (target.function is None or target.order < self._start):
                    parent = trace.value_of(target)
                if parent is not None:
                    parents[i] = use = leaf(Node, target.out, None, nobody)
                    use.order = target.order
                    self._targets.append(use)
                    self._parents.append(parent)
            node.parents = tuple(parents)
        if trace.sets_gradients:
            self.refused = (
                f"{self.name} has run backward itself, and a compiled program keeps nothing for a second time. Return "
                "the loss before backward(), or leave one of the two outside of the compiled function."
            )
        if self.refused or not self._targets:
            return
        count = len(self._values)
        ones = [trace.input(Cotangent(i), _ones_like(v._array._array), "g") for i, v in enumerate(self._values)]
        self._cotangents = [g.step for g in ones]
        masks = [(True,) * count]
        if 1 < count <= MOST_ALONE:
            masks += [tuple([i == j for j in range(count)]) for i in range(count)]
        for mask in masks:
            chosen = [i for i in range(count) if mask[i]]
            values, seeds = [self._values[i] for i in chosen], [ones[i] for i in chosen]
            found = pulled_back(values, seeds, self._targets, self._start, None)
            self._gradients[mask] = [
                None if g is None else (g if type(g) is Traced else trace.constant(g)).step for g in found
            ]

    def _programs_of(self, trace: Trace, before: Surroundings) -> None:
        steps = trace.steps
        kept = [*self._kept, *[g for gradients in self._gradients.values() for g in gradients]]
        self.passes = [("trace", len(steps))]
        for name, run in (
            ("lower", lower),
            ("simplify", simplify),
            ("assemble", assemble),
            ("prune", prune),
            ("hoist", hoist),
        ):
            steps, kept = run(steps, kept)
            self.passes.append((name, len(steps)))
        results, rest = kept[: len(self._kept)], iter(kept[len(self._kept) :])
        # the text would return the same array at every call
        self._fresh = [
            i for i, x in enumerate(results) if is_constant(x) and isinstance(x.out, np.ndarray) and not before.holds(x.out)
        ]
        self._gradients = {mask: [next(rest) for _ in self._targets] for mask in self._gradients}
        self.inputs = [step for step in steps if step.source is not None and not isinstance(step.source, Cotangent)]
        self.inputs.sort(key=lambda step: step.source.place if isinstance(step.source, Argument) else len(steps))
        self._effects_of(steps)
        forward, _ = prune(steps, results)
        pure, has = [step for step in steps if not step.effect], set(forward)
        residuals: dict[Step, int] = {}
        for mask, gradients in self._gradients.items():
            self.backward[mask] = Backward(self, mask, gradients, pure, has, residuals)
        self.forward = Runner(self.inputs, forward, [*results, *residuals], self.name, len(residuals), self.jit)
        self.steps, self.results = steps, results

    def _effects_of(self, steps: Steps) -> None:
        """See what running the function once more would change."""
        self.backward: dict[tuple[bool, ...], Backward] = {}
        self.buffers, self.changes = [], ""
        effects = [step for step in steps if step.effect and step.function is not require]
        self.pure = not effects
        # a program writes into arrays at its end, which comes to the same if nothing it reads lies in the same memory
        written = {step.parents[0] for step in effects if step.function is write_into}
        self._apart = [
            (i, j)
            for i, a in enumerate(self.inputs)
            for j, b in enumerate(self.inputs)
            if a in written and a is not b and (j > i or b not in written) and Argument in (type(a.source), type(b.source))
        ]
        for step in effects:
            target = step.parents[0].source if step.function is write_into else None
            if isinstance(target, Buffer):
                self.buffers.append((target.module, target.name))
            elif step.function is set_buffer:
                self.buffers.append(step.args[:2])
            elif target is not None:
                name = target.value.name or "a Value" if isinstance(target, Captured) else "its argument"
                self.changes = f"writes into {name}"
            elif step.out is None:
                self.changes = f"calls {name_of(step.function)}"

    def _forget(self, trace: Trace) -> None:
        """Let go of the arrays of the example."""
        self.capture.bind(self.inputs, self._are_values)
        for runner in self.runners():
            assert runner.program is not None  # it is written now
        forget(trace.steps)
        trace.forget()
        forget(self.steps)
        self._differentiable = bool(self._values)
        self._any_values, self._named = any(self._are_values), any(self._names)
        self._is_one = len(self._kinds) == 1 and not self._found and self._rebuild([self], True) is self
        del self._values, self._handles, self._argument_nodes, self._targets, self._watched, self._cotangents

    # ---- running it ----

    def __call__(self, arrays: list[Any], given: list[Any], args: Any, kwargs: Any) -> Any:
        """Run the program: `arrays` are those among the arguments, `given` what it receives."""
        if self._apart and any(_overlap(given[i], given[j]) for i, j in self._apart):
            return self.function(*args, **kwargs)
        run = None
        if self._differentiable:  # before the program gives Values other arrays and Nodes
            run = self._about_to_run(arrays)
        try:
            outs = self.forward(given)
        except Decision:
            raise
        except Exception as error:
            if not self.pure:
                error.add_note(f"in the program that ag.compile has made of {self.name}")
                raise
        else:
            if self._fresh:
                outs = tuple([x.copy() if i in self._fresh else x for i, x in enumerate(outs)])
            kind, x = self._kinds[0] if self._is_one else ("", 0)
            if kind == "array":
                return outs[x]
            values = () if run is None else self._on_one_node(*run, outs)
            if kind == "value":
                return values[x]
            return self._rebuild(self._leaves_of(arrays, outs, values), True)
        return self.function(*args, **kwargs)  # it has changed nothing, and says better what is wrong

    def _leaves_of(self, arrays: list[Any], outs: tuple[Any, ...], values: Sequence[Any]) -> list[Any]:
        constants = [_constant(outs[i], name) for i, name in self._constants]
        for kind, i, number, lifted in self._found:
            value = values[i] if kind == "value" else constants[i]
            value._grad = Value._attached(outs[number], None) if lifted else outs[number]
        leaves = []
        for kind, x in self._kinds:
            if kind == "array":
                leaves.append(outs[x])
            elif kind == "value":
                leaves.append(values[x])
            elif kind == "constant":
                leaves.append(constants[x])
            elif kind == "argument":
                leaves.append(arrays[x])
            else:
                leaves.append(x.copy() if kind == "fresh" else x)
        return leaves

    def _about_to_run(self, arrays: list[Any]) -> tuple[Run, list[Any], list[Any]]:
        """What the graph will hold of a run, and the arrays and Nodes that it hangs on."""
        parents = [arrays[p] if type(p) is int else p for p in self._parents]
        nodes = [value._node for value in parents]
        states = [(generator, generator.bit_generator.state) for generator in self._generators]
        raw = [x._array if isinstance(x, Value) else x for x in arrays] if self._any_values else arrays
        return Run(self, raw, nodes, states), [value._array for value in parents], nodes

    def _on_one_node(self, run: Run, parents: list[Any], nodes: list[Any], outs: tuple[Any, ...]) -> Sequence[Any]:
        """The results that want a gradient, on one Node whose rule is the program's backward pass."""
        run.residuals = outs[len(self._kept) :]
        if not nodes:  # they hang on a Value that the function made itself
            parents = [outs[self._value_outs[0]]]
            nodes = [leaf(Node, parents[0], None, nobody)]
        if current_state().recording:
            values = self._recorded((run, *parents), (None, *nodes), outs)
        else:
            with enable_grad():
                values = self._recorded((run, *parents), (None, *nodes), outs)
        if self._named:
            for value, name in zip(values, self._names, strict=True):
                if name is not None:
                    value.name = name
        return values

    def _recorded(self, args: tuple[Any, ...], nodes: tuple[Any, ...], outs: tuple[Any, ...]) -> Sequence[Any]:
        if len(self._value_outs) == 1:
            return (_recorded(compiled, args, _NO_KWARGS, nodes, outs[self._value_outs[0]]),)
        results = tuple([outs[i] for i in self._value_outs])
        found: Sequence[Any] = _recorded_results(compiled, args, _NO_KWARGS, nodes, results)
        return found

    def runners(self) -> list[Runner]:
        """All its programs, the forward one first."""
        return [self.forward, *[backward.runner for backward in self.backward.values()]]

    # ---- what `gradient` asks ----

    def backward_of(self, mask: tuple[bool, ...]) -> Backward | None:
        """The program for the gradients of these results, if there is one."""
        return self.backward.get(mask)

    def arguments_of(self, run: Run, parents: Sequence[Any]) -> Any:
        """The arguments of a run once more: what has gradients is `parents`, Values or arrays on their Nodes."""
        handles = {
            place: x if isinstance(x, Value) else Value._attached(x, node)
            for place, x, node in zip(self._parents, parents, run.nodes, strict=False)
            if type(place) is int
        }
        leaves = list(self._leaves)
        for place, (i, x) in enumerate(zip(self._places, run.arrays, strict=True)):
            value = handles.get(place, Value._attached(x, None)) if self._are_values[place] else x
            leaves[i] = self._passed.get(place, value)
        return self._rebuild_arguments(leaves, True)

    def differentiated(self, result: Any) -> list[Any]:
        """Of what the function returned the Values that want a gradient."""
        found: dict[int, Any] = {}
        for (kind, x), each in zip(self._kinds, flatten(result)[0], strict=True):
            if kind == "value":
                found[x] = each.value
        return [found[i] for i in range(len(found))]


def _is_of_a_trace(x: Any) -> bool:
    return type(x) is Traced or (isinstance(x, Value) and type(held_array(x)) is Traced)


def _constant(array: Any, name: str | None) -> Value:
    value: Value = Value._attached(array, None)
    if name is not None:
        value.name = name
    return value


class Backward:
    """The program that computes the gradients of some results.

    Args:
        variant: what it belongs to.
        mask: for each result whether it has a gradient.
        gradients: what it returns: for each parent of the operation a step, or None.
        pure: the steps of the trace that have no effect.
        forward: those that the forward program runs.
        residuals: what that returns for all backward programs, with their numbers; what this one needs is added.
    """

    def __init__(
        self,
        variant: Variant,
        mask: tuple[bool, ...],
        gradients: list[Any],
        pure: Steps,
        forward: set[Step],
        residuals: dict[Step, int],
    ) -> None:
        cotangents = [step for step, wanted in zip(variant._cotangents, mask, strict=True) if wanted]
        wanted = [g for g in gradients if g is not None]
        body = [step for step in prune(pure, wanted)[0] if step not in forward and step not in cotangents]
        within = {*body, *cotangents}
        read = [*[parent for step in body for parent in step.parents], *wanted]
        outside = list(dict.fromkeys([step for step in read if step not in within]))
        needed = [step for step in outside if not is_constant(step)]
        constants = [step for step in outside if is_constant(step)]
        for step in needed:
            residuals.setdefault(step, len(residuals))
        self._needed = [residuals[step] for step in needed]
        # what is not computed here is somebody else's as well
        self._given = [
            (g is not None, g in constants or g in needed or (g in cotangents and len(mask) > 1)) for g in gradients
        ]
        self.runner = Runner([*cotangents, *needed], [*constants, *body], wanted, variant.name, jit=variant.jit)

    def __call__(self, cotangents: list[Any], residuals: Sequence[Any]) -> list[Any]:
        found = iter(self.runner([*cotangents, *[residuals[i] for i in self._needed]]))
        return [(next(found).copy() if shared else next(found)) if wanted else None for wanted, shared in self._given]


class Runner:
    """A program and instances of it, one for each call that runs at the same time."""

    def __init__(
        self, inputs: Steps, steps: Steps, kept: list[Any], name: str, inner: int = 0, jit: bool = False
    ) -> None:
        self._made = inputs, steps, kept, name, inner, jit
        self._program: Program | None = None
        self._idle: list[Callable[..., tuple[Any, ...]]] = []
        self._lock = RLock()

    @property
    def program(self) -> Program:
        with self._lock:
            if self._program is None:
                self._program = Program(*self._made)
        return self._program

    def __call__(self, arrays: Sequence[Any]) -> tuple[Any, ...]:
        try:
            run = self._idle.pop()
        except IndexError:
            run = self.program.instance()
        try:
            return run(*arrays)
        finally:
            self._idle.append(run)


def _ones_like(x: Any) -> Any:
    """The example of a gradient: an array for an array, a number for a number."""
    return np.ones_like(x) if isinstance(x, np.ndarray) else x.dtype.type(1)


def _overlap(x: Any, y: Any) -> bool:
    """Whether two arrays lie in the same memory."""
    return _root(x) is _root(y) and bool(np.may_share_memory(x, y))


def _root(x: Any) -> Any:
    while True:
        base = getattr(x, "base", None)
        if base is None:
            return x
        x = base


def _require_numpy(array: Any) -> Any:
    if type(array) is np.ndarray or isinstance(array, np.generic | np.memmap):
        return array
    raise TypeError(
        f"ag.compile plans memory for NumPy's arrays, but got {type(array).__module__}.{type(array).__name__}. Call "
        "the function itself on these."
    )
