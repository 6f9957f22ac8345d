"""Pooling, and layers that change the shape or drop elements."""

from __future__ import annotations

import numpy as np

from .case import Function, Layer

TIES = np.array([[[1.0, 2.0, 2.0, 0.0, 2.0]]])
NAN = np.array([[1.0, np.nan, np.nan, np.nan, 3.0, 0.0, 2.0, np.nan]])
IMAGE = (1, 2, 4, 3)


FUNCTIONS: dict[str, Function] = {
    "max_pool1d": Function(lambda F, x: F.max_pool1d(x, 2), ((2, 2, 5),)),
    "max_pool1d without batch": Function(lambda F, x: F.max_pool1d(x, (3,), stride=1, padding=1), ((2, 4),)),
    "max_pool1d dilation": Function(lambda F, x: F.max_pool1d(x, 2, 1, 1, 3), ((1, 2, 5),)),
    "max_pool1d stride beyond the kernel": Function(lambda F, x: F.max_pool1d(x, 1, 3), ((1, 1, 5),)),
    "max_pool1d indices": Function(
        lambda F, x: F.max_pool1d(x, 3, 2, 1, return_indices=True, ceil_mode=True), ((1, 2, 6),)
    ),
    # a kink at equal elements
    "max_pool1d ties": Function(lambda F, x: F.max_pool1d(x, 3, 1, return_indices=True), (TIES,), order=0),
    "max_pool1d nan": Function(lambda F, x: F.max_pool1d(x, 2, return_indices=True), (NAN,), order=0),
    "max_pool2d": Function(lambda F, x: F.max_pool2d(x, 2), (IMAGE,)),
    "max_pool2d overlapping": Function(lambda F, x: F.max_pool2d(x, (3, 2), 1, (1, 0)), ((1, 1, 4, 4),)),
    "max_pool2d without batch": Function(lambda F, x: F.max_pool2d(x, 2, padding=1), ((2, 3, 3),)),
    "max_pool2d ceil": Function(lambda F, x: F.max_pool2d(x, 2, ceil_mode=True), ((1, 1, 5, 3),)),
    "max_pool2d ceil, not from the padding": Function(
        lambda F, x: F.max_pool2d(x, 3, 3, 1, ceil_mode=True), ((1, 1, 4, 5),)
    ),
    "max_pool2d indices": Function(
        lambda F, x: F.max_pool2d(x, (2, 3), (1, 2), (1, 1), (2, 1), return_indices=True), ((2, 1, 4, 4),)
    ),
    "avg_pool1d": Function(lambda F, x: F.avg_pool1d(x, 2), ((2, 2, 5),)),
    "avg_pool1d without batch": Function(lambda F, x: F.avg_pool1d(x, (3,), (2,), (1,), True, False), ((2, 6),)),
    "avg_pool1d ceil": Function(lambda F, x: F.avg_pool1d(x, 3, 2, 1, ceil_mode=True), ((1, 1, 6),)),
    "avg_pool2d": Function(lambda F, x: F.avg_pool2d(x, 2), (IMAGE,)),
    "avg_pool2d overlapping": Function(lambda F, x: F.avg_pool2d(x, (3, 2), 1, (1, 0)), ((1, 1, 4, 4),)),
    "avg_pool2d without padding": Function(
        lambda F, x: F.avg_pool2d(x, 3, 2, 1, ceil_mode=True, count_include_pad=False), ((1, 1, 4, 5),)
    ),
    "avg_pool2d ceil": Function(lambda F, x: F.avg_pool2d(x, 2, padding=1, ceil_mode=True), ((2, 4, 3),)),
    "avg_pool2d divisor": Function(lambda F, x: F.avg_pool2d(x, (2, 1), divisor_override=3), ((1, 1, 4, 3),)),
    "avg_pool2d stride beyond the kernel": Function(lambda F, x: F.avg_pool2d(x, 1, (3, 2)), ((1, 1, 5, 4),)),
    "adaptive_avg_pool1d": Function(lambda F, x: F.adaptive_avg_pool1d(x, 3), ((2, 2, 5),)),
    "adaptive_avg_pool1d more than there are": Function(lambda F, x: F.adaptive_avg_pool1d(x, (5,)), ((1, 3),)),
    "adaptive_avg_pool2d": Function(lambda F, x: F.adaptive_avg_pool2d(x, (3, 2)), ((1, 2, 4, 5),)),
    "adaptive_avg_pool2d one": Function(lambda F, x: F.adaptive_avg_pool2d(x, 1), ((2, 2, 3, 2),)),
    "adaptive_avg_pool2d none": Function(lambda F, x: F.adaptive_avg_pool2d(x, (None, 2)), ((1, 2, 5),)),
    "adaptive_max_pool1d": Function(lambda F, x: F.adaptive_max_pool1d(x, 3), ((2, 2, 5),)),
    "adaptive_max_pool1d indices": Function(lambda F, x: F.adaptive_max_pool1d(x, 4, return_indices=True), ((2, 3),)),
    "adaptive_max_pool1d ties": Function(lambda F, x: F.adaptive_max_pool1d(x, 2), (TIES,), order=0),
    "adaptive_max_pool2d": Function(lambda F, x: F.adaptive_max_pool2d(x, (3, 2)), ((1, 2, 4, 5),)),
    "adaptive_max_pool2d indices": Function(
        lambda F, x: F.adaptive_max_pool2d(x, (2, None), return_indices=True), ((1, 5, 3),)
    ),
    "dropout1d evaluated": Function(lambda F, x: F.dropout1d(x, 0.5, training=False), ((2, 3),)),
    "dropout1d of all": Function(lambda F, x: F.dropout1d(x, 1.0), ((1, 2, 3),)),
    "dropout2d evaluated": Function(lambda F, x: F.dropout2d(x, training=False), ((1, 2, 2, 2),)),
    "dropout2d of all": Function(lambda F, x: F.dropout2d(x, 1.0), ((1, 2, 2, 2),)),
    "alpha_dropout evaluated": Function(lambda F, x: F.alpha_dropout(x, 0.3), ((2, 3),)),
    "alpha_dropout of all": Function(lambda F, x: F.alpha_dropout(x, 1.0, True), ((2, 3),)),
    "feature_alpha_dropout evaluated": Function(lambda F, x: F.feature_alpha_dropout(x, 0.3), ((2, 3),)),
}

