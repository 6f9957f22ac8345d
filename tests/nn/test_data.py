"""DataLoader and the datasets: batches, order, collation, the thread that prefetches, refusals."""

import gc
import subprocess
import sys
import threading
import traceback

import numpy as np
import pytest

import autograd_lite as ag
import nn

X = np.arange(14.0).reshape(7, 2)
Y = np.arange(7)


class Squares:
    """A dataset with a length and an index."""

    def __init__(self, sample=lambda i: (np.full(2, float(i)), i * i)):
        self.sample = sample

    def __len__(self):
        return 5

    def __getitem__(self, i):
        assert type(i) is int
        return self.sample(i)


def test_a_tuple_of_arrays_gives_tuples():
    batches = list(nn.DataLoader((X, Y), batch_size=3))
    assert [type(batch) for batch in batches] == [tuple] * 3
    assert [y.tolist() for _, y in batches] == [[0, 1, 2], [3, 4, 5], [6]]
    assert np.array_equal(np.concatenate([x for x, _ in batches]), X)


def test_an_array_gives_arrays():
    assert [batch.tolist() for batch in nn.DataLoader(Y, batch_size=4)] == [[0, 1, 2, 3], [4, 5, 6]]
    assert [batch.tolist() for batch in nn.DataLoader(Y[:2])] == [[0], [1]]


@pytest.mark.parametrize(
    ("batch_size", "drop_last", "sizes"), [(3, False, [3, 3, 1]), (3, True, [3, 3]), (7, True, [7])]
)
def test_length_and_drop_last(batch_size, drop_last, sizes):
    loader = nn.DataLoader((X, Y), batch_size, drop_last=drop_last)
    assert len(loader) == len(sizes)
    assert [len(y) for _, y in loader] == sizes


def test_floating_arrays_get_the_default_dtype_and_others_stay():
    x, y = next(iter(nn.DataLoader((X, Y))))
    assert x.dtype == np.float32
    assert y.dtype == Y.dtype
    x, _ = next(iter(nn.DataLoader((X, Y), dtype=np.float64)))
    assert x.dtype == np.float64
    x, _ = next(iter(nn.DataLoader(Squares())))
    assert x.dtype == np.float32


def test_batches_are_copies():
    for kind in (X, X.astype(np.float32)):
        before = kind.copy()
        for batch in nn.DataLoader(kind, batch_size=4):
            batch += 1
        assert np.array_equal(kind, before)


# ---- order ----


def orders(loader, passes=2):
    return [np.concatenate(list(loader)).tolist() for _ in range(passes)]


def test_shuffles_anew_in_each_pass_and_keeps_samples_together():
    loader = nn.DataLoader((X, Y), batch_size=2, shuffle=True)
    nn.manual_seed(0)
    first, second = (np.concatenate([y for _, y in loader]).tolist() for _ in range(2))
    assert first != second
    assert sorted(first) == sorted(second) == Y.tolist()
    for x, y in loader:
        assert np.array_equal(x[:, 0], 2 * y)


def test_manual_seed_repeats_the_order():
    loader = nn.DataLoader(np.arange(50), batch_size=8, shuffle=True)
    nn.manual_seed(1)
    first = orders(loader)
    nn.manual_seed(1)
    assert orders(loader) == first
    assert orders(loader) != first


def test_a_generator_of_its_own_leaves_the_default_alone():
    nn.manual_seed(1)
    expected = nn.random.default_generator.random()
    nn.manual_seed(1)
    mine = [orders(nn.DataLoader(Y, 2, True, generator=np.random.default_rng(3))) for _ in range(2)]
    assert mine[0] == mine[1]
    assert nn.random.default_generator.random() == expected


# ---- datasets of samples ----


def test_samples_are_stacked():
    x, y = next(iter(nn.DataLoader(Squares(), batch_size=5)))
    assert x.shape == (5, 2)
    assert y.tolist() == [0, 1, 4, 9, 16]


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        (lambda i: i, np.arange(5)),
        (lambda i: {"image": np.full((2, 2), i), "label": (i, float(i))}, None),
        (lambda i: [i, i], None),
    ],
)
def test_structures_of_samples(sample, expected):
    batch = next(iter(nn.DataLoader(Squares(sample), batch_size=5)))
    if expected is not None:
        assert np.array_equal(batch, expected)
    elif isinstance(batch, dict):
        assert batch["image"].shape == (5, 2, 2)
        assert batch["label"][1].dtype == np.float32
    else:
        assert [part.tolist() for part in batch] == [[0, 1, 2, 3, 4]] * 2


