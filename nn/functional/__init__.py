"""The stateless forms of the layers: what a layer computes, given its weights.

import nn.functional as F
"""

from .activation import gelu, logsigmoid, mish, relu, sigmoid, silu, softplus, softsign, tanh, tanhshrink
from .attention import scaled_dot_product_attention
from .dropout import dropout
from .embedding import embedding, one_hot
from .exponential import celu, elu, selu
from .gated import glu
from .linear import bilinear, linear
from .loss import binary_cross_entropy_with_logits, cross_entropy, mse_loss
from .normalization import layer_norm
from .piecewise import (
    hardshrink,
    hardsigmoid,
    hardswish,
    hardtanh,
    leaky_relu,
    prelu,
    relu6,
    rrelu,
    softshrink,
    threshold,
)
from .recurrent import gru, lstm, rnn_relu, rnn_tanh
from .recurrent_cells import gru_cell, lstm_cell, rnn_relu_cell, rnn_tanh_cell
from .softmax import gumbel_softmax, log_softmax, softmax, softmin

__all__ = [
    "bilinear",
    "binary_cross_entropy_with_logits",
    "celu",
    "cross_entropy",
    "dropout",
    "elu",
    "embedding",
    "gelu",
    "glu",
    "gru",
    "gru_cell",
    "gumbel_softmax",
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "layer_norm",
    "leaky_relu",
    "linear",
    "log_softmax",
    "logsigmoid",
    "lstm",
    "lstm_cell",
    "mish",
    "mse_loss",
    "one_hot",
    "prelu",
    "relu",
    "relu6",
    "rnn_relu",
    "rnn_relu_cell",
    "rnn_tanh",
    "rnn_tanh_cell",
    "rrelu",
    "scaled_dot_product_attention",
    "selu",
    "sigmoid",
    "silu",
    "softmax",
    "softmin",
    "softplus",
    "softshrink",
    "softsign",
    "tanh",
    "tanhshrink",
    "threshold",
]
