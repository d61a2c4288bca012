"""One payment date from a state of the deal, and the tables of a payment date."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date
from typing import Any

from cloche.testing.reference.accounts import joined
from cloche.testing.reference.collateral import Defaulted, Measure, Performing, Valuation, measure, valuation
from cloche.testing.reference.combinations import combination_row, rated_balance
from cloche.testing.reference.commitments import scheduled_draw
from cloche.testing.reference.contracts import loan_terms, performing
from cloche.testing.reference.conventions import conventions
from cloche.testing.reference.date_tables import pay_date
from cloche.testing.reference.dates import Period, add_months, parse_date, schedule
from cloche.testing.reference.day import Day
from cloche.testing.reference.fees import Fee
from cloche.testing.reference.hedges import Hedge, open_hedge, termination_date
from cloche.testing.reference.notes import Note, in_force, instalment
from cloche.testing.reference.opening import cap_lifted, fee_base, open_fee, open_note, residual_cost
from cloche.testing.reference.tests import is_active

Document = Mapping[str, Any]


def run_payment_date(
    deal: Document,
    state: Document,
    loans: Sequence[Document] | None = None,
    *,
    holidays: AbstractSet[date] = frozenset(),
) -> dict[str, Any]:
    """Pay one date of a deal from the figures of a trustee report, or from a tape.

    Parameters
    ----------
    deal
        Canonical deal document.
    state
        Canonical state before the payment date. No purchase is made: what a `reinvest` step takes stays on deposit.
        With `status` `accelerated` or `redemption` interest, principal and `collected.liquidation` are one pot.
    loans
        The tape as of the determination date, as `project` takes it; then the state has no `collateral`.
    holidays
        Days that the deal's calendars do not count as business days.

    Returns
    -------
    dict
        `ledger`, `tests`, `notes`, `fees` (lists of rows), `measure` (collateral amounts), `ic_numerator`,
        `accounts` (`principal` and `interest` on deposit after the date), `sale_proceeds` (of a liquidation, net of
        costs), `conservation_error` (currency units).

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
    status = state.get("status") or "normal"
    liquidation = state["collected"].get("liquidation")
    if liquidation is not None and status == "normal":
        raise ValueError(
            "collected.liquidation: found on a normal date; expected status accelerated or redemption"
        )
    sale = sale_proceeds(liquidation)
    notes = _state_notes(deal, state, period)
    hedges = _state_hedges(deal, state, period, periods, notes)
    cash = state["collected"].get("principal", 0.0) + sale
    cash += sum(hedge.principal_receipts for hedge in hedges.values())
    draws = {
        terms["name"]: scheduled_draw(terms, period, notes[terms["name"]].balance, notes[terms["name"]].drawn)
        for terms in deal["notes"]
        if terms.get("commitment")
    }
    prices = {terms["name"]: terms.get("issue_price") or 1.0 for terms in deal["notes"]}
    cash += sum(amount * prices[name] for name, amount in draws.items())
    interest = state["collected"].get("interest", 0.0) + sum(hedge.receipts for hedge in hedges.values())
    accounts = {
        terms["name"]: float((state.get("accounts") or {}).get(terms["name"], 0.0))
        for terms in deal.get("accounts") or ()
    }
    closed = period.last or status == "redemption" or liquidation is not None
    if closed:
        joining = joined(deal, accounts)
        interest, cash = interest + joining["interest"], cash + joining["principal"]
    chosen = conventions(deal)
    if chosen["pool_step"] == "monthly":
        raise ValueError("conventions.pool_step: monthly is not computed from a state")
    if loans is None:
        figures = state_measure(deal, state, cash, valuation(chosen))
    else:
        figures = tape_measure(deal, loans, parse_date(state["determination_date"]), cash)
    in_reinvestment = state.get("in_reinvestment_period")
    if in_reinvestment is None:
        in_reinvestment = period.in_reinvestment
    said = state.get("readings") or {}
    day = Day(
        deal=deal,
        period=period,
        in_reinvestment=in_reinvestment and status == "normal",
        conventions=chosen,
        notes=notes,
        fees=_state_fees(deal, state, figures, notes, period.unadjusted_start),
        measure=figures,
        interest_proceeds=interest,
        principal_proceeds=cash,
        residual_flows=_state_flows(deal, state),
        status=status,
        sold=status == "redemption" or liquidation is not None,
        accounts=accounts,
        accounts_closed=closed,
        hedges=hedges,
        liquidation_value=said.get("liquidation_value", 0.0),
        semiannual_share=said.get("semiannual_share", 0.0),
        unfunded=said.get("unfunded", 0.0),
        interest_by_frequency={int(key): x for key, x in said.get("interest_by_frequency", {}).items()},
        market_spreads=said.get("market_spreads", {}),
        confirmed=_confirmed(deal, state, [item for item in periods if item.payment_date < payment]),
    )
    for name, amount in draws.items():
        notes[name].draw(amount)
    tables = pay_date(day)
    for terms in deal["notes"]:
        if terms.get("combination_of"):
            balance = state["notes"].get(terms["name"], {}).get("balance", rated_balance(terms))
            tables["notes"].append(combination_row(deal, terms, balance, tables["notes"]))
    tables["sale_proceeds"] = sale
    tables["accounts"] = {
        "principal": day.held_principal + day.purchase_cash,
        "interest": day.held_interest,
        **day.accounts,
    }
    return tables


