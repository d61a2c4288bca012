"""Classes and fees at the opening of a payment date."""

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from cloche.testing.reference.collateral import Measure
from cloche.testing.reference.combinations import original_balance
from cloche.testing.reference.commitments import available_draw, commitment_fee, revolves
from cloche.testing.reference.dates import Period
from cloche.testing.reference.fees import Fee, accrued_fee, cap_amount, share_at
from cloche.testing.reference.notes import Note, accrual_fraction, coupon_rate

Document = Mapping[str, Any]


def open_note(
    terms: Document,
    amounts: tuple[float, float, float],
    *,
    fixings: Mapping[str, float],
    accrual: tuple[date, date],
    period: Period,
    drawn: float = 0.0,
) -> Note:
    """A class at the opening of a payment date.

    Parameters
    ----------
    terms
        The note of a canonical deal document.
    amounts
        Opening balance, deferred and overdue interest, in currency units.
    fixings
        Fixings of the period by index; `*` serves every other.
    accrual
        Adjusted accrual period.
    period
        Payment period.
    drawn
        Draws on its commitment since closing, in currency units.
    """
    coupon = terms.get("coupon") or {}
    index = coupon.get("index")
    index_rate = None
    if index and coupon.get("fixed") is None:
        index_rate = fixings[index] if index in fixings else fixings["*"]
    note = Note(
        name=terms["name"],
        interest_rank=terms.get("interest_rank"),
        principal_rank=terms.get("principal_rank"),
        residual=terms.get("residual", False),
        deferrable=terms.get("deferrable", False),
        original_balance=original_balance(terms),
        balance=amounts[0],
        deferred=amounts[1],
        overdue=amounts[2],
        index_rate=index_rate,
        commitment_fee=commitment_fee(terms, period, amounts[0], drawn),
        undrawn=available_draw(terms, period, amounts[0], drawn),
        drawn=drawn,
        revolving=revolves(terms, period),
    )
    if coupon:
        note.rate = coupon_rate(coupon, index_rate, period.unadjusted_start)
        note.day_count_fraction = accrual_fraction(
            coupon, adjusted=accrual, unadjusted=(period.unadjusted_start, period.unadjusted_end)
        )
    return note


def fee_base(
    terms: Document,
    bases: Mapping[str, float],
    notes: Mapping[str, Note],
    groups: Mapping[str, Sequence[str]] | None = None,
) -> float:
    """Base of a fee: one of the collateral amounts, or the opening balance of a class and its successors."""
    name = terms.get("base") or "fee_basis"
    if name in bases:
        return bases[name]
    return sum(notes[member].balance for member in (groups or {}).get(name, (name,)))


def fee_basis(figures: Measure) -> float:
    """Fee basis amount: collateral principal amount and defaulted par, in currency units."""
    return figures.collateral_principal_amount + figures.defaulted_par


def bases(figures: Measure) -> dict[str, float]:
    """Collateral amounts that may be the base of a fee."""
    return {
        "fee_basis": fee_basis(figures),
        "performing_par": figures.performing_par,
        "collateral_principal_amount": figures.collateral_principal_amount,
    }


def cap_lifted(terms: Document, status: str, *, sale: bool) -> bool:
    """Whether the cap of a fee does not bind: with a sale of the collateral, or on every date of one pot.

    Parameters
    ----------
    terms
        The fee of a canonical deal document; `cap.lifted` is `liquidated` or `accelerated`.
    status
        `normal`, `accelerated` or `redemption`.
    sale
        Whether the collateral is sold for this date.
    """
    rule = (terms.get("cap") or {}).get("lifted")
    return bool(rule == "accelerated" and status != "normal") or bool(rule == "liquidated" and sale)


def open_fee(
    terms: Document,
    base: float,
    unpaid: float,
    *,
    accrual: tuple[date, date],
    fixings: Mapping[str, float],
    fee_basis: float,
    lifted: bool = False,
    unadjusted_start: date | None = None,
) -> Fee:
    """A fee at the opening of a payment date, with interest on what was brought forward.

    Parameters
    ----------
    terms
        The fee of a canonical deal document.
    base
        Its base.
    unpaid
        Brought forward, in currency units.
    accrual
        Adjusted accrual period.
    fixings
        Fixings of the period by index.
    fee_basis
        Fee basis amount, on which caps run.
    lifted
        Whether the cap of the fee does not bind on this date.
    unadjusted_start
        Start of the period by which what is waived and deferred is looked up; default: the adjusted start.
    """
    late = terms.get("unpaid_interest")
    if isinstance(late, Mapping):
        rate = late.get("fixed")
        if rate is None:
            index = late["index"]
            level = fixings[index] if index in fixings else fixings["*"]
            rate = max(0.0, level) + (late.get("spread") or 0.0)
        unpaid += accrued_fee({"rate": rate, "day_count": terms.get("day_count")}, unpaid, *accrual)
    cap = terms.get("cap")
    start = accrual[0] if unadjusted_start is None else unadjusted_start
    owed = accrued_fee(terms, base, *accrual) * (1 - share_at(terms.get("waived"), start))
    later = owed * share_at(terms.get("deferred"), start)
    return Fee(
        name=terms["name"],
        base=base,
        current=owed - later,
        later=later,
        unpaid=unpaid,
        room=cap_amount(cap, fee_basis, *accrual) if cap and not lifted else math.inf,
    )


def residual_cost(terms: Document) -> float:
    """What the holders of a residual note paid at closing: original balance times issue price."""
    return float(terms.get("balance", 0.0) * terms.get("issue_price", 1.0))
