"""What may become an array, and what is said when something may not.

Every wrong use ends in an exception that names the user's own shapes or names and the line to write instead.
"""

from __future__ import annotations

import inspect
from importlib import import_module
from itertools import combinations
from typing import Any

import numpy as np

from .primitive import GUARDS, Accepts, describe, is_ufunc, is_value

_KINDS = {"i": "integers", "u": "integers", "b": "booleans", "U": "strings", "S": "strings"}
_UNSET = (None, np._NoValue)


def called(name: str | None) -> str:
    """How a message calls a Value: by its name if it has one."""
    return "this Value" if name is None else name


def checked_name(name: str | None) -> str | None:
    """A name that messages and drawings can use.

    Raises:
        TypeError: it is no string.
    """
    if name is not None and not isinstance(name, str):
        raise TypeError(f"the name of a Value must be a string, not {type(name).__name__}. Write name={str(name)!r}.")
    return name


def checked_array(data: Any, requires_grad: bool, dtype: Any) -> Any:
    """`data` as an array or NumPy scalar that a Value may hold.

    Raises:
        TypeError: it cannot carry a gradient although one is required, or is no array of numbers at all.
    """
    kind = type(data)
    if kind is float or kind is int:  # also the fast path for scalars
        if dtype is None:
            return np.float64(data)
        data = np.dtype(dtype).type(data)
    if is_value(data):
        raise TypeError(
            "this is a Value already. Use it as it is, write v.detach() for a constant, or v * 1 for a new Value."
        )
    if kind is not np.ndarray:
        data = _converted(data)
    if dtype is not None and data.dtype.kind in "fciub":
        if data.dtype.kind == "c" and np.dtype(dtype).kind != "c":
            raise TypeError(f"complex numbers do not fit into {np.dtype(dtype)}. Write x.real, or dtype=complex.")
        data = data.astype(dtype, copy=False)
    held = data.dtype.kind
    if held in "fc" or (not requires_grad and held in "iub"):
        return data
    names = _KINDS.get(held, f"elements of type {data.dtype}")
    shape = f"an array of shape {data.shape}" if data.shape else "a scalar"
    if held in "iub":
        hint = "To differentiate, convert it, Value(x, dtype=float); for labels, masks or indices, "
        hint += "Value(x, requires_grad=False)."
    else:
        hint = "Pass floating numbers; to join Values write np.stack([a, b])."
    raise TypeError(f"{shape} of {names} cannot be a Value. {hint}")


def checked_result(function: Any, out: Any, requires_grad: bool) -> Any:
    """One result of a recorded function, as something that a Value may hold.

    Raises:
        TypeError: it is not an array, or cannot carry the gradient that somebody wants.
    """
    if isinstance(out, list | dict | set | None):
        raise TypeError(
            f"{describe(function)} returned {type(out).__name__}, but a recorded operation returns one array, or a "
            "tuple of arrays. For a plain result compute with v.data."
        )
    out = checked_array(out, False, None)
    if requires_grad and out.dtype.kind not in "fc":
        raise TypeError(
            f"{describe(function)} returned {_KINDS[out.dtype.kind]} ({out.dtype}), which carry no gradient. "
            "Compute with v.data, or in a floating dtype."
        )
    return out


def _converted(data: Any) -> Any:
    """Something that is not an ndarray, as one; duck arrays and NumPy scalars stay what they are."""
    if isinstance(data, np.ma.MaskedArray):
        raise TypeError("a masked array would lose its mask in a Value. Fill it first: Value(x.filled(0.0)).")
    if isinstance(data, np.generic | np.ndarray):
        return data
    if isinstance(data, complex):
        return np.complex128(data)
    if hasattr(data, "__array_function__") and hasattr(data, "dtype"):
        return _of_another_library(data)
    if data is None or isinstance(data, str | bytes | dict | set):
        raise TypeError(f"{type(data).__name__} {data!r} cannot be a Value. Pass a number, a list or an array.")
    try:
        array = np.asarray(data)
    except ValueError as error:
        raise TypeError(f"a list of unequal lengths cannot be a Value: {error}") from None
    if array.dtype.kind in "iu" and isinstance(data, list | tuple):  # "lists become float64"
        return array.astype(np.float64)
    return array


