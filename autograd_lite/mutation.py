"""`detect_mutation`: what a graph has captured is locked, so that writing into it raises where it happens."""

from __future__ import annotations

import linecache
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from weakref import ref

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .graph import Node
from .primitive import describe, plain_array
from .state import Block, Observer
from .watch import Line, Notes, Watch, users_line

_READ_ONLY = frozenset({np.diagonal, sliding_window_view})
_DOTTED = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")


def detect_mutation() -> Block:
    """Lock every array that the graph reads, so that changing it raises at the line that does it.

    A graph holds the arrays that it computed with, not copies: changing one of them before backward makes gradients
    wrong in silence. Inside this `with` block, or inside a function with this decorator, NumPy refuses to write into
    the arguments and the results of recorded operations, and into the arrays that they are views of. If the exception
    leaves the block, a note says which operation had read the array.

    An array is unlocked when the graphs that read it are gone, when new data is assigned to its Value, and at the end.
    Optimizers, and `v.data = new`, work as ever; instead of `p.data -= step` write `p.data = p.data - step`.

    Not seen are changes through a view that was taken before the array was locked, or by `np.add.at`, which does not
    ask; nor are arrays that are not NumPy's, or whose memory belongs to another library. A view that you take of a
    locked array without the help of a Value can never be written into: it was born so, and NumPy cannot find it again.

    Example:
        >>> import numpy as np, autograd_lite as ag
        >>> x = ag.Value([1.0, 2.0])
        >>> with ag.detect_mutation():
        ...     y = x * x
        ...     x.data[0] = 9.0
        Traceback (most recent call last):
            ...
        ValueError: assignment destination is read-only
        ...
        >>> x.data[0] = 9.0
    """
    return Watch("detect_mutation()", _Locks)


class _Lock:
    """An array that was locked.

    Attributes:
        array: a weak reference to it.
        function: what was the first to read it.
        line: where.
        readers: how many Nodes have read it.
        views: views of it that were born locked, or that nobody reads any more: they are opened after it.
    """

    __slots__ = ("array", "function", "line", "readers", "views")

    def __init__(self, array: Callable[[], Any], function: Any, line: Line | None) -> None:
        self.array, self.function, self.line = array, function, line
        self.readers = 0
        self.views: list[_Lock] = []


