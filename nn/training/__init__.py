"""The training loop: `fit`, `evaluate`, their callbacks and their history.

Batches come from `data`, updates from `optim`. A loop of your own is as good: the example of `fit` is one.
"""

from ..metrics import accuracy
from .callbacks import BestWeights, Callback, EarlyStopping, FitContext, ModelCheckpoint
from .fit import evaluate, fit
from .history import History

__all__ = [
    "BestWeights",
    "Callback",
    "EarlyStopping",
    "FitContext",
    "History",
    "ModelCheckpoint",
    "accuracy",
    "evaluate",
    "fit",
]
