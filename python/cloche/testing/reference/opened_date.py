"""A payment date of a projection before its payments: collections, measures, what every class and fee is owed."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date

from cloche.testing.reference import make_whole, month_steps, values, waterfall
from cloche.testing.reference.accounts import joined
from cloche.testing.reference.collateral import Measure
from cloche.testing.reference.collected import Collections
from cloche.testing.reference.commitments import scheduled_draw
from cloche.testing.reference.conventions import conventions
from cloche.testing.reference.dates import Period, day_count_fraction
from cloche.testing.reference.day import Day, Row
from cloche.testing.reference.events import events_of
from cloche.testing.reference.fees import Fee
from cloche.testing.reference.hedges import Hedge, open_hedge, termination_date
from cloche.testing.reference.holdings import Document, Holdings
from cloche.testing.reference.ledgers import opening_ledgers
from cloche.testing.reference.notes import Note, in_force, instalment
from cloche.testing.reference.opening import bases, cap_lifted, fee_base, fee_basis, open_fee, open_note
from cloche.testing.reference.purchases import month_end_rows, month_end_step
from cloche.testing.reference.refinancing import COST
from cloche.testing.reference.sales import Sale
from cloche.testing.reference.spreads import market_spreads

DUST = 1e-9
"""Share of the target par below which nothing is left."""


@dataclass
class Opened:
    """A payment date before its payments: the collateral after its steps, what they paid, the date itself."""

    holdings: Holdings
    got: Collections
    measure: Measure
    day: Day


class Dates:
    """What a projection knows between payment dates, and how it opens one.

    Parameters
    ----------
    holdings
        The collateral, which knows the deal and the scenario.
    holidays
        Days that the deal's calendars do not count as business days.
    """

    def __init__(self, holdings: Holdings, holidays: AbstractSet[date] = frozenset()) -> None:
        make_whole.check(holdings.deal)
        self.holdings = holdings
        self.holidays = holidays
        self.deal: Document = holdings.deal
        self.scenario = holdings.scenario
        self.conventions = conventions(self.deal)
        self.ledgers = opening_ledgers(self.deal)
        self.measures = [holdings.measure(holdings.start, self.ledgers.principal_cash)]
        self.events = events_of(self.deal, self.scenario)
        month_steps.check(self.deal, self.events)
        self.groups: dict[str, list[str]] = {}
        self.status = "normal"
        self.ended = False
        self.confirmed = False
        self.period_over = False
        self.purchases_allowed = True
        self.steps: dict[str, set[int]] = {}
        self.record: list[Row] = []

    def _open(self, period: Period, sale: Sale | None = None) -> Opened:
        """Collect a period and open its payment date, perhaps with a sale of all collateral; nothing is kept."""
        held = self.ledgers.principal_cash
        holdings = self.holdings.fork()
        got = self._collect(holdings, period, sale)
        interest = got.interest + self._interest_on_cash(period) + self.ledgers.interest_cash
        if period.number == 1:
            interest += self.deal.get("closing", {}).get("interest_reserve", 0.0)
        principal = held + got.unspent
        status = self.status if sale is None else sale.status
        in_reinvestment = period.in_reinvestment and not self.period_over and status == "normal"
        fixings = self._fixings(period)
        notes = self._open_notes(period, fixings)
        premiums = make_whole.premiums(self.deal, period, self.holdings.periods, self.holdings.index_rate)
        if status == "redemption":
            for name, rate in premiums.items():
                notes[name].premium = rate * notes[name].balance
        hedges = self._open_hedges(period, fixings, notes)
        interest += sum(hedge.receipts for hedge in hedges.values())
        principal += sum(hedge.principal_receipts for hedge in hedges.values())
        draws = self._draws(period, notes)
        principal += sum(draws[name] * price for name, price in self._issue_prices().items())
        accounts = dict(self.ledgers.accounts)
        exhausted = not in_reinvestment and holdings.worth() < DUST * float(self.deal["target_par"])
        closed = period.last or sale is not None or exhausted
        if closed:
            joining = joined(self.deal, accounts)
            interest, principal = interest + joining["interest"], principal + joining["principal"]
        figures = holdings.measure(period.determination_date, principal)
        day = Day(
            deal=self.deal,
            period=period,
            in_reinvestment=in_reinvestment,
            conventions=self.conventions,
            notes=notes,
            fees=self._open_fees(period, fixings, notes, figures, status=status, sale=sale is not None),
            measure=figures,
            interest_proceeds=interest,
            principal_proceeds=principal,
            residual_flows=list(self.ledgers.flows),
            unscheduled=got.unspent_prepaid,
            post_period_share=self.scenario.get("post_period_share", 0.0),
            status=status,
            sold=sale is not None,
            event_cost=self._open_event_cost(),
            groups=self.groups,
            accounts=accounts,
            accounts_closed=closed,
            hedges=hedges,
            interest_by_frequency=got.by_frequency,
            semiannual_share=holdings.semiannual_share(),
            unfunded=holdings.undrawn(),
            liquidation_value=holdings.worth(values.liquidation_price(self.scenario, period)),
            market_spreads=market_spreads(self.deal["notes"], self.scenario, period),
            confirmed=self.confirmed,
            make_whole=premiums,
            holdings=holdings,
        )
        day.ledger += month_end_rows(day.date, got.purchases)
        for name, amount in draws.items():
            day.notes[name].draw(amount)
        waterfall.measure(day)
        return Opened(holdings, got, figures, day)

    def _collect(self, holdings: Holdings, period: Period, sale: Sale | None) -> Collections:
        """Collect the steps of a period one after another; what month ends inside it collect may buy on them."""
        *earlier, last = holdings.steps_of(period)
        got = Collections()
        for step in earlier:
            got.add(holdings.collect(step))
            if step.in_reinvestment and self._buys_at_month_ends():
                got.spend(holdings.buy(step, got.unspent), step.payment_date)
        got.add(holdings.collect(last, sale))
        return got

    def _buys_at_month_ends(self) -> bool:
        """Whether principal buys at month ends before the next payment date, by what the last one left."""
        if self.status != "normal" or self.period_over or month_end_step(self.deal) is None:
            return False
        asked = (self.deal.get("reinvestment") or {}).get("during")
        return self.purchases_allowed or not asked

    def _draws(self, period: Period, notes: Mapping[str, Note]) -> dict[str, float]:
        """Scheduled draws of the date; they join once the interest of the date is fixed."""
        terms = {note["name"]: note for note in self.deal["notes"]}
        return {
            name: scheduled_draw(terms[name], period, note.balance, note.drawn)
            for name, note in notes.items()
        }

    def _issue_prices(self) -> dict[str, float]:
        return {
            note["name"]: note.get("issue_price") or 1.0
            for note in self.deal["notes"]
            if not note.get("combination_of")
        }

    def _open_event_cost(self) -> Fee | None:
        unpaid = self.ledgers.event_cost
        return Fee(COST, base=0.0, current=0.0, unpaid=unpaid) if unpaid > 0 else None

    def _interest_on_cash(self, period: Period) -> float:
        """Interest on cash held since the last payment date: max(0, index + cash spread), act/360.

        Principal earns it, and so do accounts that say so and the cash set aside for undrawn commitments.
        """
        held = self.ledgers.principal_cash + self.holdings.undrawn()
        held += sum(
            self.ledgers.accounts[terms["name"]]
            for terms in self.deal.get("accounts") or ()
            if terms.get("earns") == "cash"
        )
        if held <= 0:
            return 0.0
        start = max(period.accrual_start, self.holdings.start)
        years = day_count_fraction("act/360", start, max(start, period.collection_end))
        index_rate = self.holdings.index_rate("", period)
        return held * max(0.0, index_rate + float(self.scenario.get("cash_rate_spread", -0.0020))) * years

    def _fixings(self, period: Period) -> dict[str, float]:
        """Fixings of every index that a note, the interest on a fee or a hedge uses."""
        terms = [note.get("coupon") or {} for note in self.deal["notes"]]
        terms += [fee.get("unpaid_interest") for fee in self.deal.get("fees", ())]
        terms += [hedge.get(side) for hedge in self.deal.get("hedges") or () for side in ("pay", "receive")]
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
                in_force(terms, self.steps.get(name, ())),
                (ledgers.balance[name], ledgers.deferred[name], ledgers.overdue[name]),
                fixings=fixings,
                accrual=(period.accrual_start, period.payment_date),
                period=period,
                drawn=ledgers.drawn[name],
            )
            note.idle_deferred, note.idle_overdue = ledgers.idle[name]
            number = period.number - ledgers.issued_on.get(name, 0)
            note.amortization = instalment(terms, number, note.balance, ledgers.carried[name])
            notes[name] = note
        return notes

    def _open_hedges(
        self, period: Period, fixings: Mapping[str, float], notes: Mapping[str, Note]
    ) -> dict[str, Hedge]:
        balance = {
            name: sum(notes[member].balance for member in self.groups.get(name, (name,))) for name in notes
        }
        ends = [item.unadjusted_end for item in self.holdings.periods]
        if period.is_part:
            ends.insert(period.step - 1, period.unadjusted_end)
        return {
            terms["name"]: open_hedge(
                terms,
                self.ledgers.hedges[terms["name"]],
                period=period,
                acts_on=termination_date(terms, ends),
                accrual=(period.accrual_start, period.payment_date),
                fixings=fixings,
                balance=balance,
            )
            for terms in self.deal.get("hedges") or ()
        }

    def _open_fees(
        self,
        period: Period,
        fixings: Mapping[str, float],
        notes: Mapping[str, Note],
        figures: Measure,
        *,
        status: str,
        sale: bool,
    ) -> dict[str, Fee]:
        fees = {}
        for terms in self.deal.get("fees", ()):
            fee = open_fee(
                terms,
                self._base(terms, notes, figures),
                self.ledgers.unpaid[terms["name"]],
                accrual=(period.accrual_start, period.payment_date),
                fixings=fixings,
                fee_basis=fee_basis(self.measures[-1]),
                lifted=cap_lifted(terms, status, sale=sale),
                unadjusted_start=period.unadjusted_start,
            )
            self._widen_cap(terms, fee)
            fees[fee.name] = fee
        return fees

    def _base(self, terms: Document, notes: Mapping[str, Note], figures: Measure) -> float:
        """Fee base at the previous determination date, at this one, or their mean."""
        start, end = (
            fee_base(terms, bases(item), notes, self.groups) for item in (self.measures[-1], figures)
        )
        return {"period_end": end, "average": (start + end) / 2}.get(terms.get("base_date") or "", start)

    def _widen_cap(self, terms: Document, fee: Fee) -> None:
        """Room that the caps of the last dates left unused: caps less capped payments over the window."""
        cap = terms.get("cap")
        if cap and cap.get("carry_over"):
            window = self.ledgers.caps[fee.name][-cap["carry_over"] :]
            fee.room = max(0.0, fee.room + sum(granted - paid for granted, paid in window))
