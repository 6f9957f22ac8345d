"""The layers, one concept a file; all of them are exported by `nn`."""

from .activation import GELU, ReLU, Sigmoid, SiLU, Softmax, Tanh
from .attention import MultiheadAttention
from .container import ModuleList, ParameterList, Sequential
from .dictionary import ModuleDict, ParameterDict
from .dropout import Dropout
from .embedding import Embedding
from .identity import Identity
from .linear import Linear
from .neuron import Neuron
from .normalization import LayerNorm
from .residual import Residual
from .transformer import TransformerEncoderLayer

__all__ = [
    "GELU",
    "Dropout",
    "Embedding",
    "Identity",
    "LayerNorm",
    "Linear",
    "ModuleDict",
    "ModuleList",
    "MultiheadAttention",
    "Neuron",
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
]
