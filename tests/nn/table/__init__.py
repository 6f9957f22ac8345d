"""The table of layers and functions with their arguments, a chapter a file. Each row is run by `test_golden`.

Every chapter has `FUNCTIONS` and `LAYERS`, rows by name; `python -m tests.peers.make_golden_nn CHAPTER` asks PyTorch.
"""

from types import ModuleType

from . import (
    activation,
    attention,
    container,
    convolution,
    distance,
    linear,
    loss,
    models,
    normalization,
    pooling,
    recurrent,
    transformer,
    vision,
)

CHAPTERS: dict[str, ModuleType] = {
    chapter.__name__.rpartition(".")[2]: chapter
    for chapter in (
        activation,
        attention,
        container,
        convolution,
        distance,
        linear,
        loss,
        models,
        normalization,
        pooling,
        recurrent,
        transformer,
        vision,
    )
}
