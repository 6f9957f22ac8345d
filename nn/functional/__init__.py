"""The stateless forms of the layers: what a layer computes, given its weights.

import nn.functional as F
"""

from .activation import gelu, log_softmax, relu, sigmoid, silu, softmax, tanh
from .attention import scaled_dot_product_attention
from .dropout import dropout
from .embedding import embedding
from .linear import linear
from .loss import binary_cross_entropy_with_logits, cross_entropy, mse_loss
from .normalization import layer_norm

__all__ = [
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "dropout",
    "embedding",
    "gelu",
    "layer_norm",
    "linear",
    "log_softmax",
    "mse_loss",
    "relu",
    "scaled_dot_product_attention",
    "sigmoid",
    "silu",
    "softmax",
    "tanh",
]
