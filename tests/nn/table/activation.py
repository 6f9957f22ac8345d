"""Activations."""

from __future__ import annotations

import numpy as np

from .case import Function, Layer, like

EDGES = np.array([-3.0, -1.0, -1e-3, 0.0, 1e-3, 1.0, 3.0])
FAR = np.array([-1e4, -800.0, -40.0, 40.0, 800.0, 1e4])
AWAY = np.array([-7.0, -3.5, -2.5, -1.2, -0.7, -0.3, 0.2, 0.6, 1.3, 2.7, 3.4, 7.0])  # from all kinks
NO_FAR_DIFFERENCES = 0  # the differences of a step of 1e-5 around 1e4 are rounding

FUNCTIONS: dict[str, Function] = {
    "relu": Function(lambda F, x: F.relu(x), ((2, 5),)),
    "relu at its kink": Function(lambda F, x: F.relu(x), (EDGES,), order=0),
    "sigmoid": Function(lambda F, x: F.sigmoid(x), ((2, 5),)),
    "sigmoid far": Function(lambda F, x: F.sigmoid(x), (np.array([-800.0, -40.0, 40.0, 800.0]),)),
    "tanh": Function(lambda F, x: F.tanh(x), ((2, 5),)),
    "silu": Function(lambda F, x: F.silu(x), (EDGES,)),
    "silu far": Function(lambda F, x: F.silu(x), (FAR,), order=NO_FAR_DIFFERENCES),
    "gelu": Function(lambda F, x: F.gelu(x), (EDGES,)),
    "gelu far": Function(lambda F, x: F.gelu(x), (np.array([-50.0, -9.0, 9.0, 50.0]),)),
    "gelu tanh": Function(lambda F, x: F.gelu(x, approximate="tanh"), (EDGES,)),
    "mish": Function(lambda F, x: F.mish(x), (EDGES,)),
    "mish far": Function(lambda F, x: F.mish(x), (FAR,), order=NO_FAR_DIFFERENCES),
    "softplus": Function(lambda F, x: F.softplus(x), (EDGES,)),
    "softplus far": Function(lambda F, x: F.softplus(x), (FAR,), order=NO_FAR_DIFFERENCES),
    "softplus beta": Function(lambda F, x: F.softplus(x, beta=3), (EDGES,)),
    "softplus at its threshold": Function(
        lambda F, x: F.softplus(x, 2, 3), (np.array([1.4999, 1.5, 1.5001, -4.0]),), order=0
    ),
    "logsigmoid": Function(lambda F, x: F.logsigmoid(x), (EDGES,)),
    "logsigmoid far": Function(lambda F, x: F.logsigmoid(x), (FAR,), order=NO_FAR_DIFFERENCES),
    "softsign": Function(lambda F, x: F.softsign(x), (AWAY,)),
    "softsign at 0": Function(lambda F, x: F.softsign(x), (EDGES,), order=1),  # the second derivative jumps
    "softsign far": Function(lambda F, x: F.softsign(x), (FAR,), order=NO_FAR_DIFFERENCES),
    "tanhshrink": Function(lambda F, x: F.tanhshrink(x), (EDGES,)),
    "tanhshrink far": Function(lambda F, x: F.tanhshrink(x), (FAR,), order=NO_FAR_DIFFERENCES),
    "glu": Function(lambda F, x: F.glu(x), ((2, 3, 4),)),
    "glu dim 0": Function(lambda F, x: F.glu(x, 0), ((4, 3),)),
    "glu dim 1": Function(lambda F, x: F.glu(x, dim=-2), ((2, 2, 3),)),
    "hardtanh": Function(lambda F, x: F.hardtanh(x), (AWAY,)),
    "hardtanh at its kinks": Function(lambda F, x: F.hardtanh(x), (EDGES,), order=0),
    "hardtanh bounds": Function(lambda F, x: F.hardtanh(x, min_val=-2, max_val=0.5), (AWAY,)),
    "hardtanh of no width": Function(lambda F, x: F.hardtanh(x, 1.0, 1.0), (AWAY,)),
    "relu6": Function(lambda F, x: F.relu6(x), (AWAY,)),
    "relu6 at its kinks": Function(lambda F, x: F.relu6(x), (np.array([0.0, 6.0, 5.0]),), order=0),
    # PyTorch rounds the derivative of 1/6 to float32, so here are the values, and in test_activation the derivative
    "hardsigmoid": Function(lambda F, x: x * F.hardsigmoid(like(x, x.data)), (AWAY,), order=0),
    "hardsigmoid at its kinks": Function(lambda F, x: x * F.hardsigmoid(like(x, x.data)), (EDGES,), order=0),
    "hardswish": Function(lambda F, x: F.hardswish(x), (AWAY,)),
    "hardswish at its kinks": Function(lambda F, x: F.hardswish(x), (EDGES,), order=0),
    "hardswish far": Function(lambda F, x: F.hardswish(x), (FAR,), order=NO_FAR_DIFFERENCES),
    "hardshrink": Function(lambda F, x: F.hardshrink(x), (AWAY,)),
    "hardshrink at its kinks": Function(lambda F, x: F.hardshrink(x, lambd=1), (EDGES,), order=0),
    "softshrink": Function(lambda F, x: F.softshrink(x), (AWAY,)),
    "softshrink at its kinks": Function(lambda F, x: F.softshrink(x, lambd=1), (EDGES,), order=0),
    "softshrink by nothing": Function(lambda F, x: F.softshrink(x, 0), (AWAY,)),
    "threshold": Function(lambda F, x: F.threshold(x, 0.5, -2), (AWAY,)),
    "threshold at its jump": Function(lambda F, x: F.threshold(x, 1.0, 0.0), (EDGES,), order=0),
    "leaky_relu": Function(lambda F, x: F.leaky_relu(x), (AWAY,)),
    "leaky_relu at its kink": Function(lambda F, x: F.leaky_relu(x, negative_slope=0.3), (EDGES,), order=0),
    "leaky_relu steep": Function(lambda F, x: F.leaky_relu(x, 2), (AWAY,)),
    "leaky_relu rising": Function(lambda F, x: F.leaky_relu(x, -0.5), (AWAY,)),
    "prelu": Function(lambda F, x, w: F.prelu(x, w), ((2, 3, 2), (3,))),
    "prelu one slope": Function(lambda F, x, w: F.prelu(x, w), ((2, 3), (1,))),
    "prelu a number": Function(lambda F, x, w: F.prelu(x, w), ((2, 3), ())),
    "prelu no batch": Function(lambda F, x, w: F.prelu(x, w), ((4,), (1,))),
    "prelu of a number": Function(lambda F, x, w: F.prelu(x, w), (np.array(-2.0), (1,))),
    "prelu at its kink": Function(lambda F, x, w: F.prelu(x, w), (EDGES, np.array([0.25])), order=0),
    "rrelu": Function(lambda F, x: F.rrelu(x, 0.2, 0.4), (AWAY,)),
    "rrelu of one slope": Function(lambda F, x: F.rrelu(x, 0.3, 0.3, training=True), (AWAY,)),
    "rrelu at its kink": Function(lambda F, x: F.rrelu(x, 0.3, 0.3, training=True), (EDGES,), order=0),
    "elu": Function(lambda F, x: F.elu(x), (AWAY,)),
    "elu at 0": Function(lambda F, x: F.elu(x), (EDGES,), order=1),  # the second derivative jumps
    "elu alpha": Function(lambda F, x: F.elu(x, alpha=0.3), (AWAY,)),
    "elu alpha at its kink": Function(lambda F, x: F.elu(x, alpha=-1.5), (EDGES,), order=0),
    "elu far": Function(lambda F, x: F.elu(x), (FAR,), order=NO_FAR_DIFFERENCES),
    "selu": Function(lambda F, x: F.selu(x), (AWAY,)),
    "selu at its kink": Function(lambda F, x: F.selu(x), (EDGES,), order=0),
    "celu": Function(lambda F, x: F.celu(x, alpha=2), (AWAY,)),
    "celu negative": Function(lambda F, x: F.celu(x, -2.0), (AWAY,)),
    "celu at 0": Function(lambda F, x: F.celu(x, 0.5), (EDGES,), order=1),
    "softmax": Function(lambda F, x: F.softmax(x, dim=-1), ((2, 3, 4),)),
    "softmax dim 1": Function(lambda F, x: F.softmax(x, dim=1), ((2, 3, 4),)),
    "softmax far": Function(lambda F, x: F.softmax(x, dim=0), (FAR,), order=NO_FAR_DIFFERENCES),
    "softmin": Function(lambda F, x: F.softmin(x, dim=0), ((3, 4),)),
    "log_softmax": Function(lambda F, x: F.log_softmax(x, dim=1), ((2, 3, 4),)),
    "log_softmax far": Function(lambda F, x: F.log_softmax(x, dim=0), (FAR,), order=NO_FAR_DIFFERENCES),
}


