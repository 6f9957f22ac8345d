"""Hooks on modules: functions that see, and may replace, what goes into a module and what comes out, both ways."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import autograd_lite as ag

if TYPE_CHECKING:
    from .module import Module


class RemovableHandle:
    """What `register_forward_hook` and its kin return: `remove()` takes the hook off again."""

    def __init__(
        self, handles: list[RemovableHandle], hook: Callable[..., Any], prepend: bool = False, **options: bool
    ) -> None:
        if not callable(hook):
            raise TypeError(f"a hook must be a function, not {type(hook).__name__}.")
        self._handles, self.hook, self.options = handles, hook, options
        handles.insert(0 if prepend else len(handles), self)

    def remove(self) -> None:
        """Take the hook off; a second time does nothing."""
        self._handles[:] = [handle for handle in self._handles if handle is not self]

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *error: object) -> None:
        self.remove()


class Hooks:
    """The hooks of one module, in the order in which they run."""

    def __init__(self) -> None:
        self.forward_pre: list[RemovableHandle] = []
        self.forward: list[RemovableHandle] = []
        self.backward_pre: list[RemovableHandle] = []
        self.backward: list[RemovableHandle] = []

    def call(self, module: Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """`module.forward(*args, **kwargs)` with all hooks around it."""
        args, kwargs = self._before(module, args, kwargs)
        watched = _Call(module, self) if (self.backward or self.backward_pre) and ag.is_grad_enabled() else None
        try:
            output = module.forward(*(args if watched is None else watched.entered(args)), **kwargs)
        except Exception:
            always = [handle for handle in self.forward if handle.options["always_call"]]
            self._after(module, args, kwargs, None, always)
            raise
        output = self._after(module, args, kwargs, output, self.forward)
        return output if watched is None else watched.left(output)

    def _before(
        self, module: Module, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        for handle in list(self.forward_pre):
            if handle.options["with_kwargs"]:
                replaced = handle.hook(module, args, kwargs)
                if replaced is not None:
                    if not (isinstance(replaced, tuple) and len(replaced) == 2):
                        raise TypeError(
                            "forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got "
                            f"{type(replaced).__name__}."
                        )
                    args, kwargs = replaced
            else:
                replaced = handle.hook(module, args)
                if replaced is not None:
                    args = replaced if isinstance(replaced, tuple) else (replaced,)
        return args, kwargs

    def _after(
        self, module: Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any, handles: list[RemovableHandle]
    ) -> Any:
        for handle in list(handles):
            seen = (args, kwargs, output) if handle.options["with_kwargs"] else (args, output)
            replaced = handle.hook(module, *seen)
            if replaced is not None:
                output = replaced
        return output


class _Call:
    """One call of a module with backward hooks.

    Its inputs and its outputs pass through an operation each that changes nothing. In the backward pass the rule of
    the second knows the gradients of the outputs, and the rule of the first, later, those of the inputs.
    """

    def __init__(self, module: Module, hooks: Hooks) -> None:
        self._module, self._hooks = module, hooks
        self._inputs: list[int] = []
        self._num_inputs = 0
        self._outputs: list[int] = []
        self._num_outputs = 0
        self._grad_output: tuple[Any, ...] = ()

    def entered(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        self._num_inputs = len(args)
        self._inputs = _differentiated(args)
        if not self._inputs:
            return args
        return _replaced(args, self._inputs, _module_inputs(self, *[args[i] for i in self._inputs]))

    def left(self, output: Any) -> Any:
        if isinstance(output, ag.Value):
            return self._passed((output,))[0]
        if isinstance(output, tuple | list):
            passed = self._passed(tuple(output))
            return type(output)(*passed) if hasattr(output, "_fields") else type(output)(passed)
        raise TypeError(
            f"a backward hook sees the gradients of a Value or of a tuple of Values, but {type(self._module).__name__} "
            f"returned {type(output).__name__}. Put the hook on a module inside of it."
        )

    def _passed(self, outputs: tuple[Any, ...]) -> tuple[Any, ...]:
        self._num_outputs = len(outputs)
        self._outputs = _differentiated(outputs)
        if not self._outputs:
            return outputs
        return _replaced(outputs, self._outputs, _module_outputs(self, *[outputs[i] for i in self._outputs]))

    def output_gradients(self, gradients: Any) -> Any:
        """What goes on into the module, of the gradients of its outputs."""
        seen = _spread(gradients, self._outputs, self._num_outputs)
        for handle in list(self._hooks.backward_pre):
            seen = _checked(handle.hook(self._module, seen), seen, "full_backward_pre_hook")
        self._grad_output = seen
        if not self._inputs:  # nobody in front of the module wants a gradient, so this is the end
            for handle in list(self._hooks.backward):
                handle.hook(self._module, (None,) * self._num_inputs, seen)
        return [seen[i] for i in self._outputs]

    def input_gradients(self, gradients: Any) -> Any:
        """What leaves the module, of the gradients of its inputs."""
        seen = _spread(gradients, self._inputs, self._num_inputs)
        for handle in list(self._hooks.backward):
            seen = _checked(handle.hook(self._module, seen, self._grad_output), seen, "full_backward_hook")
        return [seen[i] for i in self._inputs]


def _differentiated(values: tuple[Any, ...]) -> list[int]:
    return [i for i, x in enumerate(values) if isinstance(x, ag.Value) and x.requires_grad]


def _replaced(values: tuple[Any, ...], places: list[int], passed: Any) -> tuple[Any, ...]:
    new = list(values)
    for i, x in zip(places, passed, strict=True):
        new[i] = x
    return tuple(new)


def _spread(gradients: Any, places: list[int], count: int) -> tuple[Any, ...]:
    """The gradients at their places, None elsewhere."""
    spread: list[Any] = [None] * count
    for i, gradient in zip(places, gradients, strict=True):
        if getattr(gradient, "is_batch", False):
            raise TypeError("a hook sees one gradient at a time")  # and so a Jacobian turns to single rows
        spread[i] = gradient
    return tuple(spread)


def _checked(replaced: Any, seen: tuple[Any, ...], kind: str) -> tuple[Any, ...]:
    """What a hook returned, as gradients."""
    if replaced is None:
        return seen
    new: tuple[Any, ...] = replaced if isinstance(replaced, tuple) else (replaced,)
    shapes, wanted = [tuple(getattr(g, "shape", None) for g in gs) for gs in (new, seen)]
    if shapes != wanted:
        raise ValueError(
            f"a {kind} returned gradients of shapes {shapes}, but they must be {wanted}. "
            "Return a tuple of arrays of those shapes, or None to keep the gradients."
        )
    return new


@ag.primitive
def _module_inputs(call: _Call, *inputs: Any) -> Any:
    """The inputs of a module, unchanged."""
    return inputs


@ag.primitive
def _module_outputs(call: _Call, *outputs: Any) -> Any:
    """The outputs of a module, unchanged."""
    return outputs


ag.defvjp_joint(_module_inputs, lambda g, out, call, *inputs: (None, *call.input_gradients(g)))
ag.defvjp_joint(_module_outputs, lambda g, out, call, *outputs: (None, *call.output_gradients(g)))