def _confirmed(deal: Document, state: Document, earlier: Sequence[Period]) -> bool:
    """Whether the ratings were confirmed before: as the state says, else where an earlier date asked for the par."""
    said = state.get("ratings_confirmed")
    if said is not None:
        return bool(said)
    asking = [terms for terms in deal.get("tests", ()) if terms["kind"] == "target_par"]
    return any(is_active(terms, deal, period) for terms in asking for period in earlier)


def sale_proceeds(liquidation: Document | None) -> float:
    """Proceeds of a liquidation less its costs, which are paid from them alone; in currency units.

    Examples
    --------
    >>> sale_proceeds({"proceeds": 90.0, "costs": 2.0})
    88.0
    """
    if liquidation is None:
        return 0.0
    return max(0.0, float(liquidation.get("proceeds", 0.0)) - float(liquidation.get("costs", 0.0)))


def _state_notes(deal: Document, state: Document, period: Period) -> dict[str, Note]:
    """The classes as the state has them."""
    notes = {}
    for terms in deal["notes"]:
        if terms.get("combination_of"):
            continue
        opening = state["notes"].get(terms["name"], {"balance": 0.0})
        note = open_note(
            in_force(terms, opening.get("steps_in_force", ())),
            (
                opening["balance"],
                opening.get("deferred_interest", 0.0),
                opening.get("interest_shortfall", 0.0),
            ),
            fixings=state.get("index_fixings", {}),
            accrual=(parse_date(state["previous_payment_date"]), period.payment_date),
            period=period,
            drawn=opening.get("drawn", 0.0),
        )
        due = opening.get("amortization_due")
        if due is None:
            due = instalment(terms, period.number, note.balance, 0.0)
        note.amortization = min(note.balance, due)
        notes[note.name] = note
    return notes


def _state_hedges(
    deal: Document, state: Document, period: Period, periods: Sequence[Period], notes: Mapping[str, Note]
) -> dict[str, Hedge]:
    """The hedges, with what the state says is unpaid: `hedges.NAME.{unpaid, termination_unpaid}`."""
    known = state.get("hedges") or {}
    return {
        terms["name"]: open_hedge(
            terms,
            (
                known.get(terms["name"], {}).get("unpaid", 0.0),
                known.get(terms["name"], {}).get("termination_unpaid", 0.0),
            ),
            period=period,
            acts_on=termination_date(terms, [item.unadjusted_end for item in periods]),
            accrual=(parse_date(state["previous_payment_date"]), period.payment_date),
            fixings=state.get("index_fixings", {}),
            balance={name: note.balance for name, note in notes.items()},
        )
        for terms in deal.get("hedges") or ()
    }


