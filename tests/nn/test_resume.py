"""Runs that are killed and resumed end with the bits of runs that were never interrupted."""

import json
import random
import signal
import subprocess
import sys

import numpy as np
import pytest

import nn
from nn import functional as F

from .resumable import X, Y, digest, trained

EVERY = [None, 1, 3, 7]  # an epoch has 7 steps


class KilledError(Exception):
    pass


class KillAt(nn.Callback):
    """Raises at a step, in place of a kill."""

    def __init__(self, step, event="on_batch_end"):
        self.step = step
        setattr(self, event, self.kill)

    def kill(self, context):
        if context.step >= self.step:
            raise KilledError


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    return trained(tmp_path_factory.mktemp("run") / "run.npz", None)


def test_the_run_stops_early_and_has_a_best_epoch_before(uninterrupted):
    assert len(uninterrupted["history"]["loss"]) == 8 == uninterrupted["best"][1] + 2


@pytest.mark.parametrize("prefetch", [0, 2])
@pytest.mark.parametrize("every", EVERY)
def test_how_often_it_is_saved_changes_nothing(every, prefetch, uninterrupted, tmp_path):
    assert trained(tmp_path / "run.npz", every, prefetch) == uninterrupted


@pytest.mark.parametrize("every", EVERY)
def test_a_complete_run_is_not_repeated(every, uninterrupted, tmp_path):
    trained(tmp_path / "run.npz", every)
    assert nn.load_checkpoint(tmp_path / "run.npz", random_state=False).epoch == 8
    before = (tmp_path / "run.npz").stat().st_mtime_ns
    again = trained(tmp_path / "run.npz", every)
    assert (tmp_path / "run.npz").stat().st_mtime_ns == before
    for part in ("history", "state", "losses", "best"):
        assert again[part] == uninterrupted[part]


@pytest.mark.parametrize(("every", "step"), [(None, 3), (None, 9), (3, 8), (3, 10), (7, 14), (1, 11), (2, 17), (3, 52)])
@pytest.mark.parametrize("prefetch", [0, 2])
def test_an_interrupted_run_ends_the_same(every, step, prefetch, uninterrupted, tmp_path, monkeypatch):
    whole_fit = nn.fit

    def killed_fit(*args, callbacks, **options):
        class Kill(type(callbacks[0])):
            def on_batch_end(self, context):
                super().on_batch_end(context)
                if context.step == step:
                    raise KilledError

        Kill.__name__ = type(callbacks[0]).__name__
        first = Kill(0.0)
        first.losses = callbacks[0].losses
        return whole_fit(*args, callbacks=[first, *callbacks[1:]], **options)

    monkeypatch.setattr(nn, "fit", killed_fit)
    with pytest.raises(KilledError):
        trained(tmp_path / "run.npz", every, prefetch)
    monkeypatch.undo()
    assert trained(tmp_path / "run.npz", every, prefetch) == uninterrupted


@pytest.mark.parametrize(("every", "prefetch", "seed"), [(0, 0, 0), (2, 2, 1), (3, 0, 2)])
def test_a_run_that_is_killed_at_random_ends_the_same(every, prefetch, seed, uninterrupted, tmp_path):
    chance = random.Random(seed)
    command = [sys.executable, "-m", "tests.nn.resumable", tmp_path / "run.npz", str(every), str(prefetch)]
    command.append(tmp_path / "result")
    kills = 0
    for _ in range(4):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        steps = chance.randint(1, 12)
        for _ in range(steps):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        kills += process.wait() == -signal.SIGKILL
        process.stdout.close()
        if (tmp_path / "result").exists():
            break
    assert kills
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    expected = json.loads(json.dumps(uninterrupted))
    assert json.loads((tmp_path / "result").read_text()) == expected


# ---- the data of the run ----


def fitted(path, data, *, epochs=3, fail=None, every=3, **options):
    nn.manual_seed(0)
    model = nn.Linear(5, 2)
    optimizer = nn.Adam(model.parameters(), lr=0.05)
    options = {"callbacks": [KillAt(10**9 if fail is None else fail)], "resume": True, "progress": False} | options
    history = nn.fit(
        model, data, loss=F.cross_entropy, optimizer=optimizer, epochs=epochs, checkpoint=path,
        checkpoint_every=every, **options,
    )  # fmt: skip
    del history["seconds"]
    return digest(dict(history), model.state_dict(), optimizer.state_dict())


def shuffled_batches():
    """An iterable of batches that is no DataLoader, and shuffles itself."""

    class Batches:
        def __iter__(self):
            order = nn.random.default_generator.permutation(70)
            return iter([(X[part], Y[part]) for part in np.split(order, 7)])

    return Batches()


class Noisy:
    """A dataset that draws from the default generator."""

    def __len__(self):
        return 70

    def __getitem__(self, i):
        return X[i] + nn.random.default_generator.standard_normal(5), Y[i]


@pytest.mark.parametrize(
    "data",
    [
        lambda: (X, Y),
        shuffled_batches,
        lambda: nn.DataLoader(Noisy(), 10, shuffle=True),
        lambda: nn.DataLoader((X, Y), 10, sampler=range(0, 70, 2)),
        lambda: [(X[:20], Y[:20]), (X[20:], Y[20:])],
    ],
)
def test_other_data_comes_back_in_order_too(data, tmp_path):
    expected = fitted(tmp_path / "whole.npz", data())
    for fail in (4, 5):
        with pytest.raises(KilledError):
            fitted(tmp_path / f"{fail}.npz", data(), fail=fail)
        assert fitted(tmp_path / f"{fail}.npz", data()) == expected


