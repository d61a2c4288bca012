"""The whole projection: payment dates one after another, from a tape and a scenario."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date
from itertools import count
from typing import Any

from cloche.testing.reference import default_events, values
from cloche.testing.reference.combinations import combination_row
from cloche.testing.reference.date_tables import pay_date
from cloche.testing.reference.dates import Period, business_days, part_until, schedule, with_sale
from cloche.testing.reference.day import Day, Row
from cloche.testing.reference.events import Event
from cloche.testing.reference.fees import Fee, cap_amount
from cloche.testing.reference.holdings import Document, Future, Holdings
from cloche.testing.reference.opened_date import DUST, Opened
from cloche.testing.reference.opening import fee_basis
from cloche.testing.reference.proceeds import Proceeds
from cloche.testing.reference.refinancing import COST, Changes, event_cost, paid_from
from cloche.testing.reference.resets import Amendment, Reset
from cloche.testing.reference.sales import Sale, covers, required, sale_cost
from cloche.testing.reference.successions import Successions
from cloche.testing.reference.tables import Tables, collateral_row


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
        Step in which an obligor defaults wholly, from 1: a payment period, a month where the pool moves by months. The
        scenario's default rate does not act on these obligors.
    holidays
        Days that the deal's calendars do not count as business days.
    fixing_holidays
        The same for the calendar of fixings.

    Returns
    -------
    dict
        Tables as lists of rows: `collateral`, `tests`, `cashflows`, `fees`, `ledger`, `events` (what was in default,
        accelerated, rescinded, liquidated, called, refinanced, repriced, when and why); `equity` (date, flow of all
        residual notes, the purchase first), `schedule` (the periods), `deal` (the document at the end, with the
        successors of refinanced classes, which have `replaces`), `conservation_error` (largest of the dates, as a
        share of the target par). A successor has rows from the date on which it is issued.

    Raises
    ------
    ValueError
        When the documents contradict each other or ask for what the reference does not compute, and for a call of a
        day up to which nothing is collected.

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
    periods = schedule(deal, as_of=as_of, holidays=holidays, fixing_holidays=fixing_holidays)
    future = Future(deal, scenario, as_of, periods, defaults_by_period or {}, fixing_holidays)
    run = Projection(Holdings(sorted(loans, key=lambda loan: str(loan["loan_id"])), future), holidays)
    tables = Tables()
    for k in count():
        # Resets and amendments bring in other periods.
        tables.add(run.pay(run.holdings.periods[k]))
        if run.nothing_left() or run.holdings.periods[k].last:
            break
    tables.mark_losses({note["name"] for note in run.notes() if note.get("residual")})
    return {
        **tables.rows,
        "equity": run.ledgers.flows,
        "schedule": run.holdings.periods,
        "deal": {**run.deal, "notes": run.notes()},
        "conservation_error": tables.error / deal["target_par"],
    }


class Projection(Successions):
    """A projection between payment dates: it opens a date, decides its events, pays it and carries on."""

    def pay(self, period: Period) -> dict[str, Any]:
        """One period: collections, measures, events, waterfalls, purchases. Returns the tables of the date."""
        self.record = []
        period = self._until_redemption(period)
        opened = self._open(period)
        figures = opened.day
        self._steps_of_coupons(figures)
        conditions = self._default_conditions(figures)
        self._end_of_reinvestment(period, figures)
        opened = self._sold(period, opened)
        self.holdings = opened.holdings
        self.measures.append(opened.measure)
        day = opened.day
        self.ended = day.sold
        coming = self._coming(period, figures, day)
        # A reset redeems every class: nothing is left for another event to change.
        resets = any(isinstance(one, Reset) for one in coming)
        changes = Changes(day, [] if resets else self._changing(period, figures))
        self._charge(day, changes, coming)
        self._redeem_specially(period, figures, day)
        tables = pay_date(day)
        day.look_at_target_par()
        self.confirmed, self.purchases_allowed = day.confirmed, day.purchases_allowed
        self.deal, self.groups, cash = changes.apply(self.deal, self.groups, tables)
        for one in coming:
            one.apply(tables)
        bought = self.holdings.buy(self.holdings.last_step(day.period), day.purchase_cash)
        self._close(day, tables["fees"], cash)
        for terms in changes.issued:
            self._take_in(terms, period.number)
        self.successions += changes.successions
        self._look_for_default(day, conditions)
        self._pay_combinations(tables["notes"])
        tables["collateral"] = collateral_row(day, opened.got, bought, self.ledgers.principal_cash)
        tables["events"] = [*self.record, *changes.record, *(one.row() for one in coming)]
        self._name(tables)
        for one in coming:
            tables["notes"] += self._enter(one, period)
        return tables

    # Steps of coupons, the end of the reinvestment period, the effective date

    def _steps_of_coupons(self, day: Day) -> None:
        """The conditional steps of coupons that are in force in the accrual period that begins on the date."""
        for terms in self.deal["notes"]:
            before = self.steps.get(terms["name"], set())
            now = set()
            for place, step in enumerate((terms.get("coupon") or {}).get("step_up", ())):
                if step.get("when") and (
                    Proceeds(day, "interest").holds(step) or (step.get("lasting") and place in before)
                ):
                    now.add(place)
            self.steps[terms["name"]] = now

    def _end_of_reinvestment(self, period: Period, day: Day) -> None:
        """The period ends on the first date on which its condition holds."""
        when = (self.deal.get("reinvestment") or {}).get("ends_when")
        if when and period.in_reinvestment and Proceeds(day, "interest").holds({"when": when}):
            self.period_over = True
            day.in_reinvestment = False

    def _redeem_specially(self, period: Period, figures: Day, day: Day) -> None:
        """Principal that cannot be invested, and what the agencies confirm; nothing of it on a date with a sale."""
        if day.sold:
            return
        for event in self._acting("special_redemption", period, figures):
            event.acted()
            share = float(event.terms.get("share") or 0.0)
            day.special_redemption += float(event.terms.get("amount") or 0.0) + share * day.principal_proceeds
            self._note(day, "special redemption", event.place)
            if event.terms.get("ends_reinvestment"):
                self.period_over = True
                day.in_reinvestment = False
        for event in self._acting("confirm_ratings", period, figures):
            event.acted()
            if not day.confirmed:
                day.confirm_ratings()

    # Sales of all collateral: calls and liquidations

    def _until_redemption(self, period: Period) -> Period:
        """The part of a period up to the first feasible call between payment dates; without one the period itself."""
        business = business_days(self.deal["dates"], self.holidays)
        calls = [event for event in self.events if event.between(period, business)]
        for call in sorted(calls, key=lambda call: str(call.called_on)):
            part = part_until(self.deal, period, call.called_on or period.payment_date, self.holidays)
            if period.step == 1 and part.collection_end <= part.collection_start:
                raise ValueError(
                    f"{call.place}.date: found {call.called_on}; expected a day whose collections end after "
                    f"{part.collection_start}, on which those of the run begin"
                )
            opened = self._open(part)
            trial = self._trial(part, opened, self._call_sale(call, part))
            if _covered(trial.day) and _small_enough(call, opened.day):
                return part
            retry = (call.terms or {}).get("if_infeasible") == "retry"
            call.acted(retry=retry)
            self._note(trial.day, "call", f"{call.place}: not feasible")
        return period

    def _sold(self, period: Period, opened: Opened) -> Opened:
        """The date after the first call that is feasible, or a liquidation; without one as it was opened."""
        for call in self._acting("call", period, opened.day):
            trial = self._trial(period, opened, self._call_sale(call, period))
            if _covered(trial.day) and _small_enough(call, opened.day):
                call.acted()
                self._note(trial.day, "call", call.place)
                return trial
            retry = (call.terms or {}).get("if_infeasible") == "retry"
            call.acted(retry=retry and not call.months)
            self._note(opened.day, "call", f"{call.place}: not feasible")
        rule = (self.deal.get("default_events") or {}).get("liquidate") or "never"
        if self.status == "normal" or rule == "never" or period.last:
            return opened
        trial = self._trial(period, opened, self._liquidation(period))
        if rule == "when_covered" and not _covered(trial.day):
            return opened
        self._note(trial.day, "liquidation", rule)
        return trial

    def _trial(self, period: Period, opened: Opened, sale: Sale) -> Opened:
        """The date with a sale; interest by frequency stays that of the collection period without one."""
        trial = self._open(with_sale(self.deal, period, self.holidays), sale)
        trial.day.interest_by_frequency = opened.day.interest_by_frequency
        return trial

    def _call_sale(self, call: Event, period: Period) -> Sale:
        price = (call.terms or {}).get("price")
        if price is None:
            price = values.liquidation_price(self.scenario, period)
        rate, fixed = sale_cost(call.cost)
        return Sale("redemption", None if price == "market" else price, rate, fixed)

    def _liquidation(self, period: Period) -> Sale:
        cost = (self.deal.get("default_events") or {}).get("liquidation_cost")
        price = values.liquidation_price(self.scenario, period)
        return Sale("accelerated", price, *sale_cost(cost))

    # Refinancings and re-pricings

    def _changing(self, period: Period, day: Day) -> list[Event]:
        """Refinancings and re-pricings of this date; none with a sale of all collateral."""
        if self.ended:
            return []
        found = [event for kind in ("refinance", "reprice") for event in self._acting(kind, period, day)]
        for event in found:
            event.acted()
        return found

    def _charge(self, day: Day, changes: Changes, coming: Sequence[Reset | Amendment]) -> None:
        """Put what interest pays of the cost into the fees of the date."""
        if not changes.due and not coming:
            return
        cost = sum(event_cost(event, day) for event in changes.due if paid_from(event) == "interest")
        cost += sum(one.cost for one in coming if paid_from(one.event) == "interest")
        if day.event_cost is not None:
            day.event_cost.current += cost
        elif cost > 0:
            day.event_cost = Fee(COST, base=0.0, current=cost, unpaid=0.0)

    def _pay_combinations(self, rows: list[Row]) -> None:
        """Add the rows of the combination notes, after those of the other notes."""
        for terms in self.deal["notes"]:
            if terms.get("combination_of"):
                row = combination_row(self.deal, terms, self.ledgers.rated[terms["name"]], rows)
                self.ledgers.rated[terms["name"]] = row["end_balance"]
                rows.append(row)

    # Events of default

    def _default_conditions(self, day: Day) -> list[str]:
        """Conditions that are events of default and hold on the determination date."""
        causes = (self.deal.get("default_events") or {}).get("causes", ())
        written = [cause["when"] for cause in causes if isinstance(cause, Mapping)]
        return [when for when in written if Proceeds(day, "interest").holds({"when": when})]

    def _look_for_default(self, day: Day, conditions: Sequence[str]) -> None:
        """Causes after the payments of a date, and the status of the next one."""
        rules = self.deal.get("default_events") or {}
        holding = [*default_events.causes(day, rules), *conditions]
        for cause in holding:
            self._note(day, "default", cause)
        if day.sold:
            return
        following = default_events.next_status(self.status, holding, rules)
        if following != self.status:
            event = "acceleration" if following == "accelerated" else "rescission"
            self._note(day, event, ", ".join(holding) or "cured")
        self.status = following

    def _note(self, day: Day, event: str, reason: str) -> None:
        self.record.append({"date": day.date, "event": event, "note": None, "reason": reason})

    def _close(self, day: Day, fee_rows: Sequence[Row], refinancing_cash: float) -> None:
        """Carry balances, unpaid amounts and cash to the next date."""
        ledgers = self.ledgers
        for name, note in day.notes.items():
            ledgers.balance[name] = note.balance
            ledgers.deferred[name] = note.deferred
            ledgers.overdue[name] = note.overdue
            ledgers.idle[name] = (note.idle_deferred, note.idle_overdue)
            ledgers.drawn[name] = note.drawn
            ledgers.carried[name] = max(0.0, note.amortization)
        unpaid = {row["fee"]: row["unpaid"] for row in fee_rows}
        ledgers.event_cost = unpaid.get(COST, 0.0)
        for terms in self.deal.get("fees", ()):
            name = terms["name"]
            ledgers.unpaid[name] = unpaid[name]
            if terms.get("cap"):
                accrual = (day.period.accrual_start, day.period.payment_date)
                granted = cap_amount(terms["cap"], fee_basis(self.measures[-2]), *accrual)
                ledgers.caps[name].append((granted, day.fees[name].paid_capped))
        ledgers.flows.append((day.date, day.distributed))
        ledgers.principal_cash = day.held_principal + refinancing_cash
        ledgers.interest_cash = day.held_interest
        ledgers.accounts = dict(day.accounts)
        ledgers.hedges = {name: (hedge.periodic, hedge.termination) for name, hedge in day.hedges.items()}

    def nothing_left(self) -> bool:
        """Whether the collateral was sold, or performing par, cash and recoveries to come are dust."""
        left = self.holdings.worth() + self.ledgers.principal_cash + self.ledgers.interest_cash
        left += sum(self.ledgers.accounts.values())
        return self.ended or left < DUST * float(self.deal["target_par"])


def _small_enough(call: Event, day: Day) -> bool:
    """Whether so little collateral is left that a clean-up call may be made."""
    return call.below is None or day.measure.collateral_principal_amount < call.below


def _covered(day: Day) -> bool:
    """Whether all proceeds of a date with a sale cover what a redemption must pay."""
    return covers(day.interest_proceeds + day.principal_proceeds, required(day))
