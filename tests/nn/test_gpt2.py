"""A GPT-2 written for PyTorch runs here with its imports changed, on the weights that PyTorch saved.

PyTorch's logits and gradients are in `tests/peers/gpt2/`, which `python -m tests.peers.make_golden_gpt2` writes.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
import nn
import nn.functional as F

pytest.importorskip("safetensors")

FOLDER = Path(__file__).parents[1] / "peers" / "gpt2"
IMPORTS = {
    "import torch\n": "import numpy as torch\n",
    "import torch.nn as nn\n": "import nn\n",
    "import torch.nn.functional as F\n": "import nn.functional as F\n",
}


@pytest.fixture(scope="module")
def gpt2() -> Any:
    """The model file with its imports changed."""
    source = (FOLDER / "model.py").read_text()
    for theirs, ours in IMPORTS.items():
        assert source.count(theirs) == 1
        source = source.replace(theirs, ours)
    module = ModuleType("gpt2_with_other_imports")
    sys.modules[module.__name__] = module  # a dataclass looks itself up
    exec(compile(source, FOLDER / "model.py", "exec"), vars(module))
    yield module
    del sys.modules[module.__name__]


@pytest.fixture
def model(gpt2: Any) -> Any:
    model = gpt2.GPT(gpt2.GPTConfig())
    nn.load_safetensors(FOLDER / "model.safetensors", model)
    return model


@pytest.fixture(scope="module")
def expected() -> Any:
    return nn.load_safetensors(FOLDER / "expected.safetensors")


def test_logits_and_loss_are_pytorchs(model: Any, expected: Any) -> None:
    logits, loss = model(expected["idx"], expected["targets"])
    assert logits.dtype == loss.dtype == np.float32
    np.testing.assert_allclose(logits.data, expected["logits"], atol=1e-4, rtol=1e-5)
    np.testing.assert_allclose(loss.data, expected["loss"][0], rtol=1e-5)
    assert np.ptp(expected["logits"]) > 5  # the weights say something


def test_gradients_are_pytorchs(model: Any, expected: Any) -> None:
    _, loss = model(expected["idx"], expected["targets"])
    loss.backward()
    gradients = {f"gradient {name}": parameter.grad for name, parameter in model.named_parameters()}
    assert set(gradients) == {name for name in expected if name.startswith("gradient ")}
    for name, gradient in gradients.items():
        assert gradient.dtype == np.float32
        np.testing.assert_allclose(gradient, expected[name], atol=1e-6, rtol=1e-4, err_msg=name)


def test_head_is_tied_to_the_embedding(model: Any) -> None:
    assert model.lm_head.weight is model.transformer.wte.weight
    state = model.state_dict()
    assert len(state) == 29
    assert len(list(model.parameters())) == 28
    np.testing.assert_array_equal(state["lm_head.weight"], state["transformer.wte.weight"])


def test_it_learns(model: Any, expected: Any) -> None:
    optimizer = nn.optim.AdamW(model.parameters(), lr=1e-2)
    losses = []
    for _ in range(20):
        optimizer.zero_grad()
        _, loss = model(expected["idx"], expected["targets"])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]
    assert model.lm_head.weight is model.transformer.wte.weight


# ---- generation ----


def step(model: Any, idx: Any, caches: list[nn.KVCache]) -> Any:
    """The logits of new tokens, each attention with a cache."""
    first, transformer = caches[0].length, model.transformer
    (batch, length), total = idx.shape, caches[0].length + idx.shape[1]
    x = transformer.wte(idx) + transformer.wpe(np.arange(first, total))
    for block, cache in zip(transformer.h, caches, strict=True):
        attention = block.attn
        query, key, value = np.split(attention.c_attn(block.ln_1(x)), 3, axis=-1)
        keys, values = cache.append(attention.heads(key), attention.heads(value))
        mask = np.tri(length, total, first, dtype=bool)
        y = F.scaled_dot_product_attention(attention.heads(query), keys, values, mask)
        x = x + attention.c_proj(y.swapaxes(1, 2).reshape(batch, length, -1))
        x = x + block.mlp(block.ln_2(x))
    return model.lm_head(transformer.ln_f(x)).data


def test_greedy_generation_with_caches_equals_whole_passes(model: Any, expected: Any) -> None:
    model.eval()
    whole = expected["idx"][:, :5]
    prompt, tokens, caches = whole, [], [nn.KVCache() for _ in model.transformer.h]
    with ag.no_grad():
        for _ in range(model.config.block_size - 5):
            logits = step(model, prompt, caches)[:, -1]
            every = model(whole)[0].data
            np.testing.assert_allclose(logits, every[:, -1], atol=1e-4)
            prompt = logits.argmax(axis=-1)[:, None]
            whole = np.concatenate([whole, every[:, -1:].argmax(axis=-1)], axis=1)
            tokens.append(prompt)
    np.testing.assert_array_equal(np.concatenate(tokens, axis=1), whole[:, 5:])
    assert whole.shape == (2, model.config.block_size)
    assert len(np.unique(whole)) > 4
