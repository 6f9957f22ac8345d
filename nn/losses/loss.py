"""The base of the losses as modules."""

from __future__ import annotations

from typing import ClassVar

from ..functional.loss.common import check_reduction
from ..module import Module


class Loss(Module):
    """A loss that is reduced to one number, or is not.

    Args:
        reduction: `"mean"`, `"sum"` or `"none"`.

    Raises:
        ValueError: another reduction.
    """

    reductions: ClassVar[tuple[str, ...]] = ()  # what there is besides

    def __init__(self, reduction: str = "mean") -> None:
        super().__init__()
        check_reduction(reduction, *self.reductions)
        self.reduction = reduction