def _of_another_library(x: Any) -> Any:
    """`x`; with the first of its kind comes what its library cannot do."""
    if type(x).__module__.startswith("dask.") and not GUARDS:
        GUARDS.append(import_module(f"{__package__}.dask_arrays").DaskGuard())
    return x


def floating(x: Any) -> Any:
    """Numbers and (nested) lists as a floating array; Values and arrays of any library as they are."""
    return x if hasattr(x, "dtype") else np.asarray(x) * 1.0


def constant(x: Any) -> Any:
    """An operand that is no Value, as NumPy may see it; NotImplemented if it is no array of numbers."""
    if type(x) is np.ndarray and x.dtype.kind in "fciub":
        return x
    if isinstance(x, list | tuple | range):
        if any(is_value(item) for item in x):
            raise TypeError("a list of Values is no array. Join them first: np.stack([a, b]).")
        x = np.asarray(x)
    if isinstance(x, np.ma.MaskedArray):
        raise TypeError("a masked array would lose its mask in a graph. Fill it first: x.filled(0.0).")
    if isinstance(x, np.ndarray | np.generic):
        if x.dtype.kind not in "fciub":
            names = _KINDS.get(x.dtype.kind, f"elements of type {x.dtype}")
            hint = " Join Values with np.stack([a, b])." if x.dtype.kind == "O" else ""
            raise TypeError(f"an array of {names} and of shape {x.shape} cannot be computed with a Value.{hint}")
        return x
    if isinstance(x, float | int | complex):
        return x
    if hasattr(x, "__array_function__"):
        return _of_another_library(x)
    if hasattr(x, "__array__"):  # a column of pandas, a tensor
        return constant(np.asarray(x))
    return NotImplemented


