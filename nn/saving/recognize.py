"""What a file is, told from its first bytes: for refusing one that is not what was asked for, by its name."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

CONVERT = (
    "Convert it once with PyTorch: safetensors.torch.save_file(model.state_dict(), 'model.safetensors'), "
    "then nn.load_safetensors('model.safetensors')"
)
CHECKPOINT_ENTRY = "checkpoint.json"

_STARTS = {
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"GIF8": "a GIF picture",
    b"%PDF": "a PDF document",
    b"\x1f\x8b": "compressed with gzip; unpack it first",
    b"BZh": "compressed with bzip2; unpack it first",
    b"\xfd7zXZ": "compressed with xz; unpack it first",
    b"\x89HDF": "an HDF5 file, as Keras writes",
    b"\x93NUMPY": "a single array of np.save; read it with np.load",
    b"version https://git-lfs": "the pointer of Git LFS in place of the file; run git lfs pull",
    b"<!DOCTYPE": "a web page, so the download went wrong",
    b"<html": "a web page, so the download went wrong",
}


class CheckpointError(ValueError):
    """A file is damaged, or is not what was asked for; the message says what it is and what to do."""


def readable(path: str | os.PathLike[str]) -> Path:
    """The path of an existing file.

    Raises:
        OSError: there is none, or it is a folder.
    """
    try:
        file = Path(os.fspath(path))
    except TypeError:
        raise TypeError(f"a path must be a string or a pathlib.Path, not {type(path).__name__}.") from None
    if file.is_dir():
        raise IsADirectoryError(f"cannot load {str(path)!r}: it is a folder. Add the name of the file in it.")
    if not file.exists():
        folder = file.parent
        lacking = "" if folder.exists() else f", nor a folder {str(folder)!r}"
        raise FileNotFoundError(f"cannot load {str(path)!r}: there is no such file{lacking} (in {os.getcwd()!r}).")
    return file


def recognized(file: Path) -> str:
    """What is in a file that could not be read, to complete the sentence "it is ..."."""
    with file.open("rb") as opened:
        head = opened.read(4096)
    if not head:
        return "empty"
    for start, kind in _STARTS.items():
        if head.startswith(start):
            return kind
    if head.startswith(b"PK"):
        return _zip(file, head)
    if head[:2] in (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"):
        return f"a pickle, which could run any program and is not read. {CONVERT}"
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") < 100_000_000:
        return "a safetensors file; read it with nn.load_safetensors"
    if _is_text(head):
        return f"text, starting with {head[:30].decode(errors='ignore')!r}"
    return f"of no known kind, starting with the bytes {head[:8]!r}"


def _zip(file: Path, head: bytes) -> str:
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
    except Exception:  # a damaged archive makes zipfile raise all sorts of errors
        if b"data.pkl" in head:
            return f"the beginning of a file that torch.save wrote, and damaged. Get it anew. {CONVERT}"
        return "cut off or damaged (it starts like an .npz, but its list of contents is unreadable)"
    if CHECKPOINT_ENTRY in names:
        return "a checkpoint of nn.save_checkpoint; read it with nn.load_checkpoint"
    if any(name.endswith("data.pkl") for name in names):
        return f"written by torch.save, a pickle, which could run any program and is not read. {CONVERT}"
    if any(name.endswith(".weights.h5") for name in names):
        return "a model that Keras saved"
    if names and all(name.endswith(".npy") for name in names):
        listed = ", ".join(repr(name.removesuffix(".npy")) for name in names[:4])
        return f"an .npz of arrays ({listed}{', ...' if len(names) > 4 else ''}); read it with np.load"
    return "a zip archive"


def _is_text(head: bytes) -> bool:
    try:
        text = head.decode()
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3:  # not a character that the end cut in two
            return False
        text = head[: error.start].decode()
    return all(character.isprintable() or character in "\t\r\n" for character in text)
