"""`Value`: an array that remembers how it was computed.

Here lives the recording of operations: operators, indexing, and both of NumPy's protocols. What a Value holds and
how it asks for gradients lives in `handle`, the methods of an array in `methods`, the graph in `graph`.
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any
from weakref import ref

import numpy as np

from .arguments import by_position, called, checked_result, constant, explained, refuse_to_write, understood
from .graph import Constant, Node, next_order, nobody
from .handle import Handle
from .methods import ArrayMethods
from .primitive import COMPOSED, GUARDS, PLAIN, RULES, UFUNC_METHODS, Recorder, Results, describe, is_ufunc, refusal
from .rules import getitem, part, relu, setitem
from .state import State, current_state, inside_transform

_NO_KWARGS: dict[str, Any] = {}
_SCALARS = frozenset(
    {float, int, bool, complex, np.float64, np.float32, np.float16, np.int64, np.int32, np.bool_, np.complex128}
)
_NEED_NO_CHECK = _SCALARS | {type(None), str}

_new_value = object.__new__


# ---- recording ----


def _recorded(
    function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], parents: tuple[Node | None, ...], out: Any
) -> Value:
    """`out` as a Value; on a new Node if a parent wants a gradient and this thread is recording."""
    value = _new_value(Value)
    value._array, value._grad, value._node = out, None, None
    state = current_state()
    if state.unwatched:
        for parent in parents:
            if type(parent) is Node:
                break
        else:
            return value
        value._node = node = Node()
        node.function, node.args, node.kwargs = function, args, kwargs
        node.parents, node.out, node.order = parents, out, next_order()
        node.scope, node.name, node.hooks = state.scope, None, None
        node.handle = ref(value)
    elif state.observer is not None:
        _watched(function, args, kwargs, parents, value, state)
    return value


def _watched(
    function: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    parents: tuple[Node | None, ...],
    value: Value,
    state: State,
) -> None:
    """The same under the eyes of an observer: it is told of every operation, recorded or not."""
    observer = state.observer
    assert observer is not None
    observer.forward(function, args, kwargs, parents, value._array)
    if state.recording and any(type(parent) is Node for parent in parents):
        value._node = node = Node()
        node.function, node.args, node.kwargs = function, args, kwargs
        node.parents, node.out, node.order = parents, value._array, next_order()
        node.scope, node.name, node.hooks = state.scope, None, None
        node.handle = ref(value)
        observer.recorded(node)


def _recorded_results(
    function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], parents: tuple[Node | None, ...], out: Any
) -> Any:
    """Several results as Values: one Node holds them all, and each Value is a `part` of it."""
    wanted = any(type(p) is Node for p in parents) and current_state().recording
    results = Results([checked_result(function, result, False) for result in out])
    results.names = getattr(out, "_fields", ())
    whole = _recorded(function, args, kwargs, parents, results)
    node = whole._node
    if wanted and node is not None:
        node.handle = nobody
    parts = _parts(results, node)
    return type(out)(*parts) if hasattr(out, "_fields") else tuple(parts)


def _parts(results: Results, node: Node | None) -> list[Any]:
    """Each of several results; integers, such as a rank, carry no gradient and stay plain."""
    return [
        _recorded(part, (results, i), _NO_KWARGS, (node, None), result) if result.dtype.kind in "fc" else result
        for i, result in enumerate(results)
    ]


def _call(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What any function does with a Value: run on the raw arrays and be recorded, if it has a derivative."""
    rule = RULES.get(function)
    if rule is None:
        return _call_without_rule(function, args, kwargs)
    accepts = rule.accepts
    if kwargs or len(args) > accepts.max_args:
        if len(args) < len(rule.vjps) or any(isinstance(argument, Value) for argument in kwargs.values()):
            args, kwargs = by_position(function, len(rule.vjps), args, kwargs)
        args, kwargs = understood(function, accepts, args, kwargs)
    raw: list[Any] = []
    parents: list[Node | None] = []
    arrays = len(rule.vjps) or len(args)
    for argument in args:
        if isinstance(argument, Value):
            parents.append(argument._node)
            raw.append(argument._array)
        else:
            kind = type(argument)
            usual = kind in _NEED_NO_CHECK or (kind is np.ndarray and argument.dtype.kind in "fciub")
            if not usual and len(raw) < arrays:
                converted = constant(argument)
                argument = argument if converted is NotImplemented else converted
            parents.append(None)
            raw.append(argument)
    if arrays < len(parents):
        _refuse_values(function, args, range(arrays, len(args)))
    if rule.unruled:
        _refuse_values(function, args, rule.unruled)
    try:
        out = GUARDS[0].run(function, rule.forward, raw, kwargs) if GUARDS else rule.forward(*raw, **kwargs)
    except (TypeError, ValueError) as error:
        raise explained(function, tuple(raw), error) from None
    if type(out) is not np.ndarray and isinstance(out, tuple):
        return _recorded_results(function, tuple(raw), kwargs, tuple(parents), out)
    if not hasattr(out, "dtype") or out.dtype.kind not in "fc":
        out = checked_result(function, out, any(type(p) is Node for p in parents) and current_state().recording)
    return _recorded(function, tuple(raw), kwargs, tuple(parents), out)


