"""Keeping memory that was freed for the arrays that come next."""

from __future__ import annotations

import numpy as np

# just below the largest block that glibc takes into account
_LARGEST = (32 << 20) - (64 << 10)


def keep_freed_memory() -> None:
    """Let the C library keep up to 64 MB of freed memory instead of giving it back to the system at once.

    A training step allocates the same arrays again and again. By default glibc unmaps large ones when they are freed,
    and gives back the end of its heap, so that every step pays for page faults anew: up to half of its time. It raises
    both of its limits when it sees a larger block being freed; that is all that happens here, and the block is never
    touched, so it costs no memory. Where the limits are set by the user (`MALLOC_TRIM_THRESHOLD_`), or with another
    C library, nothing changes.
    """
    np.empty(_LARGEST, np.uint8)
