"""Builders and templates are tested as documents: the engine has nothing to object to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cloche.model import engine


@pytest.fixture(autouse=True, scope="module")
def shape_only() -> Iterator[None]:
    """Let the engine agree with every document."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "problems_of_meaning", lambda _: [])
        yield
