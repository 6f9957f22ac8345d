"""How a function gets its gradient: the tables, and `primitive`, `defvjp` and their kin that fill them.

The library defines all of its own derivatives this way (see `rules/`). Running and recording a function is
the business of `Value`; a primitive only looks for one among its arguments, as NumPy's own functions do.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable
from functools import update_wrapper
from typing import Any, TypeAlias, TypeVar, overload

VJP: TypeAlias = Callable[..., Any]
F = TypeVar("F", bound=Callable[..., Any])


class Accepts:
    """Which arguments of a function are understood; all others are refused when it is called.

    Attributes:
        max_args: how many positional arguments.
        keywords: the names that may be passed by keyword.
        any_keyword: whether all may be: they are for a function of the user.
    """

    __slots__ = ("any_keyword", "keywords", "max_args")

    def __init__(self, parameters: list[inspect.Parameter], arrays: int = 0) -> None:
        kinds = inspect.Parameter
        positional = [p for p in parameters if p.kind in (kinds.POSITIONAL_ONLY, kinds.POSITIONAL_OR_KEYWORD)]
        variadic = any(p.kind is kinds.VAR_POSITIONAL for p in parameters)
        self.max_args = sys.maxsize if variadic else len(positional)
        self.any_keyword = any(p.kind is kinds.VAR_KEYWORD for p in parameters)
        self.keywords = frozenset(
            p.name
            for i, p in enumerate(parameters)
            if p.kind is kinds.KEYWORD_ONLY or (p.kind is kinds.POSITIONAL_OR_KEYWORD and i >= arrays)
        )


class Rule:
    """The derivative of one function.

    Attributes:
        forward: the function to run on raw arrays.
        vjps: for each array argument the function that pulls the gradient back to it, or None.
        joint: one function that returns all of these at once, instead of `vjps`.
        accepts: the arguments that these functions understand.
        unruled: the positions of the array arguments whose derivative is not known.
    """

    __slots__ = ("accepts", "forward", "joint", "unruled", "vjps")

    def __init__(self, forward: Callable[..., Any], vjps: tuple[VJP | None, ...], joint: VJP | None) -> None:
        self.forward, self.vjps, self.joint = forward, vjps, joint
        # all rules of a function have the same parameters: (gradient, out, *arguments of the function)
        template = joint or next(vjp for vjp in vjps if vjp is not None and vjp is not no_rule)
        parameters = list(inspect.signature(template).parameters.values())[2:]
        self.accepts = Accepts(parameters, arrays=len(vjps))
        self.unruled = tuple(i for i, vjp in enumerate(vjps) if vjp is no_rule)


def no_rule(g: Any, out: Any, *args: Any, **kwargs: Any) -> Any:
    """In the place of a rule: this argument has a derivative, but no formula for it is known.

    A Value that wants a gradient is refused there when the function is called; None says that the function is constant
    in the argument, and the Value gets no gradient.
    """
    raise AssertionError("an argument without a rule is refused before anything is recorded")


# The four answers to "what does this function do with a Value?"
RULES: dict[Any, Rule] = {}
COMPOSED: dict[Any, tuple[Callable[..., Any], Accepts]] = {}  # written in terms of other functions
PLAIN: set[Any] = set()  # nothing to differentiate: runs on the arrays and returns arrays
REFUSED: dict[Any, str] = {}  # why there is no derivative, and what to write instead

# what `np.add.reduce` and its kin do with a Value: by the name of the method, a function of the ufunc and the arguments
UFUNC_METHODS: dict[str, tuple[Callable[..., Any], Accepts]] = {}


class Results(tuple[Any, ...]):
    """What an operation of several results returned (`np.linalg.eigh`), or their gradients, None for no gradient.

    It adds up as one array does, so that backward need not tell the two apart.

    Attributes:
        names: what each result is called, where the function says so.
    """

    shape = dtype = None
    names: tuple[str, ...] = ()

    def __add__(self, other: Any) -> Results:  # type: ignore[override,unused-ignore]
        return Results([b if a is None else a if b is None else a + b for a, b in zip(self, other, strict=True)])


class Guard:
    """Runs functions and gives gradient rules where there may be arrays of a library that cannot do all that NumPy can.

    There is none until the first of these arrays comes, see `dask_arrays`.
    """

    def compose(self, function: Any, implementation: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
        """What `function`, written in terms of others, returns, if the library can do it."""
        raise NotImplementedError

    def run(self, function: Any, forward: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
        """What `forward(*args, **kwargs)` returns, if the library can do it."""
        raise NotImplementedError

    def __getitem__(self, function: Any) -> Any:
        """The rule of a function."""
        raise NotImplementedError


GUARDS: list[Guard] = []


def defvjp(function: Callable[..., Any], *vjps: VJP | None) -> None:
    """Give `function` a gradient rule for each of its array arguments.

    Each rule receives `(g, out, *args, **kwargs)`: the gradient `g` of the result `out`, and the arguments
    of the call. It returns the gradient for its own argument, the vector-Jacobian product. Write it in plain
    NumPy and forget broadcasting, dtypes and adding up: the engine takes care of them. Arguments that the
    rules do not name are refused when the function is called.

    Of a function of several results, `g` and `out` are tuples, and `g` holds None for a result that was not used.

    On complex numbers write the rule as if they were real: the rule of `x * y` is `g * y`, not `g * conj(y)`. Inside
    a backward pass `g` is the conjugate of the gradient, so that a holomorphic function has the same rule on real
    and on complex numbers; the engine conjugates at both ends, and users see PyTorch's convention.

    Args:
        function: a `primitive`, a ufunc, or a function of NumPy that lets other types take over.
        *vjps: one rule an argument, in order; None for an argument that never gets a gradient, `no_rule` for one
            where a Value that wants a gradient is to be refused.

    Raises:
        TypeError: `function` would never see a Value, or no rule is given.

    Example:
        >>> import autograd_lite as ag
        >>> @ag.primitive
        ... def cube(x):
        ...     return x**3
        >>> ag.defvjp(cube, lambda g, out, x: g * 3 * x**2)
        >>> x = ag.Value(2.0)
        >>> cube(x).backward()
        >>> float(x.grad)
        12.0
    """
    if all(vjp is None or vjp is no_rule for vjp in vjps):
        raise TypeError(f"defvjp({describe(function)}) needs a rule for at least one argument")
    RULES[function] = Rule(_forward_of(function), vjps, None)


def defvjp_joint(function: Callable[..., Any], vjp: VJP) -> None:
    """Give `function` one rule that returns the gradients of all its arguments, where they share work.

    The rule receives `(g, out, *args, **kwargs)` and returns one gradient, or None, for each argument.

    Raises:
        TypeError: `function` would never see a Value.
    """
    RULES[function] = Rule(_forward_of(function), (), vjp)


def composed(*functions: Callable[..., Any]) -> Callable[[F], F]:
    """Say that on Values these NumPy functions run the decorated one, written in functions with rules."""

    def register(implementation: F) -> F:
        accepts = Accepts(list(inspect.signature(implementation).parameters.values()))
        for function in functions:
            COMPOSED[function] = implementation, accepts
        return implementation

    return register


def ufunc_method(name: str) -> Callable[[F], F]:
    """Say that on Values this method of a ufunc runs the decorated function, which takes the ufunc first."""

    def register(implementation: F) -> F:
        UFUNC_METHODS[name] = implementation, Accepts(list(inspect.signature(implementation).parameters.values())[1:])
        return implementation

    return register


def plain(functions: Iterable[Callable[..., Any]]) -> None:
    """Say that these functions have nothing to differentiate: on Values they return plain arrays."""
    PLAIN.update(functions)


def refused(reason: str, functions: Iterable[Callable[..., Any] | str]) -> None:
    """Say why these functions, or all of a module given by its name, have no derivative, and what to write instead."""
    REFUSED.update(dict.fromkeys(functions, reason))


def refusal(function: Any) -> str | None:
    """Why a function has no derivative, if that is known."""
    return REFUSED.get(function) or REFUSED.get(getattr(function, "__module__", None))


def _forward_of(function: Callable[..., Any]) -> Callable[..., Any]:
    if isinstance(function, Primitive):
        return function.forward
    if is_ufunc(function) and all(kinds.endswith("O") for kinds in getattr(function, "types", ())):
        raise TypeError(
            f"{describe(function)} computes with Python objects (np.frompyfunc), not with floating numbers. "
            "Decorate a function that returns a floating array with @autograd_lite.primitive."
        )
    if is_ufunc(function) or hasattr(function, "_implementation"):  # NumPy's mark of a dispatched function
        return function
    raise TypeError(
        f"{describe(function)} never sees a Value, so a rule for it would never run. "
        "Decorate it with @autograd_lite.primitive first."
    )


class Recorder:
    """What a primitive looks for among its arguments: a type that records the call. `Value` is the one there is."""

    __slots__ = ()

    @staticmethod
    def __record__(function: Primitive, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run `function` and record it."""
        raise TypeError(f"a {describe(function)} cannot be recorded by this type: it must define __record__")


