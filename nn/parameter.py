"""`Parameter`, a Value that a module learns, and `Buffer`, an array that it keeps beside them."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

import autograd_lite as ag

from .dtype import get_default_dtype


class Parameter(ag.Value):
    """A Value that a `Module` counts among its parameters once it is assigned to an attribute.

    Args:
        data: a floating array, which keeps its dtype and is not copied; a number or a (nested) list, which
            becomes the default dtype (`nn.set_default_dtype`); a Value, of which only the data is taken;
            or None for an empty array.
        requires_grad: whether its gradient is wanted; without, it is frozen.

    Raises:
        TypeError: `data` is an array of anything but floating numbers although its gradient is wanted.

    Example:
        >>> import nn
        >>> nn.Parameter([1, 2, 3])
        Parameter([1., 2., 3.], dtype=float32)
    """

    __slots__ = ()

    is_parameter: ClassVar[bool] = True

    def __init__(self, data: Any = None, requires_grad: bool = True) -> None:
        if data is None:
            data = np.empty(0, get_default_dtype())
        elif isinstance(data, ag.Value):
            data = data.data
        super().__init__(data, requires_grad, dtype=None if hasattr(data, "dtype") else get_default_dtype())

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        copied = super().__deepcopy__(memo)
        copied.grad = None  # as in PyTorch: the first backward pass of a copied model starts from nothing
        return copied


class Buffer:
    """Says that an array is to be a buffer: assigned to an attribute of a Module, it is registered as one.

    Args:
        data: an array; the attribute will hold it as it is.
        persistent: whether `state_dict` includes it.

    Example:
        >>> import numpy as np, nn
        >>> class Scaled(nn.Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.scale = nn.Buffer(np.ones(3, np.float32))
        >>> Scaled().state_dict()
        {'scale': array([1., 1., 1.], dtype=float32)}
    """

    def __init__(self, data: Any, *, persistent: bool = True) -> None:
        self.data, self.persistent = data, persistent
