"""One payment date from a state of the deal, and the tables of a payment date."""

import math
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import asdict
from datetime import date
from typing import Any

from cloche.testing.reference import waterfall
from cloche.testing.reference.collateral import Defaulted, Measure, Performing, measure
from cloche.testing.reference.conventions import conventions
from cloche.testing.reference.dates import Period, parse_date, schedule
from cloche.testing.reference.day import Day, Row
from cloche.testing.reference.fees import Fee, accrued_fee, cap_amount
from cloche.testing.reference.notes import Note, accrual_fraction, coupon_rate, instalment

Document = Mapping[str, Any]


def run_payment_date(
    deal: Document, state: Document, *, holidays: AbstractSet[date] = frozenset()
) -> dict[str, Any]:
    """Pay one date of a deal from the figures of a trustee report.

    Parameters
    ----------
    deal
        Canonical deal document.
    state
        Canonical state before the payment date. No purchase is made: what a `reinvest` step takes stays on deposit.
    holidays
        Days that the deal's calendars do not count as business days.

    Returns
    -------
    dict
        `ledger`, `tests`, `notes`, `fees` (lists of rows), `measure` (collateral amounts), `ic_numerator`,
        `accounts` (`principal` and `interest` on deposit after the date), `conservation_error` (currency units).

    Raises
    ------
    ValueError
        When the payment date is not one of the deal's, or the deal asks for what the reference does not compute.

    Examples
    --------
    >>> dates = {"closing": "2025-01-15", "first_payment": "2025-04-15", "payment_frequency_months": 3}
    >>> note = {"name": "A", "balance": 80.0, "interest_rank": 1, "principal_rank": 1, "coupon": {"fixed": 0.1}}
    >>> deal = {
    ...     "target_par": 100.0,
    ...     "dates": {**dates, "stated_maturity": "2030-01-15"},
    ...     "notes": [note],
    ...     "waterfalls": {
    ...         "interest": [{"verb": "pay_interest", "notes": [["A"]]}, {"verb": "retain"}],
    ...         "principal": [{"verb": "pay_principal", "notes": [["A"]]}, {"verb": "retain"}],
    ...     },
    ... }
    >>> state = {
    ...     "payment_date": "2025-07-15",
    ...     "previous_payment_date": "2025-04-15",
    ...     "collected": {"interest": 3.0, "principal": 5.0},
    ...     "notes": {"A": {"balance": 80.0}},
    ...     "collateral": {"performing_par": 95.0},
    ... }
    >>> [(row["payee"], row["paid"]) for row in run_payment_date(deal, state)["ledger"]]
    [('A', 2.0), ('interest account', 1.0), ('A', 5.0), ('principal account', 0.0)]
    """
    payment = parse_date(state["payment_date"])
    periods = schedule(deal, holidays=holidays)
    period = next((period for period in periods if period.payment_date == payment), None)
    if period is None:
        raise ValueError(f"payment_date: {payment} is not a payment date of the deal")
    chosen = conventions(deal)
    figures = state_measure(deal, state, with_discount=chosen["discount_in_ccc"] == "lower")
    start = parse_date(state["previous_payment_date"])
    fee_basis = state.get("fee_basis")
    if fee_basis is None:
        fee_basis = figures.collateral_principal_amount + figures.defaulted_par
    in_reinvestment = state.get("in_reinvestment_period")
    notes = {}
    for terms in deal["notes"]:
        if terms.get("combination_of"):
            continue
        opening = state["notes"].get(terms["name"], {"balance": 0.0})
        note = open_note(
            terms,
            (
                opening["balance"],
                opening.get("deferred_interest", 0.0),
                opening.get("interest_shortfall", 0.0),
            ),
            fixings=state.get("index_fixings", {}),
            accrual=(start, payment),
            period=period,
        )
        due = opening.get("amortization_due")
        if due is None:
            due = instalment(terms, period.number, note.balance, 0.0)
        note.amortization = min(note.balance, due)
        notes[note.name] = note
    bases = {
        "fee_basis": fee_basis,
        "performing_par": figures.performing_par,
        "collateral_principal_amount": figures.collateral_principal_amount,
    }
    fees = {}
    for terms in deal.get("fees", ()):
        owed = state.get("fees", {}).get(terms["name"], {})
        base = fee_base(terms, bases, notes)
        fee = open_fee(
            terms,
            base,
            owed.get("unpaid", 0.0),
            accrual=(start, payment),
            fixings=state.get("index_fixings", {}),
            fee_basis=fee_basis,
        )
        if owed.get("due") is not None:
            fee.current = owed["due"]
        fees[fee.name] = fee
    day = Day(
        deal=deal,
        period=period,
        in_reinvestment=period.in_reinvestment if in_reinvestment is None else in_reinvestment,
        conventions=chosen,
        notes=notes,
        fees=fees,
        measure=figures,
        interest_proceeds=state["collected"].get("interest", 0.0),
        principal_proceeds=state["collected"].get("principal", 0.0),
        residual_flows=_state_flows(deal, state),
    )
    tables = pay_date(day)
    tables["accounts"] = {
        "principal": day.held_principal + day.purchase_cash,
        "interest": day.held_interest,
    }
    return tables


