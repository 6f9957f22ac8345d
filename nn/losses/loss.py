"""The base of the losses as modules."""

from __future__ import annotations

from ..module import Module


class Loss(Module):
    """A loss that is reduced to one number, or is not.

    Args:
        reduction: `"mean"`, `"sum"` or `"none"`.
    """

    def __init__(self, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = reduction
