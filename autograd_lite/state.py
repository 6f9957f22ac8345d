"""What the running thread or task is doing: recording or not, inside which module, and who watches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from functools import wraps
from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction
from typing import Any, TypeVar, cast

from .primitive import describe

F = TypeVar("F", bound=Callable[..., Any])


class Observer:
    """Sees every operation of a thread while it is on watch, forward and backward."""

    __slots__ = ()

    def forward(self, function: Any, args: Any, kwargs: dict[str, Any], parents: Any, out: Any) -> None:
        """An operation ran on raw `args`; `parents` are their Nodes, None for a constant."""

    def recorded(self, node: Any) -> None:
        """It became this Node, because somebody wants a gradient."""

    def backward(self, node: Any, gradient: Any, parent: Any, share: Any) -> None:
        """The rule of `node` turned its `gradient` into `share`, a contribution to that of `parent`."""

    def abandoned(self, leaf: Any) -> None:
        """New data was assigned to the Value of this leaf: what was recorded from it cannot run backward any more."""

    def entered(self, module: Any) -> None:
        """A module of `nn` is called."""

    def ended(self, error: BaseException | None) -> None:
        """The watch is over; `error` is the exception that ended it, None for none."""


class State:
    """What the running thread or task is doing: recording or not, inside which module, and who watches.

    Attributes:
        recording: whether operations are recorded.
        scope: the path of the module that is running.
        observer: who is told of every operation, usually None.
        unwatched: recording without an observer: what the hottest lines ask for.
    """

    __slots__ = ("observer", "recording", "scope", "unwatched")

    def __init__(self, recording: bool, scope: str, observer: Observer | None = None) -> None:
        self.recording, self.scope, self.observer = recording, scope, observer
        self.unwatched = recording and observer is None


# A context variable belongs to one thread or task, and its token restores it when an exception passes.
_outermost = State(recording=True, scope="")
running: ContextVar[State] = ContextVar("autograd_lite", default=_outermost)
current_state = running.get

# Whether a transform is running its function: its results stay Values then, as an outer transform may want to
# differentiate them, and nothing may leave the graph unseen.
inside_transform: ContextVar[bool] = ContextVar("autograd_lite_inside_transform", default=False)


class Scope(str):
    """The path of a module, and what a drawing writes beside it.

    Attributes:
        label: the module in a few words, such as `Linear(4 → 16)`.
        parent: the Scope of the module around it, None for the outermost.
    """

    __slots__ = ("_states", "label", "parent")

    label: str
    parent: Scope | None
    _states: tuple[State, State]

    def __new__(cls, path: str, label: str = "", parent: Scope | None = None) -> Scope:
        self = super().__new__(cls, path)
        self.label, self.parent = label, parent
        self._states = State(recording=False, scope=self), State(recording=True, scope=self)
        return self

    def enter(self, module: Any = None) -> Token[State]:
        """Note this path on every operation from here on; `leave(token)` ends it. An observer is told the module.

        `scope` does both. These are for who enters at every call, as a module does, and knows its Scope.
        """
        state = current_state()
        if state.observer is not None:
            state.observer.entered(module)
            return running.set(State(state.recording, self, state.observer))
        return running.set(self._states[state.recording])

    leave = staticmethod(running.reset)


class Block:
    """A `with` block that can decorate a function as well: every call is a block of its own then."""

    __slots__ = ()

    spelling: str

    def again(self) -> Block:
        """Another block of this kind: calls of one function may overlap, in threads for example."""
        raise NotImplementedError

    def __enter__(self) -> None:
        raise NotImplementedError

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        raise NotImplementedError

    def __call__(self, function: F) -> F:
        if isgeneratorfunction(function) or iscoroutinefunction(function) or isasyncgenfunction(function):
            raise TypeError(
                f"{describe(function)} runs after the decorator has ended, so that would have no effect. "
                f"Write `with {self.spelling}:` inside of it."
            )

        @wraps(function)
        def decorated(*args: Any, **kwargs: Any) -> Any:
            with self.again():
                return function(*args, **kwargs)

        return cast("F", decorated)


class _Recording(Block):
    """A block in which operations are recorded or not."""

    __slots__ = ("_on", "_tokens", "spelling")

    def __init__(self, on: bool) -> None:
        self._on, self.spelling = on, "enable_grad()" if on else "no_grad()"
        self._tokens: list[Token[State]] = []

    def again(self) -> Block:
        return _Recording(self._on)

    def __enter__(self) -> None:
        state = current_state()
        self._tokens.append(running.set(State(self._on, state.scope, state.observer)))

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        running.reset(self._tokens.pop())


def no_grad() -> _Recording:
    """Record nothing inside the block or the decorated function.

    Results are Values that want no gradient. Other threads and tasks keep recording.

    Example:
        >>> import autograd_lite as ag
        >>> w = ag.Value(2.0)
        >>> with ag.no_grad():
        ...     y = w * w
        >>> y.requires_grad
        False
    """
    return _Recording(False)


def enable_grad() -> _Recording:
    """Record inside the block or the decorated function, also within `no_grad()`."""
    return _Recording(True)


def is_grad_enabled() -> bool:
    """Whether operations are being recorded in this thread or task."""
    return current_state().recording


@contextmanager
def scope(path: str) -> Iterator[None]:
    """Note `path` on every operation recorded inside the block; drawings group operations by it.

    Example:
        >>> import autograd_lite as ag
        >>> with ag.scope("encoder"):
        ...     y = ag.Value(2.0) * 3
        >>> y.node.scope
        'encoder'
    """
    state = current_state()
    token = running.set(State(state.recording, path, state.observer))
    try:
        yield
    finally:
        running.reset(token)


def current_scope() -> str:
    """The path that `scope`, or the module that is running, notes on operations; "" outside of one."""
    return current_state().scope
