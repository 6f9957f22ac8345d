"""The members of a module: the modules, parameters and buffers that its attributes hold, and how they are found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Self

from ..parameter import Buffer, Parameter
from .calls import SET_BY_INIT, call_init
from .names import UNNAMED, changed
from .tree import inside, is_member, is_module, joined, may_hold, members, walk

if TYPE_CHECKING:
    from .module import Module


class Members:
    """The part of a `Module` that has to do with its attributes and with the tree that they make."""

    _stamp: int = UNNAMED  # the value of `names.changes` when the names in this tree were given
    _buffers: dict[str, bool] = SET_BY_INIT  # by name, whether `state_dict` has it

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
            changed(self)
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
        if is_module(old) and not kept:
            raise TypeError(
                f"cannot assign {type(value).__name__!r} object to child module {name!r} (nn.Module or None required). "
                f"To remove it first write del .{name}."
            )
        self._buffers.pop(name, None)
        changed(self)

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
        changed(self)

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules directly in this one with their names, each once."""
        seen: set[int] = set()
        for name, member in members(self):
            if is_module(member) and id(member) not in seen:
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

    def apply(self, fn: Callable[[Any], Any]) -> Self:
        """Call `fn` on every module of the tree, children first: the way to initialize weights."""
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self


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
