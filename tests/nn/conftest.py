"""What the tests of `nn` share."""

from collections.abc import Iterator

import numpy as np
import pytest

import nn


@pytest.fixture
def float64() -> Iterator[None]:
    """New parameters are float64 during the test."""
    nn.set_default_dtype(np.float64)
    yield
    nn.set_default_dtype(np.float32)
