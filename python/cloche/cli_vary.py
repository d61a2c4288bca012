"""What the command line takes for what varies: names, lists and ranges of numbers, written as in documents."""

from __future__ import annotations

import typer

__all__ = ["axis_of", "number_of"]


def axis_of(text: str) -> tuple[str, list[float]]:
    """Return name and values of ``NAME=1%,200bp``, ``NAME=0.01,0.02`` or ``NAME=0:0.2:21``.

    Raises
    ------
    typer.BadParameter
        If it is written otherwise.

    Examples
    --------
    >>> axis_of("cdr=2%,0.05"), axis_of("deal:notes.A.coupon.spread=130bp:140bp:3")
    (('cdr', [0.02, 0.05]), ('deal:notes.A.coupon.spread', [0.013, 0.0135, 0.014]))
    """
    name, equals, written = text.partition("=")
    expected = f"--vary {text}: expected NAME=VALUE,VALUE,… or NAME=FIRST:LAST:STEPS, such as cdr=0:10%:11"
    if not (name and equals and written):
        raise typer.BadParameter(expected)
    try:
        if ":" in written:
            first, last, steps = written.split(":")
            count = int(steps)
            start, end = _number(first), _number(last)
            if count < 2:
                raise typer.BadParameter(expected)
            return name, [start + (end - start) * k / (count - 1) for k in range(count)]
        return name, [_number(value) for value in written.split(",")]
    except ValueError:
        raise typer.BadParameter(expected) from None


def number_of(text: str | None, option: str) -> float | None:
    """Return the number of an option; None where it is not given.

    Raises
    ------
    typer.BadParameter
        If it is no number.

    Examples
    --------
    >>> number_of("130bp", "--low"), number_of("0.3", "--high"), number_of(None, "--low")
    (0.013, 0.3, None)
    """
    if text is None:
        return None
    try:
        return _number(text)
    except ValueError:
        raise typer.BadParameter(
            f"found {text!r}, expected a number such as 0.05, 5% or 130bp", param_hint=option
        ) from None


def _number(text: str) -> float:
    """Return a number with or without a unit, as documents have it; `ValueError` if it is none."""
    from cloche.model.units import decimal_of
    from cloche.model.yaml import scalar

    stated = decimal_of(text)
    number = scalar(text.strip()) if stated is None else stated
    if isinstance(number, int | float) and not isinstance(number, bool):
        return float(number)
    raise ValueError(text)
