"""What an error says of the module that it happened in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .module import Module


class _SetByInit:
    """Stands for an attribute that `Module.__init__` sets, and says so where it did not run.

    A `__getattr__` would say it too, but slow down every attribute of every module.
    """

    def __get__(self, module: Module | None, owner: type[Module]) -> Any:
        if module is None:
            return self
        raise AttributeError(f"Module.__init__() was not called. {call_init(module)}")


SET_BY_INIT: Any = _SetByInit()


def call_init(module: Any) -> str:
    return f"Write super().__init__() as the first line of {type(module).__name__}.__init__."


def explain(error: Exception, module: Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Add to an error in which module it happened, and on what; the innermost module has the say."""
    if any(note.startswith("in module ") for note in getattr(error, "__notes__", ())):
        return
    shapes = [_shape(x) for x in args] + [f"{name}={_shape(x)}" for name, x in kwargs.items()]
    where = f" at {str(module._scope)!r}" if module._scope else ""
    error.add_note(f"in module {module._label()}{where}, called with ({', '.join(shapes)})")
    if args and not hasattr(args[0], "shape") and type(module).__module__.startswith("nn."):
        hint = _hint(args[0])
        if hint:
            error.add_note(hint)


def _hint(x: Any) -> str:
    """What a first argument that is no array may have been meant as."""
    if x is None:
        return "None came in: look whether the forward that made it ends with return."
    if isinstance(x, tuple | list):
        if any(hasattr(part, "shape") for part in x):
            return (
                f"A {type(x).__name__} of arrays came in. LSTM, GRU and MultiheadAttention return tuples: write "
                "output, _ = layer(x)."
            )
        return f"A {type(x).__name__} came in where an array belongs: write np.array(x, np.float32)."
    if hasattr(x, "parameters"):
        return "A module came in where an array belongs: call it, model(x)."
    return ""


def _shape(x: Any) -> str:
    return f"{x.dtype} of shape {x.shape}" if hasattr(x, "shape") and hasattr(x, "dtype") else type(x).__name__