def _call_without_rule(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What a function that has no derivative of its own does with a Value: compose, stay plain, or refuse."""
    if function in COMPOSED:
        implementation, accepts = COMPOSED[function]
        args, kwargs = understood(function, accepts, args, kwargs)
        if GUARDS:
            return GUARDS[0].compose(function, implementation, args, kwargs)
        return implementation(*args, **kwargs)
    if function in PLAIN:
        refuse_to_write(function, args, kwargs)
        args, kwargs = _raw(args), _raw(kwargs)
        return GUARDS[0].run(function, function, args, kwargs) if GUARDS else function(*args, **kwargs)
    if is_ufunc(function):
        _load_scipys_rules()
        if function in RULES or function in COMPOSED or function in PLAIN:
            return _call(function, args, kwargs)
    name = describe(function)
    reason = refusal(function)
    if reason is not None:
        raise TypeError(f"{name} has no gradient rule: {reason}")
    raise TypeError(
        f"{name} has no gradient rule. Give it one with autograd_lite.defvjp({name}, rule), "
        f"or leave the graph: {name}(v.data)."
    )


def _load_scipys_rules() -> None:
    """They are loaded when one of SciPy's functions is first used, not before."""
    if "scipy.special" in sys.modules:
        import_module(f"{__package__}.rules.special")


def _call_method(ufunc: Any, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What `np.add.reduce` and its kin do with a Value."""
    if ufunc not in RULES:
        _load_scipys_rules()
    name = f"{describe(ufunc)}.{method}"
    if method not in UFUNC_METHODS:
        raise TypeError(f"{name} has no gradient rule: it writes into its array. Write w = v * 1; w[i] = w[i] + ...")
    if ufunc in PLAIN:
        refuse_to_write(getattr(ufunc, method), inputs, kwargs)
        out = getattr(ufunc, method)(*_raw(inputs), **_raw(kwargs))
        if method != "outer" and out.dtype.kind in "fc" and _wants_gradient(inputs[0]):
            raise TypeError(f"{name} has no gradient rule: some elements are results as they are. Compute with v.data.")
        return out
    if ufunc not in RULES and ufunc not in COMPOSED:
        raise TypeError(f"{name} has no gradient rule, because {describe(ufunc)} has none. Compute with v.data.")
    implementation, accepts = UFUNC_METHODS[method]
    inputs, kwargs = understood(getattr(ufunc, method), accepts, inputs, kwargs)
    return implementation(ufunc, *inputs, **kwargs)


def _refuse_values(function: Any, args: tuple[Any, ...], positions: Iterable[int]) -> None:
    """Refuse a Value that wants a gradient in the place of an argument that has no rule."""
    for i in positions:
        argument = args[i]
        if _wants_gradient(argument):
            raise TypeError(
                f"{describe(function)} has no gradient rule for its argument {i + 1}, which is {called(argument.name)} "
                f"of shape {argument.shape}. Pass its plain array, v.data, there."
            )


def _wants_gradient(argument: Any) -> bool:
    return isinstance(argument, Value) and type(argument._node) is Node


def _raw(argument: Any) -> Any:
    """`argument` with the array in place of every Value in it."""
    if isinstance(argument, Value):
        return argument._array
    if isinstance(argument, list | tuple):
        items = [_raw(item) for item in argument]
        return type(argument)(*items) if hasattr(argument, "_fields") else type(argument)(items)
    if isinstance(argument, dict):
        return {name: _raw(item) for name, item in argument.items()}
    return argument


def _operators(function: Any, run: Callable[[Any, Any], Any]) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The two methods of an operator: `v + x` and `x + v`."""

    def forward(self: Value, other: Any) -> Any:
        theirs = None
        if isinstance(other, Value):
            theirs, other = other._node, other._array
        elif type(other) not in _SCALARS:
            other = constant(other)
            if other is NotImplemented:
                return NotImplemented
        mine, data = self._node, self._array
        try:
            out = run(data, other)
        except (TypeError, ValueError) as error:
            raise explained(function, (data, other), error) from None
        # `_recorded`, written out: the hottest lines of the library
        value = _new_value(Value)
        value._array, value._grad, value._node = out, None, None
        state = current_state()
        if (type(mine) is Node or type(theirs) is Node) and state.unwatched:
            value._node = node = Node()
            node.function, node.args, node.kwargs = function, (data, other), _NO_KWARGS
            node.parents, node.out, node.order = (mine, theirs), out, next_order()
            node.scope, node.name, node.hooks = state.scope, None, None
            node.handle = ref(value)
        elif state.observer is not None:
            _watched(function, (data, other), _NO_KWARGS, (mine, theirs), value, state)
        return value

    def reflected(self: Value, other: Any) -> Any:
        if type(other) not in _SCALARS:
            other = constant(other)
            if other is NotImplemented:
                return NotImplemented
        data = self._array
        try:
            out = run(other, data)
        except (TypeError, ValueError) as error:
            raise explained(function, (other, data), error) from None
        if type(out) is complex:  # Python itself multiplies 1j by a float64
            out = np.complex128(out)
        return _recorded(function, (other, data), _NO_KWARGS, (None, self._node), out)

    return forward, reflected


def _unary(function: Any) -> Callable[[Value], Value]:
    forward = RULES[function].forward

    def method(self: Value) -> Value:
        data = self._array
        out = GUARDS[0].run(function, forward, (data,), _NO_KWARGS) if GUARDS else forward(data)
        return _recorded(function, (data,), _NO_KWARGS, (self._node,), out)

    return method


def _comparison(function: Any, run: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def method(self: Value, other: Any) -> Any:
        data, other = self._array, other._array if isinstance(other, Value) else other
        try:
            return run(data, other)
        except (TypeError, ValueError) as error:
            raise explained(function, (data, other), error) from None

    return method


def _raw_index(index: Any) -> Any:
    if isinstance(index, Value):
        return index._array
    if type(index) is tuple:
        for part in index:
            if isinstance(part, Value):
                return tuple(part._array if isinstance(part, Value) else part for part in index)
    return index


# ---- the handle ----


class Value(Handle, ArrayMethods, Recorder):
    """An array or scalar that remembers how it was computed, so that gradients can flow back to it.

    Use it as a NumPy array: operators, methods and NumPy's own functions record one `Node` each.
    Comparisons, `argmax`, `sign` and their like return plain arrays: there is nothing to differentiate.

    Args:
        data: a number, a (nested) list of numbers, or a floating or complex array of any shape. Python numbers and
            lists become float64; an array keeps its dtype and is not copied.
        requires_grad: whether its gradient is wanted. Without, it is a constant and may hold integers.
        name: what drawings and error messages call it.
        dtype: converts `data` first.

    Attributes:
        data: the plain array or NumPy scalar.
        grad: the gradient after `backward()`, of the same shape and dtype; None before.
        node: the `Node` that recorded it; None for a constant.

    Raises:
        TypeError: `data` is of integers, booleans, strings or objects, or is a Value.

    Example:
        >>> import numpy as np
        >>> from autograd_lite import Value
        >>> x = Value([1.0, 2.0, 3.0])
        >>> y = np.sum(x**2)
        >>> y.backward()
        >>> x.grad
        array([2., 4., 6.])
    """

    __slots__ = ()

    @staticmethod
    def _attached(data: Any, node: Node | None) -> Any:
        if type(data) is Results:
            return tuple(_parts(data, node))
        value = _new_value(Value)
        value._array, value._grad, value._node = data, None, node
        return value

    # ---- NumPy's protocols ----

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method != "__call__":
            return _call_method(ufunc, method, inputs, kwargs)
        if len(inputs) == 1 and not kwargs and ufunc in RULES:
            data = self._array
            return _recorded(ufunc, (data,), _NO_KWARGS, (self._node,), ufunc(data))
        return _call(ufunc, inputs, kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return _call(function, args, kwargs)

    __record__ = staticmethod(_call)

    # ---- Python's protocols ----

    def __getitem__(self, index: Any) -> Value:
        index = _raw_index(index)
        data = self._array
        out = GUARDS[0].run(getitem, operator.getitem, (data, index), _NO_KWARGS) if GUARDS else data[index]
        return _recorded(getitem, (data, index), _NO_KWARGS, (self._node, None), out)

    def __setitem__(self, index: Any, item: Any) -> None:
        node, wanted = self._node, isinstance(item, Value) and type(item._node) is Node
        if type(node) is Node and node.function is None:
            data = "" if inside_transform.get() else "To change the data write v.data[i] = ...; "
            raise RuntimeError(
                f"{called(self.name)} is a leaf: writing into it would change what its gradient means. {data}"
                "To compute with a changed copy write w = v * 1; w[i] = ..."
            )
        if type(node) is Node and not current_state().recording:
            raise RuntimeError(
                f"writing into {called(self.name)} inside no_grad() would cut it off its graph. "
                "Write into v.detach(), or leave the block."
            )
        if wanted and self._array.dtype.kind not in "fc":
            raise TypeError(
                f"{called(self.name)} holds {self._array.dtype}, which cannot carry the gradient of what is written "
                "into it. Make it floating: Value(x, requires_grad=False, dtype=float)."
            )
        moved = _call(setitem, (self, item, _raw_index(index)), {})
        if node is not None:
            node.handle = nobody  # who read the old contents keeps the old node
        self._array, self._node = moved._array, moved._node
        if self._node is not None:
            self._node.handle, self._node.name = ref(self), None if node is None else node.name
        elif node is not None:
            self._start(Constant, node.name)

    # ---- operators: a direct path, because the protocols cost half a microsecond ----

    __add__, __radd__ = _operators(np.add, operator.add)
    __sub__, __rsub__ = _operators(np.subtract, operator.sub)
    __mul__, __rmul__ = _operators(np.multiply, operator.mul)
    __truediv__, __rtruediv__ = _operators(np.divide, operator.truediv)
    __pow__, __rpow__ = _operators(np.power, operator.pow)
    __mod__, __rmod__ = _operators(np.remainder, operator.mod)
    __matmul__, __rmatmul__ = _operators(np.matmul, operator.matmul)

    __neg__ = _unary(np.negative)
    __pos__ = _unary(np.positive)
    __abs__ = _unary(np.absolute)

    __lt__ = _comparison(np.less, operator.lt)
    __le__ = _comparison(np.less_equal, operator.le)
    __gt__ = _comparison(np.greater, operator.gt)
    __ge__ = _comparison(np.greater_equal, operator.ge)
    __eq__ = _comparison(np.equal, operator.eq)
    __ne__ = _comparison(np.not_equal, operator.ne)
    __hash__ = object.__hash__  # by identity; defining __eq__ had taken it away
    __floordiv__ = _comparison(np.floor_divide, operator.floordiv)
    __rfloordiv__ = _comparison(np.floor_divide, lambda x, other: other // x)

    real = property(np.real, doc="The real part.")
    imag = property(np.imag, doc="The imaginary part.")

    def __divmod__(self, other: Any) -> tuple[Any, Any]:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> tuple[Any, Any]:
        return other // self, other % self

    # functions that micrograd's and PyTorch's users expect as methods
    exp = _unary(np.exp)
    log = _unary(np.log)
    sqrt = _unary(np.sqrt)
    tanh = _unary(np.tanh)
    relu = _unary(relu)
