"""`compile`: a function as one NumPy program, traced at its first call and run again at the following ones.

`traced` and `trace` record, `passes` shorten, `layout` plans the memory, `program` and `naming` write the text.
`function` decides at a call which program runs, by its `signature`, by what the trace has read (`capture`) and by what
the function can see (`surroundings`); `compiled` makes and runs it between `inputs` and `outputs`, and `gradient`
differentiates it. Only what this file imports is imported with the library, the rest when something is compiled.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..tracing import effect, expected, is_array, is_compiling
from .forms import jit_form
from .replacements import in_place_kernels, register_kernels, replacement

if TYPE_CHECKING:
    from .function import Compiled

__all__ = [
    "compile",
    "effect",
    "expected",
    "in_place_kernels",
    "is_array",
    "is_compiling",
    "jit_form",
    "register_kernels",
    "replacement",
]


def compile(function: Callable[..., Any], *, jit: bool = False) -> Compiled:
    """The same function, which runs as one program of NumPy calls and gives the same numbers to the bit.

    At the first call the function is traced: it runs once on arrays that note every call of NumPy on them, those of
    gradients, clipping and optimizers included. The calls become a program that plans its memory, and that runs instead
    of the function from then on. `source` is its text.

    A program is made anew, by another trace, for arguments of other shapes, dtypes, strides or structure, and when
    something changes that the function's code can see:

    * Values and buffers of modules that the function reads are read at every call; other shapes, and `requires_grad`,
      make another program.
    * Numbers, texts and objects are constants of a program: among the arguments, in variables around the function, in
      globals, in attributes of objects and modules (`model.eval()`), in lists and dicts. A number that is another at
      every call is best passed as `np.float64(x)`.
    * Arrays that are no arguments, Values or buffers are constants: another array makes another program, but new
      numbers written into one may go unseen.

    What a program cannot repeat raises when it is traced, with the line: a branch on a number, `float(x)`, results
    whose shape depends on numbers, random numbers that the function draws by itself. What `ag.primitive`s draw, such as
    dropout, is drawn anew at every call. Other things that the function does, such as printing, happen when it is
    traced, and not at every call; decorate with `ag.effect` what is to happen at every call.

    The result can be differentiated as the function's, also twice. Its own `.grad` is what flows into it from outside
    of the function. Within another trace, and while an observer such as `ag.detect_anomaly` watches, the function
    itself runs.

    Args:
        function: anything to call: a function, a method, a module, what `ag.grad` or `ag.hessian` returned; also as a
            decorator. Arguments and results may be nested dicts, lists, tuples and dataclasses of arrays and Values.
        jit: use Numba, which is the extra `autograd-lite[jit]`, for what takes less time in loops of its own. Numbers
            then differ in their last places: of one function by up to 2e-6 of the largest number of its result in
            float32, and 1e-14 in float64. NumPy's warnings about overflow and invalid numbers do not come.

    Returns:
        A function with the attributes `source`, the text of the program that was made last, and `constants`, what this
        text needs besides NumPy. It may be called from several threads at the same time.

    Raises:
        TypeError: `function` is no function. Calls raise `TraceError`, a TypeError, for what a program cannot repeat,
            and what the function itself raises.

    Example:
        >>> import numpy as np, autograd_lite as ag
        >>> w = ag.Value(np.array([1.0, -1.0]), name="w")
        >>> @ag.compile
        ... def step(x, y):
        ...     loss = np.sum((x @ w - y) ** 2)
        ...     w.grad = None
        ...     loss.backward()
        ...     w.data -= 0.01 * w.grad
        ...     return loss.data
        >>> x, y = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1.0, 1.0])
        >>> [round(float(step(x, y)), 3) for _ in range(3)]
        [8.0, 2.163, 1.212]
        >>> line = [line.strip() for line in step.source.splitlines() if "matmul(x, w" in line]
        >>> len(line)
        1
    """
    from ..variables import check_use
    from .function import Compiled

    check_use("ag.compile(f)(x)", function)
    return Compiled(function, jit)
