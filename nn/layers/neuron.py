"""micrograd's neuron: scalar parameters, so that a drawing shows every single number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..module import Module
from ..parameter import Parameter
from ..random import default_generator


class Neuron(Module):
    """w1 x1 + w2 x2 + ... + b, then ReLU: one unit, computed number by number.

    For learning and drawing; for everything else there is `Linear`.

    Args:
        nin: how many inputs there are.
        nonlin: whether there is a ReLU.

    Attributes:
        w: the weights, a list of scalar Parameters, at first from U(-1, 1).
        b: the bias, a scalar Parameter, at first 0.

    Raises:
        ValueError: at a call, there are not `nin` inputs.

    Example:
        >>> import nn
        >>> from autograd_lite import Value
        >>> n = nn.Neuron(2)
        >>> x = [Value(1.0), Value(-2.0)]
        >>> y = n(x)
        >>> y.backward()
        >>> len(list(n.parameters()))
        3
    """

    def __init__(self, nin: int, nonlin: bool = True) -> None:
        super().__init__()
        self.nonlin = nonlin
        self.w = [Parameter(w) for w in default_generator.uniform(-1, 1, nin).tolist()]
        self.b = Parameter(0.0)

    def forward(self, x: Sequence[Any]) -> Any:
        if len(x) != len(self.w):
            raise ValueError(f"Neuron({len(self.w)}) needs {len(self.w)} inputs, got {len(x)}")
        act = sum((wi * xi for wi, xi in zip(self.w, x, strict=True)), self.b)
        return act.relu() if self.nonlin else act

    def extra_repr(self) -> str:
        return f"{len(self.w)}, nonlin={self.nonlin}"

    def _label(self) -> str:
        return f"{'ReLU' if self.nonlin else 'Linear'}Neuron({len(self.w)})"