def test_a_list_is_a_list_of_samples():
    x, y = next(iter(nn.DataLoader([(1.0, 0), (2.0, 1)], batch_size=2)))
    assert (x.tolist(), y.tolist()) == ([1, 2], [0, 1])


def test_collate_fn_gets_samples():
    words = ["a", "bc", "def"]
    assert list(nn.DataLoader(words, 2, collate_fn="-".join)) == ["a-bc", "def"]
    pairs = next(iter(nn.DataLoader((X, Y), 7, collate_fn=lambda samples: samples)))
    assert pairs[3][0].tolist() == [6, 7]
    assert pairs[3][1] == 3


# ---- samplers ----


class Reversed:
    """A sampler with a length and an iterator."""

    def __len__(self):
        return 4

    def __iter__(self):
        return iter([3, 2, 1, 0])


@pytest.mark.parametrize("sampler", [[3, 2, 1, 0], np.array([3, 2, 1, 0]), range(3, -1, -1), Reversed()])
def test_a_sampler_decides_the_order(sampler):
    loader = nn.DataLoader((X, Y), batch_size=3, sampler=sampler)
    assert [y.tolist() for _, y in loader] == [[3, 2, 1], [0]]
    assert len(loader) == 2
    assert [y.tolist() for _, y in nn.DataLoader((X, Y), 3, sampler=sampler, drop_last=True)] == [[3, 2, 1]]


def test_a_sampler_may_repeat_samples_and_count_from_the_end():
    assert [batch.tolist() for batch in nn.DataLoader(Y, 3, sampler=[-1, 2, 2])] == [[6, 2, 2]]
    assert nn.data.Subset(Squares(), [-1])[0][1] == 16  # the dataset itself counts from the start only


# ---- a pass that goes on ----


@pytest.mark.parametrize("prefetch", [0, 2])
@pytest.mark.parametrize("start", [0, 1, 3, 4])
def test_batches_from_a_number_on(start, prefetch):
    loader = nn.DataLoader(Y, 2, shuffle=True, generator=np.random.default_rng(0), prefetch=prefetch)
    state = loader.generator.bit_generator.state
    whole = [batch.tolist() for batch in loader]
    after = loader.generator.bit_generator.state
    loader.generator.bit_generator.state = state
    assert [batch.tolist() for batch in loader.batches(start)] == whole[start:]
    assert loader.generator.bit_generator.state == after


# ---- prefetch ----


def threads():
    return [thread for thread in threading.enumerate() if thread.name == "prefetch"]


@pytest.mark.parametrize("prefetch", [1, 3, 100])
@pytest.mark.parametrize("dataset", [(X, Y), Squares()])
def test_prefetch_changes_nothing(dataset, prefetch):
    runs = []
    for count in (0, prefetch):
        nn.manual_seed(0)
        loader = nn.DataLoader(dataset, 2, shuffle=True, prefetch=count)
        batches = [(x.tolist(), y.tolist()) for _ in range(3) for x, y in loader]
        runs.append((batches, nn.random.default_generator.random()))
    assert runs[0] == runs[1]
    assert not threads()


def test_so_many_batches_are_prepared_and_no_more():
    made, enough = [], threading.Event()

    def sample(i):
        made.append(i)
        if len(made) == 3:
            enough.set()
        return i

    iterator = iter(nn.DataLoader(Squares(sample), prefetch=2))
    assert next(iterator) == [0]
    assert enough.wait(10)
    assert made == [0, 1, 2]
    assert list(iterator) == [[1], [2], [3], [4]]


