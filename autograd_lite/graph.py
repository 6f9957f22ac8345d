"""The recorded graph, and the chain rule that runs backward over it.

A `Node` is one recorded operation; the graph is nothing but Nodes that point at their parents. Here live
the Node, the order of a graph, and backward. Whether anything is recorded (`state`), what a user holds (`Value`) and
the derivative of each function (`rules`) live elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import count
from operator import attrgetter
from typing import Any, TypeAlias

import numpy as np
from numpy import float64, ndarray

from .primitive import GUARDS, RULES, describe, is_value
from .state import current_state

Hook: TypeAlias = Callable[[Any], Any]

next_order = count().__next__
_by_order = attrgetter("order")


class _Referable:
    """Lets a Node be referred to weakly; a base of its own, so that `Node.__slots__` are what a Node holds."""

    __slots__ = ("__weakref__",)


class Node(_Referable):
    """One recorded operation: what was called, on what, and what came out.

    A leaf (an array whose gradient is wanted) is a Node with `function` None. A Node holds raw arrays and
    its parents, never a Value, so a graph has no reference cycles and is freed as soon as it is dropped.

    Attributes:
        function: the NumPy function or primitive that ran; None for a leaf.
        args: its positional arguments, raw.
        kwargs: its keyword arguments.
        parents: for each argument the Node it came from, or None for a constant.
        out: what it returned, raw.
        order: the position in time; a Node is younger than its parents.
        scope: the path of the module that was running (a `Scope` if it was one of `nn`), "" outside of one.
        name: the user's name for the result, or None.
        handle: call it to get the Value of this Node, or None if nobody holds that Value any more.
        hooks: functions that see, and may replace, the finished gradient; None if there are none.
    """

    __slots__ = ("args", "function", "handle", "hooks", "kwargs", "name", "order", "out", "parents", "scope")

    function: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    parents: tuple[Node | None, ...]
    out: Any
    order: int
    scope: str
    name: str | None
    handle: Callable[[], Any]
    hooks: list[Hook] | None

    # No __init__: filling the slots one by one takes half the time, and recording is the hottest path.


class Constant(Node):
    """A named array whose gradient nobody wants: drawn, and never visited by backward."""

    __slots__ = ()


def leaf(kind: type[Node], data: Any, name: str | None, handle: Callable[[], Any]) -> Node:
    """A fresh Node for an array that was given rather than computed."""
    node = kind()
    node.function, node.args, node.kwargs, node.parents, node.out = None, (), {}, (), data
    node.order, node.scope, node.name, node.handle, node.hooks = next_order(), "", name, handle, None
    return node


def nobody() -> None:
    """The handle of a Node whose Value is gone."""


def stale() -> None:
    """The handle of a leaf whose array was replaced after the graph had read it."""


def ancestors(roots: Iterable[Node], *, constants: bool = False, since: int = 0) -> list[Node]:
    """Every Node that `roots` were computed from, themselves included, newest first.

    Args:
        roots: where to start.
        constants: include the named arrays that want no gradient.
        since: do not ask what Nodes of a lower order were computed from.
    """
    seen = set(roots)
    found = list(seen)
    for node in found:  # grows while it is read
        if since and node.order < since:
            continue
        for parent in node.parents:
            if parent is not None and parent not in seen and (type(parent) is Node or constants):
                seen.add(parent)
                found.append(parent)
    found.sort(key=_by_order, reverse=True)
    return found


def towards(targets: set[Node], newest_first: list[Node]) -> list[Node]:
    """Those Nodes of a graph that were computed from a target."""
    reaching = set(targets)
    for node in reversed(newest_first):
        if node not in reaching and not reaching.isdisjoint(node.parents):
            reaching.add(node)
    return [node for node in newest_first if node in reaching]


def backpropagate(
    root: Node,
    seed: Any,
    targets: Sequence[Node] | None = None,
    lift: Callable[[Any, Node | None], Any] | None = None,
    since: int = 0,
    rules: Any = RULES,
) -> dict[Node, Any]:
    """The chain rule: the gradient of `root` with respect to each target.

    Reads the graph from the newest Node to the oldest. When a Node's turn comes, everything that was
    computed from it has had its own, so its gradient is complete: it is handed through the Node's rules
    and added to its parents' gradients.

    Args:
        root: the Node to differentiate.
        seed: the gradient of the result with respect to `root`, of its shape.
        targets: the Nodes whose gradients are wanted; by default every Node whose Value somebody holds.
        lift: makes a Value from an array and its Node. If given, rules receive Values, and so the
            backward pass is recorded and can itself be differentiated.
        since: treat Nodes of a lower order as if they were leaves: no hook sees what arrives there.
        rules: the table in which each function's rule is looked up.

    Returns:
        The gradients, each in an array of its own, of the Node's shape and dtype.

    On complex numbers `seed`, the gradients returned and those that hooks see are conjugate Wirtinger derivatives, as
    in PyTorch. In between everything is the conjugate of that, for which d(x y) = g y needs no conj.
    """
    graph = ancestors([root], since=since)
    if GUARDS and lift is None and rules is RULES:
        rules = GUARDS[0]
    wanted = visited = None
    if targets is not None:
        wanted = set(targets)
        graph = towards(wanted, graph)
        visited = set(graph)
    observer = current_state().observer
    gradients: dict[Node, Any] = {root: np.conjugate(seed) if root.out.dtype.kind == "c" else seed}
    ours: set[Node] = set()  # Nodes whose gradient array nobody else can see, so it may be added to in place
    found: dict[Node, Any] = {}
    lifted: dict[Node, Any] = {}  # what `lift` has made of results that are still to come

    for node in graph:
        gradient = gradients.pop(node, None)
        handle = node.handle
        if handle is stale:
            raise changed(node)
        if gradient is None:
            continue
        if node.hooks and node.order >= since:
            if type(gradient) is ndarray and node not in ours:
                gradient = gradient.copy()  # a hook may write into it
            gradient = _run_hooks(node, gradient, lift)
            ours.discard(node)
        if handle() is not None if wanted is None else node in wanted:
            if node.out.dtype.kind == "c":
                found[node] = np.conjugate(gradient)
            else:
                found[node] = gradient.copy() if type(gradient) is ndarray and node not in ours else gradient

        function = node.function
        if function is None or (since and node.order < since):
            continue
        args, out, kwargs, parents = node.args, node.out, node.kwargs, node.parents
        if lift is not None:
            values: list[Any] = []
            for argument, parent in zip(args, parents):  # noqa: B905 - `strict` costs as much as a small rule
                if parent is not None:
                    value = lifted.get(parent)
                    argument = lifted[parent] = lift(argument, parent) if value is None else value
                values.append(argument)
            args, value = tuple(values), lifted.pop(node, None)
            out = lift(out, node) if value is None else value
        rule = rules[function]
        joint = rule.joint
        shares = rule.vjps if joint is None else joint(gradient, out, *args, **kwargs)
        if joint is not None and any(type(parent) is Node for parent in parents[len(shares) :]):
            raise ValueError(
                f"the gradient rule of {describe(function)} returned {len(shares)} gradients for {len(parents)} "
                "arguments. A joint rule must return one, or None, for each."
            )
        # parents beyond the rules are optional arguments behind the arrays, such as an axis
        for parent, share in zip(parents, shares):  # noqa: B905 - `strict` costs as much as a small rule
            if type(parent) is not Node or share is None or (visited is not None and parent not in visited):
                continue
            if joint is None:
                share = share(gradient, out, *args, **kwargs) if kwargs else share(gradient, out, *args)
            like = parent.out
            if type(share) is not float64 or type(like) is not float64:  # two of these always fit
                if share is None:
                    continue
                raw = share if lift is None else getattr(share, "_array", share)
                if getattr(raw, "shape", None) != like.shape or raw.dtype is not like.dtype:
                    share = _fit(share, like, function)
            if observer is not None:
                observer.backward(node, gradient, parent, share)
            total = gradients.get(parent)
            if total is None:
                gradients[parent] = share
                if parent.function is None and (
                    share.base is None if type(share) is ndarray else GUARDS and _stands_for_array(share)
                ):
                    siblings = () if joint is None else shares  # among which may be the same array, or a view of it
                    if share is not gradient and share is not out and _is_new(share, args, siblings):
                        ours.add(parent)
            elif parent in ours:
                if GUARDS and type(total) is ndarray is not type(share):  # into a plain array nothing of a trace goes
                    gradients[parent] = total + share
                    ours.discard(parent)  # the sum may be a number, or of a trace
                else:
                    total += share
            else:
                gradients[parent] = total = total + share
                if type(total) is ndarray:  # not for scalars: += would only rebind the name
                    ours.add(parent)
    return found


def changed(leaf: Node) -> RuntimeError:
    """What to raise for a leaf that is `stale`."""
    return RuntimeError(
        f"{leaf.name or 'a leaf'} changed after this graph was recorded, so its gradients would be "
        "wrong. Run the forward pass again after the change, then call backward()."
    )


def _stands_for_array(share: Any) -> bool:
    """Whether this takes the place of an array with memory of its own in a trace of `compile`."""
    array = getattr(share, "_array", None)
    return type(array) is ndarray and array.flags.writeable and not is_value(share) and share._base is None


def _is_new(share: Any, args: tuple[Any, ...], siblings: Sequence[Any]) -> bool:
    """Whether a rule made this array just now, so that it is nobody else's."""
    for argument in args:  # any() takes three times as long
        if share is argument:
            return False
    return not siblings or sum([x is share or getattr(x, "base", None) is share for x in siblings]) < 2


