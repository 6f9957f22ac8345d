"""Distances, similarities and norms of vectors."""

from __future__ import annotations

import numpy as np

from .case import Function, Layer

POINTS = np.array([[1.0, 0.0], [0.0, 0.0], [0.5, -2.0]])
OTHERS = np.array([[0.0, 1.0], [0.0, 0.0], [1.0, 2.0]])
INFINITY = float("inf")

FUNCTIONS: dict[str, Function] = {
    "cosine_similarity": Function(lambda F, x, y: F.cosine_similarity(x, y), ((2, 3), (2, 3))),
    "cosine_similarity dim": Function(lambda F, x, y: F.cosine_similarity(x, y, dim=0), ((2, 3), (2, 3))),
    "cosine_similarity last": Function(lambda F, x, y: F.cosine_similarity(x, y, -1), ((2, 1, 3), (2, 3))),
    "cosine_similarity broadcast along": Function(lambda F, x, y: F.cosine_similarity(x, y), ((2, 1), (2, 3))),
    # below eps the gradient is not the derivative, as in PyTorch
    "cosine_similarity eps": Function(lambda F, x, y: F.cosine_similarity(x, y, eps=1.5), (POINTS, OTHERS), order=0),
    "cosine_similarity of 0": Function(lambda F, x, y: F.cosine_similarity(x, y), (POINTS, OTHERS), order=0),
    "pairwise_distance": Function(lambda F, x, y: F.pairwise_distance(x, y), ((2, 3), (2, 3))),
    "pairwise_distance 1": Function(lambda F, x, y: F.pairwise_distance(x, y, p=1), ((2, 3), (2, 3))),
    "pairwise_distance 3": Function(lambda F, x, y: F.pairwise_distance(x, y, 3, eps=0.1), ((2, 3), (2, 3))),
    "pairwise_distance maximum": Function(lambda F, x, y: F.pairwise_distance(x, y, INFINITY), ((2, 3), (2, 3))),
    "pairwise_distance keepdim": Function(lambda F, x, y: F.pairwise_distance(x, y, keepdim=True), ((2, 3), (2, 3))),
    "pairwise_distance broadcast": Function(lambda F, x, y: F.pairwise_distance(x, y), ((2, 3), (3,))),
    "pairwise_distance of 0": Function(lambda F, x, y: F.pairwise_distance(x, y, eps=0), (POINTS, OTHERS), order=0),
    "normalize": Function(lambda F, x: F.normalize(x), ((2, 3),)),
    "normalize dim": Function(lambda F, x: F.normalize(x, p=3, dim=0), ((2, 3),)),
    "normalize L1": Function(lambda F, x: F.normalize(x, 1, -1), ((2, 3),)),
    "normalize matrices": Function(lambda F, x: F.normalize(x, dim=(1, 2)), ((2, 3, 2),)),
    "normalize eps": Function(lambda F, x: F.normalize(x, eps=3.0), ((2, 3),)),
    "normalize 0": Function(lambda F, x: F.normalize(x, eps=0.1), (POINTS,), order=0),
}

LAYERS: dict[str, Layer] = {
    "CosineSimilarity": Layer(lambda nn: nn.CosineSimilarity(), ((2, 3), (2, 3))),
    "CosineSimilarity dim": Layer(lambda nn: nn.CosineSimilarity(dim=0, eps=1e-3), ((2, 3), (2, 3))),
    "PairwiseDistance": Layer(lambda nn: nn.PairwiseDistance(), ((2, 3), (2, 3))),
    "PairwiseDistance all options": Layer(lambda nn: nn.PairwiseDistance(p=1, eps=0.1, keepdim=True), ((2, 3), (2, 3))),
}
