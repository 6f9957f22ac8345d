"""Callbacks: when they are called, what they see, stop, keep and write; and the history's best epoch and picture."""

import pickle

import numpy as np
import pytest
from matplotlib.figure import Figure

import nn
from nn import functional as F

RNG = np.random.default_rng(0)
X = RNG.standard_normal((24, 3))
Y = (X @ [1.0, -2.0, 0.5] > 0).astype(int)


def train(callbacks=(), model=None, *, lr=0.05, **options):
    model = nn.Linear(3, 2) if model is None else model
    options = {
        "loss": F.cross_entropy, "optimizer": nn.SGD(model.parameters(), lr=lr), "epochs": 3, "batch_size": 8,
        "validation": (X, Y), "progress": False,
    } | options  # fmt: skip
    return model, nn.fit(model, options.pop("data", (X, Y)), callbacks=callbacks, **options)


class Log(nn.Callback):
    """Notes every call."""

    def __init__(self):
        self.calls = []

    def on_fit_start(self, context):
        self.calls.append(("fit", context.epoch, context.step, context.measured))

    def on_epoch_start(self, context):
        self.calls.append(("epoch", context.epoch, context.batch, context.history.epochs))

    def on_batch_end(self, context):
        self.calls.append(("batch", context.epoch, context.batch, context.step, context.model.training))

    def on_epoch_end(self, context):
        self.calls.append(("end", context.epoch, list(context.numbers), context.history.epochs))

    def on_fit_end(self, context):
        self.calls.append(("done", context.epoch, context.step, context.stopped))


class Script(nn.Callback):
    """Replaces `val_loss` by given numbers, and notes the weights of each epoch. Comes first in the list."""

    def __init__(self, *numbers):
        self.numbers, self.weights = numbers, []

    def on_epoch_end(self, context):
        context.numbers["val_loss"] = self.numbers[context.epoch - 1]
        self.weights.append(context.model.state_dict())


def same(a, b):
    return all(np.array_equal(a[key], b[key]) for key in a)


# ---- when and with what ----


def test_the_order_of_calls():
    log = Log()
    train([log], epochs=2, metrics=["accuracy"])
    names = ("loss", "accuracy", "val_loss", "val_accuracy")
    assert log.calls == [
        ("fit", 0, 0, names),
        ("epoch", 1, 0, 0), *[("batch", 1, i, i, True) for i in (1, 2, 3)], ("end", 1, [*names, "seconds"], 1),
        ("epoch", 2, 0, 1), *[("batch", 2, i, i + 3, True) for i in (1, 2, 3)], ("end", 2, [*names, "seconds"], 2),
        ("done", 2, 6, ""),
    ]  # fmt: skip


def test_the_context_holds_what_fit_got():
    seen = []

    class Look(nn.Callback):
        def on_batch_end(self, context):
            seen.append(context)

    model, history = train([Look()])
    assert seen[0].model is model
    assert seen[0].history is history
    assert seen[0].epochs == 3
    assert isinstance(seen[0].loss, float)
    assert not seen[0].fast_dev_run


@pytest.mark.parametrize("event", ["on_fit_start", "on_epoch_start", "on_batch_end", "on_epoch_end", "on_fit_end"])
def test_exceptions_pass_and_modes_are_restored(event):
    class Fails(nn.Callback):
        pass

    def fail(self, context):
        raise LookupError(event)

    setattr(Fails, event, fail)
    model = nn.Linear(3, 2).eval()
    with pytest.raises(LookupError, match=event):
        train([Fails()], model)
    assert not model.training


def test_stop_ends_after_the_epoch(capsys):
    class Enough(nn.Callback):
        def on_batch_end(self, context):
            if context.step == 4:
                context.stop("enough is enough")

    log = Log()
    _, history = train([Enough(), log], epochs=9, progress=True)
    assert history.epochs == 2
    assert log.calls[-1] == ("done", 2, 6, "enough is enough")
    assert capsys.readouterr().err.splitlines()[-1] == "stopped after epoch 2: enough is enough"


# ---- early stopping and best weights ----


