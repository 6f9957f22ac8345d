"""The text of a region that runs in blocks: a loop over slices of rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .blocks import Blocks, Shape
from .layout import Place, last_uses, owners_of, same_layout
from .passes import is_constant, is_elementwise, is_reduction, like
from .regions import Fused, is_thin_view
from .traced import Step

if TYPE_CHECKING:
    from .program import Writer


class Loop:
    """Writes one loop.

    Args:
        writer: whose text it becomes a part of.
        region: the calls.
        blocks: how they are cut.
        dying: the steps whose memory is not needed after the loop.
    """

    def __init__(self, writer: Writer, region: Fused, blocks: Blocks, dying: list[Step]) -> None:
        self.writer, self.region, self.blocks, self.dying = writer, region, blocks, dying
        self._last = last_uses(region.steps, owners_of(region.steps))
        self._before: list[str] = []
        self._inside: list[str] = []
        self._lines: list[str] = []
        self._cuts: dict[Any, str] = {}
        self._texts: dict[Any, str] = {}
        self._scratch: dict[Step, Place] = {}
        self._rows = writer.names.new("rows")

    def write(self) -> None:
        writer, blocks = self.writer, self.blocks
        slices = writer.names.fixed("blocks", always_numbered=True)
        writer.prepare(f"{slices} = [slice(i, i + {blocks.step}) for i in range(0, {blocks.count}, {blocks.step})]")
        for step in self.region.outputs:
            self._place_output(step)
        outside, writer.body = writer.body, self._lines
        for number, step in enumerate(self.region.steps):
            writer.explain(step)
            self._write(number, step)
        writer.body = outside
        for place in self._scratch.values():
            writer.memory.give(place)
        lines = [*self._inside, *self._lines]
        writer.body += [*self._before, f"for {self._rows} in {slices}:", *[f"    {line}" for line in lines]]

    # ---- arrays ----

    def _place_output(self, step: Step) -> None:
        writer = self.writer
        if step in writer.escaping:
            name = writer.texts[step] = writer.names.new("v")
            self._before.append(f"{name} = np.empty({step.out.shape}, {writer.names.text(step.out.dtype)})")
        else:
            writer.place(step, self._reused(step) or writer.memory.take(step.out.nbytes))
        self._texts[step] = self._cut(step, step.out, self.blocks.as_rows(step))

    def _reused(self, step: Step) -> Place | None:
        """The memory of an input that no call reads any more once this one writes."""
        number = self.region.steps.index(step)
        for owner in self.dying:
            uses = self._last.get(owner, -1)
            done = uses < number or (uses == number and is_elementwise(step.function))
            free = done and owner in self.region.parents and owner in self.writer.places and not self._is_viewed(owner)
            if free and same_layout(owner.out, step.out):
                self.dying.remove(owner)
                return self.writer.places.pop(owner)
        return None

    def _is_viewed(self, owner: Step) -> bool:
        """Whether another input shows the memory of this one."""
        owners = self.writer.owners
        return any(parent is not owner and owner in owners.get(parent, ()) for parent in self.region.parents)

    def _cut(self, x: Any, array: Any, shape: Shape) -> str:
        """The rows of an array, as a name of the loop."""
        writer = self.writer
        text = writer.names.text(x, writer.texts)
        name = self._cuts.get((text, shape))
        if name is None:
            rows = text
            if shape != array.shape:
                rows = writer.names.new(f"{text}_rows")
                line = f"{rows} = {text}.reshape({', '.join(map(str, shape))})"
                fixed = isinstance(x, np.ndarray) or writer.is_fixed(x) or is_constant(x)
                writer.prepare(line) if fixed else self._before.append(line)
            name = self._cuts[text, shape] = writer.names.new(f"{text}_block")
            self._inside.append(f"{name} = {rows}[{self._rows}]")
        return name

    # ---- calls ----

    def _write(self, number: int, step: Step) -> None:
        writer = self.writer
        local, texts = self._in_block(step)
        if step in self.region.outputs:
            self._lines.append(self._into(local, self._texts[step], texts))
        elif is_thin_view(step) and self.blocks.shapes[step] == self.blocks.shapes.get(step.args[0]):
            self._texts[step] = texts[step.args[0]]
        elif takes_out(local):
            place = self._scratch_reused(number, step) or writer.memory.take(local.out.nbytes)
            self._scratch[step] = place
            self._texts[step] = writer.array(place, local.out)
            self._lines.append(self._into(local, self._texts[step], texts))
        else:
            self._texts[step] = writer.names.new("t", always_numbered=True)
            self._lines.append(f"{self._texts[step]} = {writer.calls.expression(local, texts)}")
        for owner in [owner for owner in self._scratch if self._last.get(owner, number) <= number]:
            writer.memory.give(self._scratch.pop(owner))

    def _into(self, step: Step, out: str, texts: dict[Any, str]) -> str:
        calls = self.writer.calls
        return calls.into(step, out, texts)[0] if takes_out(step) else f"{out}[...] = {calls.expression(step, texts)}"

    def _scratch_reused(self, number: int, step: Step) -> Place | None:
        """The memory of an argument that is not needed after this call, which writes over it."""
        if not is_elementwise(step.function):
            return None
        shapes = self.blocks.shapes
        for parent in step.args:
            free = isinstance(parent, Step) and parent in self._scratch and self._last.get(parent) == number
            if free and shapes[parent] == shapes[step] and parent.out.itemsize == step.out.itemsize:
                return self._scratch.pop(parent)
        return None

    def _in_block(self, step: Step) -> tuple[Step, dict[Any, str]]:
        """The call on a block, with the axis and the shapes that it has there, and the texts of its arguments."""
        blocks = self.blocks
        shape = blocks.shapes[step]
        args: list[Any] = []
        texts: dict[Any, str] = {}
        for i, x in enumerate(step.args):
            array = x.out if isinstance(x, Step) else x
            if not getattr(array, "ndim", 0) or (isinstance(x, Step) and x in self._texts):
                if isinstance(x, Step):
                    texts[x] = self._texts.get(x) or self.writer.texts[x]
                args.append(x)
                continue
            cut = blocks.cuts[step, i]
            whole = self.writer.names.text(x, self.writer.texts)
            args.append(_Standing(array))  # by argument: one array may be cut in two ways
            texts[args[-1]] = whole if cut is None else self._cut(x, array, cut)
        local = like(step, step.function, tuple(args), dict(step.kwargs), np.empty(shape, step.out.dtype))
        local.alias = step.alias
        if is_reduction(step.function):
            local.kwargs["axis"] = -1
        if is_thin_view(step):
            local.function, local.args = np.reshape, (local.args[0], shape)
        return local, texts


class _Standing(Step):
    """Stands for an argument of a call in a block."""

    __slots__ = ()

    def __init__(self, array: Any) -> None:
        self.out = array
        self.function, self.source = None, _Standing  # no constant; and no cycle, which would keep the array


def takes_out(step: Step) -> bool:
    """Whether the call can be told where to put its result."""
    return isinstance(step.function, np.ufunc) or is_reduction(step.function) or step.function is np.astype
