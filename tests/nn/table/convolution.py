"""Convolution, its transpose, padding, and images as columns."""

from __future__ import annotations

from typing import Any

from .case import Function, Layer

W, WD = (2, 2, 3, 2), (2, 1, 2, 2)  # kernels: of all channels, of one
MIRRORED = [("reflect", (1, 1)), ("replicate", (2, 1)), ("circular", (1, 2))]


def conv1d(arrays: tuple[Any, ...], **options: Any) -> Function:
    return Function(lambda F, *x: F.conv1d(*x, **options), arrays)


def conv2d(arrays: tuple[Any, ...], **options: Any) -> Function:
    return Function(lambda F, *x: F.conv2d(*x, **options), arrays)


def transposed1d(arrays: tuple[Any, ...], **options: Any) -> Function:
    return Function(lambda F, *x: F.conv_transpose1d(*x, **options), arrays)


def transposed2d(arrays: tuple[Any, ...], **options: Any) -> Function:
    return Function(lambda F, *x: F.conv_transpose2d(*x, **options), arrays)


def pad(arrays: tuple[Any, ...], *args: Any, **options: Any) -> Function:
    return Function(lambda F, x: F.pad(x, *args, **options), arrays)


FUNCTIONS: dict[str, Function] = {
    "conv1d": conv1d(((2, 2, 5), (3, 2, 2), (3,))),
    "conv1d without batch": conv1d(((2, 5), (1, 2, 3), (1,)), padding=1),
    "conv1d without bias": conv1d(((1, 2, 4), (2, 2, 2)), stride=2, padding=(1,), dilation=(2,)),
    "conv1d same": conv1d(((1, 1, 4), (2, 1, 2), (2,)), padding="same"),
    "conv1d as long as the input": conv1d(((1, 2, 3), (2, 2, 3))),
    "conv1d of one element": conv1d(((3, 2, 1), (2, 2, 1), (2,))),
    "conv2d": conv2d(((2, 2, 4, 3), W, (2,))),
    "conv2d without batch": conv2d(((2, 4, 3), W, (2,)), padding=(1, 0)),
    "conv2d stride": conv2d(((1, 2, 5, 4), W), stride=2, padding=1),
    "conv2d strides beyond the kernel": conv2d(((1, 1, 5, 6), (1, 1, 1, 2)), stride=(2, 3)),
    "conv2d padding beyond the kernel": conv2d(((1, 1, 2, 2), (1, 1, 2, 1), (1,)), padding=2, stride=2),
    "conv2d leaves a rest": conv2d(((1, 1, 4, 5), (2, 1, 2, 2)), stride=(3, 2)),
    "conv2d dilation": conv2d(((1, 2, 5, 4), W, (2,)), dilation=(2, 3)),
    "conv2d groups": conv2d(((1, 4, 3, 3), (4, 2, 2, 2), (4,)), groups=2),
    "conv2d depthwise": conv2d(((2, 2, 3, 3), WD, (2,)), groups=2, padding=1, stride=2),
    "conv2d depthwise, twice as many": conv2d(((1, 2, 3, 2), (4, 1, 2, 2)), groups=2),
    "conv2d pointwise": conv2d(((2, 3, 2, 2), (2, 3, 1, 1), (2,))),
    "conv2d valid": conv2d(((1, 1, 3, 3), (1, 1, 2, 2)), padding="valid", stride=2),
    "conv2d same": conv2d(((1, 1, 3, 4), (1, 1, 2, 3), (1,)), padding="same", dilation=(1, 2)),
    "conv_transpose1d": transposed1d(((2, 2, 3), (2, 3, 2), (3,))),
    "conv_transpose1d without batch": transposed1d(((2, 3), (2, 1, 3), (1,)), stride=2, padding=1, output_padding=1),
    "conv_transpose1d output_padding by dilation": transposed1d(
        ((1, 1, 3), (1, 2, 2), (2,)), dilation=3, output_padding=2
    ),
    "conv_transpose2d": transposed2d(((2, 2, 2, 3), W, (2,))),
    "conv_transpose2d all": transposed2d(
        ((1, 4, 2, 2), (4, 1, 2, 3), (2,)), stride=(2, 3), padding=(1, 2), output_padding=(1, 2), groups=2, dilation=2
    ),
    "conv_transpose2d stride beyond the kernel": transposed2d(((1, 1, 2, 2), (1, 1, 1, 2)), stride=3),
    "conv_transpose2d depthwise": transposed2d(((1, 3, 2, 2), (3, 1, 2, 2)), groups=3),
    "conv_transpose2d cut at both sides": transposed2d(((1, 2, 3, 2), (2, 1, 2, 3)), padding=(1, 2), stride=(1, 2)),
    "unfold": Function(lambda F, x: F.unfold(x, (2, 3)), ((1, 2, 3, 4),)),
    "unfold all": Function(lambda F, x: F.unfold(x, 2, dilation=2, padding=(1, 0), stride=(2, 1)), ((2, 1, 4, 3),)),
    "unfold without batch": Function(lambda F, x: F.unfold(x, (1, 2), stride=3), ((2, 4, 3),)),
    "fold": Function(lambda F, x: F.fold(x, (3, 3), 2), ((1, 4, 4),)),
    "fold all": Function(lambda F, x: F.fold(x, (4, 3), 2, 2, (1, 0), (2, 1)), ((1, 8, 2),)),
    "fold without batch": Function(lambda F, x: F.fold(x, (3, 4), (1, 2), stride=(2, 3)), ((2, 2),)),
    "pad": pad(((2, 3),), (1, 2)),
    "pad two axes": pad(((1, 2, 2),), (1, 0, 0, 1), value=1.5),
    "pad three axes": pad(((1, 2, 2),), (0, 1, 1, 0, 1, 0)),
    "pad cuts": pad(((1, 3, 4),), (-1, 2, 1, -2), "constant", 0.5),
    "pad reflect": pad(((1, 2, 3),), (2, 1), mode="reflect"),
    "pad reflect two axes": pad(((1, 1, 3, 3),), (1, 2, 0, 2), mode="reflect"),
    "pad replicate": pad(((1, 1, 2, 2),), (1, 2, 3, 0), mode="replicate"),
    "pad replicate cuts": pad(((1, 3, 3),), (-1, 2), mode="replicate"),
    "pad circular": pad(((1, 1, 2, 3),), (3, 1, 0, 2), mode="circular"),
}

