"""What can go wrong at the edge: every class names what the caller can mend, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cloche.rows_alike import lines_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["Cancelled", "ClocheError", "DealError", "Problem", "RunError", "ScenarioError", "TapeError"]


_MOST_LINES = 50


class Problem(NamedTuple):
    """One thing that is wrong with an input.

    Parameters
    ----------
    place
        Place in the input, such as ``notes[3].coupon.spread``; empty for the input as a whole.
    message
        What was found and what was expected.
    """

    place: str
    message: str

    def __str__(self) -> str:
        """Return ``place: message``."""
        return f"{self.place}: {self.message}" if self.place else self.message


def _recounted(headline: str, given: int, kept: int) -> str:
    """Return a headline that counts each problem once."""
    counted = f" has {given} problems"
    if given == kept or not headline.endswith(counted):
        return headline
    return f"{headline.removesuffix(counted)} has {kept} problem{'' if kept == 1 else 's'}"


class ClocheError(Exception):
    """An input that cannot be used, with every problem found in it.

    Parameters
    ----------
    headline
        What is wrong, in one line.
    problems
        The problems in the order of the input, each once; pairs ``(place, message)`` are accepted.

    Attributes
    ----------
    headline : str
    problems : list of Problem
        All of them; the printed error lists the first 50 and counts the rest.

    Examples
    --------
    >>> print(DealError("the deal has 1 problem", [("target_par", "found -1, expected money above 0")]))
    the deal has 1 problem
    target_par: found -1, expected money above 0
    """

    def __init__(self, headline: str, problems: Iterable[tuple[str, str]] = ()) -> None:
        given = [Problem(place, message) for place, message in problems]
        self.problems = list(dict.fromkeys(given))
        self.headline = _recounted(headline, len(given), len(self.problems))
        super().__init__(self.headline, tuple(self.problems))

    def __str__(self) -> str:
        """Return the headline and one line per problem, the first 50 of them."""
        lines = self._lines()
        rest = len(lines) - _MOST_LINES
        more = [f"and {rest} more"] if rest > 0 else []
        return "\n".join([self.headline, *lines[:_MOST_LINES], *more])

    def _lines(self) -> list[str]:
        return list(map(str, self.problems))


class DealError(ClocheError):
    """A deal document, or a state of a deal, that cannot be used."""


class TapeError(ClocheError):
    """A loan tape with rows or columns that cannot be used; rows with the same problem print as one line."""

    def _lines(self) -> list[str]:
        return lines_of(self.problems)


class ScenarioError(ClocheError):
    """A scenario or a default model that is out of range or does not fit the deal or the tape."""


class RunError(ClocheError):
    """A run that cannot be done on this machine or with these arguments."""


class Cancelled(KeyboardInterrupt):
    """A long call was interrupted.

    It is a ``KeyboardInterrupt``, so ``except Exception`` does not swallow it.

    Parameters
    ----------
    message
        What was interrupted.
    partial
        The result of what was finished, bit for bit the result of a run of that length; None if nothing was.
    load
        Makes `partial` when it is first asked for, so that the interruption itself takes no time.
    """

    def __init__(
        self,
        message: str = "interrupted",
        partial: object = None,
        *,
        load: Callable[[], object] | None = None,
    ) -> None:
        self._partial = partial
        self._load = load
        super().__init__(message, partial)

    @property
    def partial(self) -> object:
        """What was finished; None if nothing was."""
        if self._load is not None:
            self._partial, self._load = self._load(), None
        return self._partial

    def __str__(self) -> str:
        """Return what was interrupted."""
        return str(self.args[0])
