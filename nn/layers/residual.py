"""The residual connection."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..module import Module


class Residual(Module):
    """x + f(x): He et al., Deep residual learning for image recognition, 2015.

    Args:
        module: f, any module.
        projection: a module for the other way round, such as `nn.Linear(4, 8)`, when f changes the shape; then
            the output is projection(x) + f(x).

    Raises:
        TypeError: `module` or `projection` is no module.
        ValueError: at a call, the two do not have one shape: nothing is broadcast.

    Example:
        >>> import numpy as np, nn
        >>> block = nn.Residual(nn.Sequential(nn.Linear(4, 4), nn.Tanh()))
        >>> block(np.ones((2, 4), np.float32)).shape
        (2, 4)
    """

    projection: Module | None

    def __init__(self, module: Module, projection: Module | None = None) -> None:
        super().__init__()
        for name, held in (("module", module), ("projection", projection)):
            if not (isinstance(held, Module) or (held is None and name == "projection")):
                fix = f" Call it: {held.__name__}(...)." if isinstance(held, type) else ""
                raise TypeError(f"Residual: {name} must be a module, got {held!r}.{fix}")
        self.module = module
        self.projection = projection

    def forward(self, input: Any) -> Any:
        skipped = input if self.projection is None else self.projection(input)
        output = self.module(input)
        if np.shape(skipped) != np.shape(output):
            what = "the input" if self.projection is None else "its projection"
            raise ValueError(
                f"Residual adds {what} of shape {np.shape(skipped)} to an output of shape {np.shape(output)}, and they "
                f"must be equal. Pass projection=, such as nn.Linear({np.shape(input)[-1]}, {np.shape(output)[-1]})."
            )
        return skipped + output