def broadcast_axes(have: tuple[int, ...], want: tuple[int, ...], function: Any) -> tuple[int, ...]:
    """The axes along which broadcasting repeated an array of shape `want` to one of shape `have`."""
    extra = len(have) - len(want)
    if extra > 0 and have[extra:] == want:  # leading axes alone, as for a bias
        return tuple(range(extra))
    if extra >= 0:
        stretched = [i + extra for i, size in enumerate(want) if size == 1 != have[i + extra]]
        if tuple([1 if i in stretched else size for i, size in enumerate(have)])[extra:] == want:
            return (*range(extra), *stretched)
    raise ValueError(
        f"the gradient rule of {describe(function)} returned shape {have} for an argument of shape {want}. "
        "A rule must return its argument's shape, or one that broadcasting made from it."
    )


def _fit(share: Any, like: Any, function: Any) -> Any:
    """Undo broadcasting and promotion: the one place where either happens."""
    if not hasattr(share, "shape"):
        share = np.asarray(share)[()]
    have, want = share.shape, like.shape
    if have != want:
        share = share.sum(axis=broadcast_axes(have, want, function))
        if share.shape != want:
            share = share.reshape(want)
    if share.dtype != like.dtype:
        if share.dtype.kind == "c" and like.dtype.kind != "c":
            share = share.real  # a real number moves along the real axis alone
        share = share.astype(like.dtype)
    return share


