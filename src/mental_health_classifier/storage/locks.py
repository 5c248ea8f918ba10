"""Locks of files, where the file system has them."""

from __future__ import annotations

import errno
import fcntl

_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EINVAL)
"""What `flock` says on a file system that has no locks, as some cluster mounts."""


def take_lock(file: int, operation: int) -> bool:
    """Locks an open file, see `fcntl.flock`. False: its file system has no locks.

    Raises:
        BlockingIOError: another process holds the lock, and `operation` does not wait.
        OSError: the lock cannot be taken for another reason.
    """
    try:
        fcntl.flock(file, operation)
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        return False
    return True
