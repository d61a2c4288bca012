"""One problem where one cause holds for many loans, in place of one for each of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from cloche.errors import Problem, ScenarioError, TapeError
from cloche.tape import LoanPool

__all__ = ["by_cause", "told_by_cause"]

_NAMED = 3
_LOAN = re.compile(r"\bloan (.+?)(?=: |\)|, column )")


def by_cause(problems: Iterable[Problem], loan_ids: Sequence[str]) -> list[Problem]:
    r"""Return problems with those that differ in the loan alone as one, which counts the loans and names the first.

    Parameters
    ----------
    problems
        As the engine tells them, in any order of loans.
    loan_ids
        Loans of the tape, in its order.

    Examples
    --------
    >>> missing = [Problem("scenario.recovery", f"missing for loan {name}: no rate") for name in ("c", "a", "b", "d")]
    >>> print(*by_cause(missing, ["a", "b", "c", "d"]), sep="\n")
    scenario.recovery: missing for 4 loans such as a, b, c: no rate
    >>> print(*by_cause(missing[:2], ["a", "b", "c", "d"]), sep="\n")
    scenario.recovery: missing for loans a, c: no rate
    """
    order = {name: place for place, name in enumerate(loan_ids)}
    causes: dict[Problem, list[str]] = {}
    for problem in problems:
        cause, loan = _without_loan(problem, order)
        causes.setdefault(cause, []).extend([] if loan is None else [loan])
    parts = list(dict.fromkeys(cause.place for cause in causes))
    told: list[tuple[int, int, Problem]] = []
    for cause, loans in causes.items():
        loans.sort(key=order.__getitem__)
        words = _loans(loans) if loans else ""
        place, message = (text.replace("\0", words) for text in cause)
        first = order[loans[0]] if loans else -1
        told.append((parts.index(cause.place), first, Problem(place, message)))
    return [problem for *_, problem in sorted(told, key=lambda item: item[:2])]


def _without_loan(problem: Problem, known: Iterable[str]) -> tuple[Problem, str | None]:
    """Return a problem with a mark in place of its loan, and the loan; as it is where it names none of the tape."""
    for number, text in enumerate(problem):
        for hit in _LOAN.finditer(text):
            if hit[1] in known:
                marked = f"{text[: hit.start()]}\0{text[hit.end() :]}"
                return problem._replace(**{problem._fields[number]: marked}), hit[1]
    return problem, None


def _loans(loans: Sequence[str]) -> str:
    if len(loans) == 1:
        return f"loan {loans[0]}"
    named = ", ".join(loans[:_NAMED])
    return f"loans {named}" if len(loans) <= _NAMED else f"{len(loans):,} loans such as {named}"


@contextmanager
def told_by_cause(pool: LoanPool) -> Iterator[None]:
    """Tell what the engine refuses of the loans of a pool by cause, not loan by loan.

    Parameters
    ----------
    pool
        The loans.

    Raises
    ------
    ScenarioError, TapeError
        With fewer problems than the engine's where one cause holds for many loans.
    """
    try:
        yield
    except (ScenarioError, TapeError) as error:
        problems = by_cause(error.problems, pool.texts("loan_id"))
        if len(problems) == len(error.problems):
            raise
        subject = error.headline.partition(" has ")[0]
        count = "1 problem" if len(problems) == 1 else f"{len(problems):,} problems"
        raise type(error)(f"{subject} has {count}", problems) from None
