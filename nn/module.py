"""`Module`: a function with parameters, made of other modules. The base class of every layer and model.

Here live the tree of modules, its parameters and buffers, `state_dict`, and what happens at a call. What a
layer computes lives in `layers`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Self

import numpy as np

import autograd_lite as ag

from .calls import SET_BY_INIT, RemovableHandle, call_init, explain
from .parameter import Parameter
from .state import LoadedKeys, load, slots

# Counts every change of a tree of modules that has been named, so that a call sees with one comparison
# whether the names in its tree still hold.
_changes = 0
_UNNAMED = -1
_leave = ag.Scope.leave
_OWN = frozenset({"training", "_stamp", "_scope", "_hooked", "_forward_pre_hooks", "_forward_hooks", "_buffers"})


class Module:
    """A function with parameters, made of other modules.

    A subclass calls `super().__init__()`, assigns Parameters and Modules to attributes, and defines `forward`.
    Lists, tuples and dicts of Modules or Parameters are part of the tree as well, under names such as
    `layers.0.weight`.

    Attributes:
        training: whether it is being trained, True at first; `Dropout` asks.

    Example:
        >>> import numpy as np, nn
        >>> class Net(nn.Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.hidden = nn.Linear(4, 8)
        ...         self.out = nn.Linear(8, 1)
        ...
        ...     def forward(self, x):
        ...         return self.out(self.hidden(x).relu())
        >>> net = Net()
        >>> net
        Net(
          (hidden): Linear(in_features=4, out_features=8, bias=True)
          (out): Linear(in_features=8, out_features=1, bias=True)
        )
        >>> [name for name, _ in net.named_parameters()]
        ['hidden.weight', 'hidden.bias', 'out.weight', 'out.bias']
        >>> net(np.ones((2, 4), np.float32)).shape
        (2, 1)
    """

    training: bool = SET_BY_INIT
    _stamp: int = _UNNAMED  # the value of `_changes` when the names in this tree were given
    _scope: ag.Scope = SET_BY_INIT
    _hooked: bool = SET_BY_INIT
    _forward_pre_hooks: list[RemovableHandle] = SET_BY_INIT
    _forward_hooks: list[RemovableHandle] = SET_BY_INIT
    _buffers: dict[str, bool] = SET_BY_INIT

    def __init__(self) -> None:
        self.__dict__.update(
            training=True,
            _stamp=_UNNAMED,
            _scope=ag.Scope(""),
            _hooked=False,
            _forward_pre_hooks=[],
            _forward_hooks=[],
            _buffers={},
        )

    # ---- calling ----

    def _forward_missing(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(
            f'Module [{type(self).__name__}] is missing the required "forward" function. '
            f"Write def forward(self, x): ... in class {type(self).__name__}."
        )

    forward: Callable[..., Any] = _forward_missing

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._stamp != _changes:
            _find_names(self)
        token = self._scope.enter()
        try:
            if self._hooked:
                return self._call_with_hooks(args, kwargs)
            return self.forward(*args, **kwargs)
        except Exception as error:
            explain(error, self, args, kwargs)
            raise
        finally:
            _leave(token)

    def _call_with_hooks(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        for handle in list(self._forward_pre_hooks):
            replaced = handle.hook(self, args)
            if replaced is not None:
                args = replaced if isinstance(replaced, tuple) else (replaced,)
        output = self.forward(*args, **kwargs)
        for handle in list(self._forward_hooks):
            replaced = handle.hook(self, args, output)
            if replaced is not None:
                output = replaced
        return output

    def register_forward_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(module, args)` before every forward; what it returns, unless None, replaces the arguments."""
        self.__dict__["_hooked"] = True
        return RemovableHandle(self._forward_pre_hooks, hook)

    def register_forward_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(module, args, output)` after every forward; what it returns, unless None, replaces the output.

        Example:
            >>> import numpy as np, nn
            >>> layer = nn.Linear(2, 3)
            >>> handle = layer.register_forward_hook(lambda module, args, output: print(output.shape))
            >>> _ = layer(np.ones((5, 2), np.float32))
            (5, 3)
            >>> handle.remove()
        """
        self.__dict__["_hooked"] = True
        return RemovableHandle(self._forward_hooks, hook)

    # ---- attributes: the tree is what they hold ----

    def __setattr__(self, name: str, value: Any) -> None:
        old = self.__dict__.get(name)
        if isinstance(value, _HOLDERS) or isinstance(old, _HOLDERS):
            self._check_member(name, old, value)
        if old is not None and name in self.__dict__.get("_buffers", ()):
            _check_buffer(name, value)
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        if isinstance(self.__dict__.get(name), _HOLDERS):
            _changed(self)
        self._buffers.pop(name, None)
        super().__delattr__(name)

    def _check_member(self, name: str, old: Any, value: Any) -> None:
        """Before a Module, a Parameter or a container comes or goes."""
        joins, leaves = any(_inside(name, value)), any(_inside(name, old))
        if not (joins or leaves):
            return
        if "_stamp" not in self.__dict__:
            kind = "parameters" if isinstance(value, Parameter) else "module"
            raise AttributeError(f"cannot assign {kind} before Module.__init__() call. {call_init(self)}")
        kept = value is None or isinstance(value, Module | Parameter)
        if isinstance(old, Parameter) and not kept:
            raise TypeError(
                f"cannot assign {type(value).__name__!r} object to parameter {name!r} (nn.Parameter or None required). "
                f"To change its numbers write .{name}.data = ..., to replace it .{name} = nn.Parameter(...)."
            )
        if isinstance(old, Module) and not kept:
            raise TypeError(
                f"cannot assign {type(value).__name__!r} object to child module {name!r} (nn.Module or None required). "
                f"To remove it first write del .{name}."
            )
        self._buffers.pop(name, None)
        _changed(self)

    def register_buffer(self, name: str, tensor: Any, persistent: bool = True) -> None:
        """Keep an array that is part of the state but is not learned, such as a running mean, as attribute `name`.

        Args:
            name: the attribute.
            tensor: an array, or None for one that is switched off.
            persistent: whether `state_dict` includes it.

        Raises:
            KeyError: `name` is taken, empty, or contains a dot.
            TypeError: `tensor` is no array.
        """
        if "_stamp" not in self.__dict__:
            raise AttributeError(f"cannot assign buffer before Module.__init__() call. {call_init(self)}")
        if not name or "." in name:
            raise KeyError(f'buffer name can\'t be empty or contain ".", got {name!r}')
        if hasattr(self, name) and name not in self._buffers:
            raise KeyError(f"attribute {name!r} already exists")
        _check_buffer(name, tensor)
        self._buffers[name] = persistent
        super().__setattr__(name, tensor)

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Assign a Parameter, or None for one that is switched off, to attribute `name`."""
        setattr(self, name, param)

    def add_module(self, name: str, module: Module | None) -> None:
        """Assign a Module, or None for one that is switched off, to attribute `name`."""
        setattr(self, name, module)

    # ---- the tree ----

    def get_submodule(self, target: str) -> Module:
        """The module at a path, such as `layers.0.gate`; the module itself at "".

        Raises:
            AttributeError: there is none.
        """
        for path, module in self.named_modules(remove_duplicate=False):
            if path == target:
                return module
        raise AttributeError(f"{type(self).__name__} has no module at {target!r}")

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules directly in this one with their names, each once."""
        seen: set[int] = set()
        for name, member in _members(self):
            if isinstance(member, Module) and id(member) not in seen:
                seen.add(id(member))
                yield name, member

    def children(self) -> Iterator[Module]:
        """The modules directly in this one, each once."""
        return (child for _, child in self.named_children())

    def named_modules(self, prefix: str = "", remove_duplicate: bool = True) -> Iterator[tuple[str, Module]]:
        """This module and all those in it with their paths, parents first.

        Args:
            prefix: the path of this module.
            remove_duplicate: give a module that is in the tree twice only once, under its first path.
        """
        seen: set[int] = set()
        for path, module, _ in _walk(self, prefix, ()):
            if not (remove_duplicate and id(module) in seen):
                seen.add(id(module))
                yield path, module

    def modules(self) -> Iterator[Module]:
        """This module and all those in it, each once."""
        return (module for _, module in self.named_modules())

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """The parameters with their paths, such as `("layers.0.weight", Parameter(...))`.

        Args:
            prefix: what the paths start with.
            recurse: include those of the modules in this one.
            remove_duplicate: give a parameter that is shared (tied) only once, under its first path.
        """
        seen: set[int] = set()
        modules = self.named_modules(prefix, remove_duplicate) if recurse else iter([(prefix, self)])
        for path, module in modules:
            for name, member in _members(module):
                if isinstance(member, Parameter) and not (remove_duplicate and id(member) in seen):
                    seen.add(id(member))
                    yield _joined(path, name), member

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """The parameters, each once: what an optimizer takes."""
        return (parameter for _, parameter in self.named_parameters(recurse=recurse))

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Any]]:
        """The buffers with their paths; the arguments are those of `named_parameters`."""
        seen: set[int] = set()
        modules = self.named_modules(prefix, remove_duplicate) if recurse else iter([(prefix, self)])
        for path, module in modules:
            for name in module._buffers:
                buffer = getattr(module, name)
                if buffer is not None and not (remove_duplicate and id(buffer) in seen):
                    seen.add(id(buffer))
                    yield _joined(path, name), buffer

    def buffers(self, recurse: bool = True) -> Iterator[Any]:
        """The buffers, each once."""
        return (buffer for _, buffer in self.named_buffers(recurse=recurse))

    def apply(self, fn: Callable[[Module], Any]) -> Self:
        """Call `fn` on every module of the tree, children first: the way to initialize weights."""
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    def train(self, mode: bool = True) -> Self:
        """Put the whole tree into training mode, or out of it: `Dropout` drops only while training.

        Raises:
            ValueError: `mode` is not a bool.
        """
        if not isinstance(mode, bool):
            raise ValueError(f"training mode is expected to be boolean, got {mode!r}")
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """Put the whole tree into evaluation mode: `train(False)`."""
        return self.train(False)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradient of every parameter: `.grad` is None afterwards, or zeros if not `set_to_none`."""
        for parameter in self.parameters():
            forgotten = set_to_none or parameter.grad is None
            parameter.grad = None if forgotten else np.zeros_like(parameter.data)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Freeze every parameter with False, or thaw it with True."""
        for parameter in self.parameters():
            parameter.requires_grad = requires_grad
        return self

    # ---- state ----

    def state_dict(self) -> dict[str, Any]:
        """A snapshot: copies of all parameters and persistent buffers as plain arrays, by path.

        PyTorch hands out the arrays themselves, so that a "best state so far" goes on changing; here it
        stays what it was. A shared parameter is listed under each of its paths, as in PyTorch.
        """
        return {slot.path: np.array(slot.read()) for slot in slots(self)}

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True) -> LoadedKeys:
        """Copy arrays into the parameters and buffers of the same path, into their own memory and dtype.

        Args:
            state_dict: arrays, or anything that NumPy turns into one, by path.
            strict: refuse missing and unexpected keys; a wrong shape is refused always.

        Returns:
            `(missing_keys, unexpected_keys)`.

        Raises:
            RuntimeError: lists everything that does not fit; nothing has been written then.

        Example:
            >>> import nn
            >>> a, b = nn.Linear(2, 3), nn.Linear(2, 3)
            >>> b.load_state_dict(a.state_dict())
            <All keys matched successfully>
        """
        return load(self, state_dict, strict)

    # ---- text ----

    def extra_repr(self) -> str:
        """What `repr` writes between the brackets; a layer names its settings here."""
        return ""

    def _label(self) -> str:
        """What a drawing and an error message call this module, such as `Linear(4 → 16)`."""
        return type(self).__name__

    def _child_lines(self) -> list[str]:
        return [f"({name}): {child!r}".replace("\n", "\n  ") for name, child in self.named_children()]

    def __repr__(self) -> str:
        extra = self.extra_repr()
        own, children = extra.split("\n") if extra else [], self._child_lines()
        if children or len(own) > 1:
            return f"{type(self).__name__}(\n  " + "\n  ".join(own + children) + "\n)"
        return f"{type(self).__name__}({extra})"


_HOLDERS = (Module, Parameter, list, tuple, dict)


# ---- the tree, as the attributes hold it ----


def _inside(name: str, value: Any) -> Iterator[tuple[str, Module | Parameter]]:
    """The Modules and Parameters that an attribute holds, with their names."""
    if isinstance(value, Module | Parameter):
        yield name, value
    elif isinstance(value, list | tuple | dict):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            if isinstance(item, _HOLDERS):
                yield from _inside(f"{name}.{key}", item)


def _members(module: Module) -> Iterator[tuple[str, Module | Parameter]]:
    for name, value in module.__dict__.items():
        if isinstance(value, _HOLDERS) and name not in _OWN:
            yield from _inside(name, value)


def _walk(module: Module, path: str, above: tuple[Module, ...]) -> Iterator[tuple[str, Module, tuple[Module, ...]]]:
    """Every module with its path and the modules around it; one that holds itself is not entered again."""
    yield path, module, above
    above = (*above, module)
    for name, member in _members(module):
        if isinstance(member, Module) and not any(member is outer for outer in above):
            yield from _walk(member, _joined(path, name), above)


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _check_buffer(name: str, value: Any) -> None:
    if value is not None and not hasattr(value, "dtype"):
        raise TypeError(
            f"cannot assign {type(value).__name__!r} object to buffer {name!r} (array or None required). "
            "Write np.asarray(...)."
        )


# ---- names ----


def _changed(module: Module) -> None:
    global _changes
    if module._stamp != _UNNAMED:  # a module still being built is in no tree that has names
        _changes += 1


def _find_names(module: Module) -> None:
    """Give every module below the outermost one its Scope, and every parameter its path as a name."""
    global _changes
    if "_stamp" not in module.__dict__:
        raise AttributeError(f"cannot call a module before Module.__init__() call. {call_init(module)}")
    around = ag.current_scope()
    if isinstance(around, ag.Scope):  # not the outermost, which has had its turn
        if module._stamp == _UNNAMED:  # and not in its tree: made during the call, for example
            path = _joined(around, type(module).__name__)
            module.__dict__["_scope"] = ag.Scope(path, module._label(), around)
        return
    tree = [(path, inner, above) for path, inner, above in _walk(module, "", ())]
    if any(inner._stamp == _changes for _, inner, _ in tree):
        _changes += 1  # another outermost module had named a part of this tree: it will have to do so again
    named: set[int] = set()
    for path, inner, above in tree:
        if id(inner) in named:
            continue
        named.add(id(inner))
        parent = above[-1]._scope if above else None
        inner.__dict__.update(_scope=ag.Scope(path, inner._label(), parent), _stamp=_changes)
        for name, member in _members(inner):
            if isinstance(member, Parameter) and id(member) not in named:
                named.add(id(member))
                member.name = _joined(path, name)
