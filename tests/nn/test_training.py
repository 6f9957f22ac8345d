"""fit and evaluate: what they return, write, restore and refuse."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios

import numpy as np
import pytest

import autograd_lite as ag
import nn
from nn import functional as F

RNG = np.random.default_rng(0)
X = RNG.standard_normal((70, 3))
Y = (X @ [1.0, -2.0, 0.5] > 0).astype(int)


class Net(nn.Module):
    """Two layers, and a note of the mode in which it was called."""

    def __init__(self, dtype=np.float32):
        super().__init__()
        rng = np.random.default_rng(1)
        self.first = nn.Parameter(0.5 * rng.standard_normal((3, 8)).astype(dtype))
        self.second = nn.Parameter(0.5 * rng.standard_normal((8, 2)).astype(dtype))
        self.calls = []

    def forward(self, x):
        self.calls.append((self.training, ag.is_grad_enabled(), len(x), x.dtype))
        return np.tanh(x @ self.first) @ self.second


def train(model=None, data=(X, Y), *, lr=0.05, epochs=2, **options):
    model = Net() if model is None else model
    options = {"loss": F.cross_entropy, "optimizer": nn.Adam(model.parameters(), lr=lr), "epochs": epochs} | options
    return model, nn.fit(model, data, **options)


# ---- what is learnt and returned ----


def test_learns():
    nn.manual_seed(0)
    model, history = train(epochs=20, validation=(X, Y), metrics=["accuracy"])
    assert history["loss"][-1] < 0.3 * history["loss"][0]
    assert history["val_accuracy"][-1] > 0.95
    numbers = nn.evaluate(model, (X, Y), loss=F.cross_entropy, metrics=["accuracy"])
    assert numbers["accuracy"] == history["val_accuracy"][-1]
    assert numbers["loss"] == history["val_loss"][-1]


def test_the_history_has_a_number_an_epoch():
    _, history = train(epochs=3, validation=(X, Y), metrics={"mistakes": lambda p, t: (p.argmax(1) != t).sum()})
    assert list(history) == ["loss", "mistakes", "val_loss", "val_mistakes", "seconds"]
    assert {len(numbers) for numbers in history.values()} == {history.epochs} == {3}
    assert all(type(number) is float for numbers in history.values() for number in numbers)
    assert nn.History().epochs == 0


def test_means_weigh_batches_by_their_size():
    numbers = nn.evaluate(Net(), (X, Y), loss=F.cross_entropy, metrics=["accuracy"], batch_size=32)  # 32, 32, 6
    at_once = nn.evaluate(Net(), (X, Y), loss=F.cross_entropy, metrics=["accuracy"], batch_size=70)
    assert numbers == pytest.approx(at_once, rel=1e-6)


def test_the_seed_repeats_the_training():
    runs = []
    for seed in (0, 0, 1):
        nn.manual_seed(seed)
        runs.append(train()[1]["loss"])
    assert runs[0] == runs[1] != runs[2]


def test_a_data_loader_keeps_its_own_order():
    loader = nn.DataLoader((X, Y), batch_size=10)
    assert train(data=loader)[1]["loss"] == train(data=loader)[1]["loss"]


def test_several_inputs():
    class Sum(Net):
        def forward(self, a, b):
            return super().forward(a + b)

    _, history = train(Sum(), (X, X, Y))
    assert history["loss"][1] < history["loss"][0]


# ---- schedulers, clipping, closures ----

lr_scheduler = nn.optim.lr_scheduler


def test_a_scheduler_steps_after_each_epoch_and_its_rates_are_noted():
    model = Net()
    optimizer = nn.SGD(model.parameters(), lr=0.8)
    scheduler = lr_scheduler.ExponentialLR(optimizer, 0.5)
    _, history = train(model, optimizer=optimizer, scheduler=scheduler, epochs=3)
    assert list(history) == ["loss", "lr", "seconds"]
    assert history["lr"] == [0.8, 0.4, 0.2]
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.1)


def test_a_scheduler_may_step_after_each_batch():
    model = Net()
    optimizer = nn.SGD(model.parameters(), lr=1.0)
    scheduler = lr_scheduler.ExponentialLR(optimizer, 0.5)
    _, history = train(model, optimizer=optimizer, scheduler=scheduler, scheduler_step="batch", epochs=2)
    assert history["lr"] == [0.5**3, 0.5**6]  # 3 batches an epoch


@pytest.mark.parametrize(
    ("options", "watched"),
    [
        ({}, "loss"),
        ({"validation": (X[:9], Y[:9])}, "val_loss"),
        ({"monitor": "accuracy", "metrics": ["accuracy"]}, "accuracy"),
    ],
)
def test_a_scheduler_on_a_plateau_gets_the_number_that_it_watches(options, watched):
    seen = []

    class Plateau(lr_scheduler.ReduceLROnPlateau):
        def step(self, metrics, epoch=None):
            seen.append(metrics)
            super().step(metrics, epoch)

    model = Net()
    optimizer = nn.SGD(model.parameters(), lr=0.1)
    _, history = train(model, optimizer=optimizer, scheduler=Plateau(optimizer), **options)
    assert seen == history[watched]


def test_clip_norm_limits_the_gradient():
    norms = []

    class Norms(nn.Callback):
        def on_batch_end(self, context):
            norms.append(sum([float((p.grad**2).sum()) for p in context.model.parameters()]) ** 0.5)

    train(lr=0.0, clip_norm=0.01, callbacks=[Norms()])
    assert np.allclose(norms, 0.01, rtol=1e-3)
    norms.clear()
    train(lr=0.0, clip_norm=100.0, callbacks=[Norms()])
    assert min(norms) > 0.02


def test_gradients_that_are_not_finite_stop_before_the_step_when_they_are_clipped():
    model = Net()
    before = model.state_dict()

    def loss(prediction, target):
        return np.sqrt(np.abs(prediction[0, 0] - prediction[0, 0])) + F.cross_entropy(prediction, target)

    with (
        np.errstate(divide="ignore", invalid="ignore"),
        pytest.raises(
            FloatingPointError, match=r"the norm of the gradients is nan in epoch 1, batch 1, though .* finite"
        ),
    ):
        train(model, loss=loss, clip_norm=1.0)
    assert all(np.array_equal(model.state_dict()[name], array) for name, array in before.items())


def test_an_optimizer_that_evaluates_the_loss_itself():
    model = Net()
    optimizer = nn.optim.LBFGS(model.parameters(), lr=0.5)
    _, history = train(model, optimizer=optimizer, batch_size=70, epochs=4, clip_norm=10.0)
    assert history["loss"][-1] < 0.3 * history["loss"][0]


# ---- modes and dtypes ----


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_modes_batches_and_dtypes(dtype):
    model, _ = train(Net(dtype), epochs=1, validation=(X[:40].astype(np.float16), Y[:40]))
    assert model.calls == [
        *[(True, True, n, dtype) for n in (32, 32, 6)],
        *[(False, False, n, dtype) for n in (32, 8)],
    ]
    assert model.first.grad.dtype == dtype


def test_float64_reaches_a_float64_model_whole():
    class Copy(Net):
        def forward(self, x):
            self.seen = x
            return super().forward(x)

    model = Copy(np.float64)
    nn.evaluate(model, (X, Y), loss=F.cross_entropy, batch_size=70)
    assert np.array_equal(model.seen, X)


class Parent(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = Net()
        self.frozen = Net().eval()

    def forward(self, x):
        return self.net(x)


@pytest.mark.parametrize("fails", [None, RuntimeError, KeyboardInterrupt])
def test_the_mode_of_every_module_is_restored(fails):
    model, calls = Parent(), []

    def loss(prediction, target):
        calls.append(model.frozen.training)
        if fails is not None and len(calls) == 5:
            raise fails
        return F.cross_entropy(prediction, target)

    before = ag.is_grad_enabled()
    try:
        train(model, loss=loss, validation=(X, Y))
    except (RuntimeError, KeyboardInterrupt):
        assert fails is not None
    assert calls[:5] == [True, True, True, False, False]
    assert model.training
    assert model.net.training
    assert not model.frozen.training
    assert ag.is_grad_enabled() is before
    nn.evaluate(model, (X, Y), loss=F.cross_entropy)
    assert model.net.training


# ---- progress ----

LINE = r"epoch  \d/10  loss  \d\.\d{4}  accuracy  \d\.\d{4}  val_loss  \d\.\d{4}  val_accuracy  \d\.\d{4}    \d\.\d\d s"


def test_one_line_an_epoch_on_stderr(capsys):
    train(epochs=10, validation=(X, Y), metrics=["accuracy"])
    written = capsys.readouterr()
    assert written.out == ""
    lines = written.err.splitlines()
    assert len(lines) == 10
    assert len({len(line) for line in lines}) == 1
    assert re.fullmatch(LINE, lines[0])
    assert lines[9].startswith("epoch 10/10  loss")


def test_no_progress(capsys):
    train(progress=False)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("number", "written"),
    [(0, " 0.0000"), (0.5, " 0.5000"), (-3, "-3.0000"), (1.23e-5, "1.2e-05"), (123.456, "  123.5"), (4e7, "4.0e+07")],
)
def test_figures_have_one_width(number, written):
    from nn.training.progress import figure

    assert figure(number) == written


def test_a_bar_on_a_terminal():
    script = """
