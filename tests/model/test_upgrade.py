"""Documents of older versions are upgraded when they are read, newer ones refused."""

from __future__ import annotations

from typing import Any

import pytest

from cloche.errors import DealError
from cloche.model.deal import Deal


def test_a_document_of_version_0_is_upgraded(small_deal: dict[str, Any]) -> None:
    small_deal["dates"]["determination_lag_bd"] = 6
    current = Deal.from_dict(small_deal)
    small_deal["cloche"] = 0
    small_deal["dates"]["determination_lag"] = small_deal["dates"].pop("determination_lag_bd")
    for note in small_deal["notes"][:2]:
        note["seniority"] = note.pop("rank")
    assert Deal.from_dict(small_deal) == current
    assert Deal.from_dict(small_deal).to_canonical()["cloche"] == 1


def test_old_keys_are_unknown_in_a_current_document(small_deal: dict[str, Any]) -> None:
    small_deal["dates"]["determination_lag"] = 6
    with pytest.raises(
        DealError, match="determination_lag: unknown key; did you mean 'determination_lag_bd'"
    ):
        Deal.from_dict(small_deal)


@pytest.mark.parametrize(
    ("version", "message"),
    [
        (2, "found version 2, this package reads versions up to 1; install a newer cloche"),
        ("1", "found '1', expected the version of the grammar, 1"),
        (True, "found true, expected the version of the grammar, 1"),
        (None, "missing: this key is required; write `cloche: 1`"),
    ],
)
def test_a_version_that_cannot_be_read_is_refused(
    small_deal: dict[str, Any], version: object, message: str
) -> None:
    small_deal["cloche"] = version
    with pytest.raises(DealError) as caught:
        Deal.from_dict(small_deal)
    assert caught.value.problems == [("cloche", message)]