def is_value(x: Any) -> bool:
    """Whether `x` is a Value, for the modules below `value`."""
    return isinstance(x, Recorder)


def plain_array(x: Any) -> Any:
    """`x`, or the plain array in it if it is a Value: for masks, indices and locally constant factors."""
    return x.data if is_value(x) else x


def is_lazy(x: Any) -> bool:
    """Whether the numbers of `x` come later, as Dask's do, which would compute them all to answer a question."""
    return hasattr(plain_array(x), "__dask_graph__")


class Primitive:
    """A function that is recorded as one operation; the decorator `primitive` makes it."""

    __name__: str
    __module__: str

    def __init__(self, forward: Callable[..., Any], traced: bool = False) -> None:
        self.forward, self.traced = forward, traced
        update_wrapper(self, forward)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        for argument in (*args, *kwargs.values()) if kwargs else args:
            if isinstance(argument, Recorder):
                return argument.__record__(self, args, kwargs)
        return GUARDS[0].run(self, self.forward, args, kwargs) if GUARDS else self.forward(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<primitive {describe(self)}>"


@overload
def primitive(function: Callable[..., Any]) -> Primitive: ...


@overload
def primitive(*, traced: bool) -> Callable[[Callable[..., Any]], Primitive]: ...


def primitive(function: Callable[..., Any] | None = None, *, traced: bool = False) -> Any:
    """Record every call of `function` on a Value as one operation; `defvjp` gives it its gradient.

    The function receives raw arrays and returns one array, or a tuple of arrays. Called without a Value it just runs.

    Args:
        function: what to record.
        traced: let `compile` see the calls of NumPy that the function makes, as `@primitive(traced=True)`; without, a
            program calls the function as it is.

    Example:
        >>> import numpy as np, autograd_lite as ag
        >>> @ag.primitive
        ... def softplus(x):
        ...     return np.logaddexp(x, 0)
        >>> ag.defvjp(softplus, lambda g, out, x: g / (1 + np.exp(-x)))
        >>> softplus(ag.Value(0.0)).item()
        0.6931471805599453
    """
    return Primitive(function, traced) if function is not None else lambda inner: Primitive(inner, traced)


def is_ufunc(function: Any) -> bool:
    """Whether `function` is a ufunc, of NumPy or of another library that follows it."""
    return hasattr(function, "reduceat")


def describe(function: Any) -> str:
    """The name under which a user knows `function`, such as `numpy.linalg.norm`."""
    name = getattr(function, "__name__", None)
    if name is None:
        return repr(function)
    if isinstance(function, Primitive):
        return str(name).lstrip("_")
    if is_ufunc(getattr(function, "__self__", None)):  # np.add.reduce
        return f"{describe(function.__self__)}.{name}"
    module = getattr(function, "__module__", None)
    if module is None and is_ufunc(function):  # ufuncs do not say where they come from
        special, module = sys.modules.get("scipy.special"), "numpy"
        if getattr(special, name, None) is function:
            module = "scipy.special"
        elif getattr(getattr(special, "_ufuncs", None), name, None) is function:  # behind a Python function: `_zeta`
            module = "scipy.special"
            name = name.lstrip("_") if hasattr(special, name.lstrip("_")) else name
    ours = module in (None, "builtins") or module.startswith(f"{__package__}.rules")
    return name if ours else f"{module}.{name}"