LAYERS: dict[str, Layer] = {
    "MaxPool1d": Layer(lambda nn: nn.MaxPool1d(2), ((1, 2, 5),)),
    "MaxPool1d all": Layer(lambda nn: nn.MaxPool1d(3, 1, 1, 2, True, True), ((2, 5),)),
    "MaxPool2d": Layer(lambda nn: nn.MaxPool2d(2), (IMAGE,)),
    "MaxPool2d all": Layer(
        lambda nn: nn.MaxPool2d((2, 3), (1, 2), (0, 1), 1, return_indices=True, ceil_mode=True), ((1, 1, 3, 4),)
    ),
    "AvgPool1d": Layer(lambda nn: nn.AvgPool1d(2), ((1, 2, 5),)),
    "AvgPool1d all": Layer(lambda nn: nn.AvgPool1d(3, 2, 1, True, False), ((2, 6),)),
    "AvgPool2d": Layer(lambda nn: nn.AvgPool2d(2), (IMAGE,)),
    "AvgPool2d all": Layer(lambda nn: nn.AvgPool2d((2, 3), 1, (1, 0), True, False, 5), ((1, 1, 3, 4),)),
    "AdaptiveAvgPool1d": Layer(lambda nn: nn.AdaptiveAvgPool1d(2), ((1, 2, 5),)),
    "AdaptiveAvgPool2d": Layer(lambda nn: nn.AdaptiveAvgPool2d((None, 2)), ((1, 2, 2, 3),)),
    "AdaptiveMaxPool1d": Layer(lambda nn: nn.AdaptiveMaxPool1d(2, True), ((1, 2, 5),)),
    "AdaptiveMaxPool2d": Layer(lambda nn: nn.AdaptiveMaxPool2d((1, 2)), ((2, 2, 3),)),
    "Dropout1d": Layer(lambda nn: nn.Dropout1d(0.2).eval(), ((2, 3),)),
    "Dropout2d": Layer(lambda nn: nn.Dropout2d(0.2, True).eval(), ((1, 2, 2, 2),)),
    "AlphaDropout": Layer(lambda nn: nn.AlphaDropout(0.2).eval(), ((2, 3),)),
    "FeatureAlphaDropout": Layer(lambda nn: nn.FeatureAlphaDropout().eval(), ((2, 3),)),
}
