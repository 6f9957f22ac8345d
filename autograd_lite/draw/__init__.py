"""Drawings of the recorded graph: values, gradients, operations, shapes and modules.

From the graph to a file, one room a step: `picture` walks the graph and decides what there is to see, with the
words of `operations`, the gradients of `gradients` and the numbers of `statistics` and `text`; `layout` gives hints
where it goes, `dot` writes it down for Graphviz in the colours of `theme`, `table` writes it as text; `render` runs
Graphviz; `drawing` is what a user holds. Nothing here computes a position.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..value import Value

if TYPE_CHECKING:
    from ..compile.function import Compiled
    from .drawing import Drawing

__all__ = ["draw"]


def draw(
    value: Value | Sequence[Value] | Compiled,
    *,
    theme: str = "light",
    direction: str | None = None,
    gradients: bool | None = None,
) -> Drawing:
    """Draw the graph behind a Value: values, gradients, operations, shapes, modules.

    Args:
        value: the result to draw; or several of them, in a list; or a compiled function that has been called, whose
            program is drawn.
        theme: "light" or "dark".
        direction: "LR" for left to right, "TB" for top to bottom; by default LR for single numbers, TB for arrays.
        gradients: by default what `.grad` holds, and a dash before `backward()`; intermediates that nobody holds any
            more get the gradient that went through them. True computes all gradients, as `backward()` on `value`
            would (on its sum, if it is an array). False leaves them out. No `.grad` is touched in any case.

    Returns:
        The `Drawing`: `.save("x.svg")`, or leave it on the last line of a notebook's cell.

    Raises:
        TypeError: `value` is not a Value.
        ValueError: an unknown theme or direction, or an empty list; the gradients of a program.
        RuntimeError: a compiled function that has not been called yet.

    Example:
        >>> import autograd_lite as ag
        >>> a, b = ag.Value(2.0, name="a"), ag.Value(-3.0, name="b")
        >>> c = a * b
        >>> c.backward()
        >>> print(ag.draw(c))
        card  name  operation  of     shape   data     grad
        n1    a     input             scalar  2.0000   −3.0000
        n2    b     input             scalar  −3.0000  2.0000
        n3          ×          n1 n2  scalar  −6.0000  1.0000
    """
    from .drawing import drawing_of  # loaded by the first drawing: 20 ms that `import autograd_lite` is spared

    return drawing_of(value, theme=theme, direction=direction, gradients=gradients)
