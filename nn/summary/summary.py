"""`summary`: what a model consists of, and what it computes from an input. The table is drawn in `summary_table`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from numbers import Integral
from typing import Any, NamedTuple
from weakref import ref

import numpy as np

import autograd_lite as ag

from ..dtype import get_default_dtype
from ..module import Module, RemovableHandle
from ..module.tree import joined, members
from ..parameter import Parameter
from ..random import default_generator
from .multiply_adds import multiply_adds
from .table import table


class Row(NamedTuple):
    """A module in a summary. Its numbers include those of the modules below it.

    Attributes:
        path: where it is, such as `layers.0.gate`; "" for the model.
        depth: how many modules are around it.
        kind: its class.
        outputs: the shapes of the arrays that its first call returned; empty if it was not called.
        calls: how often it was called.
        parameters: how many numbers it learns or could learn; those of a shared parameter are in the first row alone.
        trainable: how many of them want a gradient.
        shared: how many further ones it shares with a row above that is not around it.
        multiply_adds: those of the products of matrices and convolutions that ran during its calls.
        activation_bytes: the memory that a backward pass through it needs to keep.
        shared_with: the path of the row for the same module, if it is in the model a second time.
    """

    path: str
    depth: int
    kind: str
    outputs: tuple[tuple[int, ...], ...] = ()
    calls: int = 0
    parameters: int = 0
    trainable: int = 0
    shared: int = 0
    multiply_adds: int = 0
    activation_bytes: int = 0
    shared_with: str | None = None


class Summary:
    """What `summary` returns; as text it is a table, and so in a notebook.

    Attributes:
        rows: a `Row` for each module, parents first.
        total_parameters: how many numbers the model learns or could learn; those of shared parameters once.
        trainable_parameters: how many of them want a gradient.
        frozen_parameters: how many do not.
        multiply_adds: of the products of matrices and the convolutions in one call.
        parameter_bytes: the memory of the parameters.
        gradient_bytes: that of their gradients.
        buffer_bytes: that of the buffers.
        input_bytes: that of the input.
        activation_bytes: that of the arrays which are computed in a call and kept for the backward pass.
    """

    def __init__(self, rows: list[Row], bytes_of: Mapping[str, int], depth: int | None) -> None:
        self.rows = rows
        self.total_parameters, self.trainable_parameters = rows[0].parameters, rows[0].trainable
        self.frozen_parameters = self.total_parameters - self.trainable_parameters
        self.multiply_adds, self.activation_bytes = rows[0].multiply_adds, rows[0].activation_bytes
        self.parameter_bytes, self.gradient_bytes = bytes_of["parameters"], bytes_of["gradients"]
        self.buffer_bytes, self.input_bytes = bytes_of["buffers"], bytes_of["input"]
        self._depth = depth

    def __repr__(self) -> str:
        return table(self, self._depth)

    def _repr_html_(self) -> str:
        text = repr(self).replace("&", "&amp;").replace("<", "&lt;")
        return f'<pre style="line-height: 1.25">{text}</pre>'


def summary(model: Module, input: Any, *, depth: int | None = None) -> Summary:
    """Call a model once and tell, module by module, shapes, parameters, multiply-adds and memory.

    The model is called in evaluation mode and without recording a graph. Afterwards it is as it was before, and so are
    its mode, buffers, gradients and the state of the random generators.

    Multiply-adds are counted in the operations that run, not estimated from the kinds of modules, so `x @ w` in a
    `forward` of your own counts. Only products of matrices and convolutions are, and of a primitive of your own what
    happens inside is not seen. A multiply-add is two floating-point operations.

    Args:
        model: the module.
        input: what to call it with: an array; a tuple of arguments; a dict of keyword arguments; or in the place of
            any array its shape, such as `(1, 3, 32, 32)`, for zeros of the default dtype.
        depth: how many levels of modules the text shows; all by default.

    Raises:
        RuntimeError: the model fails on this input; the message names the module and the shapes.

    Example:
        >>> import nn
        >>> model = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 2))
        >>> found = nn.summary(model, (8, 4))
        >>> found.total_parameters, found.multiply_adds  # 8 (4 · 16 + 16 · 2)
        (114, 768)
        >>> found.rows[1].path, found.rows[1].outputs
        ('0', ((8, 16),))
    """
    if not isinstance(model, Module):
        raise TypeError(f"summary needs an nn.Module, not {type(model).__name__}.")
    if depth is not None and depth < 0:
        raise ValueError(f"depth is {depth}, but must be 0 or greater, or None for all levels.")
    args, kwargs = _arguments(input)
    with _unchanged(model) as modules, ExitStack() as watching:
        counts = {id(module): _Count() for module in modules}
        given = list(_arrays_in([args, kwargs]))
        observer = _Counter([*given, *[p.data for p in model.parameters()], *model.buffers()])
        for module in modules:
            for handle in observer.hooks(module, counts[id(module)]):
                watching.callback(handle.remove)
        try:
            with ag.observe(observer), ag.no_grad():
                model(*args, **kwargs)
        except Exception as error:
            raise RuntimeError(_failure(error, args, kwargs)) from error
    bytes_of = {
        "parameters": sum([p.data.nbytes for p in model.parameters()]),
        "gradients": sum([p.data.nbytes for p in model.parameters() if p.requires_grad]),
        "buffers": sum([buffer.nbytes for buffer in model.buffers()]),
        "input": sum([array.nbytes for array in given]),
    }
    return Summary(_rows(model, counts), bytes_of, depth)


# ---- the input ----


def _arguments(given: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """What a user passes for the input, as positional and keyword arguments."""
    if isinstance(given, Mapping):
        return (), {name: _argument(x) for name, x in given.items()}
    if isinstance(given, tuple) and not _is_shape(given):
        return tuple(_argument(x) for x in given), {}
    return (_argument(given),), {}


def _argument(x: Any) -> Any:
    return np.zeros(x, get_default_dtype()) if _is_shape(x) else x


def _is_shape(x: Any) -> bool:
    return isinstance(x, tuple) and bool(x) and all(isinstance(n, Integral) and not isinstance(n, bool) for n in x)


def _failure(error: Exception, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """What is wrong, and in which module."""
    where = next((note for note in getattr(error, "__notes__", ()) if note.startswith("in module ")), "")
    hint = ""
    if "int64" in str(error) and any(array.dtype.kind == "f" for array in _arrays_in([args, kwargs])):
        hint = " For a model that takes integers, such as tokens, pass an array of them in the place of a shape."
    return f"the model fails on this input, {where or 'before its first module'}: {error}{hint}"


# ---- leaving no trace ----


@contextmanager
def _unchanged(model: Module) -> Iterator[list[Module]]:
    """All modules, in evaluation mode; at the end they have the attributes and the numbers that they had before."""
    modules = list(model.modules())
    before = [(module.__dict__, dict(module.__dict__)) for module in modules]
    before += [(x, x.copy()) for _, held in before for x in held.values() if isinstance(x, dict)]
    lists = [(x, x.copy()) for _, held in before for x in held.values() if isinstance(x, list)]
    buffers = [(buffer, buffer.copy()) for module in modules for buffer in module.buffers(recurse=False)]
    generators = {id(default_generator): default_generator}
    generators |= {id(x): x for _, held in before for x in held.values() if isinstance(x, np.random.Generator)}
    states = [(generator, generator.bit_generator.state) for generator in generators.values()]
    try:
        for module in modules:
            module.__dict__["training"] = False  # without train(), of which a class may have its own
        yield modules
    finally:
        for attributes, held in before:
            attributes.clear()
            attributes.update(held)
        for items, as_they_were in lists:
            items[:] = as_they_were
        for buffer, numbers in buffers:
            if not np.array_equal(buffer, numbers):
                buffer[...] = numbers
        for generator, state in states:
            generator.bit_generator.state = state


# ---- counting ----


class _Count:
    """What ran during the calls of one module."""

    def __init__(self) -> None:
        self.calls = self.multiply_adds = self.activation_bytes = 0
        self.outputs: tuple[tuple[int, ...], ...] = ()


class _Arrays:
    """A set of arrays, by identity. It keeps none but scalars, to which there are no weak references."""

    def __init__(self) -> None:
        self._references: dict[int, Any] = {}

    def __contains__(self, array: Any) -> bool:
        return id(array) in self._references

    def add(self, array: Any) -> None:
        key = id(array)
        is_array = isinstance(array, np.ndarray)
        self._references[key] = ref(array, lambda _: self._references.pop(key, None)) if is_array else array


class _Counter(ag.Observer):
    """Counts for every module that is running what each operation does.

    A backward pass keeps the arguments and the results of each operation that it goes through. Several of them may lie
    in the same memory, which counts once, and not at all if it is that of `elsewhere`: parameters, buffers, input.
    """

    __slots__ = ("_differentiated", "_kept", "_running")

    def __init__(self, elsewhere: Sequence[Any]) -> None:
        self._running: list[_Count] = []
        self._kept, self._differentiated = _Arrays(), _Arrays()
        for array in _arrays_in(elsewhere):
            self._kept.add(_owner(array))

    def hooks(self, module: Module, count: _Count) -> Iterator[RemovableHandle]:
        """Hooks that say when the module runs; they are the first and the last of it."""

        def enter(module: Module, args: Any) -> None:
            self._running.append(count)

        def leave(module: Module, args: Any, output: Any) -> None:
            self._running.pop()
            if not count.calls:
                count.outputs = tuple([array.shape for array in _arrays_in(output)])
            count.calls += 1

        yield module.register_forward_pre_hook(enter, prepend=True)
        yield module.register_forward_hook(leave, always_call=True)

    def forward(self, function: Any, args: Any, kwargs: dict[str, Any], parents: Any, out: Any) -> None:
        products = multiply_adds(function, args, kwargs, out)
        arguments, results = list(_arrays_in([args, kwargs])), list(_arrays_in(out))
        new_bytes = 0
        if any(type(parent) is ag.Node for parent in parents) or any(x in self._differentiated for x in arguments):
            for array in results:
                self._differentiated.add(array)
            for owner in [_owner(array) for array in arguments + results]:
                if owner not in self._kept:
                    self._kept.add(owner)
                    new_bytes += owner.nbytes
        for count in set(self._running):
            count.multiply_adds += products
            count.activation_bytes += new_bytes


def _arrays_in(data: Any) -> Iterator[Any]:
    """The arrays and NumPy's scalars in nested arguments or results."""
    if isinstance(data, ag.Value):
        data = data.data
    if isinstance(data, np.ndarray | np.generic):
        yield data
    elif isinstance(data, Mapping):
        yield from _arrays_in(list(data.values()))
    elif isinstance(data, list | tuple):
        for item in data:
            yield from _arrays_in(item)


