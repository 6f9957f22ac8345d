"""NeuralClassifier and NeuralRegressor: scikit-learn's own checks, and what they leave open."""

import pickle
import subprocess
import sys
import threading

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris, make_moons
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import nn

X, Y = make_moons(120, noise=0.1, random_state=0)
TARGET = np.stack([X[:, 0] * X[:, 1], X[:, 0] ** 2], axis=1)


@parametrize_with_checks([nn.NeuralClassifier(), nn.NeuralRegressor()])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
def test_scikit_learns_checks(estimator, check):
    check(estimator)


def small(kind=nn.NeuralClassifier, **options):
    return kind(**({"hidden_layer_sizes": (16,), "lr": 0.02, "epochs": 20, "random_state": 0} | options))


def weights(estimator):
    return np.concatenate([p.data.ravel() for p in estimator.module_.parameters()])


def net(n_features, n_outputs):
    return nn.Sequential(nn.Linear(n_features, 8), nn.Tanh(), nn.Dropout(0.1), nn.Linear(8, n_outputs))


# ---- what is learnt ----


def test_in_a_pipeline_a_grid_search_and_cross_validation():
    pipeline = make_pipeline(StandardScaler(), small())
    search = GridSearchCV(pipeline, {"neuralclassifier__hidden_layer_sizes": [(2,), (32, 16)]}, cv=3).fit(X, Y)
    assert search.best_params_ == {"neuralclassifier__hidden_layer_sizes": (32, 16)}
    assert search.best_score_ > 0.9
    assert cross_val_score(pipeline, *load_iris(return_X_y=True), cv=3).min() > 0.85


def test_probabilities_go_with_the_classes():
    names = np.array(["left", "right"])[Y]
    classifier = small(epochs=60).fit(X, names)
    probabilities = classifier.predict_proba(X)
    assert np.allclose(probabilities.sum(axis=1), 1)
    assert (classifier.classes_[probabilities.argmax(axis=1)] == classifier.predict(X)).all()
    assert classifier.score(X, names) > 0.95


def test_a_regressor_keeps_the_shape_of_its_targets():
    for y in (TARGET[:, 0], TARGET[:, :1], TARGET):
        regressor = small(nn.NeuralRegressor, epochs=100).fit(X, y)
        assert regressor.predict(X).shape == y.shape
        assert regressor.score(X, y) > 0.8


@pytest.mark.parametrize(("dtype", "expected"), [(np.float32, np.float32), (np.float64, np.float64), (int, np.float64)])
def test_the_precision_is_that_of_the_data(dtype, expected):
    classifier = small(epochs=1).fit(X.astype(dtype), Y)
    assert weights(classifier).dtype == expected
    assert classifier.predict_proba(X.astype(dtype)).dtype == expected
    assert small(nn.NeuralRegressor, epochs=1).fit(X.astype(dtype), Y).predict(X.astype(dtype)).dtype == expected


def test_a_module_of_your_own():
    classifier = small(module=net, optimizer=nn.optim.RMSprop).fit(X, Y)
    assert isinstance(classifier.module_[2], nn.Dropout)
    assert not classifier.module_.training
    assert type(classifier.optimizer_) is nn.optim.RMSprop
    assert classifier.score(X, Y) > 0.8

    class Numbers(nn.Linear):
        def forward(self, x):
            return super().forward(x)[:, 0]  # (n,) does for one output

    regressor = small(nn.NeuralRegressor, module=Numbers)
    assert regressor.fit(X, Y).predict(X).shape == (120,)


def test_activation_may_be_a_class():
    assert isinstance(small(activation=nn.SiLU, epochs=1).fit(X, Y).module_[1], nn.SiLU)


def test_early_stopping_keeps_the_best_weights():
    classifier = small(early_stopping=True, epochs=300, lr=0.1, patience=3).fit(X, Y)
    best = classifier.history_.best_epoch("val_loss")
    assert classifier.n_iter_ == classifier.history_.epochs == best + 3 < 300


def test_sample_weights_move_the_boundary():
    # with a quarter of the weight, the second class is predicted less often; in batches smaller than the data
    few = small(epochs=5).fit(X, Y, sample_weight=np.where(Y == 1, 0.05, 1.0)).predict(X)
    many = small(epochs=5).fit(X, Y, sample_weight=np.where(Y == 1, 20, 1.0)).predict(X)
    assert few.sum() < many.sum()
    one = small(epochs=2).fit(X, Y)
    assert np.allclose(weights(small(epochs=2).fit(X, Y, sample_weight=np.full(120, 7.0))), weights(one))


# ---- randomness ----


@pytest.mark.parametrize("options", [{}, {"module": net}, {"early_stopping": True}, {"random_state": 7}])
def test_random_state_repeats_the_bits_and_leaves_the_default_generator_alone(options):
    nn.manual_seed(1)
    before = nn.random.default_generator.bit_generator.state
    first = small(**options).fit(X, Y)
    assert nn.random.default_generator.bit_generator.state == before
    nn.manual_seed(2)
    assert np.array_equal(weights(first), weights(small(**options).fit(X, Y)))
    assert not np.array_equal(weights(first), weights(small(**options | {"random_state": 1}).fit(X, Y)))


