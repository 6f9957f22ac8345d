"""The call of a kernel in the text of a program: what it is given, and where its results are put."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..regions import Fused
from ..traced import Step
from ..writing import order_of_axes
from .compiling import kernel
from .source import KernelText

if TYPE_CHECKING:
    from ..program import Writer

# A region of smaller whole arrays is not worth the time in which Numba compiles it.
SMALLEST = 1 << 8


def write_kernel(writer: Writer, region: Fused) -> str:
    """Write the call of a region's kernel into a program, and return the kernel's text."""
    text = KernelText(region)
    writer.explain(region.steps[0])
    for step in region.outputs:
        _place(writer, step)
    function = kernel(text)
    given = [writer.names.text(x.place, writer.texts) for x in text.arguments]
    writer.body.append(f"{writer.names.constant(function, 'kernel')}({', '.join(given)})")
    return text.text


def _place(writer: Writer, step: Step) -> None:
    """Planned memory for a result, or a new array if it leaves the program."""
    if step not in writer.escaping:
        writer.place(step, writer.memory.take(step.out.nbytes))
        return
    name = writer.texts[step] = writer.names.new("v")
    dtype = writer.names.text(step.out.dtype)
    writer.body.append(f"{name} = {_empty(step.out, dtype)}")


def _empty(like: Any, dtype: str) -> str:
    """A new array with its axes in memory in the same order."""
    axes = order_of_axes(like)
    if axes == tuple(range(like.ndim)):
        return f"np.empty({like.shape}, {dtype})"
    shape = tuple(like.shape[axis] for axis in axes)
    return f"np.empty({shape}, {dtype}).transpose({tuple(np.argsort(axes).tolist())})"
