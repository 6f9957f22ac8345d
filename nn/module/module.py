"""`Module`: a function with parameters, made of other modules. The base class of every layer and model.

Here live what happens at a call, modes, dtypes, states and text. Its attributes and the tree that they make live in
`members`, hooks in `hooks`; what a layer computes lives in `layers`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Self

import numpy as np

import autograd_lite as ag

from . import names
from .calls import SET_BY_INIT, explain
from .hooks import Hooks, RemovableHandle
from .members import Members
from .state import LoadedKeys, converted, load, slots
from .tree import members

_leave = ag.Scope.leave


class Module(Members):
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
    _scope: ag.Scope = SET_BY_INIT
    _hooks: Hooks | None = SET_BY_INIT

    def __init__(self) -> None:
        self.__dict__.update(
            training=True,
            _stamp=names.UNNAMED,
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
        if self._stamp != names.changes:
            names.find_names(self)
        token = self._scope.enter(self)
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