def _owner(array: Any) -> Any:
    """The array whose memory this one is a view of."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def _rows(model: Module, counts: Mapping[int, _Count]) -> list[Row]:
    rows: list[Row] = []
    paths: dict[int, str] = {}
    counted: dict[int, Parameter] = {}

    def add(module: Module, path: str, depth: int) -> set[int]:
        """Add the rows of a module and of those in it; returns which parameters it has."""
        kind, place = type(module).__name__, len(rows)
        if id(module) in paths:
            rows.append(Row(path, depth, kind, shared_with=paths[id(module)]))
            return set()
        paths[id(module)] = path
        before, has = set(counted), set()
        rows.append(Row(path, depth, kind))
        inner = []
        for name, member in members(module):
            if isinstance(member, Parameter):
                counted[id(member)] = member
                has.add(id(member))
            else:
                inner.append(len(rows))
                has |= add(member, joined(path, name), depth + 1)
        count = counts.get(id(module), _Count())
        new = [counted[key] for key in has - before]
        below = [rows[i] for i in inner]
        rows[place] = Row(
            path,
            depth,
            kind,
            count.outputs,
            count.calls,
            parameters=sum([p.size for p in new]),
            trainable=sum([p.size for p in new if p.requires_grad]),
            shared=sum([counted[key].size for key in has & before]),
            multiply_adds=count.multiply_adds if count.calls else sum([row.multiply_adds for row in below]),
            activation_bytes=count.activation_bytes if count.calls else sum([row.activation_bytes for row in below]),
        )
        return has

    add(model, "", 0)
    return rows
