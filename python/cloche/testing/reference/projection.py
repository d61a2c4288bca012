"""The whole projection: payment dates one after another, from a tape and a scenario."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from cloche.testing.reference.collateral import Measure
from cloche.testing.reference.conventions import conventions
from cloche.testing.reference.dates import Period, day_count_fraction, parse_date, schedule
from cloche.testing.reference.day import Day, Row
from cloche.testing.reference.fees import Fee, cap_amount
from cloche.testing.reference.holdings import Collections, Document, Future, Holdings
from cloche.testing.reference.notes import Note, instalment
from cloche.testing.reference.payment_date import fee_base, open_fee, open_note, pay_date, residual_cost

DUST = 1e-9
"""Share of the target par below which nothing is left."""


def project(
    deal: Document,
    loans: Sequence[Document],
    as_of: date,
    scenario: Document,
    defaults_by_period: Mapping[str, int] | None = None,
    *,
    holidays: AbstractSet[date] = frozenset(),
    fixing_holidays: AbstractSet[date] = frozenset(),
) -> dict[str, Any]:
    """Project a deal over its life on one path.

    Parameters
    ----------
    deal
        Canonical deal document.
    loans
        The tape, a row a loan: the tape's columns, absent values None or left out, dates as `date`, `day_count`
        as text such as `act/360`, `fixed` and `ccc` as booleans.
    as_of
        Date of the tape; not after the first payment date.
    scenario
        Canonical scenario document.
    defaults_by_period
        Step in which an obligor defaults wholly; the scenario's default rate does not act on these obligors.
    holidays
        Days that the deal's calendars do not count as business days.
    fixing_holidays
        The same for the calendar of fixings.

    Returns
    -------
    dict
        Tables as lists of rows: `collateral`, `tests`, `cashflows`, `fees`, `ledger`; `equity` (date, flow of all
        residual notes, the purchase first), `schedule` (the periods), `conservation_error` (largest of the dates,
        as a share of the target par).

    Raises
    ------
    ValueError
        When the documents contradict each other or ask for what the reference does not compute.

    Examples
    --------
    >>> dates = {"closing": "2025-01-15", "first_payment": "2025-04-15", "payment_frequency_months": 3}
    >>> residual = [{"verb": "pay_residual", "notes": [["SUB"]]}]
    >>> deal = {
    ...     "target_par": 100.0,
    ...     "dates": {**dates, "stated_maturity": "2025-07-15", "determination": {"business_days_before": 0}},
    ...     "notes": [{"name": "SUB", "balance": 100.0, "residual": True}],
    ...     "waterfalls": {"interest": residual, "principal": residual},
    ... }
    >>> loan = {"loan_id": "L1", "par": 100.0, "fixed": True, "fixed_rate": 0.08, "maturity": date(2025, 7, 15)}
    >>> result = project(deal, [loan], date(2025, 1, 15), {"rates": {"*": {"kind": "flat", "rate": 0.04}}})
    >>> [row["interest_paid"] for row in result["cashflows"]]
    [2.0, 102.0]
    """
    if (deal.get("default_events") or {}).get("accelerate") == "automatic":
        raise ValueError("default_events.accelerate: acceleration is not computed by the reference")
    periods = schedule(deal, as_of=as_of, holidays=holidays, fixing_holidays=fixing_holidays)
    future = Future(deal, scenario, as_of, periods, defaults_by_period or {}, fixing_holidays)
    run = Projection(Holdings(sorted(loans, key=lambda loan: str(loan["loan_id"])), future))
    tables = Tables()
    for period in periods:
        tables.add(run.pay(period))
        if run.nothing_left():
            break
    tables.mark_losses({note["name"] for note in deal["notes"] if note.get("residual")})
    return {
        **tables.rows,
        "equity": run.ledgers.flows,
        "schedule": periods,
        "conservation_error": tables.error / deal["target_par"],
    }


@dataclass
class Ledgers:
    """What a deal carries from one payment date to the next, in currency units."""

    balance: dict[str, float]
    deferred: dict[str, float]
    overdue: dict[str, float]
    carried: dict[str, float]
    unpaid: dict[str, float]
    caps: dict[str, list[tuple[float, float]]]
    flows: list[tuple[date, float]]
    principal_cash: float
    interest_cash: float = 0.0


def opening_ledgers(deal: Document) -> Ledgers:
    """Balances at closing; nothing is deferred, overdue or unpaid."""
    closing = parse_date(deal["dates"]["closing"])
    notes = [note for note in deal["notes"] if not note.get("combination_of")]
    fees = [fee["name"] for fee in deal.get("fees", ())]
    return Ledgers(
        balance={note["name"]: note.get("balance", 0.0) for note in notes},
        deferred={note["name"]: 0.0 for note in notes},
        overdue={note["name"]: 0.0 for note in notes},
        carried={note["name"]: 0.0 for note in notes},
        unpaid=dict.fromkeys(fees, 0.0),
        caps={name: [] for name in fees},
        flows=[(closing, -residual_cost(note)) for note in notes if note.get("residual")],
        principal_cash=deal.get("closing", {}).get("ramp_up_cash", 0.0),
    )


class Projection:
    """A projection between payment dates.

    Parameters
    ----------
    holdings
        The collateral, which knows the deal and the scenario.
    """

    def __init__(self, holdings: Holdings) -> None:
        self.holdings = holdings
        self.deal = holdings.deal
        self.scenario = holdings.scenario
        self.conventions = conventions(self.deal)
        self.ledgers = opening_ledgers(self.deal)
        self.measures = [holdings.measure(holdings.start, self.ledgers.principal_cash)]

    def pay(self, period: Period) -> dict[str, Any]:
        """One period: collections, measures, waterfalls, purchases. Returns the tables of the date."""
        held = self.ledgers.principal_cash
        got = self.holdings.collect(period)
        interest = got.interest + self._interest_on_cash(period) + self.ledgers.interest_cash
        if period.number == 1:
            interest += self.deal.get("closing", {}).get("interest_reserve", 0.0)
        principal = held + got.principal
        self.measures.append(self.holdings.measure(period.determination_date, principal))
        day = self._open(period, interest, principal, got)
        tables = pay_date(day)
        bought = self.holdings.buy(period, day.purchase_cash)
        self._close(day, tables["fees"])
        tables["collateral"] = collateral_row(day, got, bought)
        return tables

    def _interest_on_cash(self, period: Period) -> float:
        """Interest on principal held since the last payment date: max(0, index + cash spread), act/360."""
        held = self.ledgers.principal_cash
        if held <= 0:
            return 0.0
        start = max(period.accrual_start, self.holdings.start)
        years = day_count_fraction("act/360", start, max(start, period.collection_end))
        index_rate = self.holdings.index_rate("", period)
        return held * max(0.0, index_rate + float(self.scenario.get("cash_rate_spread", -0.0020))) * years

    def _open(self, period: Period, interest: float, principal: float, got: Collections) -> Day:
        fixings = self._fixings(period)
        notes = self._open_notes(period, fixings)
        return Day(
            deal=self.deal,
            period=period,
            in_reinvestment=period.in_reinvestment,
            conventions=self.conventions,
            notes=notes,
            fees=self._open_fees(period, fixings, notes),
            measure=self.measures[-1],
            interest_proceeds=interest,
            principal_proceeds=principal,
            residual_flows=list(self.ledgers.flows),
            unscheduled=got.prepaid,
            post_period_share=self.scenario.get("post_period_share", 0.0),
            closing_par=self.measures[0].performing_par,
        )

    def _fixings(self, period: Period) -> dict[str, float]:
        """Fixings of every index that a note or the interest on a fee uses."""
        terms = [note.get("coupon") or {} for note in self.deal["notes"]]
        terms += [fee.get("unpaid_interest") for fee in self.deal.get("fees", ())]
        names = {str(item["index"]) for item in terms if isinstance(item, Mapping) and item.get("index")}
        return {name: self.holdings.index_rate(name, period) for name in names}

    def _open_notes(self, period: Period, fixings: Mapping[str, float]) -> dict[str, Note]:
        ledgers = self.ledgers
        notes = {}
        for terms in self.deal["notes"]:
            name = terms["name"]
            if terms.get("combination_of"):
                continue
            note = open_note(
                terms,
                (ledgers.balance[name], ledgers.deferred[name], ledgers.overdue[name]),
                fixings=fixings,
                accrual=(period.accrual_start, period.payment_date),
                period=period,
            )
            note.amortization = instalment(terms, period.number, note.balance, ledgers.carried[name])
            notes[name] = note
        return notes

    def _open_fees(
        self, period: Period, fixings: Mapping[str, float], notes: Mapping[str, Note]
    ) -> dict[str, Fee]:
        fees = {}
        for terms in self.deal.get("fees", ()):
            fee = open_fee(
                terms,
                self._base(terms, notes),
                self.ledgers.unpaid[terms["name"]],
                accrual=(period.accrual_start, period.payment_date),
                fixings=fixings,
                fee_basis=fee_basis(self.measures[-2]),
            )
            self._widen_cap(terms, fee)
            fees[fee.name] = fee
        return fees

    def _base(self, terms: Document, notes: Mapping[str, Note]) -> float:
        """Fee base at the previous determination date, at this one, or their mean."""
        start, end = (fee_base(terms, bases(item), notes) for item in self.measures[-2:])
        return {"period_end": end, "average": (start + end) / 2}.get(terms.get("base_date") or "", start)

    def _widen_cap(self, terms: Document, fee: Fee) -> None:
        """Room that the caps of the last dates left unused: caps less capped payments over the window."""
        cap = terms.get("cap")
        if cap and cap.get("carry_over"):
            window = self.ledgers.caps[fee.name][-cap["carry_over"] :]
            fee.room = max(0.0, fee.room + sum(granted - paid for granted, paid in window))

    def _close(self, day: Day, fee_rows: Sequence[Row]) -> None:
        """Carry balances, unpaid amounts and cash to the next date."""
        ledgers = self.ledgers
        for name, note in day.notes.items():
            ledgers.balance[name] = note.balance
            ledgers.deferred[name] = note.deferred
            ledgers.overdue[name] = note.overdue
            ledgers.carried[name] = max(0.0, note.amortization)
        for terms, row in zip(self.deal.get("fees", ()), fee_rows, strict=True):
            name = terms["name"]
            ledgers.unpaid[name] = row["unpaid"]
            if terms.get("cap"):
                accrual = (day.period.accrual_start, day.period.payment_date)
                granted = cap_amount(terms["cap"], fee_basis(self.measures[-2]), *accrual)
                ledgers.caps[name].append((granted, day.fees[name].paid_capped))
        ledgers.flows.append((day.date, day.distributed))
        ledgers.principal_cash = day.held_principal
        ledgers.interest_cash = day.held_interest

    def nothing_left(self) -> bool:
        """Whether performing par, cash and recoveries to come are dust."""
        left = self.holdings.worth() + self.ledgers.principal_cash + self.ledgers.interest_cash
        return left < DUST * float(self.deal["target_par"])


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


def collateral_row(day: Day, got: Collections, bought: float) -> Row:
    """The row of the table `collateral`: at the determination date after the step, before payments."""
    figures = day.measure
    return {
        "date": day.date,
        "determination_date": day.period.determination_date,
        "performing_par": figures.performing_par,
        "defaulted_par": figures.defaulted_par,
        "ccc_par": figures.ccc_par,
        "principal_cash": figures.principal_cash,
        "interest_collected": day.interest_proceeds,
        "scheduled_principal": got.scheduled,
        "prepaid_principal": got.prepaid,
        "recoveries": got.recoveries,
        "sale_proceeds": got.sale_proceeds,
        "sold_par": got.sold_par,
        "new_defaults": got.defaulted,
        "new_purchases_par": bought,
        "purchase_cost": day.purchase_cash,
        "oc_numerator": figures.oc_numerator,
        "ccc_excess_haircut": figures.ccc_excess_haircut,
        "discount_haircut": figures.discount_haircut,
        "defaulted_value": figures.defaulted_value,
        "cash_held": day.held_principal,
    }


@dataclass
class Tables:
    """Rows of the result, date after date."""

    rows: dict[str, list[Row]] = field(
        default_factory=lambda: {name: [] for name in ("collateral", "tests", "cashflows", "fees", "ledger")}
    )
    error: float = 0.0

    def add(self, tables: Mapping[str, Any]) -> None:
        """Add the tables of a payment date."""
        self.rows["collateral"].append(tables["collateral"])
        self.rows["cashflows"] += tables["notes"]
        for name in ("tests", "fees", "ledger"):
            self.rows[name] += tables[name]
        self.error = max(self.error, tables["conservation_error"])

    def mark_losses(self, residual: set[str]) -> None:
        """Put what was never repaid into the rows of the last date."""
        last = self.rows["cashflows"][-1]["date"]
        for row in self.rows["cashflows"]:
            if row["date"] == last and row["note"] not in residual:
                row["final_loss"] = row["end_balance"]
