"""Groups of loans that values of a scenario name: their keys, in the words of the tape."""

from __future__ import annotations

from pydantic_core import PydanticCustomError

from cloche.model.lien_names import LIENS, lien_of
from cloche.model.rating_letters import MOODYS, SP, letters_of
from cloche.model.wording import did_you_mean, found

__all__ = ["GROUPS", "UNRATED", "group_key", "rating_word"]

GROUPS = ("rating:", "industry:", "obligor:", "lien:")
"""What a group is of; ``*`` is all others."""

UNRATED = "rating:"
"""The key of loans without a rating, which people write ``rating:NR``."""


def group_key(written: str) -> str:
    """Return a key as pools name their groups: ``lien:2L`` is ``lien:second_lien``.

    Raises
    ------
    pydantic_core.PydanticCustomError
        For a key of no kind, and for a lien or a rating that no tape can have.

    Examples
    --------
    >>> group_key("lien:2nd Lien"), group_key("rating:b2"), group_key("rating:ccc+"), group_key("industry:Retail")
    ('lien:second_lien', 'rating:B2', 'rating:CCC+', 'industry:Retail')
    """
    if written in ("*", UNRATED):
        return written
    kind = next((kind for kind in GROUPS if written.startswith(kind) and len(written) > len(kind)), None)
    if kind is None:
        raise _refusal(
            f"found the group {found(written)}, expected '*', rating:…, industry:…, obligor:… or lien:…"
        )
    name = written.removeprefix(kind)
    if kind == "rating:":
        return kind + rating_word(name)
    if kind == "lien:":
        lien = lien_of(name)
        if lien not in LIENS:
            raise _refusal(f"found {found(name)}, a lien that is not known{did_you_mean(lien, LIENS)}")
        return kind + lien
    return written


def rating_word(name: str) -> str:
    """Return the letters of a rating of either scale, empty if unrated.

    Raises
    ------
    pydantic_core.PydanticCustomError
        If it is of neither.

    Examples
    --------
    >>> rating_word("Aaa"), rating_word("AAA"), rating_word("caa1"), rating_word("NR")
    ('Aaa', 'AAA', 'Caa1', '')
    """
    if name in MOODYS or name in SP:
        return name
    for moodys in (False, True):
        letters = letters_of(name, moodys=moodys)
        if letters is not None:
            return letters
    raise _refusal(f"found {found(name)}, expected a rating such as B- or B3, or NR")


def _refusal(message: str) -> PydanticCustomError:
    return PydanticCustomError("group", "{message}", {"message": message})
