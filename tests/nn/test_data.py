"""DataLoader: batches, order, collation, refusals."""

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
    ],
)
def test_refuses(wrong, kind, message):
    with pytest.raises(kind, match=message):
        wrong()


def test_refuses_samples_of_unequal_shapes():
    loader = nn.DataLoader(Squares(lambda i: np.zeros(i)), batch_size=3)
    with pytest.raises(ValueError, match=r"shapes \(0,\) and \(1,\) cannot be stacked.*collate_fn"):
        next(iter(loader))
