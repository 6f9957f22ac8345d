"""Modules of modules."""

from __future__ import annotations

from collections import OrderedDict

from .case import Function, Layer

FUNCTIONS: dict[str, Function] = {}

LAYERS: dict[str, Layer] = {
    "Sequential": Layer(lambda nn: nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)), ((2, 3),)),
    "Sequential named": Layer(
        lambda nn: nn.Sequential(OrderedDict(a=nn.Linear(3, 3), b=nn.Sequential(nn.ReLU(), nn.Linear(3, 1)))), ((2, 3),)
    ),
    "ModuleList": Layer(
        lambda nn: nn.ModuleList([nn.Linear(3, 3), nn.Linear(3, 3), nn.Sequential(nn.Tanh()), nn.Linear(3, 3)]),
        ((2, 3),),
        lambda module, x: module[2](module[-1](module[0](x))),
    ),
    "ModuleDict": Layer(
        lambda nn: nn.ModuleDict({"a": nn.Linear(3, 3), "b": nn.Sequential(nn.Tanh(), nn.Linear(3, 2))}),
        ((2, 3),),
        lambda module, x: module["b"](module["a"](x)),
    ),
    "Sequential joined": Layer(
        lambda nn: nn.Sequential(nn.Linear(3, 3)) + nn.Sequential(nn.Tanh(), nn.Linear(3, 2)), ((2, 3),)
    ),
    "Sequential repeated": Layer(lambda nn: nn.Sequential(nn.Linear(3, 3), nn.Tanh()) * 2, ((2, 3),)),
    "nested lists": Layer(
        lambda nn: nn.ModuleList([nn.ModuleList([nn.Linear(3, 3) for _ in range(2)]) for _ in range(2)]),
        ((2, 3),),
        lambda module, x: module[1][0](module[0][1](x)),
    ),
}
