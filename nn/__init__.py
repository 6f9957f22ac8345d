"""Neural networks on autograd_lite, with PyTorch's names, arguments, defaults and state dicts.

Example:
    >>> import numpy as np, nn
    >>> _ = nn.manual_seed(0)
    >>> model = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 1))
    >>> x = np.ones((8, 2), np.float32)
    >>> loss = nn.functional.mse_loss(model(x), np.zeros((8, 1), np.float32))
    >>> loss.backward()
    >>> model[0].weight.grad.shape
    (16, 2)
"""

from .dtype import get_default_dtype, set_default_dtype
from .module import Module
from .parameter import Parameter

__all__ = [
    "Module",
    "Parameter",
    "get_default_dtype",
    "set_default_dtype",
]
