"""Losses."""

from __future__ import annotations

from typing import Any

import numpy as np

from .case import Function, Layer, like

PROBABILITIES = np.array([[0.2, 0.5, 0.3], [1.0, 0.0, 0.0]])
INNER = np.array([[0.2, 0.5, 0.9], [0.7, 0.1, 0.6]])
LOGARITHMS = np.log([[0.2, 0.5, 0.3], [0.6, 0.3, 0.1]])
SIGNS = np.array([[1.0, -1.0, 1.0], [-1.0, 1.0, -1.0]])
WEIGHT = np.array([[0.5, 2.0, 1.0], [3.0, 0.1, 0.7]])
CLASSES = np.array([[[0, 2], [1, 1]], [[2, 2], [0, 1]]])
SEQUENCE = np.linspace(0.1, 2.0, 18).reshape(3, 2, 3)
SAME = np.array([1.5, 1.0, 0.5, -1.0])  # one apart and half apart from 1, equal to it, and far

FUNCTIONS: dict[str, Function] = {
    "mse_loss": Function(lambda F, x, y: F.mse_loss(x, y), ((2, 3), (2, 3))),
    "mse_loss sum": Function(lambda F, x, y: F.mse_loss(x, y, reduction="sum"), ((2, 3), (2, 3))),
    "mse_loss none": Function(lambda F, x, y: F.mse_loss(x, y, reduction="none"), ((2, 3), (2, 3))),
    "bce": Function(
        lambda F, x: F.binary_cross_entropy_with_logits(x, like(x, [0.0, 1.0, 0.3])), (np.array([-2.0, 50.0, 0.0]),)
    ),
    "bce both": Function(
        lambda F, x, y: F.binary_cross_entropy_with_logits(x, y), ((4,), PROBABILITIES[0, [0, 1, 2, 0]])
    ),
    "bce weighted": Function(
        lambda F, x: F.binary_cross_entropy_with_logits(
            x,
            like(x, [[0.0, 1.0, 0.3], [1.0, 1.0, 0.0]]),
            weight=like(x, [1.0, 2.0, 0.5]),
            pos_weight=like(x, [3.0, 0.5, 2.0]),
            reduction="sum",
        ),
        ((2, 3),),
    ),
    "cross_entropy": Function(lambda F, x: F.cross_entropy(x, like(x, [2, 0])), ((2, 3),)),
    "cross_entropy none": Function(lambda F, x: F.cross_entropy(x, like(x, [2, 0]), reduction="none"), ((2, 3),)),
    "cross_entropy sum": Function(lambda F, x: F.cross_entropy(x, like(x, [2, 0]), reduction="sum"), ((2, 3),)),
    "cross_entropy one": Function(lambda F, x: F.cross_entropy(x, like(x, 2)), ((3,),)),
    "cross_entropy pixels": Function(
        lambda F, x: F.cross_entropy(x, like(x, [[[0, 2], [1, 1]], [[2, 2], [0, 1]]])), ((2, 3, 2, 2),)
    ),
    "cross_entropy ignored": Function(lambda F, x: F.cross_entropy(x, like(x, [2, -100, 1, 2])), ((4, 3),)),
    "cross_entropy all options": Function(
        lambda F, x: F.cross_entropy(
            x, like(x, [2, 0, 1, 2]), weight=like(x, [1.0, 2.0, 0.5]), ignore_index=0, label_smoothing=0.2
        ),
        ((4, 3),),
    ),
    "cross_entropy smoothed none": Function(
        lambda F, x: F.cross_entropy(
            x, like(x, [[2, 0], [1, 2]]), weight=like(x, [1.0, 2.0, 0.5]), reduction="none", label_smoothing=0.2
        ),
        ((2, 3, 2),),
    ),
    "cross_entropy weighted": Function(
        lambda F, x: F.cross_entropy(x, like(x, [2, 0]), like(x, [1.0, 2.0, 0.5])), ((2, 3),)
    ),
    "cross_entropy probabilities": Function(lambda F, x, y: F.cross_entropy(x, y), ((2, 3), PROBABILITIES)),
    "cross_entropy probabilities all options": Function(
        lambda F, x, y: F.cross_entropy(x, y, weight=like(x, [1.0, 2.0, 0.5]), label_smoothing=0.2),
        ((2, 3), PROBABILITIES),
    ),
    "cross_entropy probabilities none": Function(
        lambda F, x, y: F.cross_entropy(x, y, reduction="none"), ((2, 3), PROBABILITIES)
    ),
    "cross_entropy weight sum": Function(
        lambda F, x: F.cross_entropy(
            x, like(x, [2, 0]), like(x, [1.0, 2.0, 0.5]), reduction="sum", label_smoothing=0.3, ignore_index=0
        ),
        ((2, 3),),
    ),
    "cross_entropy smoothed one": Function(lambda F, x: F.cross_entropy(x, like(x, 1), label_smoothing=0.1), ((3,),)),
    # weighted regression
    "mse_loss weight": Function(lambda F, x, y, w: F.mse_loss(x, y, weight=w), ((2, 3), (2, 3), WEIGHT)),
    "mse_loss weight sum": Function(
        lambda F, x, y, w: F.mse_loss(x, y, reduction="sum", weight=w), ((2, 3), (2, 3), WEIGHT)
    ),
    "mse_loss weight none": Function(
        lambda F, x, y: F.mse_loss(x, y, reduction="none", weight=like(x, WEIGHT)), ((2, 3), (2, 3))
    ),
    "mse_loss of numbers": Function(lambda F, x, y: F.mse_loss(x, y), ((), ())),
    "l1_loss": Function(lambda F, x, y: F.l1_loss(x, y), ((2, 3), (2, 3))),
    "l1_loss weight": Function(lambda F, x, y, w: F.l1_loss(x, y, weight=w), ((2, 3), (2, 3), WEIGHT)),
    "l1_loss sum": Function(lambda F, x, y: F.l1_loss(x, y, reduction="sum"), ((2, 3), (2, 3))),
    "l1_loss where both are equal": Function(
        lambda F, x, y: F.l1_loss(x, y, reduction="none"), (SAME, np.ones(4)), order=0
    ),
    "huber_loss": Function(lambda F, x, y: F.huber_loss(x, y), ((3, 3), (3, 3))),
    "huber_loss delta": Function(lambda F, x, y: F.huber_loss(x, y, "sum", 0.3), ((3, 3), (3, 3))),
    "huber_loss weight": Function(lambda F, x, y, w: F.huber_loss(x, y, weight=w), ((2, 3), (2, 3), WEIGHT)),
    "huber_loss at its joints": Function(
        lambda F, x, y: F.huber_loss(x, y, reduction="none", delta=0.5), (SAME, np.ones(4)), order=1
    ),
    "smooth_l1_loss": Function(lambda F, x, y: F.smooth_l1_loss(x, y), ((3, 3), (3, 3))),
    "smooth_l1_loss beta": Function(lambda F, x, y: F.smooth_l1_loss(x, y, reduction="sum", beta=0.3), ((9,), (9,))),
    "smooth_l1_loss at its joints": Function(
        lambda F, x, y: F.smooth_l1_loss(x, y, reduction="none", beta=0.5), (SAME, np.ones(4)), order=1
    ),
    "smooth_l1_loss beta 0": Function(
        lambda F, x, y: F.smooth_l1_loss(x, y, reduction="none", beta=0.0), (SAME, np.ones(4)), order=0
    ),
    # likelihoods
    "poisson_nll_loss": Function(
        lambda F, x, y: F.poisson_nll_loss(x, y), ((2, 3), np.array([[0.0, 1.0, 3.0], [2.0, 7.0, 0.5]]))
    ),
    "poisson_nll_loss full": Function(
        lambda F, x, y: F.poisson_nll_loss(x, y, full=True, reduction="none"), ((3,), np.array([1.2, 0.6, 3.0]))
    ),
    "poisson_nll_loss full of 0 and 1": Function(
        lambda F, x: F.poisson_nll_loss(x, like(x, [0.0, 1.0, 2.0]), full=True, reduction="sum"), ((3,),)
    ),
    "poisson_nll_loss rate": Function(
        lambda F, x, y: F.poisson_nll_loss(x, y, log_input=False, eps=1e-3), (INNER, INNER * 5 + 1)
    ),
    "gaussian_nll_loss": Function(lambda F, x, y, v: F.gaussian_nll_loss(x, y, v), ((2, 3), (2, 3), WEIGHT)),
    "gaussian_nll_loss full": Function(
        lambda F, x, y, v: F.gaussian_nll_loss(x, y, v, full=True, reduction="none"), ((2, 3), (2, 3), WEIGHT[:, :1])
    ),
    "gaussian_nll_loss one variance a row": Function(
        lambda F, x, y, v: F.gaussian_nll_loss(x, y, v, reduction="sum"), ((2, 3), (2, 3), WEIGHT[:, 0])
    ),
    "gaussian_nll_loss one variance a column": Function(
        lambda F, x, y, v: F.gaussian_nll_loss(x, y, v), ((2, 3), (2, 3), WEIGHT[:1])
    ),
    "gaussian_nll_loss a number": Function(lambda F, x, y: F.gaussian_nll_loss(x, y, 2.5), ((2, 3), (2, 3))),
    "gaussian_nll_loss of small variances": Function(
        # the gradient is that of the least variance, and not that of a constant
        lambda F, x, y, v: F.gaussian_nll_loss(x, y, v, eps=0.25, reduction="none"),
        ((3,), (3,), np.array([0.0, 0.1, 1.0])),
        order=0,
    ),
    "kl_div": Function(lambda F, x, y: F.kl_div(x, y, reduction="batchmean"), (LOGARITHMS, INNER)),
    "kl_div sum": Function(lambda F, x: F.kl_div(x, like(x, PROBABILITIES), reduction="sum"), ((2, 3),)),
    "kl_div none": Function(lambda F, x, y: F.kl_div(x, y, reduction="none"), (LOGARITHMS, INNER)),
    "kl_div log_target": Function(
        lambda F, x, y: F.kl_div(x, y, reduction="batchmean", log_target=True), (LOGARITHMS, LOGARITHMS / 2)
    ),
    "kl_div of numbers": Function(
        lambda F, x, y: F.kl_div(x, y, reduction="batchmean"), (np.array(-0.3), np.array(0.4))
    ),
    # yes and no
    "binary_cross_entropy": Function(lambda F, x, y: F.binary_cross_entropy(x, y), (INNER, INNER * 0.9)),
    "binary_cross_entropy weight": Function(
        lambda F, x: F.binary_cross_entropy(
            x, like(x, PROBABILITIES), weight=like(x, [1.0, 2.0, 0.5]), reduction="none"
        ),
        (INNER,),
    ),
    "binary_cross_entropy at the ends": Function(
        lambda F, x: F.binary_cross_entropy(x, like(x, [0.0, 1.0, 0.0, 1.0, 0.5]), reduction="none"),
        (np.array([0.0, 0.0, 1.0, 1.0, 1e-60]),),
        order=0,
    ),
    "bce far": Function(
        lambda F, x: F.binary_cross_entropy_with_logits(x, like(x, [0.0, 1.0, 0.0, 1.0]), reduction="none"),
        (np.array([-1e4, -1e4, 1e4, 1e4]),),
        order=0,  # the differences are rounding
    ),
    "bce pos_weight both": Function(
        lambda F, x, y: F.binary_cross_entropy_with_logits(x, y, pos_weight=like(x, WEIGHT[0])), ((2, 3), INNER)
    ),
    # one class of several
    "nll_loss": Function(lambda F, x: F.nll_loss(x, like(x, [2, 0])), ((2, 3),)),
    "nll_loss one": Function(lambda F, x: F.nll_loss(x, like(x, 1)), ((3,),)),
    "nll_loss pixels": Function(lambda F, x: F.nll_loss(x, like(x, CLASSES), reduction="none"), ((2, 3, 2, 2),)),
    "nll_loss sum": Function(
        lambda F, x: F.nll_loss(x, like(x, [2, 0]), like(x, [1.0, 2.0, 0.5]), reduction="sum"), ((2, 3),)
    ),
    "nll_loss all options": Function(
        lambda F, x: F.nll_loss(x, like(x, [2, 0, 1, 2]), weight=like(x, [1.0, 2.0, 0.5]), ignore_index=0), ((4, 3),)
    ),
    "nll_loss ignored": Function(lambda F, x: F.nll_loss(x, like(x, [2, -100, 1, 2]), reduction="none"), ((4, 3),)),
    # margins
    "margin_ranking_loss": Function(
        lambda F, x, y: F.margin_ranking_loss(x, y, like(x, SIGNS), margin=0.4), ((2, 3), (2, 3))
    ),
    "margin_ranking_loss at its kink": Function(
        lambda F, x, y: F.margin_ranking_loss(x, y, like(x, [1.0, 1.0, -1.0]), 1.0, reduction="none"),
        (np.array([0.0, 2.0, 0.3]), np.array([0.0, 1.0, 1.3])),
        order=0,
    ),
    "margin_ranking_loss without a margin": Function(
        lambda F, x, y: F.margin_ranking_loss(x, y, like(x, [1.0, -1.0]), reduction="sum"), ((2,), (2,))
    ),
    "hinge_embedding_loss": Function(lambda F, x: F.hinge_embedding_loss(x, like(x, SIGNS)), ((2, 3),)),
    "hinge_embedding_loss at its kink": Function(
        lambda F, x: F.hinge_embedding_loss(x, like(x, [-1.0, -1.0, -1.0, 1.0, 0.0]), margin=0.5, reduction="none"),
        (np.array([0.5, 0.4, 0.6, -2.0, 0.3]),),
        order=0,
    ),
    "soft_margin_loss": Function(lambda F, x: F.soft_margin_loss(x, like(x, SIGNS)), ((2, 3),)),
    "soft_margin_loss none": Function(lambda F, x: F.soft_margin_loss(x, like(x, SIGNS), reduction="none"), ((2, 3),)),
    "multilabel_soft_margin_loss": Function(
        lambda F, x, y: F.multilabel_soft_margin_loss(x, y), ((2, 3), np.array([[1.0, 0.0, 1.0], [0.0, 0.0, 0.5]]))
    ),
    "multilabel_soft_margin_loss weight": Function(
        lambda F, x: F.multilabel_soft_margin_loss(
            x, like(x, np.eye(2, 3)), weight=like(x, [1.0, 2.0, 0.5]), reduction="none"
        ),
        ((2, 3),),
    ),
    "multilabel_soft_margin_loss no batch": Function(
        lambda F, x: F.multilabel_soft_margin_loss(x, like(x, [1.0, 0.0]), reduction="sum"), ((2,),)
    ),
    "multi_margin_loss": Function(lambda F, x: F.multi_margin_loss(x, like(x, [2, 0])), ((2, 3),)),
    "multi_margin_loss all options": Function(
        lambda F, x: F.multi_margin_loss(
            x, like(x, [2, 0]), p=2, margin=0.7, weight=like(x, [1.0, 2.0, 0.5]), reduction="sum"
        ),
        ((2, 3),),
    ),
    "multi_margin_loss weight": Function(
        lambda F, x: F.multi_margin_loss(x, like(x, [2, 0]), weight=like(x, [1.0, 2.0, 0.5])), ((2, 3),)
    ),
    "multi_margin_loss none": Function(
        lambda F, x: F.multi_margin_loss(x, like(x, [2, 0]), reduction="none"), ((2, 3),)
    ),
    "multi_margin_loss at its kink": Function(
        lambda F, x: F.multi_margin_loss(x, like(x, 0)), (np.array([1.0, 0.0, 0.2]),), order=0
    ),
    "multi_margin_loss one in brackets": Function(
        lambda F, x: F.multi_margin_loss(x, like(x, [1]), reduction="none"), ((3,),)
    ),
    "multilabel_margin_loss": Function(
        lambda F, x: F.multilabel_margin_loss(x, like(x, [[3, 0, -1, 1], [2, -1, 0, 0]])), ((2, 4),)
    ),
    "multilabel_margin_loss none": Function(
        lambda F, x: F.multilabel_margin_loss(x, like(x, [[0, 1, 2], [-1, 1, 2]]), reduction="none"), ((2, 3),)
    ),
    "multilabel_margin_loss of each": Function(
        lambda F, x: F.multilabel_margin_loss(x, like(x, [[3, 0, -1, 1], [2, -1, 0, 0]]), reduction="none"), ((2, 4),)
    ),
    "multilabel_margin_loss no batch": Function(
        lambda F, x: F.multilabel_margin_loss(x, like(x, [1, -1, -1]), reduction="sum"), ((3,),)
    ),
    # embeddings
    "cosine_embedding_loss": Function(
        lambda F, x, y: F.cosine_embedding_loss(x, y, like(x, [1, -1, -1]), margin=0.2), ((3, 2), (3, 2))
    ),
    "cosine_embedding_loss none": Function(
        lambda F, x, y: F.cosine_embedding_loss(x, y, like(x, [1.0, -1.0, 0.5]), reduction="none"), ((3, 2), (3, 2))
    ),
    "cosine_embedding_loss no batch": Function(
        lambda F, x, y: F.cosine_embedding_loss(x, y, like(x, -1), reduction="sum"), ((3,), (3,))
    ),
    "cosine_embedding_loss at its kink": Function(
        lambda F, x, y: F.cosine_embedding_loss(x, y, like(x, [-1, 1]), reduction="none"),
        (np.array([[1.0, 0.0], [0.0, 0.0]]), np.array([[0.0, 1.0], [1.0, 2.0]])),
        order=0,
    ),
    "triplet_margin_loss": Function(lambda F, a, p, n: F.triplet_margin_loss(a, p, n), ((3, 2), (3, 2), (3, 2))),
    "triplet_margin_loss all options": Function(
        lambda F, a, p, n: F.triplet_margin_loss(a, p, n, margin=2, p=3, eps=0.01, swap=True, reduction="none"),
        ((3, 2), (3, 2), (3, 2)),
    ),
    "triplet_margin_loss no batch": Function(
        lambda F, a, p, n: F.triplet_margin_loss(a, p, n, reduction="sum"), ((3,), (3,), (3,))
    ),
    "triplet_margin_with_distance_loss": Function(
        lambda F, a, p, n: F.triplet_margin_with_distance_loss(a, p, n), ((3, 2), (3, 2), (3, 2))
    ),
    "triplet_margin_with_distance_loss all options": Function(
        lambda F, a, p, n: F.triplet_margin_with_distance_loss(
            a, p, n, distance_function=lambda x, y: ((x - y) ** 2).sum(-1), margin=0.5, swap=True, reduction="none"
        ),
        ((3, 2), (3, 2), (3, 2)),
    ),
    # sequences without times: PyTorch's gradient is right behind a log_softmax only
    "ctc_loss": Function(
        lambda F, x: F.ctc_loss(F.log_softmax(x, -1), like(x, [[1, 2], [1, 1]]), like(x, [4, 3]), like(x, [2, 2])),
        ((4, 2, 3),),
    ),
    "ctc_loss none": Function(
        lambda F, x: F.ctc_loss(
            F.log_softmax(x, -1),
            like(x, [[1, 0, 1], [0, 0, 1]]),
            like(x, [4, 2]),
            like(x, [3, 1]),
            blank=2,
            reduction="none",
        ),
        ((4, 2, 3),),
    ),
    "ctc_loss in one row": Function(
        lambda F, x: F.ctc_loss(F.log_softmax(x, -1), like(x, [1, 2, 2]), (3, 3), (1, 2), reduction="sum"),
        ((3, 2, 3),),
    ),
    "ctc_loss of nothing": Function(
        lambda F, x: F.ctc_loss(
            F.log_softmax(x, -1), like(x, [[1, 2], [2, 1]]), like(x, [2, 0]), like(x, [0, 0]), reduction="none"
        ),
        ((2, 2, 3),),
    ),
    "ctc_loss too short": Function(
        lambda F, x: F.ctc_loss(
            F.log_softmax(x, -1), like(x, [[1, 1], [1, 2]]), like(x, [2, 2]), like(x, [2, 2]), zero_infinity=True
        ),
        ((3, 2, 3),),
    ),
    "ctc_loss one": Function(
        lambda F, x: F.ctc_loss(F.log_softmax(x, -1), like(x, [1, 2]), like(x, 3), like(x, 2)), ((3, 3),)
    ),
    "ctc_loss far": Function(
        lambda F, x: F.ctc_loss(F.log_softmax(x * 1000, -1), like(x, [[1, 2]]), (4,), (2,)), ((4, 1, 3),), order=0
    ),
}


