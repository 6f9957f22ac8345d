"""The CTC loss as a module; the formula is in `nn.functional`."""

from __future__ import annotations

from typing import Any

from .. import functional as F
from .loss import Loss


class CTCLoss(Loss):
    """Connectionist temporal classification, of a sequence of labels without their times: `nn.functional.ctc_loss`.

    Shapes: log_probs `(T, N, C)`, targets `(N, S)` or all labels in one row, lengths `(N,)`.

    Args:
        blank: the class that means no label.
        reduction: `"mean"` divides each loss by the length of its target and takes the mean; `"sum"` or `"none"`.
        zero_infinity: let a target that is too long for its sequence count 0.

    Example:
        >>> import numpy as np, nn
        >>> x = np.log(np.full((3, 1, 2), 0.5))
        >>> float(nn.CTCLoss()(x, np.array([[1]]), [3], [1]).round(4))
        0.2877
    """

    def __init__(self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False) -> None:
        super().__init__(reduction)
        self.blank = blank
        self.zero_infinity = zero_infinity

    def forward(self, log_probs: Any, targets: Any, input_lengths: Any, target_lengths: Any) -> Any:
        return F.ctc_loss(
            log_probs, targets, input_lengths, target_lengths, self.blank, self.reduction, self.zero_infinity
        )
