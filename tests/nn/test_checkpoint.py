"""Tests of `nn.saving.checkpoint`: a resumed run has the bits of one that never stopped; bad files change nothing."""

import errno
import json
import os
import pickle
import stat
import subprocess
import sys
import zipfile
from collections import Counter, OrderedDict, namedtuple
from pathlib import Path

import numpy as np
import pytest

import nn
from autograd_lite import Value
from nn.saving import atomic, checkpoint

PYTORCH = Path(__file__).parent.parent / "peers" / "safetensors"
X = np.random.default_rng(0).standard_normal((12, 4)).astype(np.float32)
Y = np.random.default_rng(1).standard_normal((12, 2)).astype(np.float32)


class Halving:
    """A scheduler: it halves the learning rates every second epoch."""

    def __init__(self, optimizer):
        self.optimizer, self.epochs = optimizer, 0

    def step(self):
        self.epochs += 1
        if self.epochs % 2 == 0:
            for group in self.optimizer.param_groups:
                group["lr"] /= 2

    def state_dict(self):
        return {"epochs": self.epochs}

    def load_state_dict(self, state_dict):
        self.epochs = state_dict["epochs"]


class Run:
    """A model in training: dropout, shuffled data, two groups of parameters."""

    def __init__(self, seed=0, optimizer=nn.Adam):
        nn.manual_seed(seed)
        self.model = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Dropout(0.3), nn.Linear(5, 2))
        self.model.register_buffer("batches", np.array(0))
        first, second = self.model[0].parameters(), self.model[3].parameters()
        self.optimizer = optimizer([{"params": list(first)}, {"params": list(second), "lr": 0.01}])
        self.scheduler = Halving(self.optimizer)
        self.shuffle = np.random.default_rng(seed)
        self.loader = nn.DataLoader((X, Y), batch_size=5, shuffle=True, generator=self.shuffle)

    def epoch(self):
        for x, y in self.loader:

            def closure(x=x, y=y):
                self.optimizer.zero_grad()
                loss = nn.functional.mse_loss(self.model(x), y)
                loss.backward()
                return loss

            self.optimizer.step(closure)
            self.model.batches = self.model.batches + 1
        self.scheduler.step()

    def save(self, path, **options):
        nn.save_checkpoint(
            path, self.model, self.optimizer, self.scheduler, generators={"shuffle": self.shuffle}, **options
        )

    def load(self, path):
        return nn.load_checkpoint(
            path, self.model, self.optimizer, self.scheduler, generators={"shuffle": self.shuffle}
        )

    def bits(self):
        """Everything that a checkpoint holds."""
        states = self.model.state_dict(), self.optimizer.state_dict(), self.scheduler.state_dict()
        generators = nn.random.default_generator.bit_generator.state, self.shuffle.bit_generator.state
        return exact((states, generators))


def exact(data):
    """Data as text in which types and bits show."""
    if isinstance(data, dict):
        return f"{type(data).__name__}{[(exact(key), exact(value)) for key, value in data.items()]}"
    if isinstance(data, list | tuple | set | frozenset):
        return f"{type(data).__name__}{[exact(item) for item in data]}"
    if isinstance(data, np.ndarray | np.generic):
        return f"{type(data).__name__} {data.dtype} {data.shape} {data.tobytes().hex()}"
    return f"{type(data).__name__} {data!r}"


OPTIMIZERS = {
    name: optimizer
    for name, optimizer in vars(nn.optim).items()
    if isinstance(optimizer, type) and issubclass(optimizer, nn.optim.Optimizer) and optimizer is not nn.optim.Optimizer
}
NOT_TWO_GROUPS_OF_ANYTHING = {"LBFGS", "Muon"}
OPTIMIZERS |= {
    "SGD with momentum": lambda params: nn.SGD(params, lr=0.1, momentum=0.9, nesterov=True),
    "Adam with everything": lambda params: nn.Adam(params, betas=(0.8, 0.9), weight_decay=0.1, amsgrad=True),
}


# ---- going on ----


