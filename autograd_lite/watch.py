"""Watching the engine at work: who is told of every operation, and which line of the user's it belongs to.

Who watches, and what for, lives elsewhere: `anomaly`, `mutation`. Nothing here costs anything while nobody does.
"""

from __future__ import annotations

import linecache
import os
import sys
from collections.abc import Callable, Iterator
from contextvars import Context, Token
from typing import Any, NamedTuple, TypeVar
from weakref import ref

import numpy as np

from .graph import Node, backpropagate
from .state import Block, Observer, State, current_state, running

T = TypeVar("T")


class _Both(Observer):
    """Two observers as one."""

    __slots__ = ("_first", "_second")

    def __init__(self, first: Observer, second: Observer) -> None:
        self._first, self._second = first, second

    def forward(self, *operation: Any) -> None:
        self._first.forward(*operation)
        self._second.forward(*operation)

    def recorded(self, node: Node) -> None:
        self._first.recorded(node)
        self._second.recorded(node)

    def backward(self, *contribution: Any) -> None:
        self._first.backward(*contribution)
        self._second.backward(*contribution)

    def abandoned(self, leaf: Node) -> None:
        self._first.abandoned(leaf)
        self._second.abandoned(leaf)

    def entered(self, module: Any) -> None:
        self._first.entered(module)
        self._second.entered(module)


class Watch(Block):
    """A block, or the calls of a decorated function, in which an observer is on watch, besides those who are already.

    Args:
        spelling: how a user writes the block.
        observer: makes the observer of one block.
    """

    __slots__ = ("_observer", "_watching", "spelling")

    def __init__(self, spelling: str, observer: Callable[[], Observer]) -> None:
        self.spelling, self._observer = spelling, observer
        self._watching: list[tuple[Observer, Token[State]]] = []

    def again(self) -> Watch:
        return Watch(self.spelling, self._observer)

    def __enter__(self) -> None:
        state, observer = current_state(), self._observer()
        everybody = observer if state.observer is None else _Both(state.observer, observer)
        self._watching.append((observer, running.set(State(state.recording, state.scope, everybody))))

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        observer, token = self._watching.pop()
        running.reset(token)
        observer.ended(error)


def observe(observer: Observer) -> Watch:
    """A block in which `observer` is told of every operation on Values in this thread, besides who watches already.

    Args:
        observer: an instance of a subclass of `Observer` that defines the methods it needs.

    Example:
        >>> import numpy as np, autograd_lite as ag
        >>> class Names(ag.Observer):
        ...     def forward(self, function, args, kwargs, parents, out):
        ...         print(function.__name__, np.shape(out))
        >>> with ag.observe(Names()):
        ...     y = np.sum(ag.Value([1.0, 2.0]) * 3)
        multiply (2,)
        sum ()
    """
    return Watch("observe(...)", lambda: observer)


def run_again(context: Context, function: Callable[[], T]) -> T:
    """Call `function` recording, in the scope and settings of an earlier time, under the eyes of who watches now."""
    observer = current_state().observer

    def watched() -> T:
        running.set(State(True, current_state().scope, observer))
        return function()

    return context.copy().run(watched)


# ---- the user's lines ----


class Line(NamedTuple):
    """A line of somebody's program; as text it looks as in a traceback."""

    file: str
    number: int
    function: str

    def code(self) -> str:
        """The text of the line."""
        return linecache.getline(self.file, self.number).strip()

    def place(self) -> str:
        """The file's name and the number of the line."""
        return f"{os.path.basename(self.file)}:{self.number}"

    def __str__(self) -> str:
        text = self.code()
        return f'File "{self.file}", line {self.number}, in {self.function}' + (f"\n    {text}" if text else "")


def _libraries() -> tuple[str, ...]:
    """The folders whose lines are not the user's: those of this package, of `nn` beside it, NumPy and SciPy."""
    ours, numpys = (os.path.dirname(os.path.dirname(os.path.abspath(path))) for path in (__file__, np.__file__))
    folders = (ours, "autograd_lite"), (ours, "nn"), (numpys, "numpy"), (numpys, "scipy")
    return tuple(os.path.join(*folder, "") for folder in folders)


_LIBRARIES = _libraries()


def users_line() -> Line | None:
    """The innermost line that is being executed and is not of one of these libraries."""
    for frame in _frames():
        if not frame.f_code.co_filename.startswith(_LIBRARIES):
            return Line(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name)
    return None


def rule_at_work() -> Node | None:
    """The Node whose gradient rule is being run, if no line of the user's comes between."""
    for frame in _frames():
        if frame.f_code is backpropagate.__code__:
            node: Node | None = frame.f_locals.get("node")
            return node
        if not frame.f_code.co_filename.startswith(_LIBRARIES):
            return None
    return None


def _frames() -> Iterator[Any]:
    """What is being executed, from the inside out."""
    frame: Any = sys._getframe(2)
    while frame is not None:
        yield frame
        frame = frame.f_back


# ---- what an observer remembers ----


class Notes(dict[int, Any]):
    """Something about each of many Nodes, forgotten with the Node.

    Args:
        forgotten: is called with what was noted about a Node that is gone.
    """

    def __init__(self, forgotten: Callable[[Any], None] | None = None) -> None:
        self._forgotten = forgotten

    def note(self, node: Node, about: Any) -> None:
        """Remember `about` as long as there is the Node."""
        order = node.order

        def forget(reference: Any) -> None:
            entry = self.pop(order, None)
            if entry is not None and self._forgotten is not None:
                self._forgotten(entry[0])

        self[order] = about, ref(node, forget)

    def about(self, node: Node) -> Any:
        """What was noted, None for nothing."""
        entry = self.get(node.order)
        return None if entry is None else entry[0]


def arrays_in(*containers: Any) -> Iterator[Any]:
    """The arrays and floating numbers in the arguments of an operation, also in lists and tuples of them."""
    for x in containers:
        if isinstance(x, list | tuple):
            yield from arrays_in(*x)
        elif hasattr(x, "dtype") or isinstance(x, float | complex):
            yield x
