"""Optimizers: `SGD`, `Adam`, `AdamW`, and the base to write others on."""

from .adam import Adam, AdamW
from .optimizer import Optimizer
from .sgd import SGD

__all__ = ["SGD", "Adam", "AdamW", "Optimizer"]