@pytest.mark.parametrize("name", sorted(OPTIMIZERS.keys() - NOT_TWO_GROUPS_OF_ANYTHING))
def test_a_run_that_goes_on_has_the_bits_of_one_that_never_stopped(name, tmp_path):
    whole = Run(optimizer=OPTIMIZERS[name])
    for epoch in range(5):
        if epoch == 2:
            whole.save(tmp_path / "run.npz", epoch=epoch, step=6, extra={"best": np.float32(0.5)})
        whole.epoch()
    expected = whole.bits()

    again = Run(seed=1, optimizer=OPTIMIZERS[name])
    again.epoch()  # what it did before must not matter, nor that its parameters have moved to flat arrays
    saved = again.load(tmp_path / "run.npz")
    assert saved == (2, 6, {"best": np.float32(0.5)})
    for _ in range(saved.epoch, 5):
        again.epoch()
    assert again.bits() == expected


schedules = nn.optim.lr_scheduler
SCHEDULERS = {
    "LambdaLR": lambda o: schedules.LambdaLR(o, [lambda epoch: 0.9**epoch] * 2),
    "MultiplicativeLR": lambda o: schedules.MultiplicativeLR(o, lambda epoch: 0.9),
    "StepLR": lambda o: schedules.StepLR(o, 2),
    "MultiStepLR": lambda o: schedules.MultiStepLR(o, [1, 3, 3]),
    "ConstantLR": lambda o: schedules.ConstantLR(o),
    "LinearLR": lambda o: schedules.LinearLR(o),
    "ExponentialLR": lambda o: schedules.ExponentialLR(o, 0.9),
    "PolynomialLR": lambda o: schedules.PolynomialLR(o, 4),
    "CosineAnnealingLR": lambda o: schedules.CosineAnnealingLR(o, 4),
    "CosineAnnealingWarmRestarts": lambda o: schedules.CosineAnnealingWarmRestarts(o, 2),
    "CyclicLR": lambda o: schedules.CyclicLR(o, 0.01, 0.1, 3, mode="exp_range", gamma=0.9, cycle_momentum=False),
    "OneCycleLR": lambda o: schedules.OneCycleLR(o, 0.1, 20),
    "ReduceLROnPlateau": lambda o: schedules.ReduceLROnPlateau(o, patience=0),
    "SequentialLR": lambda o: schedules.SequentialLR(
        o, [schedules.ConstantLR(o), schedules.ExponentialLR(o, 0.9)], [3]
    ),
    "ChainedScheduler": lambda o: schedules.ChainedScheduler([schedules.LinearLR(o), schedules.ExponentialLR(o, 0.9)]),
}


def test_all_schedulers_are_in_the_table():
    assert SCHEDULERS.keys() == set(schedules.__all__) - {"LRScheduler"}


@pytest.mark.parametrize("name", SCHEDULERS)
def test_schedulers_go_on_where_they_were(name, tmp_path):
    def rates(scheduler, optimizer, steps):
        found = []
        for _ in range(steps):
            optimizer.step()
            scheduler.step(*([1.0] if name == "ReduceLROnPlateau" else []))
            found += [group["lr"] for group in optimizer.param_groups]
        return found

    run, other = Run(), Run(seed=1)
    first, second = SCHEDULERS[name](run.optimizer), SCHEDULERS[name](other.optimizer)
    rates(first, run.optimizer, 2)
    nn.save_checkpoint(tmp_path / "run", run.model, run.optimizer, first)
    expected = rates(first, run.optimizer, 4)
    rates(second, other.optimizer, 1)
    nn.load_checkpoint(tmp_path / "run", other.model, other.optimizer, second)
    assert rates(second, other.optimizer, 4) == expected


def test_loading_leaves_parameters_and_optimizer_sharing_their_memory(tmp_path):
    run = Run()
    run.epoch()
    run.save(tmp_path / "run")
    views = [p.data for p in run.model.parameters()]
    run.load(tmp_path / "run")
    run.epoch()
    assert all(p.data is view for p, view in zip(run.model.parameters(), views, strict=True))