@pytest.mark.parametrize(
    ("numbers", "options", "epochs", "best"),
    [
        ([5, 4, 3, 2, 1], {"patience": 1}, 5, 5),
        ([5, 4, 4, 3, 1], {"patience": 1}, 3, 2),
        ([5, 4, 6, 3, 4], {"patience": 2}, 5, 4),
        ([5, 4, 6, 7, 1], {"patience": 2}, 4, 2),
        ([5, 4.5, 4, 3.5, 1], {"patience": 2, "min_delta": 0.5}, 5, 5),  # 4 and 1 count
        ([5, 4.6, 4.6, 3.5, 1], {"patience": 2, "min_delta": 0.5}, 3, 1),
        ([1, 2, 2, 3, 3], {"patience": 1, "mode": "max"}, 3, 2),
        ([np.nan, 4, np.nan, np.nan, 1], {"patience": 2}, 4, 2),
        ([np.nan, np.nan, 1, 1, 1], {"patience": 2}, 2, 0),
        ([np.inf, 3, 2, 1, 0], {"patience": 2}, 5, 5),
    ],
)
def test_early_stopping(numbers, options, epochs, best):
    script, stopping = Script(*numbers), nn.EarlyStopping(**options)
    model, history = train([script, stopping], epochs=5)
    assert (history.epochs, stopping.best_epoch) == (epochs, best)
    assert same(model.state_dict(), script.weights[(best or epochs) - 1])
    if best:
        assert stopping.best == numbers[best - 1]


def test_early_stopping_may_leave_the_last_weights():
    script = Script(1, 2, 3, 4, 5)
    model, _ = train([script, nn.EarlyStopping(patience=2, restore_best=False)], epochs=5)
    assert len(script.weights) == 3
    assert same(model.state_dict(), script.weights[-1])


def test_early_stopping_may_be_used_again():
    stopping = nn.EarlyStopping(patience=2)
    for _ in range(2):
        _, history = train([Script(1, 2, 3, 4, 5), stopping], epochs=5)
        assert (history.epochs, stopping.best_epoch) == (3, 1)


def test_best_weights_include_buffers_and_do_not_stop():
    class Counts(nn.Linear):
        def __init__(self):
            super().__init__(3, 2)
            self.register_buffer("calls", np.zeros((), np.int64))

        def forward(self, x):
            if self.training:
                self.calls = self.calls + 1
            return super().forward(x)

    script, best = Script(3, 1, 2, 5), nn.BestWeights()
    model, history = train([script, best], Counts(), epochs=4)
    assert history.epochs == 4
    assert best.best_epoch == 2
    assert model.calls == 6
    assert same(model.state_dict(), script.weights[1])


@pytest.mark.parametrize(
    ("monitor", "better"),
    [("val_loss", min), ("loss", min), ("val_accuracy", max), ("f1_macro", max), ("perplexity", min),
     ("val_mean_absolute_error", min), ("r2_score", max)],
)  # fmt: skip
def test_which_numbers_are_better_is_known(monitor, better):
    history = nn.History({monitor: [2.0, 3.0, 1.0], "seconds": [0.0] * 3})
    assert history[monitor][history.best_epoch(monitor) - 1] == better(history[monitor])
    assert nn.EarlyStopping(monitor).best == (np.inf if better is min else -np.inf)


# ---- checkpoints ----


def test_model_checkpoint_writes_the_best(tmp_path):
    script, callback = Script(3, 1, 2, 0.5, 4), nn.ModelCheckpoint(tmp_path / "best.npz")
    model, _ = train([script, callback], epochs=5)
    assert callback.best_path == str(tmp_path / "best.npz")
    other = nn.Linear(3, 2)
    found = nn.load_checkpoint(callback.best_path, other)
    assert (found.epoch, found.step) == (4, 12)
    assert same(other.state_dict(), script.weights[3])
    assert not same(model.state_dict(), script.weights[3])
    assert [path.name for path in tmp_path.iterdir()] == ["best.npz"]


