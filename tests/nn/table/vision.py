"""Images made larger or smaller, and arrays in other shapes."""

from __future__ import annotations

from typing import Any

from .case import Function, Layer

SIGNAL, IMAGE = ((1, 2, 4),), ((1, 1, 3, 4),)


def resized(arrays: tuple[Any, ...], **options: Any) -> Function:
    return Function(lambda F, x: F.interpolate(x, **options), arrays)


FUNCTIONS: dict[str, Function] = {
    "nearest twice": resized(SIGNAL, scale_factor=2),
    "nearest size": resized(SIGNAL, size=7),
    "nearest smaller": resized(SIGNAL, size=(3,)),
    "nearest factor": resized(SIGNAL, scale_factor=1.7),
    "nearest factor measured anew": resized(SIGNAL, scale_factor=1.7, recompute_scale_factor=True),
    "nearest image": resized(IMAGE, scale_factor=(2.0, 1.0)),
    "nearest image size": resized(IMAGE, size=(2, 5)),
    "nearest-exact": resized(SIGNAL, size=3, mode="nearest-exact"),
    "nearest-exact image": resized(IMAGE, size=(5, 3), mode="nearest-exact"),
    "linear": resized(SIGNAL, scale_factor=2, mode="linear"),
    "linear corners": resized(SIGNAL, size=7, mode="linear", align_corners=True),
    "linear to one": resized(SIGNAL, size=1, mode="linear", align_corners=True),
    "linear factor": resized(SIGNAL, scale_factor=(0.6,), mode="linear", align_corners=False),
    "linear factor measured anew": resized(SIGNAL, scale_factor=0.6, mode="linear", recompute_scale_factor=True),
    "linear from one": resized(((1, 2, 1),), size=3, mode="linear"),
    "bilinear": resized(IMAGE, scale_factor=2, mode="bilinear"),
    "bilinear corners": resized(IMAGE, size=(5, 2), mode="bilinear", align_corners=True),
    "bilinear smaller": resized(IMAGE, size=2, mode="bilinear"),
    "bicubic": resized(IMAGE, size=(5, 6), mode="bicubic"),
    "bicubic corners": resized(IMAGE, scale_factor=(1.4, 1.5), mode="bicubic", align_corners=True),
    "area": resized(SIGNAL, size=3, mode="area"),
    "area image": resized(IMAGE, size=(2, 2), mode="area"),
    "pixel_shuffle": Function(lambda F, x: F.pixel_shuffle(x, 2), ((1, 8, 1, 2),)),
    "pixel_shuffle without batch": Function(lambda F, x: F.pixel_shuffle(x, 3), ((9, 2, 1),)),
    "pixel_shuffle more axes": Function(lambda F, x: F.pixel_shuffle(x, 2), ((2, 1, 4, 2, 1),)),
    "pixel_unshuffle": Function(lambda F, x: F.pixel_unshuffle(x, 2), ((1, 2, 2, 4),)),
    "pixel_unshuffle without batch": Function(lambda F, x: F.pixel_unshuffle(x, 3), ((1, 3, 6),)),
}

LAYERS: dict[str, Layer] = {
    "Upsample": Layer(lambda nn: nn.Upsample(scale_factor=2), SIGNAL),
    "Upsample size": Layer(lambda nn: nn.Upsample((4, 5), mode="bilinear", align_corners=True), IMAGE),
    "Upsample factors": Layer(lambda nn: nn.Upsample(scale_factor=(1.5, 2), mode="bicubic"), IMAGE),
    "Upsample measured anew": Layer(
        lambda nn: nn.Upsample(scale_factor=1.3, mode="linear", recompute_scale_factor=True), SIGNAL
    ),
    "PixelShuffle": Layer(lambda nn: nn.PixelShuffle(2), ((1, 4, 2, 1),)),
    "PixelUnshuffle": Layer(lambda nn: nn.PixelUnshuffle(2), ((1, 1, 2, 4),)),
    "Flatten": Layer(lambda nn: nn.Flatten(), ((2, 3, 2),)),
    "Flatten some": Layer(lambda nn: nn.Flatten(0, -2), ((2, 1, 3, 2),)),
    "Flatten one": Layer(lambda nn: nn.Flatten(1, 1), ((2, 3),)),
    "Unflatten": Layer(lambda nn: nn.Unflatten(1, (3, 2)), ((2, 6),)),
    "Unflatten open": Layer(lambda nn: nn.Unflatten(-2, [2, -1]), ((6, 2),)),
}