def weight(nn: Any, numbers: list[float]) -> Any:
    """A weight for one of the two libraries."""
    return np.array(numbers) if hasattr(nn, "fit") else nn.init.torch.tensor(numbers)


LAYERS: dict[str, Layer] = {
    "MSELoss": Layer(lambda nn: nn.MSELoss(), ((2, 3), (2, 3))),
    "MSELoss sum": Layer(lambda nn: nn.MSELoss(reduction="sum"), ((2, 3), (2, 3))),
    "L1Loss": Layer(lambda nn: nn.L1Loss(reduction="none"), ((2, 3), (2, 3))),
    "SmoothL1Loss": Layer(lambda nn: nn.SmoothL1Loss(), ((2, 3), (2, 3))),
    "SmoothL1Loss beta": Layer(lambda nn: nn.SmoothL1Loss(reduction="sum", beta=0.4), ((2, 3), (2, 3))),
    "HuberLoss": Layer(lambda nn: nn.HuberLoss(), ((2, 3), (2, 3))),
    "HuberLoss delta": Layer(lambda nn: nn.HuberLoss("none", 0.4), ((2, 3), (2, 3))),
    "CrossEntropyLoss": Layer(lambda nn: nn.CrossEntropyLoss(label_smoothing=0.1), ((2, 3), np.array([2, 0]))),
    "CrossEntropyLoss weight": Layer(
        lambda nn: nn.CrossEntropyLoss(weight(nn, [1.0, 2.0, 0.5]), ignore_index=1, reduction="sum"),
        ((3, 3), np.array([2, 0, 1])),
    ),
    "NLLLoss": Layer(lambda nn: nn.NLLLoss(), ((2, 3), np.array([2, 0]))),
    "NLLLoss weight": Layer(
        lambda nn: nn.NLLLoss(weight=weight(nn, [1.0, 2.0, 0.5]), ignore_index=1, reduction="none"),
        ((3, 3), np.array([2, 0, 1])),
    ),
    "PoissonNLLLoss": Layer(lambda nn: nn.PoissonNLLLoss(), ((2, 3), INNER)),
    "PoissonNLLLoss all options": Layer(
        lambda nn: nn.PoissonNLLLoss(log_input=False, full=True, eps=1e-3, reduction="sum"), (INNER, INNER * 3 + 0.01)
    ),
    "GaussianNLLLoss": Layer(lambda nn: nn.GaussianNLLLoss(), ((2, 3), (2, 3), WEIGHT)),
    "GaussianNLLLoss all options": Layer(
        lambda nn: nn.GaussianNLLLoss(full=True, eps=1e-3, reduction="sum"), ((2, 3), (2, 3), WEIGHT)
    ),
    "KLDivLoss": Layer(lambda nn: nn.KLDivLoss(reduction="batchmean"), (LOGARITHMS, INNER)),
    "KLDivLoss log_target": Layer(lambda nn: nn.KLDivLoss(reduction="sum", log_target=True), (LOGARITHMS, (2, 3))),
    "BCELoss": Layer(lambda nn: nn.BCELoss(), (INNER, INNER * 0.9)),
    "BCELoss weight": Layer(lambda nn: nn.BCELoss(weight(nn, [1.0, 2.0, 0.5]), reduction="sum"), (INNER, INNER * 0.9)),
    "BCEWithLogitsLoss": Layer(lambda nn: nn.BCEWithLogitsLoss(reduction="sum"), ((2, 3), np.eye(2, 3))),
    "BCEWithLogitsLoss weights": Layer(
        lambda nn: nn.BCEWithLogitsLoss(weight(nn, [1.0, 2.0, 0.5]), pos_weight=weight(nn, [3.0, 1.0, 2.0])),
        ((2, 3), np.eye(2, 3)),
    ),
    "MarginRankingLoss": Layer(lambda nn: nn.MarginRankingLoss(0.5), ((2, 3), (2, 3), SIGNS.astype(int))),
    "MarginRankingLoss sum": Layer(
        lambda nn: nn.MarginRankingLoss(margin=3, reduction="sum"), ((2, 3), (2, 3), SIGNS.astype(int))
    ),
    "HingeEmbeddingLoss": Layer(lambda nn: nn.HingeEmbeddingLoss(), ((2, 3), SIGNS.astype(int))),
    "HingeEmbeddingLoss margin": Layer(
        lambda nn: nn.HingeEmbeddingLoss(margin=2, reduction="sum"), ((2, 3), SIGNS.astype(int))
    ),
    "SoftMarginLoss": Layer(lambda nn: nn.SoftMarginLoss(reduction="sum"), ((2, 3), SIGNS.astype(int))),
    "MultiLabelSoftMarginLoss": Layer(lambda nn: nn.MultiLabelSoftMarginLoss(), ((2, 3), np.eye(2, 3))),
    "MultiLabelSoftMarginLoss weight": Layer(
        lambda nn: nn.MultiLabelSoftMarginLoss(weight(nn, [1.0, 2.0, 0.5]), reduction="sum"), ((2, 3), np.eye(2, 3))
    ),
    "MultiMarginLoss": Layer(lambda nn: nn.MultiMarginLoss(), ((2, 3), np.array([2, 0]))),
    "MultiMarginLoss all options": Layer(
        lambda nn: nn.MultiMarginLoss(p=2, margin=2, weight=weight(nn, [1.0, 2.0, 0.5]), reduction="none"),
        ((2, 3), np.array([2, 0])),
    ),
    "MultiLabelMarginLoss": Layer(
        lambda nn: nn.MultiLabelMarginLoss(reduction="sum"), ((2, 3), np.array([[1, -1, 0], [2, 0, -1]]))
    ),
    "CosineEmbeddingLoss": Layer(lambda nn: nn.CosineEmbeddingLoss(), ((3, 2), (3, 2), np.array([1, -1, -1]))),
    "CosineEmbeddingLoss margin": Layer(
        lambda nn: nn.CosineEmbeddingLoss(margin=-0.9, reduction="sum"), ((3, 2), (3, 2), np.array([1, -1, -1]))
    ),
    "TripletMarginLoss": Layer(lambda nn: nn.TripletMarginLoss(), ((3, 2), (3, 2), (3, 2))),
    "TripletMarginLoss all options": Layer(
        lambda nn: nn.TripletMarginLoss(margin=3, p=1.5, eps=0.1, swap=True, reduction="sum"), ((3, 2), (3, 2), (3, 2))
    ),
    "TripletMarginWithDistanceLoss": Layer(lambda nn: nn.TripletMarginWithDistanceLoss(), ((3, 2), (3, 2), (3, 2))),
    "TripletMarginWithDistanceLoss all options": Layer(
        lambda nn: nn.TripletMarginWithDistanceLoss(
            distance_function=nn.PairwiseDistance(1), margin=3, swap=True, reduction="none"
        ),
        ((3, 2), (3, 2), (3, 2)),
    ),
    "CTCLoss": Layer(
        lambda nn: nn.CTCLoss(),
        (-SEQUENCE,),
        lambda module, x: (
            x.sum() * module(like(x, x.data), like(x, [[1, 2], [2, 0]]), like(x, [3, 3]), like(x, [2, 1]))
        ),
        order=0,
    ),
    "CTCLoss all options": Layer(
        lambda nn: nn.CTCLoss(blank=2, reduction="none", zero_infinity=True),
        (-SEQUENCE,),
        lambda module, x: (
            x.sum() * module(like(x, x.data), like(x, [[1, 0], [1, 1]]), like(x, [3, 2]), like(x, [2, 2]))
        ),
        order=0,
    ),
}
