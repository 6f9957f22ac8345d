"""Probability distributions: draws, log-probabilities, entropies and divergences, with gradients in the parameters.

The names are those of `torch.distributions`. Parameters are Values, Parameters, arrays or numbers that broadcast; of
plain arrays and numbers the results are plain arrays. `sample` draws without a gradient; `rsample`, where there is one,
draws so that the gradient of what is computed with the draws reaches the parameters. Both take a `generator`.

Example:
    >>> import numpy as np, autograd_lite as ag
    >>> from nn.distributions import Normal, kl_divergence
    >>> loc, scale = ag.Value([0.0, 1.0]), ag.Value([1.0, 0.5])
    >>> q = Normal(loc, scale)
    >>> z = q.rsample(generator=np.random.default_rng(0))  # a variational autoencoder draws its code like this
    >>> loss = (z**2).sum() + kl_divergence(q, Normal(0.0, 1.0)).sum()
    >>> loss.backward()
    >>> loc.grad.shape
    (2,)
"""

from . import constraints
from .bernoulli import Bernoulli
from .beta import Beta
from .categorical import Categorical
from .distribution import Distribution
from .exponential import Exponential
from .gamma import Gamma
from .independent import Independent
from .kl import kl_divergence, register_kl
from .laplace import Laplace
from .multivariate_normal import MultivariateNormal
from .normal import Normal
from .poisson import Poisson
from .uniform import Uniform

__all__ = [
    "Bernoulli",
    "Beta",
    "Categorical",
    "Distribution",
    "Exponential",
    "Gamma",
    "Independent",
    "Laplace",
    "MultivariateNormal",
    "Normal",
    "Poisson",
    "Uniform",
    "constraints",
    "kl_divergence",
    "register_kl",
]
