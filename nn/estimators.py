"""`NeuralClassifier` and `NeuralRegressor`: networks that are estimators of scikit-learn. Loaded when first used."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from operator import index
from threading import RLock
from typing import Any, Self

import numpy as np

import autograd_lite as ag

from . import functional as F
from . import layers, optim
from .module import Module
from .random import default_generator, manual_seed
from .training import EarlyStopping, History, fit

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
    from sklearn.utils import check_random_state
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data
except ImportError as error:
    raise ImportError(
        "nn.NeuralClassifier and nn.NeuralRegressor need scikit-learn. Write: pip install scikit-learn"
    ) from error

ACTIVATIONS: dict[str, Callable[[], Module]] = {
    "relu": layers.ReLU,
    "tanh": layers.Tanh,
    "sigmoid": layers.Sigmoid,
    "gelu": layers.GELU,
    "silu": layers.SiLU,
    "identity": layers.Identity,
}
OPTIMIZERS: dict[str, Callable[..., optim.Optimizer]] = {"adam": optim.Adam, "adamw": optim.AdamW, "sgd": optim.SGD}

_PREDICTED_AT_ONCE = 4096
_seeded = RLock()  # there is one default generator, so threads that seed it take turns


class _NeuralEstimator(BaseEstimator):  # type: ignore[misc]
    """What both estimators share; the subclass says what the outputs are."""

    module_: Module
    optimizer_: optim.Optimizer
    history_: History
    n_iter_: int
    n_features_in_: int
    _random: Any  # the state of the generator after the last fit

    def __init__(
        self,
        hidden_layer_sizes: Sequence[int] = (64,),
        activation: str | Callable[[], Module] = "relu",
        *,
        module: Callable[[int, int], Module] | None = None,
        optimizer: str | Callable[..., optim.Optimizer] = "adam",
        lr: float = 1e-3,
        batch_size: int = 32,
        epochs: int = 100,
        weight_decay: float = 0.0,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        patience: int = 10,
        random_state: Any = None,
        verbose: bool = False,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.module = module
        self.optimizer = optimizer
        self.lr = lr
        self.batch_size = batch_size
        self.epochs = epochs
        self.weight_decay = weight_decay
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.random_state = random_state
        self.verbose = verbose

    # ---- what a subclass defines ----

    def _targets(self, y: Any, classes: Any = None) -> Any:
        """Targets as the loss needs them; sets the attributes that describe them if `classes` is not a refit's."""
        raise NotImplementedError

    def _outputs(self) -> int:
        """How many numbers the module returns for a sample."""
        raise NotImplementedError

    def _losses(self, prediction: Any, target: Any) -> Any:
        """The loss of each sample `(n,)`."""
        raise NotImplementedError

    # ---- learning ----

    def _learn(self, X: Any, target: Any, weights: Any, epochs: int) -> None:
        """Train the module that there is, for some epochs."""
        # A batch holds the numbers of its samples in place of targets, by which the loss finds targets and weights.
        scale = None if weights is None else weights / weights.mean()

        def loss(prediction: Any, numbers: Any) -> Any:
            _require_outputs(prediction, len(numbers), self._outputs())
            losses = self._losses(prediction.reshape(len(numbers), self._outputs()), target[numbers])
            return losses.mean() if scale is None else (losses * scale[numbers]).mean()

        numbers, held_out, callbacks = np.arange(len(X)), None, []
        if self.early_stopping and epochs > 1:
            numbers = default_generator.permutation(len(X))
            count = max(1, round(self.validation_fraction * len(X)))
            if count >= len(X):
                raise ValueError(
                    f"validation_fraction={self.validation_fraction} of n_samples={len(X)} leaves nothing to learn "
                    "from. Use a larger dataset or write early_stopping=False."
                )
            held_out, numbers = (X[numbers[:count]], numbers[:count]), numbers[count:]
            callbacks = [EarlyStopping(patience=self.patience)]
        history = fit(
            self.module_,
            (X[numbers], numbers),
            loss=loss,
            optimizer=self.optimizer_,
            epochs=epochs,
            validation=held_out,
            batch_size=min(self.batch_size, len(X)),
            callbacks=callbacks,
            progress=bool(self.verbose),
        )
        self.module_.eval()
        self.n_iter_ += history.epochs
        for i in range(history.epochs):
            self.history_.add({name: numbers[i] for name, numbers in history.items()})

    def _build(self, dtype: Any) -> None:
        sizes = [self.n_features_in_, *self.hidden_layer_sizes, self._outputs()]
        if self.module is None:
            activation = ACTIVATIONS[self.activation] if isinstance(self.activation, str) else self.activation
            parts: list[Module] = []
            for i in range(len(sizes) - 1):
                parts += [activation()] if i else []
                parts.append(layers.Linear(sizes[i], sizes[i + 1], dtype=dtype))
            self.module_ = layers.Sequential(*parts)
        else:
            self.module_ = self.module(self.n_features_in_, self._outputs())
            if not isinstance(self.module_, Module):
                raise TypeError(
                    f"module returned {type(self.module_).__name__}, not an nn.Module. Pass a function: "
                    "module=lambda n_features, n_outputs: nn.Linear(n_features, n_outputs)."
                )
        make = OPTIMIZERS[self.optimizer] if isinstance(self.optimizer, str) else self.optimizer
        self.optimizer_ = make(self.module_.parameters(), lr=self.lr, weight_decay=self.weight_decay)
        self.history_, self.n_iter_ = History(), 0

    def _check_options(self) -> None:
        for name, known in (("activation", ACTIVATIONS), ("optimizer", OPTIMIZERS)):
            option = getattr(self, name)
            if not callable(option) and option not in known:
                raise ValueError(
                    f"{name} is {option!r}, but must be one of {', '.join(map(repr, known))}, or a class such as "
                    f"{'nn.Softplus' if name == 'activation' else 'nn.RMSprop'}."
                )
        if isinstance(self.hidden_layer_sizes, int):
            raise TypeError(
                f"hidden_layer_sizes must be a tuple. Write hidden_layer_sizes=({self.hidden_layer_sizes},)."
            )
        for name in ("batch_size", "epochs", "patience"):
            if index(getattr(self, name)) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}, but must be 1 or greater.")
        if any(index(size) < 1 for size in self.hidden_layer_sizes):
            raise ValueError(f"hidden_layer_sizes is {self.hidden_layer_sizes}, but each must be 1 or greater.")
        if not 0 < self.validation_fraction < 1:
            raise ValueError(f"validation_fraction is {self.validation_fraction}, but must be between 0 and 1.")

    def _checked(self, X: Any, y: Any, sample_weight: Any, reset: bool) -> tuple[Any, Any, Any]:
        self._check_options()
        X, y = validate_data(
            self, X, y, dtype=[np.float64, np.float32], reset=reset, multi_output=True, y_numeric=self._numeric
        )
        if sample_weight is None:
            return X, y, None
        weights = np.asarray(sample_weight, dtype=X.dtype)
        weights = np.full(len(X), weights) if weights.ndim == 0 else weights
        if weights.shape != (len(X),):
            raise ValueError(
                f"sample_weight has shape {weights.shape}, but must have {(len(X),)}: one number a sample."
            )
        if not (np.isfinite(weights).all() and (weights >= 0).all() and weights.any()):
            raise ValueError("sample_weight must be finite, not negative, and not zero for all samples.")
        return X, y, weights

    _numeric = False

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train a new module.

        Args:
            X: the inputs `(n_samples, n_features)`. The module computes in their precision, float32 or float64.
            y: the targets `(n_samples,)`; for regression also `(n_samples, n_outputs)`.
            sample_weight: how much each sample counts, `(n_samples,)`.

        Returns:
            The estimator.
        """
        X, y, weights = self._checked(X, y, sample_weight, reset=True)
        target = self._targets(y)
        with self._randomness(fresh=True):
            self._build(X.dtype)
            self._learn(X, target, weights, self.epochs)
        return self

    def _partial_fit(self, X: Any, y: Any, classes: Any, sample_weight: Any) -> Self:
        first = not hasattr(self, "module_")
        X, y, weights = self._checked(X, y, sample_weight, reset=first)
        target = self._targets(y, classes) if first else self._same_targets(y, classes)
        with self._randomness(fresh=first):
            if first:
                self._build(X.dtype)
            self._learn(X, target, weights, 1)
        return self

    def _same_targets(self, y: Any, classes: Any) -> Any:
        raise NotImplementedError

    @contextmanager
    def _randomness(self, fresh: bool) -> Iterator[None]:
        """With a `random_state`, draw from it, and leave the default generator as it was."""
        if self.random_state is None:
            yield
            return
        with _seeded:
            before = default_generator.bit_generator.state
            try:
                if fresh:
                    manual_seed(int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max)))
                else:
                    default_generator.bit_generator.state = self._random
                yield
                self._random = default_generator.bit_generator.state
            finally:
                default_generator.bit_generator.state = before

    # ---- predicting ----

    def _predicted(self, X: Any) -> Any:
        """What the module returns, `(n_samples, n_outputs)`."""
        check_is_fitted(self, "module_")
        X = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        dtype = next((p.dtype for p in self.module_.parameters()), X.dtype)
        with ag.no_grad():
            parts = [
                self.module_(X[start : start + _PREDICTED_AT_ONCE].astype(dtype, copy=False))
                for start in range(0, len(X), _PREDICTED_AT_ONCE)
            ]
        arrays = [part.data if isinstance(part, ag.Value) else part for part in parts]
        return np.concatenate(arrays).reshape(len(X), self._outputs())


def _require_outputs(prediction: Any, samples: int, outputs: int) -> None:
    shape = np.shape(prediction)
    if shape != (samples, outputs) and not (outputs == 1 and shape == (samples,)):
        raise ValueError(
            f"the module returned shape {shape} for {samples} samples, but there are {outputs} outputs: it must return "
            f"{(samples, outputs)}."
        )


class NeuralClassifier(ClassifierMixin, _NeuralEstimator):  # type: ignore[misc]
    """A network that classifies, as an estimator of scikit-learn: for pipelines, grid searches and cross validation.

    It minimizes the cross entropy of the classes. Inputs should be scaled, by `sklearn.preprocessing.StandardScaler`.

    Args:
        hidden_layer_sizes: the widths of the hidden layers.
        activation: between them: `"relu"`, `"tanh"`, `"sigmoid"`, `"gelu"`, `"silu"`, `"identity"`, or a class such as
            `nn.Softplus`.
        module: builds a network of your own instead: `module(n_features, n_outputs)`, where the outputs are logits,
            one a class. It must be importable for the estimator to be pickled.
        optimizer: `"adam"`, `"adamw"`, `"sgd"`, or a class such as `nn.RMSprop`.
        lr: the learning rate.
        batch_size: how many samples to a batch.
        epochs: how often to go through the data, at most.
        weight_decay: for the optimizer.
        early_stopping: hold `validation_fraction` of the samples out, stop when their loss has not improved for
            `patience` epochs, and keep the best weights.
        validation_fraction: between 0 and 1.
        patience: in epochs.
        random_state: a seed or `RandomState`: then weights, order and dropout are the same in each fit, and the
            generator of `nn.random` is left as it was. None draws from that generator.
        verbose: write a line an epoch to stderr.

    Attributes:
        classes_: the classes `(n_classes,)`.
        module_: the trained network.
        optimizer_: its optimizer.
        history_: the `nn.History` of the training.
        n_iter_: how many epochs there were.
        n_features_in_: how many features there are.

    Raises:
        ValueError, TypeError: an option or data that do not go together; raised by `fit`, as scikit-learn has it.

    Example:
        >>> import numpy as np, nn
        >>> x = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
        >>> y = np.array(["same", "different", "different", "same"])
        >>> classifier = nn.NeuralClassifier((8,), lr=0.05, random_state=0).fit(x, y)
        >>> classifier.predict(x).tolist()
        ['same', 'different', 'different', 'same']
        >>> classifier.predict_proba(x).shape
        (4, 2)
    """

    classes_: Any

    def _targets(self, y: Any, classes: Any = None) -> Any:
        if classes is None:
            check_classification_targets(_one_column(y))
            self.classes_, numbers = np.unique(_one_column(y), return_inverse=True)
            return numbers
        self.classes_ = np.unique(classes)
        return self._same_targets(y, None)

    def _same_targets(self, y: Any, classes: Any) -> Any:
        y = _one_column(y)
        check_classification_targets(y)
        if classes is not None and not np.array_equal(np.unique(classes), self.classes_):
            raise ValueError(f"classes is {classes}, but was {self.classes_} in the first call of partial_fit.")
        unknown = np.setdiff1d(y, self.classes_)
        if unknown.size:
            raise ValueError(f"y has the class {unknown[0]!r}, but the classes are {self.classes_}.")
        return np.searchsorted(self.classes_, y)

    def _outputs(self) -> int:
        return len(self.classes_)

    def _losses(self, prediction: Any, target: Any) -> Any:
        return F.cross_entropy(prediction, target, reduction="none")

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """Go through the data once more, with the module that there is; build it in the first call.

        Args:
            X: as for `fit`.
            y: as for `fit`.
            classes: all classes that will ever occur; needed in the first call, unless after `fit`.
            sample_weight: as for `fit`.

        Returns:
            The estimator.
        """
        if classes is None and not hasattr(self, "classes_"):
            raise ValueError(
                "classes must be passed on the first call to partial_fit, because later parts of the data may have "
                "others. Write partial_fit(X, y, classes=np.unique(all_y))."
            )
        return self._partial_fit(X, y, classes, sample_weight)

    def predict_proba(self, X: Any) -> Any:
        """The probability of each class, `(n_samples, n_classes)`, in the order of `classes_`."""
        logits = self._predicted(X)
        exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
        return exponentials / exponentials.sum(axis=1, keepdims=True)

    def predict(self, X: Any) -> Any:
        """The most probable class of each sample, `(n_samples,)`."""
        best = self._predicted(X).argmax(axis=1)
        return self.classes_[best]


class NeuralRegressor(RegressorMixin, _NeuralEstimator):  # type: ignore[misc]
    """A network that predicts numbers, as an estimator of scikit-learn.

    It minimizes the mean squared error. Inputs and targets should be scaled, the latter for example by
    `sklearn.compose.TransformedTargetRegressor`. Arguments are those of `NeuralClassifier`; a `module` of your own
    returns `(n_samples, n_outputs)`.

    Attributes:
        module_: the trained network.
        optimizer_: its optimizer.
        history_: the `nn.History` of the training.
        n_iter_: how many epochs there were.
        n_features_in_: how many features there are.
        n_outputs_: how many numbers are predicted.

    Example:
        >>> import numpy as np, nn
        >>> x = np.linspace(-1, 1, 64)[:, None]
        >>> regressor = nn.NeuralRegressor((32,), "tanh", lr=0.01, epochs=200, random_state=0)
        >>> bool(regressor.fit(x, np.sin(3 * x[:, 0])).score(x, np.sin(3 * x[:, 0])) > 0.99)
        True
    """

    n_outputs_: int
    _numeric = True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _targets(self, y: Any, classes: Any = None) -> Any:
        self._flat = y.ndim == 1
        self.n_outputs_ = 1 if self._flat else y.shape[1]
        return y.reshape(len(y), self.n_outputs_).astype(np.float64)

    def _same_targets(self, y: Any, classes: Any) -> Any:
        columns = 1 if y.ndim == 1 else y.shape[1]
        if columns != self.n_outputs_:
            raise ValueError(f"y has shape {y.shape}, but there were {self.n_outputs_} outputs in the first call.")
        return y.reshape(len(y), self.n_outputs_).astype(np.float64)

    def _outputs(self) -> int:
        return self.n_outputs_

    def _losses(self, prediction: Any, target: Any) -> Any:
        target = target.astype(prediction.dtype)
        return np.mean((prediction - target) ** 2, axis=1)

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Go through the data once more, with the module that there is; build it in the first call.

        Args:
            X: as for `fit`.
            y: as for `fit`.
            sample_weight: as for `fit`.

        Returns:
            The estimator.
        """
        return self._partial_fit(X, y, None, sample_weight)

    def predict(self, X: Any) -> Any:
        """The numbers, `(n_samples,)`, or `(n_samples, n_outputs)` if the targets had that shape."""
        predicted = self._predicted(X)
        return predicted[:, 0] if self._flat else predicted


def _one_column(y: Any) -> Any:
    """Classes `(n,)`; a column `(n, 1)` is taken for one, with scikit-learn's warning."""
    return column_or_1d(y, warn=True)
