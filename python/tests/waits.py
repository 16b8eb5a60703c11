"""Waiting for a condition, with a generous limit."""
import time


def until(condition, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError('it did not come true in time')
        time.sleep(0.005)
