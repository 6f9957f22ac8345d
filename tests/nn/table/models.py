"""Whole models: files written for PyTorch in which nothing but the import changes."""

from __future__ import annotations

from typing import Any

import numpy as np

from .case import Function, Layer, like

TOKENS = np.array([[3, 1, 0, 4], [2, 2, 5, 1]])
CAUSAL = np.triu(np.ones((4, 4), bool), 1)


def residual_network(nn: Any) -> Any:
    """He et al. 2015, small: convolutions, batch norms in training mode, a shortcut with a projection, pooling."""

    class BasicBlock(nn.Module):  # type: ignore[misc,unused-ignore]
        def __init__(self, inplanes: int, planes: int, stride: int = 1) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(inplanes, planes, kernel_size=3, stride=stride, padding=1, bias=False)
            self.bn1 = nn.BatchNorm2d(planes)
            self.relu = nn.ReLU(inplace=True)
            self.conv2 = nn.Conv2d(planes, planes, kernel_size=3, padding=1, bias=False)
            self.bn2 = nn.BatchNorm2d(planes)
            self.downsample = None
            if stride != 1 or inplanes != planes:
                self.downsample = nn.Sequential(
                    nn.Conv2d(inplanes, planes, kernel_size=1, stride=stride, bias=False), nn.BatchNorm2d(planes)
                )

        def forward(self, x: Any) -> Any:
            out = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
            identity = x if self.downsample is None else self.downsample(x)
            return self.relu(out + identity)

    class Net(nn.Module):  # type: ignore[misc,unused-ignore]
        def __init__(self) -> None:
            super().__init__()
            self.stem = nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.BatchNorm2d(2), nn.ReLU(), nn.MaxPool2d(2))
            self.layer1 = nn.Sequential(BasicBlock(2, 2), BasicBlock(2, 3, stride=2))
            self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
            self.flatten = nn.Flatten()
            self.fc = nn.Linear(3, 2)

        def forward(self, x: Any) -> Any:
            return self.fc(self.flatten(self.avgpool(self.layer1(self.stem(x)))))

    return Net()


def tagger(nn: Any) -> Any:
    """A bidirectional LSTM over embedded tokens."""

    class Tagger(nn.Module):  # type: ignore[misc,unused-ignore]
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(6, 3, padding_idx=0)
            self.lstm = nn.LSTM(3, 2, num_layers=2, batch_first=True, bidirectional=True)
            self.norm = nn.LayerNorm(4)
            self.head = nn.Linear(4, 5)
            self.loss = nn.CrossEntropyLoss(ignore_index=0)

        def forward(self, tokens: Any, tags: Any) -> Any:
            out, (h_n, c_n) = self.lstm(self.embedding(tokens))
            scores = self.head(self.norm(out))
            return scores, h_n, c_n, self.loss(scores.reshape(-1, 5), tags.reshape(-1))

    return Tagger()


def language_model(nn: Any) -> Any:
    """A decoder-only transformer with tied weights."""

    class Model(nn.Module):  # type: ignore[misc,unused-ignore]
        def __init__(self) -> None:
            super().__init__()
            self.token = nn.Embedding(6, 4)
            self.position = nn.Embedding(4, 4)
            layer = nn.TransformerEncoderLayer(
                4, 2, 6, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
            )
            self.blocks = nn.TransformerEncoder(layer, 2, nn.LayerNorm(4), enable_nested_tensor=False)
            self.head = nn.Linear(4, 6, bias=False)
            self.head.weight = self.token.weight

        def forward(self, tokens: Any, mask: Any) -> Any:
            return self.head(self.blocks(self.token(tokens) + self.position.weight, mask=mask))

    return Model()


def autoencoder(nn: Any) -> Any:
    """A convolutional encoder and its mirror image."""

    class AutoEncoder(nn.Module):  # type: ignore[misc,unused-ignore]
        def __init__(self) -> None:
            super().__init__()
            self.encoder = nn.Sequential(
                nn.Conv2d(1, 2, 3, stride=2, padding=1), nn.SiLU(), nn.Flatten(), nn.Linear(8, 3)
            )
            self.decoder = nn.Sequential(
                nn.Linear(3, 8),
                nn.GroupNorm(2, 8),
                nn.Unflatten(1, (2, 2, 2)),
                nn.ConvTranspose2d(2, 1, 3, stride=2, padding=1, output_padding=1),
                nn.Sigmoid(),
            )
            self.loss = nn.BCELoss()

        def forward(self, x: Any) -> Any:
            out = self.decoder(self.encoder(x))
            return out, self.loss(out, 1 / (1 + x * x))

    return AutoEncoder()


def mixer(nn: Any) -> Any:
    """Lists and dicts of modules, gated units, a recurrent cell."""

    class Mixer(nn.Module):  # type: ignore[misc,unused-ignore]
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleList([nn.Sequential(nn.RMSNorm(4), nn.Linear(4, 8), nn.GLU()) for _ in range(2)])
            self.heads = nn.ModuleDict(
                {"mean": nn.Linear(4, 2), "scale": nn.Sequential(nn.Linear(4, 2), nn.Softplus())}
            )
            self.cell = nn.GRUCell(4, 4)

        def forward(self, x: Any) -> Any:
            h = x
            for layer in self.layers:
                h = h + layer(h)
            h = self.cell(h, x)
            return self.heads["mean"](h), self.heads["scale"](h)

    return Mixer()


FUNCTIONS: dict[str, Function] = {}

# first derivatives alone: the layers were checked in both orders one by one
LAYERS: dict[str, Layer] = {
    "residual network": Layer(residual_network, ((2, 1, 6, 6),), order=1),
    "residual network, evaluated": Layer(residual_network, ((2, 1, 6, 6),), lambda m, x: m.eval()(x), order=1),
    "tagger": Layer(
        tagger,
        (TOKENS, np.array([[1, 0, 2, 4], [3, 3, 0, 1]])),
        order=0,  # the padding row gets no gradient on purpose
    ),
    "language model": Layer(language_model, (TOKENS,), lambda m, x: m(x, like(m.head.weight, CAUSAL)), order=1),
    "autoencoder": Layer(autoencoder, ((2, 1, 4, 4),), order=1),
    "mixer": Layer(mixer, ((3, 4),), order=1),
}