def test_model_checkpoint_fills_numbers_into_the_path(tmp_path):
    callback = nn.ModelCheckpoint(tmp_path / "{epoch:02d}-{val_loss:.1f}.npz", save_best_only=False)
    train([Script(3, 1, 2), callback])
    assert callback.best_path == str(tmp_path / "02-1.0.npz")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["01-3.0.npz", "02-1.0.npz", "03-2.0.npz"]
    callback = nn.ModelCheckpoint(tmp_path / "best-{epoch}.npz", "val_accuracy", "min")
    train([callback], metrics=["accuracy"], lr=0.0)
    assert callback.best_path == str(tmp_path / "best-1.npz")


# ---- dry runs ----


def test_fast_dev_run(tmp_path):
    log, stopping = Log(), nn.EarlyStopping(patience=1)
    calls = []
    model = nn.Linear(3, 2)
    model.register_forward_hook(lambda module, args, out: calls.append((module.training, len(out))))
    callbacks = [log, stopping, nn.ModelCheckpoint(tmp_path / "best.npz")]
    _, history = train(
        callbacks, model, epochs=50, fast_dev_run=True, checkpoint=tmp_path / "run.npz", checkpoint_every=1,
        validation=(X, Y),
    )  # fmt: skip
    assert calls == [(True, 8), (False, 8)]
    assert history.epochs == 1
    assert log.calls[-1] == ("done", 1, 1, "")
    assert list(tmp_path.iterdir()) == []


def test_fast_dev_run_is_not_stopped():
    class Stop(nn.Callback):
        def on_epoch_start(self, context):
            assert context.fast_dev_run
            context.stop("now")

    log = Log()
    train([Stop(), log], fast_dev_run=True)
    assert log.calls[-1] == ("done", 1, 1, "")


@pytest.mark.parametrize("shuffle", [False, True])
def test_overfit_batches(shuffle):
    seen = []

    class Look(nn.Linear):
        def forward(self, x):
            seen.append((self.training, x.copy()))
            return super().forward(x)

    data = nn.DataLoader((X, Y), 8, shuffle=shuffle)
    _, history = train([], Look(3, 2), data=data, batch_size=None, overfit_batches=2, epochs=2, validation=None)
    assert [training for training, _ in seen] == [True, True, False, False] * 2
    for i, (_, x) in enumerate(seen):
        assert np.array_equal(x, X.astype(np.float32)[8 * (i % 2) : 8 * (i % 2) + 8])
    assert list(history) == ["loss", "val_loss", "seconds"]
    assert data.shuffle is shuffle
    _, history = train([], Look(3, 2), overfit_batches=1, epochs=60, lr=1.0)
    assert history["val_loss"][-1] < 0.1


# ---- the history ----


def curves(epochs=12, **more):
    x = np.linspace(0, 1, epochs)
    numbers = {"loss": np.exp(-4 * x), "val_loss": 0.1 + (x - 0.6) ** 2, **more, "seconds": np.ones(epochs)}
    return nn.History({name: list(map(float, column)) for name, column in numbers.items()})


def test_best_epoch():
    assert curves(11).best_epoch() == 7
    assert curves(11).best_epoch("loss") == 11
    assert curves(11).best_epoch("seconds", "max") == 1
    assert nn.History({"loss": [np.nan, 2.0, 1.0, 1.0], "seconds": [0.0] * 4}).best_epoch() == 3
    assert nn.History({"loss": [np.nan], "seconds": [0.0]}).best_epoch() == 0
    with pytest.raises(KeyError, match="'val_f1' was not measured, only loss, val_loss, seconds"):
        curves().best_epoch("val_f1")
    with pytest.raises(ValueError, match="not known whether more or less of 'seconds'"):
        curves().best_epoch("seconds")


def test_a_history_can_be_pickled():
    history = curves()
    assert pickle.loads(pickle.dumps(history)) == history
    assert type(pickle.loads(pickle.dumps(history))) is nn.History


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_plot_writes_a_file(ending, tmp_path):
    path = tmp_path / f"history.{ending}"
    figure = curves().plot(path, title="Run 1")
    assert isinstance(figure, Figure)
    assert path.stat().st_size > 1000


