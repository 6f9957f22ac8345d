"""`Variant`: the programs that a function has become for one signature, and what they are given and return.

How a function becomes a program is told in `trace`, `passes` and `program`; which variant runs at a call in `function`;
how results are differentiated in `gradient`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np

from ..graph import Node, leaf, nobody
from ..state import current_state, enable_grad
from ..value import _NO_KWARGS, Value, _recorded, _recorded_results
from ..variables import name_of
from .assembling import assemble
from .capture import Capture
from .draws import Draws
from .effects import Argument, Buffer, Captured, Cotangent, Decision, require, set_buffer, write_into
from .gradient import Run, Seeds, compiled, form_of, pulled_back, separate_uses
from .inputs import Inputs
from .kernels import usable
from .layout import forget
from .outputs import Outputs, is_of_a_trace
from .passes import Steps, hoist, is_constant, lower, prune, simplify
from .program import Program
from .runner import Backward, Runner
from .signature import objects_in
from .surroundings import Surroundings
from .trace import Trace
from .traced import Step, Traced
from .writing import spaced

# Of so many results every one alone has a program for its gradients, besides the one of all.
MOST_ALONE = 3


class Variant:
    """A function as programs for one signature, with what must be so for them to be the right ones.

    Args:
        function: the function.
        args, kwargs: the arguments of the call that it is made at.
        by_identity: Values among the arguments are passed to the function as they are.
        jit: its programs may use numba.
        asked: forms of gradients of the results for which there is to be a program, besides the usual ones.

    Attributes:
        forward: the program that computes the results, and makes all changes.
        backward: programs that compute gradients, by the forms of the gradients of the results.
        asked: forms that came and had no program.
        capture: what else the function has read.
        unsettled: what the function changed although it had read it, in words; empty if nothing.
        changes: what else running it once more would change, in words; empty if nothing.
        buffers: the buffers of modules that it changes, by module and name.
        refused: why there are no gradients; empty if there are.
        steps, passes: the calls, and how many each pass left.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        args: Any,
        kwargs: Any,
        by_identity: bool = False,
        jit: bool = False,
        asked: Iterable[Seeds] = (),
    ) -> None:
        self.function, self.name, self.jit, self.asked = function, name_of(function), jit, set[Seeds]()
        inputs = self._inputs = Inputs(function, args, kwargs, by_identity)
        self._objects = [*objects_in((args, kwargs))]  # held, so that nothing else gets the identity of one
        before = Surroundings(function, *self._objects)
        trace = Trace(self.name, before.holds, jit and usable())
        draws = Draws(before.generators)
        with trace.running():
            given, keyword = inputs.handles(trace)
            result = function(*given, **keyword)
            inputs.require_read_only()
            self._outputs = Outputs(trace, result, inputs.place_of, before.holds)
            trace.flush()
            self._backward_of(trace, asked)
            self._generators = [generator for generator, _ in trace._states]
            if draws.past(self._generators):
                raise trace.refusal(
                    "drawing random numbers past the trace, from a generator as such,",
                    "Pass them as an argument, or draw in an @ag.primitive that takes the generator",
                )
        _look_for_leaks(trace, before)
        after = Surroundings(function, *self._objects)
        self.unsettled = before.change() or after.since(before) or after.add_modules(trace.modules.values())
        self.capture = Capture(trace, after)
        self._programs_of(trace, before)
        self._forget(trace)

    # ---- making it ----

    def _backward_of(self, trace: Trace, asked: Iterable[Seeds]) -> None:
        """Trace the backward pass of the results too: of all together, of few also one by one, and as was asked for."""
        self._cotangents: dict[Seeds, Steps] = {}
        self._gradients: dict[Seeds, list[Any]] = {}
        self.refused = ""
        results = self._outputs.values

        def parent_of(target: Node) -> Any:
            place = self._inputs.nodes.get(target)
            was_there = target.function is None or target.order < trace.start
            return place if place is not None or not was_there else trace.value_of(target)

        uses = separate_uses([value._node for value in results], trace.start, parent_of)
        self._targets, self._parents = [use for use, _ in uses], [parent for _, parent in uses]
        if trace.sets_gradients:
            self.refused = (
                f"{self.name} has run backward itself, and a compiled program keeps nothing for a second time. Return "
                "the loss before backward(), or leave one of the two outside of the compiled function."
            )
        if self.refused or not self._targets:
            return
        usual = tuple([form_of(value._array._array) for value in results])
        forms = [usual]
        if 1 < len(usual) <= MOST_ALONE:
            forms += [tuple([form if i == j else None for j, form in enumerate(usual)]) for i in range(len(usual))]
        if any(step.effect and step.out is None for step in trace.steps):  # it cannot run again to get what is missing
            arrays = [value._array._array for value in results]
            for strides in ([np.empty_like(x, order="C").strides for x in arrays], [(0,) * x.ndim for x in arrays]):
                forms.append(tuple([(form[0], each) for form, each in zip(usual, strides, strict=True)]))
        inputs: dict[Any, Traced] = {}
        for seeds in dict.fromkeys([*forms, *asked]):
            chosen = [(i, form) for i, form in enumerate(seeds) if form is not None]
            for i, form in chosen:
                if (i, form) not in inputs:
                    inputs[i, form] = trace.input(Cotangent(i), _one(results[i]._array._array, form), "g")
            cotangents = [inputs[each] for each in chosen]
            found = pulled_back([results[i] for i, _ in chosen], cotangents, self._targets, trace.start, None)
            self._cotangents[seeds] = [g.step for g in cotangents]
            self._gradients[seeds] = [
                None if g is None else (g if type(g) is Traced else trace.constant(g)).step for g in found
            ]

    def _programs_of(self, trace: Trace, before: Surroundings) -> None:
        steps = trace.steps
        kept = [*self._outputs.steps, *[g for gradients in self._gradients.values() for g in gradients]]
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
        count = self._count = len(self._outputs.steps)
        results, rest = kept[:count], iter(kept[count:])
        # the text would return the same array at every call
        constants = [(i, x.out) for i, x in enumerate(results) if is_constant(x)]
        self._fresh = [i for i, x in constants if isinstance(x, np.ndarray) and not before.holds(x)]
        self._gradients = {seeds: [next(rest) for _ in self._targets] for seeds in self._gradients}
        self.inputs = [step for step in steps if step.source is not None and not isinstance(step.source, Cotangent)]
        self.inputs.sort(key=lambda step: step.source.place if isinstance(step.source, Argument) else len(steps))
        self._effects_of(steps)
        forward, _ = prune(steps, results)
        pure, has = [step for step in steps if not step.effect], set(forward)
        residuals: dict[Step, int] = {}

        def make(inputs: Steps, steps: Steps, kept: list[Any]) -> Runner:
            number = len(self.backward) + 1
            title = f"gradient{number if number > 1 else ''}"
            return Runner(partial(Program, inputs, steps, kept, self.name, jit=self.jit, title=title))

        for seeds, gradients in self._gradients.items():
            self.backward[seeds] = Backward(make, self._cotangents[seeds], gradients, pure, has, residuals)
        self.forward = Runner(
            partial(Program, self.inputs, forward, [*results, *residuals], self.name, len(residuals), self.jit)
        )
        self.steps, self.results = steps, results

    def _effects_of(self, steps: Steps) -> None:
        """See what running the function once more would change."""
        self.backward: dict[Seeds, Backward] = {}
        self.buffers, self.changes = [], ""
        effects = [step for step in steps if step.effect and step.function is not require]
        self.pure = not effects
        # a program writes into arrays at its end, which comes to the same if nothing it reads lies in the same memory
        written = {step.parents[0] for step in effects if step.function is write_into}
        self._apart = [
            (i, j)
            for i, a in enumerate(self.inputs)
            for j, b in enumerate(self.inputs)
            if a in written and a is not b and Argument in (type(a.source), type(b.source))
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
        self.capture.bind(self.inputs, self._inputs.are_values)
        self._inputs.forget()
        self._outputs.forget()
        for runner in self.runners():
            assert runner.program is not None  # it is written now
        forget(trace.steps)
        trace.forget()
        forget(self.steps)
        self._differentiable = bool(self._outputs.numbers)
        self._any_values, self._named = any(self._inputs.are_values), any(self._outputs.names)
        del self._targets, self._cotangents, self._gradients

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
            kind, x = self._outputs.only
            if kind == "array":
                return outs[x]
            values = () if run is None else self._on_one_node(*run, outs)
            if kind == "value":
                return values[x]
            return self._outputs.result(arrays, outs, values)
        return self.function(*args, **kwargs)  # it has changed nothing, and says better what is wrong

    def _about_to_run(self, arrays: list[Any]) -> tuple[Run, list[Any], list[Any]]:
        """What the graph will hold of a run, and the arrays and Nodes that it hangs on."""
        parents = [arrays[p] if type(p) is int else p for p in self._parents]
        nodes = [value._node for value in parents]
        states = [(generator, generator.bit_generator.state) for generator in self._generators]
        raw = [x._array if isinstance(x, Value) else x for x in arrays] if self._any_values else arrays
        return Run(self, raw, nodes, states), [value._array for value in parents], nodes

    def _on_one_node(self, run: Run, parents: list[Any], nodes: list[Any], outs: tuple[Any, ...]) -> Sequence[Any]:
        """The results that want a gradient, on one Node whose rule is the program's backward pass."""
        run.residuals = outs[self._count :]
        if not nodes:  # they hang on a Value that the function made itself
            parents = [outs[self._outputs.numbers[0]]]
            nodes = [leaf(Node, parents[0], None, nobody)]
        if current_state().recording:
            values = self._recorded((run, *parents), (None, *nodes), outs)
        else:
            with enable_grad():
                values = self._recorded((run, *parents), (None, *nodes), outs)
        if self._named:
            for value, name in zip(values, self._outputs.names, strict=True):
                if name is not None:
                    value.name = name
        return values

    def _recorded(self, args: tuple[Any, ...], nodes: tuple[Any, ...], outs: tuple[Any, ...]) -> Sequence[Any]:
        numbers = self._outputs.numbers
        if len(numbers) == 1:
            return (_recorded(compiled, args, _NO_KWARGS, nodes, outs[numbers[0]]),)
        found: Sequence[Any] = _recorded_results(compiled, args, _NO_KWARGS, nodes, tuple([outs[i] for i in numbers]))
        return found

    def runners(self) -> list[Runner]:
        """All its programs, the forward one first."""
        return [self.forward, *[backward.runner for backward in self.backward.values()]]

    # ---- what `gradient` asks ----

    def usual(self, seeds: Seeds) -> Seeds | None:
        """The forms for which there is a program, of gradients of the same results."""
        mask = [form is None for form in seeds]
        return next((known for known in self.backward if [form is None for form in known] == mask), None)

    def run_again(self, run: Run, parents: Sequence[Any]) -> list[Any]:
        """Call the function once more, and return its Values that want a gradient.

        Args:
            run: the run whose arguments it gets.
            parents: what stands for those of them that have gradients, and for captured ones: Values, or arrays.
        """
        values = {
            place: x if isinstance(x, Value) else Value._attached(x, node)
            for place, x, node in zip(self._parents, parents, run.nodes, strict=False)
            if type(place) is int
        }
        args, kwargs = self._inputs.again(run.arrays, values)
        return self._outputs.values_in(self.function(*args, **kwargs))


def _look_for_leaks(trace: Trace, before: Surroundings) -> None:
    """Refuse arrays of the trace in what outlives it."""
    leak = before.first(is_of_a_trace)
    for module, attributes in trace.modules.values():
        for name, x in module.__dict__.items():
            if x is not attributes.get(name) and is_of_a_trace(x):
                leak = f"{type(module).__name__}.{name}"
        if leak:
            module.__dict__.clear()
            module.__dict__.update(attributes)
    if leak:
        raise trace.refusal(
            f"keeping an array in {leak}", "Return it, or let it be a buffer: self.register_buffer(name, array)"
        )


def _one(x: Any, form: Any) -> Any:
    """The example of a gradient of `x`, of the form that `form_of` tells about."""
    is_array, strides = form
    return spaced(np.ones(x.shape, x.dtype), strides) if is_array else x.dtype.type(1)


def _overlap(x: Any, y: Any) -> bool:
    """Whether two arrays lie in the same memory."""
    return _root(x) is _root(y) and bool(np.may_share_memory(x, y))


def _root(x: Any) -> Any:
    while True:
        base = getattr(x, "base", None)
        if base is None:
            return x
        x = base