LAYERS: dict[str, Layer] = {
    "Conv1d": Layer(lambda nn: nn.Conv1d(2, 3, 2), ((2, 2, 4),)),
    "Conv1d all": Layer(
        lambda nn: nn.Conv1d(2, 4, 3, stride=2, padding=1, dilation=2, groups=2, bias=False), ((1, 2, 6),)
    ),
    "Conv1d same, circular": Layer(
        lambda nn: nn.Conv1d(1, 2, 4, padding="same", padding_mode="circular"), ((1, 1, 4),)
    ),
    "Conv1d reflect, without batch": Layer(lambda nn: nn.Conv1d(2, 1, 3, padding=2, padding_mode="reflect"), ((2, 4),)),
    "Conv2d": Layer(lambda nn: nn.Conv2d(2, 2, 3, padding=1), ((1, 2, 3, 3),)),
    "Conv2d all": Layer(
        lambda nn: nn.Conv2d(2, 2, (2, 3), (2, 1), (1, 2), (1, 2), groups=2, padding_mode="zeros"), ((1, 2, 3, 4),)
    ),
    "Conv2d valid": Layer(lambda nn: nn.Conv2d(1, 2, (1, 2), padding="valid", bias=False), ((1, 3, 2),)),
    "Conv2d same, replicate": Layer(
        lambda nn: nn.Conv2d(1, 1, (2, 3), padding="same", dilation=(1, 2), padding_mode="replicate"), ((1, 1, 3, 3),)
    ),
    **{
        f"Conv2d {mode}": Layer(
            lambda nn, mode=mode, padding=padding: nn.Conv2d(1, 2, 2, 2, padding, padding_mode=mode), ((1, 1, 3, 3),)
        )
        for mode, padding in MIRRORED
    },
    "ConvTranspose1d": Layer(lambda nn: nn.ConvTranspose1d(2, 3, 2, stride=2), ((1, 2, 3),)),
    "ConvTranspose1d output_size": Layer(
        lambda nn: nn.ConvTranspose1d(1, 2, 3, stride=3, padding=1),
        ((1, 1, 3),),
        lambda module, x: module(x, output_size=[9]),
    ),
    "ConvTranspose2d": Layer(lambda nn: nn.ConvTranspose2d(2, 1, (2, 3)), ((1, 2, 2, 2),)),
    "ConvTranspose2d all": Layer(
        lambda nn: nn.ConvTranspose2d(2, 2, (2, 3), (2, 3), (1, 0), (1, 2), 2, False, (2, 1)), ((2, 2, 2),)
    ),
    "ConvTranspose2d output_size with batch": Layer(
        lambda nn: nn.ConvTranspose2d(1, 1, 2, stride=2),
        ((1, 1, 2, 2),),
        lambda module, x: module(x, (1, 1, 5, 4)),
    ),
    "Unfold": Layer(lambda nn: nn.Unfold((2, 1), dilation=2, padding=1, stride=(1, 2)), ((1, 1, 3, 3),)),
    "Fold": Layer(lambda nn: nn.Fold(3, 2, stride=1), ((1, 4, 4),)),
    "ZeroPad1d": Layer(lambda nn: nn.ZeroPad1d((1, 2)), ((1, 2, 2),)),
    "ZeroPad2d": Layer(lambda nn: nn.ZeroPad2d((1, 0, -1, 2)), ((1, 2, 2),)),
    "ConstantPad1d": Layer(lambda nn: nn.ConstantPad1d(2, 3.5), ((2, 2),)),
    "ConstantPad2d": Layer(lambda nn: nn.ConstantPad2d((1, -1, 0, 1), -1), ((1, 1, 2, 3),)),
    "ReflectionPad1d": Layer(lambda nn: nn.ReflectionPad1d((2, 1)), ((1, 2, 3),)),
    "ReflectionPad1d shortens": Layer(lambda nn: nn.ReflectionPad1d((2, -1)), ((1, 2, 4),)),
    "ReflectionPad2d extends and shortens": Layer(lambda nn: nn.ReflectionPad2d((2, 2, -1, 1)), ((1, 2, 4),)),
    "ReplicationPad2d shortens": Layer(lambda nn: nn.ReplicationPad2d((-1, 1, 0, -1)), ((1, 3, 2),)),
    "CircularPad1d shortens": Layer(lambda nn: nn.CircularPad1d((2, -2)), ((1, 2, 4),)),
    "ReflectionPad2d": Layer(lambda nn: nn.ReflectionPad2d((1, 1, 2, 0)), ((1, 3, 2),)),
    "ReplicationPad1d": Layer(lambda nn: nn.ReplicationPad1d(2), ((1, 2, 2),)),
    "ReplicationPad2d": Layer(lambda nn: nn.ReplicationPad2d((1, 1, 0, 2)), ((1, 1, 2, 2),)),
    "CircularPad1d": Layer(lambda nn: nn.CircularPad1d((2, 1)), ((1, 2, 2),)),
    "CircularPad2d": Layer(lambda nn: nn.CircularPad2d((2, 0, 1, 1)), ((1, 1, 2, 2),)),
}
