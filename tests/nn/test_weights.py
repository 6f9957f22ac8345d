"""Tests of `nn.saving.weights`: safetensors files, our own and those that PyTorch wrote."""

import os
import struct
from pathlib import Path

import numpy as np
import pytest

import nn
from autograd_lite import Value

PYTORCH = Path(__file__).parent.parent / "peers" / "safetensors"


class Tied(nn.Module):
    """The model of `make_golden_safetensors`."""

    def __init__(self, *, shared=True):
        super().__init__()
        self.output = nn.Linear(3, 5, bias=False)
        self.embedding = nn.Embedding(5, 3)
        if shared:
            self.output.weight = self.embedding.weight
        self.transposed = nn.Parameter(np.arange(6, dtype=np.float32).reshape(2, 3).T)
        self.register_buffer("count", np.array(7))
        self.register_buffer("mask", np.array([True, False, True]))
        self.register_buffer("empty", np.zeros((0, 2), np.float32))


def assert_same(a, b):
    assert a.dtype == b.dtype
    assert a.shape == b.shape
    np.testing.assert_array_equal(a, b)


# ---- files of PyTorch ----


def test_dtypes_that_numpy_has_stay_as_they_are():
    arrays = nn.load_safetensors(PYTORCH / "dtypes.safetensors")
    for name in ("float32", "float64", "int64", "uint8", "bool", "complex64"):
        assert arrays[name].dtype == name
        assert arrays[name].flags.writeable
    np.testing.assert_array_equal(arrays["int64"], [-(2**62), 5])
    np.testing.assert_array_equal(arrays["bool"], [[True], [False]])
    assert_same(arrays["scalar"], np.array(2.5, np.float32))
    assert_same(arrays["empty"], np.zeros((3, 0), np.float32))


@pytest.mark.parametrize("name", ["bfloat16", "bfloat16_scalar", "float16", "float8_e4m3", "float8_e5m2"])
def test_narrow_floats_become_float32_exactly(name):
    arrays = nn.load_safetensors(PYTORCH / "dtypes.safetensors")
    assert_same(arrays[name], arrays[f"{name} as float32"])
    np.testing.assert_array_equal(np.signbit(arrays[name]), np.signbit(arrays[f"{name} as float32"]))
    assert arrays[name].flags.writeable


def test_float16_can_be_kept():
    arrays = nn.load_safetensors(PYTORCH / "dtypes.safetensors", keep_float16=True)
    assert arrays["float16"].dtype == np.float16
    assert arrays["bfloat16"].dtype == np.float32


def test_a_dtype_that_numpy_lacks_is_refused_by_name():
    with pytest.raises(nn.CheckpointError, match=r"'odd' as F8_E8M0, .*\.float\(\)"):
        nn.load_safetensors(PYTORCH / "no_numpy_dtype.safetensors")


@pytest.mark.parametrize("file", ["tied", "tied_without_note"])
def test_a_shared_weight_that_is_stored_once_loads_under_all_its_names(file):
    model = Tied()
    assert nn.load_safetensors(PYTORCH / f"{file}.safetensors", model) == ([], [])
    assert model.output.weight is model.embedding.weight
    assert_same(model.output.weight.data, nn.load_safetensors(PYTORCH / f"{file}.safetensors")["embedding.weight"])


def test_other_names_in_the_metadata_are_in_the_dict():
    arrays = nn.load_safetensors(PYTORCH / "tied.safetensors")
    assert arrays["output.weight"] is arrays["embedding.weight"]
    assert set(arrays) == set(Tied().state_dict())
    separate = Tied(shared=False)
    nn.load_safetensors(PYTORCH / "tied.safetensors", separate)
    assert_same(separate.output.weight.data, separate.embedding.weight.data)


def test_a_weight_without_note_is_missing_where_it_is_not_shared():
    with pytest.raises(RuntimeError, match=r'Missing key\(s\) in state_dict: "output.weight"'):
        nn.load_safetensors(PYTORCH / "tied_without_note.safetensors", Tied(shared=False))
    loaded = nn.load_safetensors(PYTORCH / "tied_without_note.safetensors", Tied(shared=False), strict=False)
    assert loaded == (["output.weight"], [])


def test_a_name_that_only_the_note_has_is_not_unexpected(tmp_path):
    nn.save_safetensors(Tied(), tmp_path / "model")  # stores it as output.weight
    model = nn.Sequential()
    model.embedding = nn.Embedding(5, 3)
    loaded = nn.load_safetensors(tmp_path / "model", model, strict=False)
    assert loaded == ([], ["count", "empty", "mask", "transposed"])


def test_different_numbers_for_one_parameter_are_refused(tmp_path):
    nn.save_safetensors(Tied(shared=False), tmp_path / "model")
    model = Tied()
    before = model.state_dict()
    with pytest.raises(RuntimeError, match="one parameter of Tied, but the file has different numbers"):
        nn.load_safetensors(tmp_path / "model", model)
    for name, array in model.state_dict().items():
        assert_same(array, before[name])


