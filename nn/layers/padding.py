"""Layers that put elements around signals and images."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, ClassVar

from .. import functional as F
from ..functional.windows import per_axis
from ..module import Module


class _Pad(Module):
    """What the paddings have in common."""

    sides: ClassVar[int]
    mode: ClassVar[str] = "constant"

    def __init__(self, padding: int | Sequence[int]) -> None:
        super().__init__()
        self.padding = per_axis("padding", padding, self.sides, -sys.maxsize)

    def forward(self, input: Any) -> Any:
        return F.pad(input, self.padding, self.mode)

    def extra_repr(self) -> str:
        return f"{self.padding}"

    def _label(self) -> str:
        return f"{type(self).__name__}({', '.join(map(str, self.padding))})"


class _ConstantPad(_Pad):
    """What the paddings with a constant have in common."""

    def __init__(self, padding: int | Sequence[int], value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Any) -> Any:
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class ZeroPad1d(_Pad):
    """Zeros on both sides of a signal.

    Shapes: `(*, length)` -> `(*, left + length + right)`.

    Args:
        padding: how many elements left and right, or one number for all; a negative number cuts off.

    Example:
        >>> import numpy as np, nn
        >>> nn.ZeroPad1d(1)(np.array([[1.0, 2.0, 3.0]]))
        array([[0., 1., 2., 3., 0.]])
    """

    sides = 2


class ZeroPad2d(_Pad):
    """Zeros around an image.

    Shapes: `(*, height, width)` -> `(*, top + height + bottom, left + width + right)`.

    Args:
        padding: how many elements left, right, top and bottom, or one number for all; a negative number cuts off.

    Example:
        >>> import numpy as np, nn
        >>> nn.ZeroPad2d((1, 1, 2, 0))(np.ones((8, 3, 4, 4))).shape
        (8, 3, 6, 6)
    """

    sides = 4


class ConstantPad1d(_ConstantPad):
    """A constant on both sides of a signal.

    Shapes: `(*, length)` -> `(*, left + length + right)`.

    Args:
        padding: how many elements left and right, or one number for all; a negative number cuts off.
        value: the constant.

    Example:
        >>> import numpy as np, nn
        >>> nn.ConstantPad1d(1, 9.0)(np.array([[1.0, 2.0, 3.0]]))
        array([[9., 1., 2., 3., 9.]])
    """

    sides = 2


class ConstantPad2d(_ConstantPad):
    """A constant around an image.

    Shapes: `(*, height, width)` -> `(*, top + height + bottom, left + width + right)`.

    Args:
        padding: how many elements left, right, top and bottom, or one number for all; a negative number cuts off.
        value: the constant.

    Example:
        >>> import numpy as np, nn
        >>> nn.ConstantPad2d((1, 1, 2, 0), 9.0)(np.ones((8, 3, 4, 4))).shape
        (8, 3, 6, 6)
    """

    sides = 4


class ReflectionPad1d(_Pad):
    """The input mirrored at its last element on both sides of a signal.

    Shapes: `(*, length)` -> `(*, left + length + right)`.

    Args:
        padding: how many elements left and right, or one number for all; a negative number cuts off.

    Raises:
        ValueError: at a call, the input is not longer than a side.

    Example:
        >>> import numpy as np, nn
        >>> nn.ReflectionPad1d(1)(np.array([[1.0, 2.0, 3.0]]))
        array([[2., 1., 2., 3., 2.]])
    """

    sides = 2
    mode = "reflect"


class ReflectionPad2d(_Pad):
    """The input mirrored at its last element around an image.

    Shapes: `(*, height, width)` -> `(*, top + height + bottom, left + width + right)`.

    Args:
        padding: how many elements left, right, top and bottom, or one number for all; a negative number cuts off.

    Raises:
        ValueError: at a call, the input is not longer than a side.

    Example:
        >>> import numpy as np, nn
        >>> nn.ReflectionPad2d((1, 1, 2, 0))(np.ones((8, 3, 4, 4))).shape
        (8, 3, 6, 6)
    """

    sides = 4
    mode = "reflect"


class ReplicationPad1d(_Pad):
    """The last element on both sides of a signal.

    Shapes: `(*, length)` -> `(*, left + length + right)`.

    Args:
        padding: how many elements left and right, or one number for all; a negative number cuts off.

    Raises:
        ValueError: at a call, the input is empty.

    Example:
        >>> import numpy as np, nn
        >>> nn.ReplicationPad1d(1)(np.array([[1.0, 2.0, 3.0]]))
        array([[1., 1., 2., 3., 3.]])
    """

    sides = 2
    mode = "replicate"


class ReplicationPad2d(_Pad):
    """The last element around an image.

    Shapes: `(*, height, width)` -> `(*, top + height + bottom, left + width + right)`.

    Args:
        padding: how many elements left, right, top and bottom, or one number for all; a negative number cuts off.

    Raises:
        ValueError: at a call, the input is empty.

    Example:
        >>> import numpy as np, nn
        >>> nn.ReplicationPad2d((1, 1, 2, 0))(np.ones((8, 3, 4, 4))).shape
        (8, 3, 6, 6)
    """

    sides = 4
    mode = "replicate"


class CircularPad1d(_Pad):
    """The other end of the input on both sides of a signal.

    Shapes: `(*, length)` -> `(*, left + length + right)`.

    Args:
        padding: how many elements left and right, or one number for all; a negative number cuts off.

    Raises:
        ValueError: at a call, the input is shorter than a side.

    Example:
        >>> import numpy as np, nn
        >>> nn.CircularPad1d(1)(np.array([[1.0, 2.0, 3.0]]))
        array([[3., 1., 2., 3., 1.]])
    """

    sides = 2
    mode = "circular"


class CircularPad2d(_Pad):
    """The other end of the input around an image.

    Shapes: `(*, height, width)` -> `(*, top + height + bottom, left + width + right)`.

    Args:
        padding: how many elements left, right, top and bottom, or one number for all; a negative number cuts off.

    Raises:
        ValueError: at a call, the input is shorter than a side.

    Example:
        >>> import numpy as np, nn
        >>> nn.CircularPad2d((1, 1, 2, 0))(np.ones((8, 3, 4, 4))).shape
        (8, 3, 6, 6)
    """

    sides = 4
    mode = "circular"