class _Locks(Observer):
    """Locks the arrays of a graph, and opens exactly those that it has locked."""

    __slots__ = ("_locks", "_read")

    def __init__(self) -> None:
        self._locks: dict[int, _Lock] = {}  # by the identity of the array
        self._read = Notes(self._dropped)

    # ---- locking ----

    def forward(
        self,
        function: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        parents: tuple[Node | None, ...],
        out: Any,
    ) -> None:
        for array in _arrays(out):
            if array.flags.writeable or id(array) in self._locks or _is_never_writeable(array, function):
                continue
            base = self._locked_base(array)
            if base is not None:  # a view of a locked array is born locked
                base.views.append(self._note(array, function))

    def recorded(self, node: Node) -> None:
        read = []
        for array in _arrays(node.args, node.kwargs, node.out):
            for part in (*_bases(array), array):  # an array can be opened only after what it is a view of
                lock = self._locks.get(id(part))
                if lock is None and part.flags.writeable and self._can_be_opened(part):
                    lock = self._note(part, node.function)
                    part.flags.writeable = False
                if lock is not None:
                    lock.readers += 1
                    read.append(lock)
        self._read.note(node, read)

    def _note(self, array: Any, function: Any) -> _Lock:
        key, locks = id(array), self._locks
        lock = locks[key] = _Lock(ref(array, lambda gone: locks.pop(key, None)), function, users_line())
        return lock

    def _locked_base(self, array: Any) -> _Lock | None:
        return next((self._locks[id(base)] for base in _bases(array) if id(base) in self._locks), None)

    def _can_be_opened(self, array: Any) -> bool:
        """Whether NumPy will let this array be written again: it asks what the memory belongs to."""
        if array.base is None or array.flags.owndata:
            return True
        owner = array
        for base in reversed(_bases(array)):
            if base.flags.writeable or id(base) in self._locks:
                return True
            owner = base
        try:
            return not memoryview(owner.base).readonly
        except TypeError:
            return False

    # ---- opening ----

    def _dropped(self, read: list[_Lock]) -> None:
        """A Node is gone that had read these."""
        for lock in read:
            lock.readers -= 1
            if not lock.readers:
                self._open(lock)

    def abandoned(self, leaf: Node) -> None:
        for array in _arrays(leaf.out):
            for part in (*_bases(array), array):
                lock = self._locks.get(id(part))
                if lock is not None:
                    lock.readers = 0
                    self._open(lock)

    def _open(self, lock: _Lock) -> None:
        array = lock.array()
        if array is None or self._locks.get(id(array)) is not lock:
            return  # the array is gone, or was opened before its readers were
        base = self._locked_base(array)
        if base is not None:
            base.views.append(lock)
            return
        del self._locks[id(array)]
        with suppress(ValueError):  # somebody else has locked what it is a view of
            array.flags.writeable = True
        for view in lock.views:
            if not view.readers:
                self._open(view)

    def ended(self, error: BaseException | None) -> None:
        if isinstance(error, ValueError) and re.search("read-only|write?able", str(error)) and self._locks:
            error.add_note(self._explanation(error))
        self._read.clear()
        for lock in list(self._locks.values()):
            lock.readers = 0
        for lock in list(self._locks.values()):
            self._open(lock)

    # ---- explaining ----

    def _explanation(self, error: ValueError) -> str:
        """Which array it was, by the names in the line that failed, and what had read it."""
        traceback = error.__traceback__
        while traceback is not None and traceback.tb_next is not None:
            traceback = traceback.tb_next
        fix = "Change it before it is read, write into a copy, or assign new data to the Value: v.data = v.data + 1."
        if traceback is not None:
            frame = traceback.tb_frame
            text = linecache.getline(frame.f_code.co_filename, traceback.tb_lineno)
            for name, found in _named(text, {**frame.f_globals, **frame.f_locals}):
                for array in _arrays(found):
                    lock = self._locks.get(id(array)) or self._locked_base(array)
                    if lock is not None:
                        return (
                            f"{name} is locked by detect_mutation(): {describe(lock.function)} has read it, and its "
                            f"gradient would be wrong after a change. {fix}" + (f"\n  {lock.line}" if lock.line else "")
                        )
        return f"detect_mutation() locks every array that a graph has read. {fix}"


def _named(text: str, names: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The objects that a line of a program calls by name, such as `x`, `x.data` or `self.weight`."""
    for dotted in _DOTTED.findall(text):
        first, *rest = dotted.split(".")
        if first not in names:
            continue
        found: Any = names[first]
        yield first, plain_array(found)
        for i, name in enumerate(rest, 2):
            found = getattr(found, name, None)
            yield ".".join(dotted.split(".")[:i]), plain_array(found)


# ---- arrays ----


def _arrays(*containers: Any) -> Iterator[Any]:
    """The arrays of NumPy in the arguments of an operation."""
    for x in containers:
        if isinstance(x, np.ndarray):
            yield x
        elif isinstance(x, list | tuple):
            yield from _arrays(*x)
        elif isinstance(x, dict):
            yield from _arrays(*x.values())


def _bases(array: Any) -> list[Any]:
    """The arrays that this one is a view of, the owner of the memory first."""
    bases: list[Any] = []
    while isinstance(array.base, np.ndarray):
        array = array.base
        bases.insert(0, array)
    return bases


def _is_never_writeable(array: Any, function: Any) -> bool:
    """Whether NumPy locks such a view itself, because its elements overlap."""
    return function in _READ_ONLY or any(n > 1 and not step for n, step in zip(array.shape, array.strides, strict=True))
