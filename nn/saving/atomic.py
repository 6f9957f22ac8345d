"""Writing a file so that at every moment there is either the old one or the new one, complete."""

from __future__ import annotations

import errno
import os
import platform
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# what a file system says to fsync of a folder if it does not know that
_NOT_FOR_FOLDERS = (errno.EINVAL, errno.ENOTSUP, errno.EACCES)


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A new empty file to write to; at the end of the block it takes the place of `path`, in one step.

    It lies in a folder of its own beside `path`, which is removed however the block ends. One that a killed process
    left behind is removed when the next file of this name is written.

    Raises:
        OSError: `path` cannot be written, or writing failed. What was at `path` is there still.
    """
    target = _target(path)
    _remove_leftovers(target)
    work = target.with_name(f"{_work_prefix(target)}{os.getpid()}-{os.urandom(4).hex()}.tmp")
    new = work / target.name
    try:
        try:
            work.mkdir()
            new.touch()
            mode = target.stat().st_mode if target.exists() else new.stat().st_mode
            yield new
            new.chmod(mode)
            _flush(new)
            os.replace(new, target)
        finally:
            shutil.rmtree(work, ignore_errors=True)
        _flush_folder(target.parent)
    except OSError as error:
        kept = " The file that was there is unchanged." if target.exists() else ""
        reason = error.strerror or str(error)
        raise OSError(error.errno or errno.EIO, f"could not save {str(path)!r}: {reason}.{kept}") from error


def _target(path: str | os.PathLike[str]) -> Path:
    """Where to write, with what is wrong with it said before anything is computed."""
    try:
        target = Path(os.fspath(path))
    except TypeError:
        raise TypeError(f"a path must be a string or a pathlib.Path, not {type(path).__name__}.") from None
    target = Path(os.path.realpath(target))  # a link stays a link, to the new file
    if target.is_dir():
        raise IsADirectoryError(
            errno.EISDIR, f"cannot save to {str(path)!r}: it is a folder. Add a file name, such as 'model.npz'."
        )
    if target.exists() and not target.is_file():
        raise OSError(errno.EINVAL, f"cannot save to {str(path)!r}: it is no file, but a device or a pipe.")
    if not target.parent.exists():
        raise FileNotFoundError(
            errno.ENOENT,
            f"cannot save to {str(path)!r}: there is no folder {str(target.parent)!r}. "
            f"Write os.makedirs({str(target.parent)!r}, exist_ok=True).",
        )
    if not target.parent.is_dir():
        raise NotADirectoryError(
            errno.ENOTDIR, f"cannot save to {str(path)!r}: {str(target.parent)!r} is a file, not a folder."
        )
    return target


def _flush(file: Path) -> None:
    with file.open("r+b") as opened:
        os.fsync(opened.fileno())


def _flush_folder(folder: Path) -> None:
    """Make the new name last through a power cut as well."""
    if os.name != "posix":
        return
    try:
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
    except OSError as error:
        if error.errno not in _NOT_FOR_FOLDERS:
            raise


def _work_prefix(target: Path) -> str:
    return f".{target.name}.{platform.node()}-"


def _remove_leftovers(target: Path) -> None:
    """Remove the folders of processes on this machine that have ended."""
    if os.name != "posix":  # elsewhere `os.kill` would end the process
        return
    prefix = _work_prefix(target)
    with suppress(OSError):
        for entry in list(target.parent.iterdir()):
            process = entry.name.removeprefix(prefix).split("-")[0]
            ours = entry.name.startswith(prefix) and entry.suffix == ".tmp" and process.isdecimal()
            if ours and not _running(int(process)):
                shutil.rmtree(entry, ignore_errors=True)


def _running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it belongs to somebody else
        return True
    return True