def test_steps_of_parameters_that_were_frozen_for_a_while_differ_and_are_kept(tmp_path):
    run = Run()
    run.model[0].requires_grad_(False)
    run.epoch()
    run.model[0].requires_grad_(True)
    run.epoch()
    run.save(tmp_path / "run")
    other = Run(seed=5)
    other.load(tmp_path / "run")
    assert [int(entry["step"]) for entry in other.optimizer.state_dict()["state"].values()] == [3, 3, 6, 6]
    assert other.bits() == run.bits()


def test_what_is_not_passed_is_left_alone(tmp_path):
    run = Run()
    run.epoch()
    run.save(tmp_path / "run", extra="kept")
    state = run.model.state_dict()
    run.epoch()
    optimizer, generator = exact(run.optimizer.state_dict()), exact(nn.random.default_generator.bit_generator.state)
    assert nn.load_checkpoint(tmp_path / "run", random_state=False).extra == "kept"
    assert exact(run.model.state_dict()) != exact(state)
    nn.load_checkpoint(tmp_path / "run", run.model, random_state=False)
    assert exact(run.model.state_dict()) == exact(state)
    assert exact(run.optimizer.state_dict()) == optimizer
    assert exact(nn.random.default_generator.bit_generator.state) == generator
    nn.load_checkpoint(tmp_path / "run")
    assert exact(nn.random.default_generator.bit_generator.state) != generator


def test_an_optimizer_that_has_not_stepped_comes_back_fresh(tmp_path):
    run = Run()
    run.save(tmp_path / "run")
    before = run.bits()
    run.epoch()
    run.load(tmp_path / "run")
    assert run.bits() == before


@pytest.mark.parametrize("kind", ["PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64"])
def test_generators_of_every_kind_go_on_where_they_were(kind, tmp_path):
    generator = np.random.Generator(getattr(np.random, kind)(3))
    generator.standard_normal(5)
    generator.random(dtype=np.float32)  # leaves half a draw behind
    nn.save_checkpoint(tmp_path / "run", nn.Linear(1, 1), generators={"g": generator})
    expected = generator.standard_normal(3), generator.integers(9, size=3, dtype=np.int32)
    other = np.random.Generator(getattr(np.random, kind)(4))
    nn.load_checkpoint(tmp_path / "run", generators={"g": other})
    np.testing.assert_array_equal(other.standard_normal(3), expected[0])
    np.testing.assert_array_equal(other.integers(9, size=3, dtype=np.int32), expected[1])


