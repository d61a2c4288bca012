"""Warnings that the runs of one call give once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["already_told", "is_told"]

_TOLD: ContextVar[bool] = ContextVar("the call around has warned of its inputs", default=False)


def is_told() -> bool:
    """Tell whether the call around has given the warnings of its inputs."""
    return _TOLD.get()


@contextmanager
def already_told() -> Iterator[None]:
    """Let the runs of a search, which has warned, not warn again."""
    token = _TOLD.set(True)
    try:
        yield
    finally:
        _TOLD.reset(token)