def test_plot_has_a_panel_for_each_number():
    x = np.linspace(0, 1, 12)
    figure = curves(accuracy=x, val_accuracy=x**2, lr=0.1**x, mine=x - 0.5).plot()
    panels = figure.axes
    assert [axes.get_title(loc="left") for axes in panels] == ["loss", "accuracy", "learning rate", "mine"]
    training, validation, best_line, best = panels[0].lines
    assert (training.get_linestyle(), validation.get_linestyle()) == ("--", "-")
    assert training.get_color() == validation.get_color()
    assert np.allclose(validation.get_xdata(), range(1, 13))
    assert list(best_line.get_xdata()) == [8, 8]
    assert list(best.get_xdata()) == [8]
    assert [axes.get_yscale() for axes in panels] == ["log", "linear", "linear", "linear"]
    assert "at the best epoch, 8" in panels[0].get_legend().get_texts()[2].get_text()
    assert panels[3].get_legend() is None


@pytest.mark.parametrize(
    "history",
    [
        {"loss": [1.0], "seconds": [0.1]},
        {"loss": [1.0], "val_loss": [2.0], "seconds": [0.1]},
        {"loss": [1.0, np.nan], "val_loss": [np.nan, np.inf], "seconds": [0.1, 0.1]},
        {"loss": [0.0, 0.0], "seconds": [0.1, 0.1]},
    ],
)
def test_plot_takes_what_there_is(history, tmp_path):
    figure = nn.History(history).plot(tmp_path / "history.png")
    assert (tmp_path / "history.png").read_bytes().startswith(b"\x89PNG")
    (axes,) = figure.axes
    assert [line.get_ydata().tolist() for line in axes.lines[: len(history) - 1]] == [
        pytest.approx(numbers, nan_ok=True) for name, numbers in history.items() if name != "seconds"
    ]
    assert axes.get_yscale() == "linear"


def test_nothing_to_plot():
    with pytest.raises(ValueError, match="the history has no epochs"):
        nn.History().plot()


# ---- what is refused ----


@pytest.mark.parametrize(
    ("wrong", "kind", "message"),
    [
        (lambda: nn.EarlyStopping(patience=0), ValueError, "patience is 0"),
        (lambda: nn.EarlyStopping(min_delta=-1), ValueError, "min_delta is -1"),
        (lambda: nn.EarlyStopping(mode="auto"), ValueError, "mode is 'auto', but must be 'min' or 'max'"),
        (lambda: nn.BestWeights("val_score"), ValueError, r"more or less of 'val_score' is better\. Write mode='max'"),
        (lambda: train([nn.EarlyStopping("accuracy")]), ValueError, r"EarlyStopping watches 'accuracy'.*metrics=\["),
        (
            lambda: train([nn.BestWeights()], validation=None),
            ValueError,
            r"Pass validation=\.\.\. to nn\.fit, or .*'loss'",
        ),
        (lambda: train([nn.ModelCheckpoint("{f2}.npz")]), KeyError, "names 'f2', but what is measured is epoch, loss"),
        (lambda: train([nn.ModelCheckpoint("{}.npz")]), KeyError, "names .* but what is measured"),
        (lambda: train([nn.ModelCheckpoint("no/best.npz")]), FileNotFoundError, r"Write os\.makedirs\('no'\)"),
        (lambda: train(checkpoint="no/run.npz"), FileNotFoundError, "there is no folder 'no' for 'no/run.npz'"),
        (lambda: train(nn.BestWeights()), TypeError, r"callbacks must be a list\. Write callbacks=\[BestWeights"),
        (lambda: train([nn.BestWeights]), TypeError, "is the class BestWeights. Make an instance"),
        (lambda: train([print]), TypeError, r"must be an nn\.Callback, not builtin_function.*on_epoch_end"),
        (lambda: train(overfit_batches=9), ValueError, "overfit_batches is 9, but data has only 3 batches"),
        (lambda: train(overfit_batches=0), ValueError, "overfit_batches is 0"),
        (lambda: train(resume=True), ValueError, r"resume=True needs a file: write checkpoint='run\.npz'"),
        (lambda: train(checkpoint_every=3), ValueError, "checkpoint_every=3 needs a file"),
        (lambda: train(checkpoint="x.npz", checkpoint_every=0), ValueError, "checkpoint_every is 0"),
    ],
)
def test_refuses(wrong, kind, message):
    with pytest.raises(kind, match=message):
        wrong()