@pytest.mark.parametrize("leave", ["break", "exception", "drop", "never begun", "cycle"])
def test_the_thread_ends_when_the_iterator_is_left(leave):
    loader = nn.DataLoader(Squares(), prefetch=2)
    if leave == "break":
        for _ in loader:
            assert threads()
            break
    elif leave == "exception":
        with pytest.raises(ZeroDivisionError):
            [1 // 0 for _ in loader]
    elif leave == "never begun":
        iter(loader)
    else:
        held = [iter(loader)]
        next(held[0])
        assert threads()
        if leave == "cycle":
            held.append(held)
        del held
        gc.collect()
    assert not threads()


def test_a_program_may_end_half_way():
    script = """
import time, nn
class Slow:
    def __len__(self):
        return 100
    def __getitem__(self, i):
        time.sleep(0.05)
        return i
iterator = iter(nn.DataLoader(Slow(), prefetch=2))
next(iterator)
raise SystemExit(3)
"""
    process = subprocess.run([sys.executable, "-c", script], timeout=60, capture_output=True, text=True, check=False)
    assert (process.returncode, process.stderr) == (3, "")


def test_an_exception_of_the_dataset_reaches_the_consumer_with_its_traceback():
    def unreadable(i):
        if i == 2:
            raise OSError("no such image")
        return i

    seen = []
    with pytest.raises(OSError, match="no such image") as caught:
        seen.extend(nn.DataLoader(Squares(unreadable), prefetch=2))
    assert seen == [[0], [1]]  # what came before the error is delivered
    assert "unreadable" in [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert not threads()


def test_the_settings_of_the_caller_hold_in_the_thread():
    loader = nn.DataLoader(Squares(lambda i: np.float64(1) / np.float64(i)), prefetch=1)
    with np.errstate(divide="ignore"):
        assert np.concatenate(list(loader))[0] == np.inf


def test_two_passes_at_once():
    loader = nn.DataLoader(Y, 3, prefetch=1)
    assert [(a.tolist(), b.tolist()) for a, b in zip(loader, loader, strict=True)] == [
        ([0, 1, 2], [0, 1, 2]), ([3, 4, 5], [3, 4, 5]), ([6], [6]),
    ]  # fmt: skip


# ---- datasets of datasets ----


def test_tensor_dataset():
    dataset = nn.data.TensorDataset(X, Y)
    assert len(dataset) == 7
    assert dataset[-1][0].tolist() == X[-1].tolist()
    assert dataset[1:3][1].tolist() == [1, 2]
    (x, y), *_ = nn.DataLoader(dataset, 4)
    assert x.dtype == np.float32
    assert y.tolist() == [0, 1, 2, 3]
    assert [type(batch) for batch in nn.DataLoader(nn.data.TensorDataset(Y), 7)] == [tuple]


@pytest.mark.parametrize("dataset", [(X, Y), nn.data.TensorDataset(X, Y), list(zip(X, Y, strict=True))])
def test_a_subset_of_a_subset(dataset):
    subset = nn.data.Subset(nn.data.Subset(dataset, [6, 4, 2, 0]), np.array([2, -1]))
    assert (len(subset), int(subset[0][1]), int(subset[1][1])) == (2, 2, 0)
    ((x, y),) = nn.DataLoader(subset, 2)
    assert (x.tolist(), y.tolist(), x.dtype) == (X[[2, 0]].tolist(), [2, 0], np.float32)
    collated = nn.DataLoader(subset, 2, collate_fn=lambda samples: [int(y) for _, y in samples])
    assert list(collated) == [[2, 0]]


def test_a_subset_of_an_array():
    assert [batch.tolist() for batch in nn.DataLoader(nn.data.Subset(Y, [5, 3]), 2)] == [[5, 3]]


def test_concat_dataset():
    both = nn.data.ConcatDataset([(X[:2], Y[:2]), nn.data.TensorDataset(X[4:], Y[4:])])
    assert [int(both[i][1]) for i in range(-len(both), len(both))] == [0, 1, 4, 5, 6] * 2
    ((_, y),) = nn.DataLoader(both, 5)
    assert y.tolist() == [0, 1, 4, 5, 6]


@pytest.mark.parametrize(
    ("lengths", "expected"),
    [
        ([5, 2], [5, 2]),
        ([0.5, 0.5], [4, 3]),
        ([0.7, 0.2, 0.1], [5, 2, 0]),
        ([1 / 3, 1 / 3, 1 / 3], [3, 2, 2]),
        ([0.1] * 10, [1] * 7 + [0] * 3),
        ([1.0], [7]),
        ([7], [7]),
    ],
)
@pytest.mark.filterwarnings("ignore:Length of split")
def test_random_split(lengths, expected):
    parts = nn.data.random_split((X, Y), lengths, np.random.default_rng(0))
    assert [len(part) for part in parts] == expected
    everything = [i for part in parts for i in part.indices]
    assert sorted(everything) == list(range(7))
    again = nn.data.random_split((X, Y), lengths, np.random.default_rng(0))
    assert [i for part in again for i in part.indices] == everything != list(range(7))


def test_random_split_draws_from_the_default_generator():
    splits = []
    for _ in range(2):
        nn.manual_seed(2)
        splits.append(nn.data.random_split(Y, [3, 4])[0].indices)
    assert splits[0] == splits[1]
    with pytest.warns(UserWarning, match="Length of split at index 1 is 0"):
        nn.data.random_split(Y, [7, 0])


def test_fit_takes_the_parts_of_a_split():
    train, held_out = nn.data.random_split((X, Y[:, None] * 1.0), [0.6, 0.4])
    model = nn.Linear(2, 1)
    history = nn.fit(
        model, train, loss=nn.MSELoss(), optimizer=nn.SGD(model.parameters()), epochs=1, validation=held_out,
        batch_size=2, progress=False,
    )  # fmt: skip
    assert "val_loss" in history


# ---- what is refused ----


@pytest.mark.parametrize(
    ("wrong", "kind", "message"),
    [
        (lambda: nn.DataLoader((X, Y[:5])), ValueError, r"array 1 .* has 5 samples, but array 0 has 7 \(shapes \(5,\)"),
        (lambda: nn.DataLoader(X[:0]), ValueError, "is empty"),
        (lambda: nn.DataLoader([]), ValueError, "is empty"),
        (lambda: nn.DataLoader(()), ValueError, "empty tuple"),
        (lambda: nn.DataLoader((X, 3.0)), ValueError, "array 1 of the dataset is a single number"),
        (lambda: nn.DataLoader(X, 0), ValueError, "batch_size is 0, but must be 1 or greater"),
        (lambda: nn.DataLoader(X, 1.5), TypeError, "float"),
        (lambda: nn.DataLoader(X, 8, drop_last=True), ValueError, "leaves no batch: there are 7 samples"),
        (lambda: nn.DataLoader(X, generator=3), TypeError, r"not int\. Write generator=np\.random\.default_rng"),
        (lambda: nn.DataLoader({"x": X}), TypeError, r"tuple\(dataset\.values\(\)\)"),
        (lambda: nn.DataLoader(iter(X)), TypeError, "make it a list"),
        (lambda: nn.DataLoader(ag.Value(X)), TypeError, r"Write v\.data"),
        (lambda: nn.DataLoader((X, ag.Value(X))), TypeError, r"Write v\.data"),
        (lambda: nn.DataLoader(X, num_workers=4), ValueError, "num_workers=4: .* write prefetch=2"),
        (lambda: nn.DataLoader(X, prefetch=-1), ValueError, "prefetch is -1"),
        (lambda: nn.DataLoader(X, shuffle=True, sampler=[0]), ValueError, "mutually exclusive with shuffle"),
        (lambda: nn.DataLoader(X, sampler=iter([0])), TypeError, r"a sampler is .* sampler=list\(\.\.\.\)"),
        (lambda: nn.DataLoader(X, sampler=[]), ValueError, "the sampler is empty"),
        (lambda: nn.DataLoader(X, 2, sampler=[0], drop_last=True), ValueError, "there are 1 samples"),
        (lambda: list(nn.DataLoader(X, sampler=[7])), IndexError, "sampler has index 7, but the dataset has 7"),
        (lambda: list(nn.DataLoader(X, sampler=[0.5])), TypeError, r"np\.flatnonzero\(mask\)"),
        (lambda: nn.data.Subset(Y, [0, 9]), IndexError, "a subset has index 9, but the dataset has 7 samples"),
        (lambda: nn.data.Subset(Y, [True, False]), TypeError, r"np\.flatnonzero\(mask\)"),
        (lambda: nn.data.Subset(Y, Y > 3), TypeError, r"np\.flatnonzero\(mask\)"),
        (lambda: nn.data.Subset(3, [0]), TypeError, "not int"),
        (lambda: nn.data.TensorDataset(X, Y[:3]), ValueError, "array 1 .* has 3 samples"),
        (lambda: nn.data.TensorDataset(), ValueError, "empty tuple"),
        (lambda: nn.data.TensorDataset(ag.Value(X)), TypeError, r"Write v\.data"),
        (lambda: nn.data.ConcatDataset([]), ValueError, "empty iterable"),
        (lambda: nn.data.ConcatDataset([X])[7], IndexError, "index 7 is out of bounds for a dataset of 7 samples"),
        (lambda: nn.data.random_split(Y, [3, 3]), ValueError, r"\[3, 3\] sum to 6, but there are 7 samples"),
        (lambda: nn.data.random_split(Y, [0.5, 0.2]), ValueError, r"Add one for the rest: \[0\.5, 0\.2, 0\.3\]"),
        (lambda: nn.data.random_split(Y, [1.5, -0.5]), ValueError, "Fraction at index 0 is not between 0 and 1"),
        (lambda: nn.data.random_split(Y, [0.7, 0.7]), ValueError, "must sum to 1"),
        (lambda: nn.data.random_split(Y, [3, 4], 0), TypeError, r"np\.random\.default_rng"),
    ],
)
def test_refuses(wrong, kind, message):
    with pytest.raises(kind, match=message):
        wrong()


def test_refuses_samples_of_unequal_shapes():
    loader = nn.DataLoader(Squares(lambda i: np.zeros(i)), batch_size=3)
    with pytest.raises(ValueError, match=r"shapes \(0,\) and \(1,\) cannot be stacked.*collate_fn"):
        next(iter(loader))
