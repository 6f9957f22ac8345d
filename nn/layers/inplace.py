"""The base of activations whose only argument is `inplace`."""

from __future__ import annotations

import numpy as np

from ..module import Module


class InPlace(Module):
    """An activation that PyTorch can compute in the memory of its input, which is never done here.

    Args:
        inplace: taken for the sake of PyTorch's programs; nothing is ever overwritten.
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        if np.ndim(inplace):
            raise TypeError(
                f"{type(self).__name__} is a layer and must be made first. Write nn.{type(self).__name__}()(x)."
            )
        self.inplace = inplace

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""