RUN_AGAIN = """
import os, random, signal, sys, time
import numpy as np
import nn
from tests.nn.test_checkpoint import Run

folder = sys.argv[1]

def train(path):
    run = Run()
    start = run.load(path).epoch if os.path.exists(path) else 0
    for epoch in range(start, 20):
        run.epoch()
        run.save(path, epoch=epoch + 1)
    return run.bits()

started = time.monotonic()
expected = train(os.path.join(folder, "whole"))
epoch = (time.monotonic() - started) / 20
path, draw, kills = os.path.join(folder, "killed"), random.Random(0), 0
for attempt in range(400):
    child = os.fork()
    if child == 0:
        left = draw.randrange(1, 40)
        def hook(event, args):
            global left
            left -= event == "open" or event.startswith(("os.", "shutil."))
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        if attempt % 2:
            sys.addaudithook(hook)
        os._exit(0 if train(path) == expected else 1)
    draw.random()
    if not attempt % 2:
        time.sleep(draw.random() * 4 * epoch)
        os.kill(child, signal.SIGKILL)
    status = os.waitpid(child, 0)[1]
    if os.WIFEXITED(status):
        break
    kills += 1
last = Run()  # one more file removes what a process left that was killed when it had just written its last one
last.save(path, epoch=last.load(path).epoch)
print(os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0, kills, sorted(os.listdir(folder)))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills forked processes")
def test_a_run_killed_at_any_moment_ends_as_if_it_had_not_been(tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", RUN_AGAIN, str(tmp_path)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    finished, kills, files = done.stdout.split(maxsplit=2)
    assert finished == "True"
    assert int(kills) >= 5
    assert files.strip() == "['killed', 'whole']"


# ---- every type as it was ----

DATA = {
    "plain": [None, True, False, 1, -1.5, "ü∇\ud800", 2**200, float("inf"), float("-inf"), -0.0, 5e-324, 0.1 + 0.2],
    "nan": float("nan"),
    "tuples": (1, (2, [3, (4,)]), ()),
    "keys": {0: "int", "0": "str", None: 1, True: 2, 2.5: 3, (1, 2): 4},
    "tag": {"!": "array", "entry": "model/0.weight"},
    "order": {"b": 1, "a": 2},
    "complex": 1 - 0j,
    "bytes": b"\x00\xff",
    "sets": [{1}, frozenset({"a"}), set()],
    "dicts": [OrderedDict(b=1, a=2), Counter("abb"), {}],
    "scalars": [np.float64(0.1), np.float32(0.1), np.int8(-1), np.bool_(True), np.complex64(1j), np.datetime64("2020")],
    "strings": [np.str_("a"), np.array(["ab", "c"]), np.array([b"x"])],
    "arrays": [
        np.arange(6.0).reshape(2, 3),
        np.arange(6, dtype=np.float16).reshape(2, 3).T,
        np.array(5),
        np.zeros((0, 2)),
        np.arange(10)[::-2],
        np.array([1.5], ">f4"),
        np.array([np.nan, -0.0]),
        np.array([True]),
        np.zeros(2, np.longdouble),
    ],
    "odd names/../x": {"a": np.zeros(1), "a'": np.ones(1), 1: np.zeros(2), "1": np.ones(2), "": np.zeros(3)},
}


@pytest.mark.parametrize("name", DATA)
def test_extra_comes_back_with_every_type_as_it_was(name, tmp_path):
    nn.save_checkpoint(tmp_path / "run", nn.Linear(1, 1), extra=DATA[name])
    assert exact(nn.load_checkpoint(tmp_path / "run").extra) == exact(DATA[name])


def test_a_shared_array_is_written_once(tmp_path):
    model = nn.Sequential(nn.Linear(50, 50), nn.Linear(50, 50))
    nn.save_checkpoint(tmp_path / "separate", model)
    model[1].weight = model[0].weight
    nn.save_checkpoint(tmp_path / "shared", model)
    sizes = [(tmp_path / name).stat().st_size for name in ("separate", "shared")]
    assert sizes[0] - sizes[1] > 10_000
    before = exact(model.state_dict())
    model[0].weight.data = model[0].weight.data * 0
    nn.load_checkpoint(tmp_path / "shared", model)
    assert exact(model.state_dict()) == before


def test_numpy_reads_the_arrays(tmp_path):
    run = Run()
    run.epoch()
    run.save(tmp_path / "run.npz")
    with np.load(tmp_path / "run.npz", allow_pickle=False) as arrays:
        np.testing.assert_array_equal(arrays["model/0.weight"], run.model[0].weight.data)
        assert "optimizer/state/0/exp_avg" in arrays
        assert json.loads(arrays["checkpoint.json"])["format"] == checkpoint.FORMAT


Point = namedtuple("Point", "x y")


@pytest.mark.parametrize(
    ("extra", "error", "message"),
    [
        ({"a": [1, object()]}, TypeError, "extra/a/1 is of type object, which cannot be saved"),
        (Value(1.0), TypeError, r"extra is of type Value.*v\.data"),
        (nn.Parameter([1.0]), TypeError, r"extra is of type Parameter.*v\.data"),
        (Point(1, 2), TypeError, r"extra is of type Point.*tuple\(\.\.\.\)"),
        (nn.History(), TypeError, r"extra is of type History.*dict\(\.\.\.\)"),
        (nn.Linear(1, 1), TypeError, r"extra is of type Linear.*state_dict\(\)"),
        (lambda: 0, TypeError, "extra is of type function"),
        (np.array([None]), TypeError, "extra is an array of object, which could only be pickled"),
        (np.zeros(2, [("a", "f4")]), TypeError, "extra is an array of"),
        (np.ma.masked_array([1.0]), TypeError, r"extra is of type MaskedArray.*np\.asarray"),
    ],
)
def test_what_cannot_be_saved_is_refused_before_anything_is_written(extra, error, message, tmp_path):
    nn.save_checkpoint(tmp_path / "run", nn.Linear(1, 1))
    before = (tmp_path / "run").read_bytes()
    with pytest.raises(error, match=message):
        nn.save_checkpoint(tmp_path / "run", nn.Linear(1, 1), extra=extra)
    assert os.listdir(tmp_path) == ["run"]
    assert (tmp_path / "run").read_bytes() == before


def test_data_that_contains_itself_is_refused(tmp_path):
    extra = [1]
    extra.append({"a": extra})
    with pytest.raises(ValueError, match="extra/1/a contains itself"):
        nn.save_checkpoint(tmp_path / "run", nn.Linear(1, 1), extra=extra)


# ---- loading is all or nothing ----


def other_model(run):
    run.model = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Dropout(0.3), nn.Linear(5, 3))
    run.model.register_buffer("batches", np.array(0))


def other_optimizer(run):
    run.optimizer = nn.Adam(run.model.parameters())
    run.optimizer.zero_grad()


def other_kind_of_optimizer(run):
    run.optimizer = nn.SGD([{"params": list(run.model[0].parameters())}, {"params": list(run.model[3].parameters())}])


def other_scheduler(run):
    def fail(state_dict):
        run.scheduler.epochs = state_dict.get("epochs", 99)
        if "epochs" in state_dict and state_dict["epochs"] == 1:
            raise KeyError("last_epoch")

    run.scheduler.load_state_dict = fail


def other_generator(run):
    run.shuffle = np.random.Generator(np.random.Philox(0))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (other_model, RuntimeError, r"size mismatch for 3\.weight"),
        (other_optimizer, ValueError, "2 parameter groups, this optimizer"),
        (other_kind_of_optimizer, ValueError, "was saved by another optimizer"),
        (other_scheduler, KeyError, "last_epoch"),
        (
            other_generator,
            nn.CheckpointError,
            r"state of a PCG64 .*'shuffle', which is a Philox.*np\.random\.PCG64\(\)",
        ),
    ],
)
def test_what_does_not_fit_changes_nothing(change, error, message, tmp_path):
    run = Run()
    run.epoch()
    run.save(tmp_path / "run")
    other = Run(seed=3)
    other.epoch()
    other.epoch()
    change(other)
    before = other.bits()
    with pytest.raises(error, match=message):
        other.load(tmp_path / "run")
    assert other.bits() == before


def test_what_was_not_saved_is_named(tmp_path):
    run = Run()
    nn.save_checkpoint(tmp_path / "run", run.model)
    with pytest.raises(nn.CheckpointError, match="was saved without the optimizer"):
        nn.load_checkpoint(tmp_path / "run", run.model, run.optimizer)
    with pytest.raises(nn.CheckpointError, match="has no generator 'shuffle': it has no further one"):
        nn.load_checkpoint(tmp_path / "run", run.model, generators={"shuffle": run.shuffle})
    run.save(tmp_path / "run")
    with pytest.raises(nn.CheckpointError, match="has no generator 'shufle': it has 'shuffle'"):
        nn.load_checkpoint(tmp_path / "run", run.model, generators={"shufle": run.shuffle})


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        ((Run().optimizer,), {}, TypeError, r"model must be an nn\.Module, not Adam"),
        ((nn.Linear(1, 1), nn.Adam), {}, TypeError, r"the optimizer must be an object with state_dict\(\)"),
        ((nn.Linear(1, 1), None, 3), {}, TypeError, r"the scheduler must be an object with state_dict\(\), not 3"),
        ((nn.Linear(1, 1),), {"epoch": -1}, ValueError, "epoch is -1, but must be 0 or greater"),
        ((nn.Linear(1, 1),), {"step": 1.5}, TypeError, "float"),
        ((nn.Linear(1, 1),), {"generators": np.random.default_rng()}, TypeError, "generators must be a dict by name"),
        ((nn.Linear(1, 1),), {"generators": {"a": 3}}, TypeError, "generators are NumPy generators by name"),
        (
            (nn.Linear(1, 1),),
            {"generators": {"nn.random.default_generator": np.random.default_rng()}},
            ValueError,
            "saved in any case",
        ),
    ],
)
def test_wrong_arguments_are_refused(arguments, options, error, message, tmp_path):
    with pytest.raises(error, match=message):
        nn.save_checkpoint(tmp_path / "run", *arguments, **options)
    assert os.listdir(tmp_path) == []


# ---- damaged and foreign files ----


def test_a_file_cut_off_or_changed_anywhere_is_refused_or_means_the_same(tmp_path):
    model = nn.Linear(1, 2)
    nn.save_checkpoint(tmp_path / "run", model, nn.SGD(model.parameters(), momentum=0.9), extra=(1, np.zeros(1)))
    whole = (tmp_path / "run").read_bytes()
    nn.manual_seed(3)
    saved = exact((model.state_dict(), (0, 0, (1, np.zeros(1)))))
    generator = exact(nn.random.default_generator.bit_generator.state)
    model.weight.data = model.weight.data * 0 + 7
    before = exact(model.state_dict())
    refused = 0
    for i in range(len(whole)):
        changed = bytearray(whole)
        changed[i] ^= 1 << i % 8
        for content in (whole[:i], bytes(changed))[i % 3 :: 2]:
            (tmp_path / "bad").write_bytes(content)
            try:
                loaded = nn.load_checkpoint(tmp_path / "bad", model, random_state=False)
            except nn.CheckpointError:
                assert exact(model.state_dict()) == before
                refused += 1
            else:  # a date or the like was changed
                assert exact((model.state_dict(), tuple(loaded))) == saved
                assert len(content) == len(whole)
                model.weight.data = model.weight.data * 0 + 7
                model.bias.data = np.frombuffer(bytes.fromhex(before.split()[-1].strip("')]")), np.float32).copy()
    assert refused > 0.55 * len(whole)
    assert exact(nn.random.default_generator.bit_generator.state) == generator


def rewritten(path, change):
    """A checkpoint with its JSON changed, and the checksums right."""
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    content = json.loads(entries["checkpoint.json"])
    change(content)
    entries["checkpoint.json"] = json.dumps(content).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in entries.items():
            archive.writestr(name, data)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda content: content.update(version=2), r"version 2 of the format, .* Update autograd-lite"),
        (lambda content: content.update(format="mine"), "a zip archive of something else"),
        (lambda content: content.pop("extra"), "damaged"),
        (lambda content: content.update(extra={"!": "eval", "items": []}), "damaged"),
        (lambda content: content.update(extra={"!": "array", "entry": "none"}), "damaged"),
        (lambda content: content.update(extra={"!": "array", "entry": "../../etc/passwd"}), "damaged"),
        (lambda content: content.update(extra={"!": "scalar", "dtype": "O", "hex": "00" * 8}), "damaged"),
        (lambda content: content.update(generators={}), "has no generator"),
        (lambda content: content["generators"]["nn.random.default_generator"]["state"].pop("inc"), "damaged"),
        (lambda content: content["generators"]["nn.random.default_generator"].update(uinteger="x"), "damaged"),
    ],
)
def test_files_with_other_contents_are_refused(change, message, tmp_path):
    model = nn.Linear(1, 1)
    nn.save_checkpoint(tmp_path / "run", model)
    rewritten(tmp_path / "run", change)
    model.weight.data = model.weight.data + 1
    before = exact(model.state_dict()), exact(nn.random.default_generator.bit_generator.state)
    with pytest.raises(nn.CheckpointError, match=message):
        nn.load_checkpoint(tmp_path / "run", model)
    assert before == (exact(model.state_dict()), exact(nn.random.default_generator.bit_generator.state))


def test_an_array_of_pickles_is_refused_and_not_unpickled(tmp_path):
    class Bomb:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "exploded"),)

    nn.save_checkpoint(tmp_path / "run", nn.Linear(1, 1), extra=np.zeros(1))
    with zipfile.ZipFile(tmp_path / "run") as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    bomb = pickle.dumps(np.array([Bomb()]))
    bomb += bytes(-len(bomb) % 8)  # as long as an array of objects would be
    with open(tmp_path / "bomb.npy", "wb") as file:
        header = {"shape": (len(bomb) // 8,), "fortran_order": False, "descr": "|O"}
        np.lib.format.write_array_header_1_0(file, header)
    entries["extra.npy"] = (tmp_path / "bomb.npy").read_bytes() + bomb
    with zipfile.ZipFile(tmp_path / "run", "w") as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    with pytest.raises(nn.CheckpointError, match="damaged"):
        nn.load_checkpoint(tmp_path / "run")
    assert not (tmp_path / "exploded").exists()


def test_an_archive_that_would_unpack_to_more_than_it_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "bomb", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("checkpoint.json", " " * 10_000_000)
    with pytest.raises(nn.CheckpointError, match="it is compressed, or damaged"):
        nn.load_checkpoint(tmp_path / "bomb")


@pytest.mark.parametrize("claimed", [(2**40,), (2**62, 2**62), (-1,)])
def test_an_array_larger_than_its_entry_is_refused_before_memory_is_asked_for(claimed, tmp_path):
    nn.save_checkpoint(tmp_path / "run", nn.Linear(1, 1), extra=np.zeros(1))
    with zipfile.ZipFile(tmp_path / "run") as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    with open(tmp_path / "x", "wb") as file:
        np.lib.format.write_array_header_1_0(file, {"shape": claimed, "fortran_order": False, "descr": "<f8"})
    entries["extra.npy"] = (tmp_path / "x").read_bytes() + bytes(8)
    with zipfile.ZipFile(tmp_path / "run", "w") as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    with pytest.raises(nn.CheckpointError, match="damaged"):
        nn.load_checkpoint(tmp_path / "run")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it is empty"),
        (b"\x89PNG\r\n\x1a\n", "it is a PNG picture"),
        (b"Dear reader", "it is text"),
        (b"\x80\x04K\x01.", "it is a pickle, which could run any program"),
        ((PYTORCH / "model.pt").read_bytes(), r"written by torch\.save, a pickle.*safetensors\.torch\.save_file"),
        ((PYTORCH / "model.pt").read_bytes()[:1000], r"the beginning of a file that torch\.save wrote, and damaged"),
        ((PYTORCH / "legacy.pt").read_bytes(), r"a pickle.*safetensors\.torch\.save_file"),
        ((PYTORCH / "tied.safetensors").read_bytes(), r"a safetensors file; read it with nn\.load_safetensors"),
    ],
)
def test_foreign_files_are_refused_by_what_they_are(content, message, tmp_path):
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(nn.CheckpointError, match=message):
        nn.load_checkpoint(tmp_path / "x")


def test_arrays_of_something_else_are_refused(tmp_path):
    np.savez(tmp_path / "a.npz", a=1)
    with pytest.raises(nn.CheckpointError, match=r"an .npz of arrays \('a'\); read it with np.load"):
        nn.load_checkpoint(tmp_path / "a.npz")
    np.savez(tmp_path / "a.npz")
    with pytest.raises(nn.CheckpointError, match="a zip archive"):
        nn.load_checkpoint(tmp_path / "a.npz")


# ---- writing in one step ----

SAVERS = {
    "checkpoint": lambda path: nn.save_checkpoint(path, nn.Linear(3, 3)),
    "safetensors": lambda path: nn.save_safetensors(nn.Linear(3, 3), path),
}


@pytest.mark.parametrize("save", SAVERS.values(), ids=SAVERS)
def test_paths_that_cannot_be_written_are_refused_by_name(save, tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(IsADirectoryError, match=r"it is a folder\. Add a file name"):
        save(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"there is no folder '.*none'. Write os.makedirs"):
        save(tmp_path / "none" / "x")
    with pytest.raises(NotADirectoryError, match=r"file' is a file, not a folder"):
        save(tmp_path / "file" / "x")
    with pytest.raises(OSError, match="it is no file, but a device or a pipe"):
        save("/dev/null" if os.path.exists("/dev/null") else "nul")
    with pytest.raises(TypeError, match="a path must be a string"):
        save(None)

    def refuse(*args, **kwargs):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(PermissionError, match=r"could not save '.*x': Permission denied"):
        save(tmp_path / "x")
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize("save", SAVERS.values(), ids=SAVERS)
@pytest.mark.parametrize("where", ["os.fsync", "os.replace", "pathlib.Path.chmod", "pathlib.Path.touch"])
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_a_failure_leaves_the_old_file_and_nothing_else(save, where, error, tmp_path, monkeypatch):
    def fail(*args, **kwargs):
        raise error

    path = tmp_path / "x"
    path.write_bytes(b"old")
    monkeypatch.setattr(where, fail)
    with pytest.raises(type(error)) as raised:
        save(path)
    if isinstance(error, OSError):
        assert raised.value.errno == errno.ENOSPC
        assert str(raised.value).endswith("No space left on device. The file that was there is unchanged.")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["x"]


@pytest.mark.skipif(os.name != "posix", reason="elsewhere a folder cannot be opened")
@pytest.mark.parametrize("save", SAVERS.values(), ids=SAVERS)
def test_file_and_folder_are_on_the_disk_before_it_returns(save, tmp_path, monkeypatch):
    flushed = []

    def record(descriptor):
        flushed.append((stat.S_ISDIR(os.fstat(descriptor).st_mode), (tmp_path / "x").exists()))

    monkeypatch.setattr("os.fsync", record)
    save(tmp_path / "x")
    assert flushed == [(False, False), (True, True)]  # the folder after the file has its name


FULL_DISK = """
import errno, resource, signal, sys
import nn
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
model = nn.Linear(500, 500)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
for save in (nn.save_checkpoint, lambda path, model: nn.save_safetensors(model, path)):
    try:
        save(sys.argv[1], model)
    except OSError as error:
        print(errno.errorcode[error.errno], error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits the size of files")
def test_a_disk_that_fills_up_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"old")
    done = subprocess.run([sys.executable, "-c", FULL_DISK, path], capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert len(lines) == 2
    for line in lines:
        assert line.startswith("EFBIG [Errno 27] could not save")
        assert "The file that was there is unchanged." in line
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["x"]


@pytest.mark.skipif(os.name != "posix", reason="modes and links are POSIX's")
@pytest.mark.parametrize("save", SAVERS.values(), ids=SAVERS)
def test_modes_and_links_stay(save, tmp_path):
    (tmp_path / "plain").write_bytes(b"")
    save(tmp_path / "new")
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "plain").stat().st_mode
    (tmp_path / "new").chmod(0o640)
    (tmp_path / "link").symlink_to(tmp_path / "new")
    save(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "new").stat().st_size > 0


@pytest.mark.skipif(os.name != "posix", reason="processes are asked for in POSIX's way")
def test_what_killed_processes_left_behind_is_removed_and_nothing_else(tmp_path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    prefix = atomic._work_prefix(tmp_path / "x")
    names = [
        f"{prefix}{ended.pid}-abc.tmp",
        f"{prefix}{os.getpid()}-abc.tmp",
        f".y{prefix[2:]}{ended.pid}-abc.tmp",
        f".x.elsewhere-{ended.pid}-abc.tmp",
        f"{prefix}mine.tmp",
    ]
    for name in names:
        (tmp_path / name).mkdir()
    nn.save_checkpoint(tmp_path / "x", nn.Linear(1, 1))
    assert sorted(os.listdir(tmp_path)) == sorted([*names[1:], "x"])
