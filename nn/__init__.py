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

from . import functional, init, optim, random
from .data import DataLoader
from .dtype import get_default_dtype, set_default_dtype
from .layers import (
    GELU,
    Dropout,
    Embedding,
    Identity,
    LayerNorm,
    Linear,
    ModuleDict,
    ModuleList,
    MultiheadAttention,
    Neuron,
    ParameterDict,
    ParameterList,
    ReLU,
    Residual,
    Sequential,
    Sigmoid,
    SiLU,
    Softmax,
    Tanh,
    TransformerEncoderLayer,
)
from .losses import BCEWithLogitsLoss, CrossEntropyLoss, MSELoss
from .module import Module
from .optim import SGD, Adam, AdamW
from .parameter import Buffer, Parameter
from .random import manual_seed
from .training import History, accuracy, evaluate, fit

__all__ = [
    "GELU",
    "SGD",
    "Adam",
    "AdamW",
    "BCEWithLogitsLoss",
    "Buffer",
    "CrossEntropyLoss",
    "DataLoader",
    "Dropout",
    "Embedding",
    "History",
    "Identity",
    "LayerNorm",
    "Linear",
    "MSELoss",
    "Module",
    "ModuleDict",
    "ModuleList",
    "MultiheadAttention",
    "Neuron",
    "Parameter",
    "ParameterDict",
    "ParameterList",
    "ReLU",
    "Residual",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Tanh",
    "TransformerEncoderLayer",
    "accuracy",
    "evaluate",
    "fit",
    "functional",
    "get_default_dtype",
    "init",
    "manual_seed",
    "optim",
    "random",
    "set_default_dtype",
]
