"""`Module`: a function with parameters, made of other modules. The base class of every layer and model.

Here live its attributes, its tree's names, and what happens at a call. What a layer computes lives in `layers`; the
tree is walked in `tree`, hooks run in `hooks`, and states are read and written in `state`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, Self

import numpy as np

import autograd_lite as ag

from .calls import SET_BY_INIT, call_init, explain
from .hooks import Hooks, RemovableHandle
from .parameter import Buffer, Parameter
from .state import LoadedKeys, converted, load, slots
from .tree import inside, is_member, is_module, joined, may_hold, members, walk

# Counts every change of a tree of modules that has been named, so that a call sees with one comparison
# whether the names in its tree still hold.
_changes = 0
_UNNAMED = -1
_leave = ag.Scope.leave


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

    is_module: ClassVar[bool] = True

    training: bool = SET_BY_INIT
    _stamp: int = _UNNAMED  # the value of `_changes` when the names in this tree were given
    _scope: ag.Scope = SET_BY_INIT
    _hooks: Hooks | None = SET_BY_INIT
    _buffers: dict[str, bool] = SET_BY_INIT

    def __init__(self) -> None:
        self.__dict__.update(
            training=True,
            _stamp=_UNNAMED,
            _scope=ag.Scope(""),
            _hooks=None,
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
            if self._hooks is not None:
                return self._hooks.call(self, args, kwargs)
            return self.forward(*args, **kwargs)
        except Exception as error:
            explain(error, self, args, kwargs)
            raise
        finally:
            _leave(token)

    def _hooked(self) -> Hooks:
        hooks = self._hooks
        if hooks is None:
            hooks = self.__dict__["_hooks"] = Hooks()
        return hooks

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args)` before every forward; what it returns, unless None, replaces the arguments.

        Args:
            hook: the function.
            prepend: run before the hooks that are there already.
            with_kwargs: call `hook(module, args, kwargs)`, which returns `(args, kwargs)` or None.
        """
        return RemovableHandle(self._hooked().forward_pre, hook, prepend, with_kwargs=with_kwargs)

    def register_forward_hook(
        self,
        hook: Callable[..., Any],
        *,
        prepend: bool = False,
        with_kwargs: bool = False,
        always_call: bool = False,
    ) -> RemovableHandle:
        """Call `hook(module, args, output)` after every forward; what it returns, unless None, replaces the output.

        Args:
            hook: the function.
            prepend: run before the hooks that are there already.
            with_kwargs: call `hook(module, args, kwargs, output)`.
            always_call: run it also when forward fails, with None for the output.

        Example:
            >>> import numpy as np, nn
            >>> layer = nn.Linear(2, 3)
            >>> handle = layer.register_forward_hook(lambda module, args, output: print(output.shape))
            >>> _ = layer(np.ones((5, 2), np.float32))
            (5, 3)
            >>> handle.remove()
        """
        return RemovableHandle(self._hooked().forward, hook, prepend, with_kwargs=with_kwargs, always_call=always_call)

    def register_full_backward_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call `hook(module, grad_input, grad_output)` whenever the gradients of the module's inputs are complete.

        Both are tuples of arrays, `grad_input` with one entry for each positional argument; None where there is no
        gradient. What the hook returns, unless None, replaces `grad_input`.

        Args:
            hook: the function.
            prepend: run before the hooks that are there already.

        Example:
            >>> import numpy as np, nn
            >>> from autograd_lite import Value
            >>> layer = nn.Tanh()
            >>> handle = layer.register_full_backward_hook(lambda module, grad_input, grad_output: (grad_output[0],))
            >>> x = Value([1.0, 2.0])
            >>> layer(x).sum().backward()  # straight through
            >>> x.grad
            array([1., 1.])
        """
        return RemovableHandle(self._hooked().backward, hook, prepend)

    def register_full_backward_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call `hook(module, grad_output)` before the gradients of the outputs go back through the module.

        What it returns, unless None, replaces them.

        Args:
            hook: the function.
            prepend: run before the hooks that are there already.
        """
        return RemovableHandle(self._hooked().backward_pre, hook, prepend)

    # ---- attributes: the tree is what they hold ----

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, Buffer):
            self.register_buffer(name, value.data, value.persistent)
            return
        old = self.__dict__.get(name)
        if may_hold(value) or may_hold(old):
            self._check_member(name, old, value)
        if old is not None and name in self.__dict__.get("_buffers", ()):
            _check_buffer(name, value)
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        if may_hold(self.__dict__.get(name)):
            _changed(self)
        self._buffers.pop(name, None)
        super().__delattr__(name)

    def _check_member(self, name: str, old: Any, value: Any) -> None:
        """Before a Module, a Parameter or a container comes or goes."""
        joins, leaves = any(inside(name, value)), any(inside(name, old))
        if not (joins or leaves):
            return
        if "_stamp" not in self.__dict__:
            kind = "parameters" if isinstance(value, Parameter) else "module"
            raise AttributeError(f"cannot assign {kind} before Module.__init__() call. {call_init(self)}")
        kept = value is None or is_member(value)
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
        self._check_name("buffer", name)
        _check_buffer(name, tensor)
        self._buffers[name] = persistent
        super().__setattr__(name, tensor)

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Assign a Parameter, or None for one that is switched off, to attribute `name`.

        Raises:
            KeyError: `name` is taken, empty, or contains a dot.
            TypeError: `param` is no Parameter.
        """
        self._check_name("parameter", name)
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(
                f"cannot assign {type(param).__name__!r} object to parameter {name!r} (nn.Parameter or None required). "
                "Write nn.Parameter(...)."
            )
        setattr(self, name, param)

    def add_module(self, name: str, module: Module | None) -> None:
        """Assign a Module, or None for one that is switched off, to attribute `name`.

        Raises:
            KeyError: `name` is taken, empty, or contains a dot.
            TypeError: `module` is no Module.
        """
        self._check_name("module", name)
        if module is not None and not is_module(module):
            raise TypeError(f"{type(module).__name__} is not a Module subclass. For a function write its module.")
        setattr(self, name, module)

    def _check_name(self, kind: str, name: Any) -> None:
        if not isinstance(name, str):
            raise TypeError(f"{kind} name should be a string. Got {type(name).__name__}")
        if not name or "." in name:
            raise KeyError(f'{kind} name can\'t be empty or contain ".", got {name!r}')
        held = self.__dict__.get(name)
        if name not in self.__dict__:
            taken = hasattr(type(self), name)
        elif held is None:
            taken = False
        else:  # one of the same kind may be replaced
            taken = kind != ("module" if is_module(held) else "parameter" if is_member(held) else "buffer")
            taken = taken or (kind == "buffer" and name not in self._buffers)
        if taken:
            raise KeyError(f"attribute {name!r} already exists")

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

    def get_parameter(self, target: str) -> Parameter:
        """The parameter at a path, such as `layers.0.gate.weight`.

        Raises:
            AttributeError: there is none.
        """
        for path, parameter in self.named_parameters(remove_duplicate=False):
            if path == target:
                return parameter
        raise AttributeError(f"{type(self).__name__} has no parameter at {target!r}")

    def get_buffer(self, target: str) -> Any:
        """The buffer at a path, such as `norm.running_mean`.

        Raises:
            AttributeError: there is none.
        """
        for path, buffer in self.named_buffers(remove_duplicate=False):
            if path == target:
                return buffer
        raise AttributeError(f"{type(self).__name__} has no buffer at {target!r}")

    def set_submodule(self, target: str, module: Module) -> None:
        """Put `module` in the place of the one at a path, such as `layers.0`.

        Raises:
            AttributeError: there is no module at this path.
            ValueError: the path is empty.
            TypeError: `module` is no Module.
        """
        if not target:
            raise ValueError("Cannot set the submodule without a target name: a module cannot replace itself.")
        if not is_module(module):
            raise TypeError(f"set_submodule needs a Module, not {type(module).__name__}.")
        self.get_submodule(target)
        above: Any = self
        *path, last = target.split(".")
        for name in path:
            above = _entry(above, name)
        if isinstance(above, dict):
            above[last] = module
        elif isinstance(above, list):
            above[int(last)] = module
        elif isinstance(above, tuple):
            raise TypeError(f"the module at {target!r} is in a tuple, which cannot change. Keep the modules in a list.")
        else:
            setattr(above, last, module)
            return
        _changed(self)

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules directly in this one with their names, each once."""
        seen: set[int] = set()
        for name, member in members(self):
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
        for path, module, _ in walk(self, prefix):
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
            for name, member in members(module):
                if isinstance(member, Parameter) and not (remove_duplicate and id(member) in seen):
                    seen.add(id(member))
                    yield joined(path, name), member

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
                    yield joined(path, name), buffer

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
        if "_switching" not in self.__dict__:  # else the module holds itself, and the call comes round
            self.__dict__["_switching"] = True
            try:
                self.training = mode
                for child in self.children():
                    child.train(mode)  # a class may have its own, which keeps a part of it frozen for example
            finally:
                del self.__dict__["_switching"]
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

    def to(self, dtype: Any) -> Self:
        """Convert all floating parameters and buffers to another floating dtype, in place.

        Gradients are converted as well. Optimizers that have taken a step hold the old dtype: make them afterwards.

        Args:
            dtype: such as `np.float64`.

        Raises:
            TypeError: a dtype that is not floating, or a device: an array stays in the library that made it.
        """
        converted(self, dtype)
        return self

    def double(self) -> Self:
        """`to(np.float64)`."""
        return self.to(np.float64)

    def float(self) -> Self:
        """`to(np.float32)`."""
        return self.to(np.float32)

    def half(self) -> Self:
        """`to(np.float16)`."""
        return self.to(np.float16)

    # ---- state ----

    def state_dict(self, *, prefix: str = "", keep_vars: bool = False) -> dict[str, Any]:
        """A snapshot: copies of all parameters and persistent buffers as plain arrays, by path.

        PyTorch hands out the arrays themselves, so that a "best state so far" goes on changing; here it
        stays what it was. A shared parameter is listed under each of its paths, as in PyTorch.

        Args:
            prefix: what the paths start with, such as `"encoder."`.
            keep_vars: give the Parameters and the buffers themselves instead of copies.
        """
        return {prefix + slot.path: slot.held() if keep_vars else np.array(slot.read()) for slot in slots(self)}

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False) -> LoadedKeys:
        """Copy arrays into the parameters and buffers of the same path, into their own memory and dtype.

        Args:
            state_dict: arrays, or anything that NumPy turns into one, by path.
            strict: refuse missing and unexpected keys; a wrong shape is refused always.
            assign: take over the arrays themselves, with their dtype, instead of copying their numbers.

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
        return load(self, state_dict, strict, assign)

    # ---- text ----

    def extra_repr(self) -> str:
        """What `repr` writes between the brackets; a layer names its settings here."""
        return ""

    def _label(self) -> str:
        """What a drawing and an error message call this module, such as `Linear(4 → 16)`."""
        return type(self).__name__

    def _child_lines(self) -> list[str]:
        held = [(name, member) for name, member in members(self) if isinstance(member, Module)]
        return [f"({name}): {child!r}".replace("\n", "\n  ") for name, child in held]

    def __repr__(self) -> str:
        extra = self.extra_repr()
        own, children = extra.split("\n") if extra else [], self._child_lines()
        if children or len(own) > 1:
            return f"{type(self).__name__}(\n  " + "\n  ".join(own + children) + "\n)"
        return f"{type(self).__name__}({extra})"


def _entry(holder: Any, name: str) -> Any:
    """One step along a path."""
    if isinstance(holder, dict):
        return next(value for key, value in holder.items() if str(key) == name)
    return holder[int(name)] if isinstance(holder, list | tuple) else getattr(holder, name)


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
            path = joined(around, type(module).__name__)
            module.__dict__["_scope"] = ag.Scope(path, module._label(), around)
        return
    tree = [(path, inner, above) for path, inner, above in walk(module)]
    if any(inner._stamp == _changes for _, inner, _ in tree):
        _changes += 1  # another outermost module had named a part of this tree: it will have to do so again
    named: set[int] = set()
    for path, inner, above in tree:
        if id(inner) in named:
            continue
        named.add(id(inner))
        parent = above[-1]._scope if above else None
        inner.__dict__.update(_scope=ag.Scope(path, inner._label(), parent), _stamp=_changes)
        for name, member in members(inner):
            if isinstance(member, Parameter) and id(member) not in named:
                named.add(id(member))
                member.name = joined(path, name)