# ---- files of our own ----

ARRAYS = {
    "C": np.arange(6.0).reshape(2, 3),
    "transposed": np.arange(6, dtype=np.float32).reshape(2, 3).T,
    "Fortran": np.asfortranarray(np.arange(24.0).reshape(2, 3, 4)),
    "strided": np.arange(10)[::-3],
    "broadcast": np.broadcast_to(np.float32(3), (2, 2)),
    "big_endian": np.array([1.5, 2.5], ">f4"),
    "scalar": np.array(3, np.int64),
    "NumPy scalar": np.float32(0.1),
    "empty": np.zeros((0, 3)),
    "empty transposed": np.zeros((0, 3)).T,
    "bool": np.array([True, False]),
    "special": np.array([np.nan, np.inf, -0.0, 5e-324]),
    "complex64": np.array([1 + 2j], np.complex64),
    **{kind: np.array([1, 2], kind) for kind in ("i1", "i2", "i4", "u1", "u2", "u4", "u8")},
}


@pytest.mark.parametrize("name", ARRAYS)
def test_an_array_comes_back_as_it_was(name, tmp_path):
    nn.save_safetensors(ARRAYS, tmp_path / "arrays")
    expected = np.asarray(ARRAYS[name])
    assert_same(nn.load_safetensors(tmp_path / "arrays")[name], expected.astype(expected.dtype.newbyteorder("=")))


def test_float16_comes_back_wider_unless_it_is_kept(tmp_path):
    half = np.array([0.1, 65504], np.float16)
    nn.save_safetensors({"x": half}, tmp_path / "x")
    assert_same(nn.load_safetensors(tmp_path / "x")["x"], half.astype(np.float32))
    assert_same(nn.load_safetensors(tmp_path / "x", keep_float16=True)["x"], half)


def test_a_model_comes_back_as_it_was(tmp_path):
    first, second = Tied(), Tied()
    nn.save_safetensors(first, tmp_path / "model")
    assert repr(nn.load_safetensors(tmp_path / "model", second)) == "<All keys matched successfully>"
    assert {name: str(a.dtype) for name, a in second.state_dict().items()} == {
        name: str(a.dtype) for name, a in first.state_dict().items()
    }
    for name, array in first.state_dict().items():
        assert_same(second.state_dict()[name], array)


def test_a_shared_weight_is_stored_once_and_noted(tmp_path):
    nn.save_safetensors(Tied(), tmp_path / "shared")
    nn.save_safetensors(Tied(shared=False), tmp_path / "separate")
    assert nn.safetensors_metadata(tmp_path / "shared") == {"embedding.weight": "output.weight"}
    assert nn.safetensors_metadata(tmp_path / "separate") == {}
    saved = (tmp_path / "separate").stat().st_size - (tmp_path / "shared").stat().st_size
    assert saved > 0


def test_metadata_comes_back(tmp_path):
    nn.save_safetensors(Tied(), tmp_path / "x", {"format": "pt", "embedding.weight": "mine", "ü": "∇\n"})
    assert nn.safetensors_metadata(tmp_path / "x") == {"format": "pt", "embedding.weight": "mine", "ü": "∇\n"}


def test_a_note_about_a_stored_array_is_no_other_name(tmp_path):
    nn.save_safetensors({"a": np.zeros(2), "b": np.ones(2)}, tmp_path / "x", {"b": "a"})
    np.testing.assert_array_equal(nn.load_safetensors(tmp_path / "x")["b"], np.ones(2))


def test_values_and_state_dicts_can_be_saved(tmp_path):
    model = Tied()
    nn.save_safetensors({"v": Value([1.0, 2.0])}, tmp_path / "v")
    assert_same(nn.load_safetensors(tmp_path / "v")["v"], np.array([1.0, 2.0]))
    nn.save_safetensors(model.state_dict(keep_vars=True), tmp_path / "vars")
    nn.save_safetensors(model, tmp_path / "model")
    assert (tmp_path / "vars").read_bytes() == (tmp_path / "model").read_bytes()
    nn.save_safetensors({}, tmp_path / "nothing")
    assert nn.load_safetensors(tmp_path / "nothing") == {}


