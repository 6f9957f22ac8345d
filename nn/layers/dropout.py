"""Dropout as a module, which knows whether it is being trained."""

from __future__ import annotations

from typing import Any

from .. import functional as F
from ..module import Module


class _Dropout(Module):
    """What the dropouts have in common."""

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p = p
        self.inplace = inplace

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"

    def _label(self) -> str:
        return f"{type(self).__name__}({self.p})"


class Dropout(_Dropout):
    """While training, each element is 0 with probability `p`, else divided by 1 - p.

    Args:
        p: the probability of a zero.
        inplace: taken for the sake of PyTorch's programs; nothing is ever overwritten.

    Raises:
        ValueError: `p` is no probability.

    Example:
        >>> import numpy as np, nn
        >>> nn.Dropout(0.5).eval()(np.ones(3))
        array([1., 1., 1.])
    """

    def forward(self, input: Any) -> Any:
        return F.dropout(input, self.p, self.training)


class Dropout1d(_Dropout):
    """While training, each channel of a signal is 0 with probability `p`, else divided by 1 - p: `F.dropout1d`.

    Shapes: `(batch, channels, length)` or `(channels, length)` -> the same.

    Args:
        p: the probability that a channel is dropped.
        inplace: as of `Dropout`.

    Raises:
        ValueError: `p` is no probability; at a call, the input has another number of axes.

    Example:
        >>> import numpy as np, nn
        >>> _ = nn.manual_seed(1)
        >>> nn.Dropout1d(0.5)(np.ones((3, 2)))
        array([[0., 0.],
               [2., 2.],
               [2., 2.]])
    """

    def forward(self, input: Any) -> Any:
        return F.dropout1d(input, self.p, self.training)


class Dropout2d(_Dropout):
    """While training, each channel of an image is 0 with probability `p`, else divided by 1 - p: `F.dropout2d`.

    Shapes: `(batch, channels, height, width)` -> the same.

    Args:
        p: the probability that a channel is dropped.
        inplace: as of `Dropout`.

    Raises:
        ValueError: `p` is no probability; at a call, the input has less than two axes.

    Example:
        >>> import numpy as np, nn
        >>> _ = nn.manual_seed(1)
        >>> nn.Dropout2d(0.5)(np.ones((1, 3, 4, 4)))[:, :, 0, 0]
        array([[0., 2., 2.]])
    """

    def forward(self, input: Any) -> Any:
        return F.dropout2d(input, self.p, self.training)


class AlphaDropout(_Dropout):
    """Dropout that keeps mean 0 and variance 1, for networks with `SELU`: `F.alpha_dropout`.

    Args:
        p: the probability that an element is dropped.
        inplace: as of `Dropout`.

    Raises:
        ValueError: `p` is no probability.

    Example:
        >>> import numpy as np, nn
        >>> nn.AlphaDropout(0.5).eval()(np.ones(3))
        array([1., 1., 1.])
    """

    def forward(self, input: Any) -> Any:
        return F.alpha_dropout(input, self.p, self.training)


class FeatureAlphaDropout(_Dropout):
    """`AlphaDropout` of whole channels: `F.feature_alpha_dropout`.

    Shapes: `(batch, channels, *)` -> the same.

    Args:
        p: the probability that a channel is dropped.
        inplace: as of `Dropout`.

    Raises:
        ValueError: `p` is no probability; at a call, the input has less than two axes.

    Example:
        >>> import numpy as np, nn
        >>> nn.FeatureAlphaDropout(0.5).eval()(np.ones((1, 1, 3)))
        array([[[1., 1., 1.]]])
    """

    def forward(self, input: Any) -> Any:
        return F.feature_alpha_dropout(input, self.p, self.training)
