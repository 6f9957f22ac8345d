"""The module that does nothing."""

from __future__ import annotations

from typing import Any

from ..module import Module


class Identity(Module):
    """x: a place that can be filled later, or a layer taken out.

    Args:
        *args: anything, ignored, so that any layer can be replaced by this one.
        **kwargs: anything, ignored.

    Example:
        >>> import nn
        >>> nn.Identity(54, unused=True)(3.0)
        3.0
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Any) -> Any:
        return input
