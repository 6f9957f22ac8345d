"""Metrics on plain arrays, with scikit-learn's definitions, and how `fit` adds them up over the batches of an epoch.

Every metric is called as `metric(prediction, target)`. Over several batches, what it counts is added up and the number
is computed once, at the end: the F1 of an epoch is that of all its samples, not a mean of the F1 of batches. A metric
keeps a few sums, or a table of `(classes, classes)`, never the predictions; only `whole_epoch` does.
"""

from .classes import accuracy, confusion_matrix, f1, perplexity, precision, recall, top_k_accuracy
from .epoch import whole_epoch
from .numbers import mean_absolute_error, mean_squared_error, r2_score

__all__ = [
    "accuracy",
    "confusion_matrix",
    "f1",
    "mean_absolute_error",
    "mean_squared_error",
    "perplexity",
    "precision",
    "r2_score",
    "recall",
    "top_k_accuracy",
    "whole_epoch",
]