def understood(
    function: Any, accepts: Accepts, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments without those that only repeat NumPy's default.

    Raises:
        TypeError: an argument that the function's gradient rule does not know.
    """
    limit = accepts.max_args
    if len(args) > limit:  # np.sum(v, 0, None, None, True): NumPy's own signature has their names
        args, kwargs = args[:limit], {**_named(function, args, limit), **kwargs}
    if kwargs.keys() <= accepts.keywords or accepts.any_keyword:
        return args, kwargs
    kept = {}
    for name, argument in kwargs.items():
        if name in accepts.keywords:
            kept[name] = argument
        elif not (any(argument is unset for unset in _UNSET) or (name == "where" and argument is True)):
            hint = (
                "Write the result to a name instead: w = ..."
                if name == "out"
                else "Leave it out, or compute with v.data."
            )
            raise TypeError(
                f"{describe(function)} has no gradient rule for the argument {name!r}{_known(accepts)}. {hint}"
            )
    return args, kept


def _parameter_names(function: Any) -> list[str]:
    """The names of the parameters of a function; none of a ufunc, whose arrays have no names."""
    try:
        return [] if is_ufunc(function) else list(inspect.signature(function).parameters)
    except ValueError:  # written in C: before NumPy 2.4 such a function had no signature
        return []


def _named(function: Any, args: tuple[Any, ...], limit: int) -> dict[str, Any]:
    """The positional arguments behind the first `limit`, by name."""
    names = _parameter_names(function)
    if len(names) < len(args):
        raise TypeError(
            f"{describe(function)} takes {max(limit, len(names))} positional arguments here, but got {len(args)}."
        )
    named = dict(zip(names[limit:], args[limit:], strict=False))
    _require_plain(function, named)
    return named


def _require_plain(function: Any, options: dict[str, Any]) -> None:
    for name, argument in options.items():
        if is_value(argument):
            raise TypeError(
                f"{describe(function)} has no gradient rule for a Value as {name!r}. Write {name}=v.data there."
            )


def refuse_to_write(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Refuse a Value as the array into which a plain function is to write its result.

    Raises:
        TypeError: it would change the Value behind the back of the graph.
    """
    out = kwargs.get("out")
    if is_ufunc(function):
        written = args[function.nin :]
    elif any(is_value(argument) for argument in args[1:]):
        names = _parameter_names(function)
        written = args[names.index("out") :][:1] if "out" in names else ()
    else:
        written = ()
    for target in (*written, *(out if isinstance(out, tuple) else (out,))):
        if is_value(target):
            raise TypeError(
                f"{describe(function)} cannot write into {called(target.name)} of shape {target.shape}. "
                "Write the result to a name instead: w = ..., or write out=v.data."
            )


def _known(accepts: Accepts) -> str:
    names = sorted(accepts.keywords)
    return f" (it knows {', '.join(names)})" if names else ""


def by_position(
    function: Any, arrays: int, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The same call with its arrays, and all further Values, that were passed by keyword moved to their positions."""
    args, kwargs = tuple(args), dict(kwargs)
    try:
        signature = inspect.signature(function)
    except ValueError:  # as in `_named`
        raise TypeError(f"{describe(function)} takes its arrays by position: pass them without names.") from None
    signature.bind(*args, **kwargs)  # raises if one is missing
    for parameter in list(signature.parameters.values())[len(args) :]:
        if len(args) >= arrays and not any(is_value(argument) for argument in kwargs.values()):
            break
        if parameter.kind is not inspect.Parameter.POSITIONAL_OR_KEYWORD:
            break
        args = (*args, kwargs.pop(parameter.name, parameter.default))
    _require_plain(function, kwargs)
    return args, kwargs


def explained(function: Any, args: tuple[Any, ...], error: Exception) -> Exception:
    """`error`, raised while `function` ran on raw `args`, as one that names the shapes and a way out."""
    if type(error) is not ValueError and not isinstance(error, TypeError):
        error.add_note(f"in {describe(function)} of {_shapes(args)}")
        return error
    kind = TypeError if isinstance(error, TypeError) else ValueError
    if str(error).startswith(describe(function)):
        return error
    return kind(f"{describe(function)} of {_shapes(args)}: {_reason(function, args, error) or error}")


def _shapes(args: tuple[Any, ...]) -> str:
    arrays = [str(a.shape) for a in args if hasattr(a, "dtype")]
    others = [str(a) if isinstance(a, np.dtype) else repr(a) for a in args if not hasattr(a, "dtype")]
    shapes = f"shape{'s' * (len(arrays) > 1)} {' and '.join(arrays)}"
    return f"{shapes} with {', '.join(others)}" if others else shapes


def _reason(function: Any, args: tuple[Any, ...], error: Exception) -> str | None:
    """Why shapes do not go together, and what to write."""
    shapes = [np.shape(a) for a in args if hasattr(a, "shape") or np.isscalar(a)]
    if function is np.matmul and len(shapes) == 2:
        return _unlike_matrices(*shapes)
    if "could not broadcast input array" in str(error):  # v[i] = w
        return f"{error}. Write an array of the second shape, or one number."
    if "broadcast" in str(error) and describe(function) != "einsum":  # whose axes have names
        return next((reason for x, y in combinations(shapes, 2) if (reason := _unlike_shapes(x, y))), None)
    return None


def _unlike_matrices(x: tuple[int, ...], y: tuple[int, ...]) -> str:
    if not x or not y:
        return "a matrix product needs at least one axis on both sides. For a multiple write a * b."
    inner, other = x[-1], y[-2] if len(y) > 1 else y[0]
    reason = f"the last axis of the first ({inner}) must be as long as the "
    reason += f"{'second-to-last axis' if len(y) > 1 else 'axis'} of the second ({other})."
    if len(y) > 1 and y[-1] == inner:
        reason += " These would fit: a @ b.swapaxes(-1, -2)."
    elif len(x) > 1 and x[-2] == other:
        reason += " These would fit: a.swapaxes(-1, -2) @ b."
    return reason


def _unlike_shapes(x: tuple[int, ...], y: tuple[int, ...]) -> str | None:
    for axis in range(-1, -min(len(x), len(y)) - 1, -1):
        if x[axis] != y[axis] and 1 not in (x[axis], y[axis]):
            reason = (
                f"they do not broadcast: axis {axis} is {x[axis]} and {y[axis]} long; "
                "it must be equal, or 1 on one side."
            )
            if len(x) == len(y) == 1:
                reason += " For every pair of elements write a[:, None] and b."
            elif len(y) == 1 and y[0] == x[0]:
                reason += " To follow the first axis write b[:, None]."
            elif len(x) == 1 and x[0] == y[0]:
                reason += " To follow the first axis write a[:, None]."
            else:
                reason += " Reshape one of them, b.reshape(...), or give it an axis of length 1, b[..., None]."
            return reason
    return None