@pytest.mark.parametrize(("every", "expected"), [(None, (1, 3)), (2, (1, 4)), (1, (1, 4)), (3, (0, 3))])
def test_when_it_is_saved(every, expected, tmp_path):
    with pytest.raises(KilledError):
        fitted(tmp_path / "run.npz", (X, Y), fail=5, every=every)  # an epoch has three steps
    found = nn.load_checkpoint(tmp_path / "run.npz", random_state=False)
    assert (found.epoch, found.step) == expected


def test_a_kill_within_the_last_epoch(tmp_path):
    expected = fitted(tmp_path / "whole.npz", (X, Y), epochs=1)
    with pytest.raises(KilledError):
        fitted(tmp_path / "run.npz", (X, Y), epochs=1, fail=2, every=1)  # of three steps
    assert fitted(tmp_path / "run.npz", (X, Y), epochs=1) == expected


def test_a_shuffled_validation_belongs_to_the_run(tmp_path):
    def run(path, fail=None):
        held_out = nn.DataLoader((X, Y), 8, shuffle=True, generator=np.random.default_rng(1))
        return fitted(path, (X, Y), fail=fail, validation=held_out)

    expected = run(tmp_path / "whole.npz")
    with pytest.raises(KilledError):
        run(tmp_path / "run.npz", fail=8)
    assert run(tmp_path / "run.npz") == expected


def test_more_epochs_go_on_from_a_complete_run(tmp_path):
    expected = fitted(tmp_path / "five.npz", (X, Y), epochs=5)
    fitted(tmp_path / "run.npz", (X, Y), epochs=3)
    assert fitted(tmp_path / "run.npz", (X, Y), epochs=5) == expected


def test_without_resume_the_run_starts_anew(tmp_path):
    expected = fitted(tmp_path / "run.npz", (X, Y))
    with pytest.raises(KilledError):
        fitted(tmp_path / "run.npz", (X, Y), fail=4, resume=False)
    assert nn.load_checkpoint(tmp_path / "run.npz", random_state=False).step == 3
    assert fitted(tmp_path / "run.npz", (X, Y), resume=False) == expected


def test_a_reduced_learning_rate_comes_back(tmp_path):
    def run(path, fail=None):
        nn.manual_seed(0)
        model = nn.Linear(5, 2)
        optimizer = nn.SGD(model.parameters(), lr=0.0)  # nothing improves, so the rate is reduced
        optimizer.param_groups[0]["lr"] = 1e-9
        scheduler = nn.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, factor=0.5, min_lr=0, eps=0)
        history = nn.fit(
            model, (X, Y), loss=F.cross_entropy, optimizer=optimizer, epochs=5, checkpoint=path, resume=True,
            scheduler=scheduler, callbacks=[KillAt(10**9 if fail is None else fail)], progress=False,
        )  # fmt: skip
        return history["lr"], digest(scheduler.state_dict())

    expected = run(tmp_path / "whole.npz")
    assert expected[0][-1] < 1e-9
    with pytest.raises(KilledError):
        run(tmp_path / "run.npz", fail=10)
    assert run(tmp_path / "run.npz") == expected


@pytest.mark.parametrize("event", ["on_epoch_end", "on_epoch_start", "on_fit_end"])
def test_a_kill_between_the_last_batch_and_the_next_first_one(event, tmp_path):
    def run(path, *kill):
        nn.manual_seed(0)
        model = nn.Sequential(nn.Linear(5, 4), nn.Dropout(), nn.Linear(4, 2))
        optimizer = nn.Adam(model.parameters(), lr=0.05)
        scheduler = nn.optim.lr_scheduler.StepLR(optimizer, 1, 0.5)
        history = nn.fit(
            model, (X, Y), loss=F.cross_entropy, optimizer=optimizer, epochs=3, checkpoint=path, resume=True,
            checkpoint_every=3, scheduler=scheduler, callbacks=[KillAt(*kill)], progress=False,
        )  # fmt: skip
        return history["lr"], history["loss"], digest(model.state_dict(), optimizer.state_dict())

    expected = run(tmp_path / "whole.npz", 10**9)
    assert expected[0] == [0.05, 0.025, 0.0125]
    with pytest.raises(KilledError):
        run(tmp_path / "run.npz", 3, event)
    assert run(tmp_path / "run.npz", 10**9) == expected


# ---- what is refused ----


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"data": (X[:40], Y[:40])}, "stopped within an epoch of 3 batches, but now there are 2"),
        ({"callbacks": [nn.BestWeights("loss")]}, r"had the callbacks \[KillAt\], but now there are \[BestWeights\]"),
        ({"metrics": ["accuracy"], "epochs": 9}, "measured loss, but now it would be loss, accuracy"),
    ],
)
def test_refuses_to_go_on_with_another_run(change, message, tmp_path):
    with pytest.raises(KilledError):
        fitted(tmp_path / "run.npz", (X, Y), fail=5, every=4)
    options = {"data": (X, Y)} | change
    with pytest.raises(ValueError, match=message):
        fitted(tmp_path / "run.npz", **options)


def test_refuses_a_checkpoint_that_is_no_run(tmp_path):
    model = nn.Linear(5, 2)
    nn.save_checkpoint(tmp_path / "run.npz", model, nn.Adam(model.parameters()))
    with pytest.raises(ValueError, match="not one of nn\\.fit"):
        fitted(tmp_path / "run.npz", (X, Y))