import numpy as np, nn
from nn import functional as F
w = nn.Parameter(np.zeros((3, 2), np.float32))
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = w
    def forward(self, x):
        return x @ self.w
x, y = np.ones((40, 3)), np.zeros(40, int)
nn.fit(Net(), (x, y), loss=F.cross_entropy, optimizer=nn.SGD([w]), epochs=3, batch_size=4)
"""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))  # rows and columns
    process = subprocess.run(
        [sys.executable, "-c", script], stderr=theirs, stdout=subprocess.PIPE, timeout=60, check=False
    )
    os.close(theirs)
    written = b""
    try:
        while chunk := os.read(ours, 65536):
            written += chunk
    except OSError:  # the end of a pseudo-terminal
        pass
    os.close(ours)
    text = written.decode()
    assert process.returncode == 0, text
    assert process.stdout == b""
    assert len(re.findall(r"epoch \d/3  loss  0\.\d{4}    0\.\d\d s", text)) == 3
    assert re.search(r"epoch 1/3:.* 10/30 .*loss 0\.\d{4}", text)
    assert re.search(r"epoch 2/3:.* 20/30 ", text)


# ---- what is refused ----


def test_a_loss_that_is_not_finite_stops_before_the_step():
    model = Net()
    calls = []

    def loss(prediction, target):
        calls.append([p.data.copy() for p in model.parameters()])
        return F.cross_entropy(prediction, target) * (np.nan if len(calls) == 5 else 1.0)

    with pytest.raises(
        FloatingPointError, match=r"loss is nan in epoch 2, batch 2\. .* smaller learning rate than 0\.05"
    ):
        train(model, loss=loss)
    assert all(np.array_equal(p.data, before) for p, before in zip(model.parameters(), calls[-1], strict=True))
    bad = X.copy()
    bad[5, 1] = np.inf
    with (
        np.errstate(invalid="ignore"),  # some processors warn of infinity in a product of matrices, some do not
        pytest.raises(FloatingPointError, match=r"epoch 1, batch 1\. Input 0 of this batch is not finite"),
    ):
        train(data=nn.DataLoader((bad, Y), 70), loss=lambda p, t: F.cross_entropy(p, t) * np.nan)


def other_optimizer():
    return nn.SGD(Net().parameters())


def other_scheduler():
    return lr_scheduler.StepLR(other_optimizer(), 1)


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        (
            lr_scheduler.ReduceLROnPlateau,
            {"scheduler_step": "batch"},
            r"measured once an epoch\. Write scheduler_step='epo",
        ),
        (lr_scheduler.CosineAnnealingLR, {"monitor": "loss"}, "the step of CosineAnnealingLR takes no number"),
    ],
)
def test_refuses_a_scheduler_that_does_not_go_with_its_arguments(kind, options, message):
    model = Net()
    optimizer = nn.SGD(model.parameters(), lr=0.1)
    scheduler = kind(optimizer, **({"T_max": 3} if kind is lr_scheduler.CosineAnnealingLR else {}))
    with pytest.raises(ValueError, match=message):
        train(model, optimizer=optimizer, scheduler=scheduler, **options)


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"epochs": 0}, ValueError, "epochs is 0"),
        ({"data": X}, TypeError, r"data must be a DataLoader or a tuple \(inputs, targets\), not ndarray"),
        ({"data": 3}, TypeError, "not int"),
        ({"data": (X,)}, ValueError, r"autoencoder, write \(x, x\)"),
        ({"data": (X, Y[:3])}, ValueError, "array 1 of the dataset has 3 samples, but array 0 has 70"),
        ({"data": nn.DataLoader((X, Y)), "batch_size": 4}, ValueError, "batch_size=4 is for a tuple"),
        ({"batch_size": 0}, ValueError, "batch_size is 0"),
        ({"data": nn.DataLoader(X)}, TypeError, "a batch must be a tuple"),
        ({"data": iter([(X, Y)])}, ValueError, "epoch 2 of data had no batches"),
        ({"validation": [], "epochs": 1}, ValueError, "validation had no batches"),
        ({"metrics": "accuracy"}, TypeError, r"Write metrics=\['accuracy'\]"),
        ({"metrics": ["f2"]}, ValueError, "no metric called 'f2', only 'accuracy'"),
        ({"metrics": [3]}, TypeError, "not 3"),
        ({"metrics": {"loss": max}}, ValueError, "the name 'loss' is taken"),
        ({"metrics": ["accuracy", "accuracy"]}, ValueError, "'accuracy' is taken"),
        ({"optimizer": other_optimizer()}, ValueError, r"none of this model's parameters.*nn\.SGD"),
        ({"loss": lambda p, t: 3.0}, TypeError, "the loss returned float, not a Value"),
        ({"loss": lambda p, t: p}, ValueError, r"the loss has shape \(32, 2\), but must be one number"),
        ({"loss": nn.CrossEntropyLoss}, TypeError, r"loss is the class CrossEntropyLoss\. Make an instance"),
        ({"optimizer": nn.SGD}, TypeError, r"optimizer is the class SGD\. Make an instance of it: SGD\(\.\.\.\)"),
        ({"optimizer": 0.1}, TypeError, "optimizer must be of type Optimizer, not float"),
        ({"clip_norm": 0}, ValueError, "clip_norm is 0, but must be greater than 0"),
        ({"clip_norm": np.nan}, ValueError, "clip_norm is nan"),
        ({"scheduler_step": "step"}, ValueError, "scheduler_step is 'step', but must be 'epoch' or 'batch'"),
        ({"scheduler_step": "batch"}, ValueError, "scheduler_step='batch' is for a scheduler"),
        ({"monitor": "loss"}, ValueError, "monitor='loss' is for a scheduler"),
        ({"monitor": "val_loss"}, ValueError, "monitor is 'val_loss', but what is measured is loss"),
        ({"scheduler": lr_scheduler.StepLR}, TypeError, r"scheduler must be an object with step\(\)"),
        ({"scheduler": other_scheduler()}, ValueError, "the scheduler belongs to another optimizer"),
        ({"metrics": {"each": lambda p, t: t}}, ValueError, r"metric 'each' returned shape \(32,\), not one number"),
    ],
)
def test_refuses(options, kind, message):
    model = Net()
    with pytest.raises(kind, match=message):
        train(model, **options)
    assert model.training


# ---- accuracy ----

SCORES = np.array([[2.0, 1.0, 0.0], [0.0, 3.0, 0.0], [5.0, 4.0, 0.0], [0.0, 0.0, 1.0]])


@pytest.mark.parametrize(
    ("prediction", "target", "expected"),
    [
        (SCORES, np.array([0, 1, 1, 2]), 0.75),
        (SCORES, np.eye(3)[[0, 1, 1, 2]], 0.75),
        (np.array([1.0, -1.0, 2.0]), np.array([1, 0, 0]), 2 / 3),
        (np.array([[1.0], [-1.0]]), np.array([[1.0], [1.0]]), 0.5),
        (np.moveaxis(SCORES.reshape(2, 2, 3), 2, 1), np.array([[0, 1], [0, 0]]), 0.75),
        (ag.Value(SCORES), [0, 1, 0, 2], 1.0),
    ],
)
def test_accuracy(prediction, target, expected):
    assert nn.accuracy(prediction, target) == pytest.approx(expected)


@pytest.mark.parametrize(("prediction", "target"), [((4, 1), (4,)), ((4, 3), (3,)), ((4,), (4, 1)), ((4, 3), (4, 2))])
def test_accuracy_refuses_shapes_that_would_broadcast(prediction, target):
    with pytest.raises(ValueError, match=r"of shape \(4.* it needs scores"):
        nn.accuracy(np.zeros(prediction), np.zeros(target))
