"""The ends of a process, and its children."""
import atexit
import os
import time
from typing import Any, Set

from . import ids

#: How long a process that ends is held for its last records.
EXIT_SECONDS = 5.0

#: Until they are closed: what one of them still holds is sent at the end, whether or not anybody remembers it.
clients: Set[Any] = set()


def _close_all() -> None:
    deadline = time.monotonic() + EXIT_SECONDS
    for client in list(clients):
        client.close(max(0.0, deadline - time.monotonic()))


def _after_fork() -> None:
    ids.forget_after_fork()
    for client in list(clients):
        client.begin_anew()


atexit.register(_close_all)
if hasattr(os, 'register_at_fork'):
    os.register_at_fork(after_in_child=_after_fork)
