"""Ratings of a class of notes: agencies, and the letters of their scales."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, ValidationError

from cloche.model.document import problem
from cloche.model.rating_letters import letters_of
from cloche.model.text import Name
from cloche.model.wording import did_you_mean, found

__all__ = ["AGENCIES", "NoteRatings"]

AGENCIES: Mapping[str, str] = {
    "sp": "BBB-",
    "moodys": "Baa3",
    "fitch": "BBB-",
    "dbrs": "BBB (low)",
    "kbra": "BBB-",
}
"""The agencies that rate notes, each with one of its ratings."""

_HIGH_OR_LOW = re.compile(r"\s*\((high|low|h|l)\)", re.IGNORECASE)


def _known(ratings: dict[str, str]) -> dict[str, str]:
    problems = []
    for agency, rating in ratings.items():
        if agency not in AGENCIES:
            message = f"unknown agency{did_you_mean(agency, AGENCIES)}"
            problems.append(problem((agency,), message, rating, kind="unknown_key"))
            continue
        letters = _HIGH_OR_LOW.sub("", rating) if agency == "dbrs" else rating
        if letters_of(letters, moodys=agency == "moodys") is None:
            message = f"found {found(rating)}, expected a rating such as {AGENCIES[agency]}, or NR"
            problems.append(problem((agency,), message, rating))
    if problems:
        raise ValidationError.from_exception_data("NoteRatings", problems)
    return ratings


NoteRatings = Annotated[dict[Name, Name], AfterValidator(_known)]