def _run_hooks(node: Node, gradient: Any, lift: Callable[[Any, Node | None], Any] | None) -> Any:
    if getattr(gradient, "is_batch", False):
        raise TypeError("a hook sees one gradient at a time")  # and so whoever has sent a batch turns to single ones
    conjugated = node.out.dtype.kind == "c"
    if conjugated:
        gradient = np.conjugate(gradient)
    for hook in list(node.hooks or ()):
        replacement = hook(gradient)
        if replacement is not None:
            replacement = replacement if hasattr(replacement, "dtype") else np.asarray(replacement)[()]
            if np.shape(replacement) != node.out.shape:
                raise ValueError(
                    f"a gradient hook returned shape {np.shape(replacement)} for a Value of shape "
                    f"{node.out.shape}. Return an array of that shape, or None to keep the gradient."
                )
            if replacement.dtype.kind == "c" and not conjugated:
                raise TypeError(
                    f"a gradient hook returned complex numbers for a Value of {node.out.dtype}. "
                    "Return real ones, such as gradient.real."
                )
            gradient = replacement if replacement.dtype == node.out.dtype else replacement.astype(node.out.dtype)
            if lift is None and is_value(gradient):
                gradient = gradient.data
            elif lift is not None and not is_value(gradient):
                gradient = lift(gradient, None)
    return np.conjugate(gradient) if conjugated else gradient