def _state_fees(
    deal: Document,
    state: Document,
    figures: Measure,
    notes: Mapping[str, Note],
    unadjusted_start: date,
) -> dict[str, Fee]:
    """The fees as the state has them; on a date with a sale, or accelerated, their caps may be lifted."""
    fee_basis = state.get("fee_basis")
    if fee_basis is None:
        fee_basis = figures.collateral_principal_amount + figures.defaulted_par
    ends = {
        "fee_basis": figures.collateral_principal_amount + figures.defaulted_par,
        "performing_par": figures.performing_par,
        "collateral_principal_amount": figures.collateral_principal_amount,
    }
    starts = ends | dict(state.get("fee_bases") or {}) | {"fee_basis": fee_basis}
    status = state.get("status") or "normal"
    sale = status == "redemption" or state["collected"].get("liquidation") is not None
    fees = {}
    for terms in deal.get("fees", ()):
        owed = state.get("fees", {}).get(terms["name"], {})
        fee = open_fee(
            terms,
            _base_of(terms, [fee_base(terms, bases, notes) for bases in (starts, ends)]),
            owed.get("unpaid", 0.0),
            accrual=(parse_date(state["previous_payment_date"]), parse_date(state["payment_date"])),
            fixings=state.get("index_fixings", {}),
            fee_basis=fee_basis,
            lifted=cap_lifted(terms, status, sale=sale),
            unadjusted_start=unadjusted_start,
        )
        carry = (terms.get("cap") or {}).get("carry_over") or 0
        if carry:
            fee.room = max(0.0, fee.room + sum(owed.get("unused_cap", ())[-carry:]))
        if owed.get("due") is not None:
            fee.current, fee.later = owed["due"], 0.0
        fees[fee.name] = fee
    return fees


def _base_of(terms: Document, bases: Sequence[float]) -> float:
    """Base of a fee of what it was at both ends of the period."""
    when = terms.get("base_date") or "period_start"
    return {"period_start": bases[0], "period_end": bases[1], "average": (bases[0] + bases[1]) / 2}[when]


def state_measure(deal: Document, state: Document, cash: float, convention: Valuation) -> Measure:
    """Collateral of a state: par neither CCC nor discount, CCC assets, discount obligations, defaulted assets.

    `cash` is principal on deposit; the proceeds of a liquidation are part of it.
    """
    collateral = state["collateral"]
    assets = [Performing(par=collateral["performing_par"], market_price=1.0)]
    for kind in ("ccc", "discount"):
        assets += [
            Performing(
                asset["par"],
                asset.get("market_price", 1.0),
                ccc=kind == "ccc",
                discount_price=asset.get("purchase_price"),
                agencies=tuple(asset.get("agencies") or ()),
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
    return _measured(deal, assets, defaulted, cash, convention)


def tape_measure(deal: Document, loans: Sequence[Document], day: date, cash: float) -> Measure:
    """Collateral of a tape on a determination date, with principal on deposit; recoveries are those of the tape."""
    closing = parse_date(deal["dates"]["closing"])
    assets, defaulted = [], []
    for loan in loans:
        terms = loan_terms(loan, deal, closing)
        if loan.get("default_date") is None:
            par = loan["par"] + (loan.get("par_unfunded") or 0.0)
            assets.append(performing(terms, par, deal))
            continue
        aged = day > add_months(parse_date(loan["default_date"]), 36)
        if terms.recovery is None:
            raise ValueError(f"{terms.loan_id}: no recovery on the tape")
        price = terms.recovery if loan.get("market_price") is None else terms.market_price
        defaulted.append(Defaulted(loan["par"], price, terms.recovery, aged))
    return _measured(deal, assets, defaulted, cash, valuation(conventions(deal)))


def _measured(
    deal: Document,
    assets: Sequence[Performing],
    defaulted: Sequence[Defaulted],
    cash: float,
    convention: Valuation,
) -> Measure:
    """Figures of the collateral by the rules of a deal."""
    return measure(
        assets,
        defaulted,
        cash,
        rules=deal.get("collateral", {}),
        target_par=deal["target_par"],
        convention=convention,
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
