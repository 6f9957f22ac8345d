"""Normalization."""

from __future__ import annotations

from .case import Function, Layer

FUNCTIONS: dict[str, Function] = {
    "layer_norm": Function(lambda F, x, w, b: F.layer_norm(x, (4,), w, b), ((2, 3, 4), (4,), (4,))),
    "layer_norm two axes": Function(lambda F, x, w, b: F.layer_norm(x, (3, 4), w, b), ((2, 3, 4), (3, 4), (3, 4))),
    "layer_norm plain": Function(lambda F, x: F.layer_norm(x, (4,), eps=0.1), ((2, 4),)),
    "layer_norm without bias": Function(lambda F, x, w: F.layer_norm(x, (4,), w), ((2, 4), (4,))),
}

LAYERS: dict[str, Layer] = {
    "LayerNorm": Layer(lambda nn: nn.LayerNorm(4), ((2, 4),)),
    "LayerNorm two axes": Layer(lambda nn: nn.LayerNorm((3, 4), eps=1e-3), ((2, 3, 4),)),
    "LayerNorm without bias": Layer(lambda nn: nn.LayerNorm(4, bias=False), ((2, 4),)),
    "LayerNorm plain": Layer(lambda nn: nn.LayerNorm(4, elementwise_affine=False), ((2, 4),)),
}