def test_half_a_model_keeps_its_own_dtype(tmp_path):
    nn.save_safetensors(nn.Linear(2, 3).double(), tmp_path / "model")
    assert nn.load_safetensors(tmp_path / "model")["weight"].dtype == np.float64
    model = nn.Linear(2, 3).half()
    nn.load_safetensors(tmp_path / "model", model)
    assert model.weight.dtype == np.float16


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"x": np.zeros(2, np.complex128)}, "'x' holds complex128"),
        ({"x": np.zeros(2, np.longdouble)}, "'x' holds float"),
        ({"x": np.array(["a"])}, "'x' holds <U1"),
        ({"x": np.array([None])}, "'x' holds object"),
        ({"x": np.array(["2020"], "M8[D]")}, "'x' holds datetime64"),
        ({3: np.zeros(2)}, "must be a string, not 3"),
        ([np.zeros(2)], "a module or a dict of arrays, not list"),
    ],
)
def test_what_the_format_cannot_hold_is_refused_before_anything_is_written(state, message, tmp_path):
    with pytest.raises(TypeError, match=message):
        nn.save_safetensors(state, tmp_path / "x")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("metadata", [{"a": 3}, {3: "a"}])
def test_metadata_must_be_strings(metadata, tmp_path):
    with pytest.raises(TypeError, match=r"metadata are strings by name.*json\.dumps"):
        nn.save_safetensors({}, tmp_path / "x", metadata)


# ---- damaged and foreign files ----


def test_a_file_cut_off_anywhere_is_refused(tmp_path):
    whole = (PYTORCH / "tied.safetensors").read_bytes()
    model = Tied()
    before = model.state_dict()
    for length in range(len(whole)):
        (tmp_path / "cut").write_bytes(whole[:length])
        with pytest.raises(nn.CheckpointError, match=r"'.*cut' cannot be read as a safetensors file: it is "):
            nn.load_safetensors(tmp_path / "cut", model)
    for name, array in model.state_dict().items():
        assert_same(array, before[name])


def header(text, body=b""):
    return struct.pack("<Q", len(text)) + text + body


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it is empty"),
        (struct.pack("<Q", 2**63) + b"{}", "it is of no known kind"),
        (struct.pack("<Q", 99_000_000) + b"{}", "it is cut off or damaged, so get it anew"),
        (
            header(b'{"a":{"dtype":"F32","shape":[1099511627776,1099511627776],"data_offsets":[0,4]}}', b"abcd"),
            "damaged",
        ),
        (header(b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,400]}}', b"abcd"), "damaged"),
        (header(b'{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}', b"abcd"), "damaged"),
        (header(b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}', b"abcd"), "damaged"),
        (header(b'{"a":{"dtype":"BF16","shape":[1],"data_offsets":[2,4]}}', b"abcd"), "damaged"),
        (header(b'{"a":{"dtype":"X9","shape":[1],"data_offsets":[0,4]}}', b"abcd"), "damaged"),
        (header(b"{" * 50_000), "damaged"),
        (header(b"{}", b"more"), "damaged"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "it is a PNG picture"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n", "run git lfs pull"),
        (b"<!DOCTYPE html><html></html>", "it is a web page, so the download went wrong"),
        (b"Dear reader,\n", "it is text, starting with 'Dear reader"),
    ],
)
def test_foreign_and_damaged_files_are_refused(content, message, tmp_path):
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(nn.CheckpointError, match=message):
        nn.load_safetensors(tmp_path / "x")
    with pytest.raises(nn.CheckpointError, match=message):
        nn.safetensors_metadata(tmp_path / "x")


@pytest.mark.parametrize("file", ["model.pt", "legacy.pt"])
def test_pickles_are_refused_with_the_way_to_convert_them(file):
    with pytest.raises(nn.CheckpointError, match=r"a pickle, which .*safetensors\.torch\.save_file\(model\.state_dict"):
        nn.load_safetensors(PYTORCH / file)


def test_other_files_of_ours_and_of_numpy_are_named(tmp_path):
    nn.save_checkpoint(tmp_path / "run", nn.Linear(1, 1))
    with pytest.raises(nn.CheckpointError, match=r"read it with nn\.load_checkpoint"):
        nn.load_safetensors(tmp_path / "run")
    np.savez(tmp_path / "a.npz", a=1, b=2)
    with pytest.raises(nn.CheckpointError, match=r"an .npz of arrays \('a', 'b'\); read it with np.load"):
        nn.load_safetensors(tmp_path / "a.npz")
    np.save(tmp_path / "a.npy", np.zeros(2))
    with pytest.raises(nn.CheckpointError, match=r"a single array of np\.save"):
        nn.load_safetensors(tmp_path / "a.npy")


def test_arguments_that_make_no_sense_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no such file, nor a folder '.*none'"):
        nn.load_safetensors(tmp_path / "none" / "x")
    with pytest.raises(IsADirectoryError, match="it is a folder"):
        nn.load_safetensors(tmp_path)
    with pytest.raises(TypeError, match="a path must be a string"):
        nn.load_safetensors(nn.Linear(1, 1))
    with pytest.raises(TypeError, match=r"model must be an nn\.Module, not bool"):
        nn.load_safetensors(PYTORCH / "tied.safetensors", True)
    with pytest.raises(ValueError, match="strict=False is for loading into a model"):
        nn.load_safetensors(PYTORCH / "tied.safetensors", strict=False)
