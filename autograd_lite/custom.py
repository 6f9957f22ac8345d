"""`custom_vjp`: a function that brings its own gradient rule, and what the rule needs to remember."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from .arguments import checked_result
from .graph import Node, broadcast_axes
from .primitive import RULES, Primitive, Rule, describe, is_value, plain_array
from .state import is_grad_enabled
from .tree import Leaf, Rebuild, flatten
from .value import Value, _recorded, _recorded_results
from .variables import on_plain_arrays, zeros_like


def custom_vjp(function: Callable[..., Any], nondiff_argnums: int | Sequence[int] = ()) -> CustomVJP:
    """Let a function bring its own gradient rule, for stability, for speed, or because it is not written in NumPy.

    Unlike a `primitive` it takes and returns nested dicts, lists, tuples and dataclasses of arrays, and its rule may
    remember what the forward pass has computed. For a second derivative, for which remembered arrays would be wrong,
    `fwd` runs again on Values; so a function to be differentiated twice needs `fwd` and `bwd` written in NumPy.

    The rule's complex gradients are those of `defvjp`: write it as if all numbers were real.

    Args:
        function: receives plain arrays in place of Values. What it reads must be an argument of it: Values from around
            it would get no gradient, and are refused. Define it once, outside of loops: its rule is kept for good.
        nondiff_argnums: which positional arguments are settings rather than arrays; `bwd` receives them first.

    Returns:
        The function; `f.defvjp(fwd, bwd)` gives it its rule.

    Raises:
        TypeError: when it is called: there is no rule, a Value is used that is not an argument, or `fwd` and `bwd` do
            not return what they should.
        ValueError: a gradient has another shape than its argument.

    Example:
        >>> import numpy as np, autograd_lite as ag
        >>> @ag.custom_vjp
        ... def log1pexp(x):
        ...     return np.log1p(np.exp(x))
        >>> def fwd(x):
        ...     e = np.exp(x)
        ...     return np.log1p(e), (e,)
        >>> def bwd(residuals, g):
        ...     (e,) = residuals
        ...     return (g * (1 - 1 / (1 + e)),)
        >>> log1pexp.defvjp(fwd, bwd)
        >>> with np.errstate(over="ignore"):
        ...     print(ag.grad(log1pexp)(1000.0))
        1.0
        >>> print(ag.grad(ag.grad(log1pexp))(0.0))
        0.25
    """
    return CustomVJP(function, (nondiff_argnums,) if isinstance(nondiff_argnums, int) else tuple(nondiff_argnums))


@dataclass(frozen=True, slots=True, eq=False)
class _Call:
    """How the arguments and results of one call are put together.

    Attributes:
        arguments: makes the arguments from their arrays.
        wanted: for each of these arrays whether its gradient is wanted.
        result: makes the result from its leaves.
        floating: which of these leaves can have a gradient.
        leaves: how many there are.
    """

    arguments: Rebuild
    wanted: tuple[bool, ...]
    result: Rebuild
    floating: tuple[int, ...]
    leaves: int


class CustomVJP(Primitive):
    """A function with a gradient rule of its own; `custom_vjp` makes it."""

    def __init__(self, function: Callable[..., Any], nondiff_argnums: tuple[int, ...]) -> None:
        super().__init__(function)
        self._signature = inspect.signature(function)
        self._nondiff = frozenset(nondiff_argnums)
        count = len(self._signature.parameters)
        if not self._nondiff <= {*range(count)}:
            raise ValueError(
                f"nondiff_argnums={nondiff_argnums}, but {describe(self)} has {count} arguments, which are counted "
                f"from 0 to {count - 1}."
            )
        self._fwd: Callable[..., Any] | None = None
        self._bwd: Callable[..., Any] | None = None

    def defvjp(self, fwd: Callable[..., Any], bwd: Callable[..., Any]) -> None:
        """Give the function its gradient rule.

        Args:
            fwd: takes the arguments of the function and returns a pair: the result, and the residuals, which is what
                `bwd` will need, nested as you like.
            bwd: takes the residuals and the gradient of the result, in its structure, and returns a tuple of
                gradients, one for each argument, in its structure; None for no gradient. For a result that was not
                used the gradient is zero, for one that is not floating it is None.
        """
        self._fwd, self._bwd = fwd, bwd
        RULES[self] = Rule(self.forward, (), self._pull_back)

    # ---- forward ----

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        name = describe(self)
        if self._fwd is None:
            raise TypeError(f"{name} has no gradient rule yet. Write {name}.defvjp(fwd, bwd) below its definition.")
        args = self._by_position(args, kwargs)
        leaves, rebuild = flatten(args)
        if not any(is_value(leaf.value) for leaf in leaves):
            return self.forward(*args)
        self._check_arguments(args, leaves)
        data = [plain_array(leaf.value) for leaf in leaves]
        parents = tuple([leaf.value.node if is_value(leaf.value) else None for leaf in leaves])
        wanted = tuple([type(parent) is Node for parent in parents])
        with on_plain_arrays():
            if any(wanted) and is_grad_enabled():
                result, residuals = self._pair(self._fwd(*rebuild(data)))
                self._refuse_outsiders(residuals, "fwd")
            else:
                result, residuals = self.forward(*rebuild(data)), None
        self._refuse_outsiders(result, "it")
        results, restore = flatten(result)
        new = [plain_array(leaf.value) for leaf in results]
        floating = tuple([i for i, x in enumerate(new) if _is_floating(x)])
        outs = tuple([checked_result(self, new[i], False) for i in floating])
        call = _Call(_without_leaves(rebuild, leaves), wanted, _without_leaves(restore, results), floating, len(new))
        saved = {"saved": {"call": call, "residuals": residuals}}  # a dict, to observers no arguments
        values: tuple[Any, ...] = ()
        if len(outs) == 1:
            values = (_recorded(self, tuple(data), saved, parents, outs[0]),)
        elif outs:
            values = _recorded_results(self, tuple(data), saved, parents, outs)
        for i, value in zip(floating, values, strict=True):
            new[i] = value
        return restore(new)

    def _by_position(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        if not kwargs and len(args) == len(self._signature.parameters):
            return args
        bound = self._signature.bind(*args, **kwargs)
        bound.apply_defaults()
        if bound.kwargs:
            raise TypeError(
                f"{describe(self)} takes {', '.join(bound.kwargs)} by keyword alone, but its gradient rule gets all "
                "arguments by position. Remove the * from its definition."
            )
        return bound.args

    def _check_arguments(self, args: tuple[Any, ...], leaves: list[Leaf]) -> None:
        name = describe(self)
        for leaf in leaves:
            if leaf.is_parameter:
                raise TypeError(
                    f"{name} got a module as argument {leaf.path}, whose parameters would not be plain arrays. Pass "
                    "them instead: dict(module.named_parameters())."
                )
        for i in sorted(self._nondiff):
            if any(is_value(leaf.value) and leaf.value.requires_grad for leaf in flatten(args[i])[0]):
                raise TypeError(
                    f"{name} got a Value that wants a gradient as argument {i}, which nondiff_argnums says has none. "
                    "Pass v.data there."
                )

    def _pair(self, returned: Any) -> tuple[Any, Any]:
        if not isinstance(returned, tuple) or len(returned) != 2:
            raise TypeError(
                f"fwd of {describe(self)} must return a pair (result, residuals), not {_kind(returned)}. Without "
                "residuals write return result, None."
            )
        return returned

    def _refuse_outsiders(self, tree: Any, what: str) -> None:
        """A Value that wants a gradient although all arguments were plain: it has come from around the function."""
        if any(is_value(leaf.value) and leaf.value.requires_grad for leaf in flatten(tree)[0]):
            what = describe(self) if what == "it" else f"{what} of {describe(self)}"
            raise TypeError(
                f"{what} uses a Value that is not among the arguments of {describe(self)}, and would get no gradient. "
                "Make it an argument, or read its plain array, v.data."
            )

    # ---- backward ----

    def _pull_back(self, g: Any, out: Any, *data: Any, saved: dict[str, Any]) -> list[Any]:
        assert self._fwd is not None
        assert self._bwd is not None
        call, residuals = saved["call"], saved["residuals"]
        lifted = any(map(is_value, data))
        args = call.arguments(list(data))
        several = len(call.floating) > 1
        cotangents: list[Any] = [None] * call.leaves
        for i, share, result in zip(call.floating, g if several else (g,), out if several else (out,), strict=True):
            cotangents[i] = zeros_like(result, lifted) if share is None else share
        settings = [args[i] for i in sorted(self._nondiff)]
        try:
            if lifted:  # what was remembered is no function of the arguments any more
                residuals = self._pair(self._fwd(*args))[1]
                gradients = self._bwd(*settings, residuals, call.result(cotangents))
            else:
                with on_plain_arrays():
                    gradients = self._bwd(*settings, residuals, call.result(cotangents))
        except Exception as error:
            if lifted:
                error.add_note(
                    f"For a second derivative of {describe(self)} its fwd and bwd run on Values: write them in NumPy's "
                    "functions, or take the first derivative alone."
                )
            raise
        shares = self._shares(gradients, args)
        return [
            self._checked(share, leaf, x, lifted) if wanted and share is not None else None
            for (leaf, share), x, wanted in zip(shares, data, call.wanted, strict=True)
        ]

    def _shares(self, gradients: Any, args: tuple[Any, ...]) -> list[tuple[str, Any]]:
        """For each array in the arguments its path and its gradient, or None."""
        name, nondiff = describe(self), self._nondiff
        count = len(args) - len(nondiff)
        if not isinstance(gradients, tuple | list) or len(gradients) != count:
            raise TypeError(
                f"bwd of {name} must return a tuple of {count}, one gradient or None for each argument"
                f"{' that is not in nondiff_argnums' if nondiff else ''}, not {_kind(gradients)}."
            )
        given = iter(gradients)
        shares = []
        for i, argument in enumerate(args):
            gradient = None if i in nondiff else next(given)
            leaves = [leaf.path for leaf in flatten(argument, f"{i}")[0]]
            found = {leaf.path: leaf.value for leaf in flatten(gradient, f"{i}")[0]}
            nothing = tuple(path for path, share in found.items() if share is None)
            if any(path not in found and not path.startswith(nothing) for path in leaves) or any(
                path not in leaves for path in found if path not in nothing
            ):
                raise TypeError(
                    f"bwd of {name} returned a gradient with {_listed(found)} for argument {i}, which has "
                    f"{_listed(leaves)}. Return the structure of the argument, or None in place of any part."
                )
            shares += [(path, found.get(path)) for path in leaves]
        return shares

    def _checked(self, share: Any, path: str, x: Any, lifted: bool) -> Any:
        if not lifted and is_value(share):
            self._refuse_outsiders(share, "bwd")
            share = share.data
        have, want = getattr(share, "shape", ()), getattr(x, "shape", ())
        if have != want:
            try:
                broadcast_axes(have, want, self)  # which the engine will undo
            except ValueError:
                raise ValueError(
                    f"bwd of {describe(self)} returned a gradient of shape {have} for argument {path}, which has "
                    f"shape {want}. They must be equal."
                ) from None
        return Value._attached(share, None) if lifted and not is_value(share) and hasattr(share, "dtype") else share


def _is_floating(x: Any) -> bool:
    return x.dtype.kind in "fc" if hasattr(x, "dtype") else isinstance(x, float | complex)


def _without_leaves(rebuild: Rebuild, leaves: list[Leaf]) -> Rebuild:
    """The same, from a tree without arrays: one that keeps none of them, nor any Value, alive."""
    return flatten(rebuild([None] * len(leaves)))[1]


def _listed(paths: Iterable[str]) -> str:
    listed = ", ".join(paths)
    return f"arrays at {listed}" if listed else "no arrays"


def _kind(x: Any) -> str:
    return f"{type(x).__name__} of {len(x)}" if isinstance(x, tuple | list) else type(x).__name__