def test_random_state_of_partial_fit_goes_on():
    def trained(disturb):
        classifier = small(module=net)
        for _ in range(3):
            classifier.partial_fit(X, Y, classes=[0, 1])
            nn.random.default_generator.random(disturb)
        return classifier

    assert np.array_equal(weights(trained(0)), weights(trained(5)))
    assert trained(0).n_iter_ == 3


def test_threads_do_not_disturb_each_other():
    expected, found = weights(small(module=net).fit(X, Y)), []
    threads = [threading.Thread(target=lambda: found.append(small(module=net).fit(X, Y))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(weights(estimator), expected) for estimator in found)
    assert len(found) == 3


def test_without_random_state_the_seed_of_nn_holds():
    runs = []
    for _ in range(2):
        nn.manual_seed(4)
        runs.append(weights(small(random_state=None).fit(X, Y)))
    assert np.array_equal(*runs)


# ---- copies ----


def test_clones_and_pickles():
    classifier = small(module=net).fit(X, Y)
    copy = pickle.loads(pickle.dumps(classifier))
    assert np.array_equal(copy.predict_proba(X), classifier.predict_proba(X))
    for estimator in (classifier, copy):
        estimator.partial_fit(X, Y)
    assert np.array_equal(weights(copy), weights(classifier))
    assert not hasattr(clone(classifier), "module_")


def test_partial_fit_learns_from_parts():
    classifier = small(random_state=1)
    for _ in range(30):
        classifier.partial_fit(X[Y == 0], Y[Y == 0], classes=[0, 1])
        classifier.partial_fit(X, Y)
    assert classifier.score(X, Y) > 0.9


def test_import_nn_does_not_load_scikit_learn():
    script = "import sys, nn; assert 'sklearn' not in sys.modules; nn.NeuralRegressor; assert 'sklearn' in sys.modules"
    subprocess.run([sys.executable, "-c", script], check=True)


def test_without_scikit_learn_the_line_to_write_is_named():
    script = """
import sys
sys.modules["sklearn"] = sys.modules["sklearn.base"] = None
import nn
try:
    nn.NeuralClassifier
except ImportError as error:
    print(error)
"""
    out = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout
    assert "pip install scikit-learn" in out
    with pytest.raises(AttributeError, match="module 'nn' has no attribute 'NeuralTransformer'"):
        _ = nn.NeuralTransformer


# ---- what is refused ----


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"activation": "swish"}, ValueError, "activation is 'swish', but must be one of 'relu', 'tanh'"),
        ({"optimizer": "lbfgs"}, ValueError, r"optimizer is 'lbfgs'.*nn\.RMSprop"),
        ({"hidden_layer_sizes": 8}, TypeError, r"hidden_layer_sizes=\(8,\)"),
        ({"hidden_layer_sizes": (8, 0)}, ValueError, "each must be 1 or greater"),
        ({"batch_size": 0}, ValueError, "batch_size is 0"),
        ({"epochs": 0}, ValueError, "epochs is 0"),
        ({"patience": 0}, ValueError, "patience is 0"),
        ({"validation_fraction": 1.0}, ValueError, r"validation_fraction is 1\.0"),
        ({"early_stopping": True, "validation_fraction": 0.999}, ValueError, "leaves nothing to learn"),
        ({"module": lambda i, o: 3}, TypeError, "module returned int"),
        ({"module": lambda i, o: nn.Linear(i, 5)}, ValueError, r"returned shape \(32, 5\) .* must return \(32, 2\)"),
    ],
)
def test_refuses(options, kind, message):
    with pytest.raises(kind, match=message):
        small(**options).fit(X, Y)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda c: c.fit(X, Y, sample_weight=np.ones(3)), r"sample_weight has shape \(3,\), but must have \(120,\)"),
        (lambda c: c.fit(X, Y, sample_weight=-np.ones(120)), "not negative"),
        (lambda c: c.partial_fit(X, Y), "classes must be passed on the first call"),
        (lambda c: c.fit(X, Y).partial_fit(X, Y + 1), r"y has the class .*2.*but the classes are \[0 1\]"),
        (lambda c: c.fit(X, Y).partial_fit(X, Y, classes=[0, 1, 2]), r"was \[0 1\] in the first call"),
        (lambda c: c.fit(X, TARGET[:, 0]), "Unknown label type"),
    ],
)
def test_refuses_data(call, message):
    with pytest.raises(ValueError, match=message):
        call(small(epochs=1))


def test_a_regressor_refuses_other_outputs():
    with pytest.raises(ValueError, match=r"y has shape \(120, 2\), but there were 1 outputs"):
        small(nn.NeuralRegressor, epochs=1).fit(X, Y).partial_fit(X, TARGET)