LAYERS: dict[str, Layer] = {
    "ReLU": Layer(lambda nn: nn.ReLU(), ((2, 3),)),
    "ReLU inplace": Layer(lambda nn: nn.ReLU(inplace=True), ((2, 3),), lambda module, x: module(x * 1)),
    "Sigmoid": Layer(lambda nn: nn.Sigmoid(), ((2, 3),)),
    "Tanh": Layer(lambda nn: nn.Tanh(), ((2, 3),)),
    "GELU": Layer(lambda nn: nn.GELU(), ((2, 3),)),
    "GELU tanh": Layer(lambda nn: nn.GELU("tanh"), ((2, 3),)),
    "SiLU": Layer(lambda nn: nn.SiLU(), ((2, 3),)),
    "SiLU inplace": Layer(lambda nn: nn.SiLU(inplace=True), ((2, 3),), lambda module, x: module(x * 1)),
    "Mish": Layer(lambda nn: nn.Mish(), ((2, 3),)),
    "Mish inplace": Layer(lambda nn: nn.Mish(inplace=True), ((2, 3),), lambda module, x: module(x * 1)),
    "Softplus": Layer(lambda nn: nn.Softplus(), ((2, 3),)),
    "Softplus beta": Layer(lambda nn: nn.Softplus(beta=2, threshold=1.0), (AWAY,)),
    "LogSigmoid": Layer(lambda nn: nn.LogSigmoid(), ((2, 3),)),
    "Softsign": Layer(lambda nn: nn.Softsign(), ((2, 3),)),
    "Tanhshrink": Layer(lambda nn: nn.Tanhshrink(), ((2, 3),)),
    "GLU": Layer(lambda nn: nn.GLU(), ((2, 4),)),
    "GLU dim": Layer(lambda nn: nn.GLU(dim=0), ((2, 3),)),
    "Hardtanh": Layer(lambda nn: nn.Hardtanh(), (AWAY,)),
    "Hardtanh bounds": Layer(lambda nn: nn.Hardtanh(-2, 0.5, inplace=True), (AWAY,), lambda module, x: module(x * 1)),
    "ReLU6": Layer(lambda nn: nn.ReLU6(), (AWAY,)),
    "ReLU6 inplace": Layer(lambda nn: nn.ReLU6(inplace=True), (AWAY,), lambda module, x: module(x * 1)),
    "Hardsigmoid": Layer(lambda nn: nn.Hardsigmoid(), (AWAY,), lambda module, x: x * module(like(x, x.data)), order=0),
    "Hardsigmoid inplace": Layer(
        lambda nn: nn.Hardsigmoid(inplace=True), (AWAY,), lambda module, x: x * module(like(x, x.data)), order=0
    ),
    "Hardswish": Layer(lambda nn: nn.Hardswish(), (AWAY,)),
    "Hardswish inplace": Layer(lambda nn: nn.Hardswish(inplace=True), (AWAY,), lambda module, x: module(x * 1)),
    "Hardshrink": Layer(lambda nn: nn.Hardshrink(), (AWAY,)),
    "Hardshrink lambd": Layer(lambda nn: nn.Hardshrink(lambd=1), (AWAY,)),
    "Softshrink": Layer(lambda nn: nn.Softshrink(), (AWAY,)),
    "Softshrink lambd": Layer(lambda nn: nn.Softshrink(lambd=1.0), (AWAY,)),
    "Threshold": Layer(lambda nn: nn.Threshold(0.5, -2.0), (AWAY,)),
    "Threshold inplace": Layer(
        lambda nn: nn.Threshold(threshold=1, value=20, inplace=True), (AWAY,), lambda module, x: module(x * 1)
    ),
    "LeakyReLU": Layer(lambda nn: nn.LeakyReLU(), (AWAY,)),
    "LeakyReLU slope": Layer(lambda nn: nn.LeakyReLU(0.2, inplace=True), (AWAY,), lambda module, x: module(x * 1)),
    "PReLU": Layer(lambda nn: nn.PReLU(), ((2, 3),)),
    "PReLU channels": Layer(lambda nn: nn.PReLU(num_parameters=3, init=0.1), ((2, 3, 2, 1),)),
    "RReLU": Layer(lambda nn: nn.RReLU().eval(), (AWAY,)),
    "RReLU one slope": Layer(lambda nn: nn.RReLU(lower=0.2, upper=0.2), (AWAY,)),
    "RReLU inplace": Layer(
        lambda nn: nn.RReLU(0.1, 0.5, inplace=True).eval(), (AWAY,), lambda module, x: module(x * 1)
    ),
    "ELU": Layer(lambda nn: nn.ELU(), (AWAY,)),
    "ELU alpha": Layer(lambda nn: nn.ELU(alpha=0.5, inplace=True), (AWAY,), lambda module, x: module(x * 1)),
    "CELU": Layer(lambda nn: nn.CELU(), (AWAY,)),
    "CELU alpha": Layer(lambda nn: nn.CELU(alpha=0.5, inplace=True), (AWAY,), lambda module, x: module(x * 1)),
    "SELU": Layer(lambda nn: nn.SELU(), (AWAY,)),
    "SELU inplace": Layer(lambda nn: nn.SELU(inplace=True), (AWAY,), lambda module, x: module(x * 1)),
    "Softmax": Layer(lambda nn: nn.Softmax(dim=1), ((2, 3),)),
    "Softmin": Layer(lambda nn: nn.Softmin(dim=0), ((2, 3),)),
    "LogSoftmax": Layer(lambda nn: nn.LogSoftmax(dim=-1), ((2, 3),)),
    "Softmax2d": Layer(lambda nn: nn.Softmax2d(), ((2, 3, 1, 2),)),
    "Softmax2d no batch": Layer(lambda nn: nn.Softmax2d(), ((3, 2, 2),)),
    "AdaptiveLogSoftmaxWithLoss": Layer(
        lambda nn: nn.AdaptiveLogSoftmaxWithLoss(4, 7, [2, 4], div_value=2), ((5, 4), np.array([0, 6, 4, 2, 3]))
    ),
    "AdaptiveLogSoftmaxWithLoss frequent only": Layer(
        lambda nn: nn.AdaptiveLogSoftmaxWithLoss(4, 7, cutoffs=[3], head_bias=True), ((2, 4), np.array([0, 2]))
    ),
    "AdaptiveLogSoftmaxWithLoss one": Layer(lambda nn: nn.AdaptiveLogSoftmaxWithLoss(4, 5, [2]), ((4,), np.array(3))),
    "AdaptiveLogSoftmaxWithLoss log_prob": Layer(
        lambda nn: nn.AdaptiveLogSoftmaxWithLoss(4, 5, [2, 3], 2.0),
        ((2, 4),),
        lambda module, x: (module.log_prob(x), module.predict(x)),
    ),
}