def state_measure(deal: Document, state: Document, *, with_discount: bool) -> Measure:
    """Collateral of a state: par neither CCC nor discount, CCC assets, discount obligations, defaulted assets."""
    collateral = state["collateral"]
    assets = [Performing(par=collateral["performing_par"], market_price=1.0)]
    for kind in ("ccc", "discount"):
        assets += [
            Performing(
                asset["par"],
                asset.get("market_price", 1.0),
                ccc=kind == "ccc",
                discount_price=asset.get("purchase_price"),
            )
            for asset in collateral.get(kind, ())
        ]
    defaulted = []
    for asset in collateral.get("defaulted", ()):
        known = [asset[key] for key in ("market_price", "recovery") if asset.get(key) is not None]
        if not known:
            raise ValueError(f"collateral.defaulted {asset.get('id')}: neither market_price nor recovery")
        market = asset.get("market_price")
        recovery = asset.get("recovery")
        defaulted.append(
            Defaulted(
                par=asset["par"],
                market_price=known[0] if market is None else market,
                recovery=known[0] if recovery is None else recovery,
                aged=(asset.get("years_since_default") or 0.0) > 3,
            )
        )
    return measure(
        assets,
        defaulted,
        state["collected"].get("principal", 0.0),
        rules=deal.get("collateral", {}),
        target_par=deal["target_par"],
        with_discount=with_discount,
    )


def open_note(
    terms: Document,
    amounts: tuple[float, float, float],
    *,
    fixings: Mapping[str, float],
    accrual: tuple[date, date],
    period: Period,
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
        original_balance=terms.get("balance", 0.0),
        balance=amounts[0],
        deferred=amounts[1],
        overdue=amounts[2],
        index_rate=index_rate,
    )
    if coupon:
        note.rate = coupon_rate(coupon, index_rate, period.unadjusted_start)
        note.day_count_fraction = accrual_fraction(
            coupon, adjusted=accrual, unadjusted=(period.unadjusted_start, period.unadjusted_end)
        )
    return note


def fee_base(terms: Document, bases: Mapping[str, float], notes: Mapping[str, Note]) -> float:
    """Base of a fee: one of the collateral amounts, or the opening balance of a note."""
    name = terms.get("base") or "fee_basis"
    return bases[name] if name in bases else notes[name].balance


def open_fee(
    terms: Document,
    base: float,
    unpaid: float,
    *,
    accrual: tuple[date, date],
    fixings: Mapping[str, float],
    fee_basis: float,
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
    return Fee(
        name=terms["name"],
        base=base,
        current=accrued_fee(terms, base, *accrual),
        unpaid=unpaid,
        room=cap_amount(cap, fee_basis, *accrual) if cap else math.inf,
    )


def _state_flows(deal: Document, state: Document) -> list[tuple[date, float]]:
    """Dated flows of the residual notes: the purchase at closing, then the distributions."""
    closing = parse_date(deal["dates"]["closing"])
    flows = []
    for terms in deal["notes"]:
        if not terms.get("residual"):
            continue
        known = state["notes"].get(terms["name"], {})
        cost = known.get("cost")
        flows.append((closing, -(residual_cost(terms) if cost is None else cost)))
        flows += [(parse_date(when), amount) for when, amount in known.get("distributions", ())]
    return flows


def residual_cost(terms: Document) -> float:
    """What the holders of a residual note paid at closing: original balance times issue price."""
    return float(terms.get("balance", 0.0) * terms.get("issue_price", 1.0))


def pay_date(day: Day) -> dict[str, Any]:
    """Run the waterfalls of a date and return its tables.

    Returns
    -------
    dict
        `ledger`, `tests`, `notes` (the columns of `cashflows`), `fees`, `measure`, `ic_numerator`,
        `conservation_error`. In `fees`, `due` is the amount of the period and `unpaid` what is carried on. In
        `tests`, `ratio_after` is at the end of the date, `ratio_after_cure` right after the last cure that names the
        test (None without one).
    """
    currents = {name: fee.current for name, fee in day.fees.items()}
    waterfall.pay(day)
    rows = []
    for row in day.before:
        test = day.tests[row["test"]]
        numerator = day.numerator(test) + (day.diverted if test.kind != "ic" else 0.0)
        denominator = day.denominator(test)
        rows.append(
            {
                **row,
                "ratio_after": numerator / denominator if denominator > 0 else math.inf,
                "ratio_after_cure": day.ratio_after_cure.get(test.name),
            }
        )
    hurdles = {terms["name"]: bool(terms.get("hurdles")) for terms in day.deal.get("fees", ())}
    fees = [
        {
            "date": day.date,
            "fee": name,
            "base": fee.base,
            "due": day.incentive.get(name, 0.0) if hurdles[name] else currents[name],
            "paid": day.incentive.get(name, 0.0) if hurdles[name] else fee.paid,
            "unpaid": fee.unpaid + fee.current,
        }
        for name, fee in day.fees.items()
    ]
    return {
        "ledger": day.ledger,
        "tests": rows,
        "notes": [_note_row(day, note) for note in day.notes.values()],
        "fees": fees,
        "measure": asdict(day.measure),
        "ic_numerator": day.ic_numerator,
        "conservation_error": conservation_error(day),
    }


def _note_row(day: Day, note: Note) -> Row:
    deferred = note.close()
    return {
        "date": day.date,
        "note": note.name,
        "status": "normal",
        "begin_balance": note.opening["balance"],
        "index_rate": note.index_rate,
        "rate": note.rate,
        "day_count_fraction": note.day_count_fraction,
        "interest_due": note.opening["current"],
        "interest_paid": note.interest_paid,
        "deferred_interest": deferred,
        "deferred_paid": note.deferred_paid,
        "deferred_balance": note.deferred,
        "interest_shortfall": note.overdue,
        "principal_paid": note.principal_paid,
        "end_balance": note.balance,
        "final_loss": 0.0,
    }


def conservation_error(day: Day) -> float:
    """Cash in less cash out of a date, in currency units."""
    paid = sum(row["paid"] for row in day.ledger if row["source"] != "transfer")
    kept = day.held_interest + day.held_principal + day.purchase_cash
    return float(abs(day.interest_proceeds + day.principal_proceeds - paid - kept))
