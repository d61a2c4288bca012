"""Where the engine reads the values of documents, and which differences between it and Python are meant."""

from __future__ import annotations

from cloche.model import default_model, reinvestment_rules, scenario_groups, tests, words
from model.rust_texts import Arms, Constant, Next, Site

ROOTS = {"Deal": "deal", "Scenario": "scenario", "DefaultModel": "model", "DealState": "state"}
"""The types that read whole documents, and the kinds of these documents."""

DAY_COUNTS = (Next("time/day_count.rs", "pub fn name(self) -> &'static str"),)
KEYS = Constant("compile/conventions.rs", "KEYS")

SITES: dict[str, tuple[Site, ...]] = {
    "Account.earns": (Constant("compile/accounts.rs", "EARNS"),),
    "Account.proceeds": (Constant("compile/accounts.rs", "PROCEEDS"),),
    "AssetState.agencies": (Constant("coverage/ccc_excess.rs", "AGENCIES"),),
    "CccRule.base": (Arms("compile/deal.rs", "match name.as_str()"),),
    "Collateral.defaulted_value": (
        Arms("compile/defaulted_value.rs", "match deal.document.collateral.defaulted_value.as_deref()"),
        Arms("compile/payment_date.rs", "match deal.document.collateral.defaulted_value.as_deref()"),
    ),
    "Coupon.day_count": DAY_COUNTS,
    "Dates.calendars": (Constant("time/calendar.rs", "MARKETS"),),
    "Dates.roll": (Arms("time/calendar.rs", "pub fn parse(name: &str) -> Option<Self> { match name"),),
    "Deal.cloche": (Next("compile/deal.rs", "if document.cloche !="),),
    "DealState.cloche_state": (),
    "DealState.status": (Constant("expression/quantity.rs", "STATUSES"),),
    "DefaultEvents.accelerate": (Arms("compile/default_events.rs", "match events.accelerate.as_deref()"),),
    "DefaultEvents.causes": (Arms("compile/default_events.rs", "match cause.as_str()"),),
    "DefaultEvents.liquidate": (Arms("compile/default_events.rs", "match events.liquidate.as_deref()"),),
    "DefaultEvents.rescind": (Arms("compile/default_events.rs", "match events.rescind.as_deref()"),),
    "DefaultModel::GaussianCopula.measure": (),
    "Call.if_infeasible": (Arms("compile/events.rs", "match call.if_infeasible.as_deref()"),),
    "Call.price": (Next("compile/events.rs", "Some(NumberOrName::Name(name)) if name =="),),
    "EventCost.of": (
        Arms("compile/events/calls.rs", "match cost.of.as_deref()"),
        Arms("compile/changes.rs", "match cost.of.as_deref()"),
    ),
    "EventCost.paid_from": (
        Arms("compile/events/calls.rs", "match cost.paid_from.as_deref()"),
        Arms("compile/changes.rs", "match cost.paid_from.as_deref()"),
    ),
    "Fee.base": (Arms("compile/fees.rs", 'match fee.base.as_deref().unwrap_or("fee_basis")'),),
    "Fee.base_date": (Arms("compile/fees.rs", 'match fee.base_date.as_deref().unwrap_or("period_start")'),),
    "Fee.day_count": DAY_COUNTS,
    "Fee.unpaid_interest": (Next("compile/fees.rs", "written.as_str() == Some"),),
    "FeeCap.day_count": DAY_COUNTS,
    "FeeCap.lifted": (Arms("compile/fees.rs", "match cap.lifted.as_deref()"),),
    "Leg.day_count": DAY_COUNTS,
    "Pd::Column.name": (Arms("compile/credit.rs", "match name"),),
    "Successor.balance": (Next("compile/succession.rs", "name !="),),
    "ReinvestmentRules.max_maturity": (),
    "Step::Divert.to": (Arms("compile/steps/cures.rs", "match to"),),
    "Step::PayHedge.part": (Constant("compile/steps/claims.rs", "HEDGE_PARTS"),),
    "Step::PayFee.part": (Arms("compile/steps/claims.rs", "match part"),),
    "Step::Reinvest.of": (Arms("compile/steps/cures.rs", "match of"),),
    "Step::Reinvest.share": (Next("compile/steps/cures.rs", "NumberOrName::Name(name) if name =="),),
    "Termination.party": (Constant("compile/accounts.rs", "PARTIES"),),
    "Test.first_date": (Arms("compile/tests.rs", "}; match begins(test, kind)"),),
    "Test.kind": (Arms("compile/tests.rs", "match test.kind.as_str()"),),
    "Value::Groups.values": (Arms("compile/values.rs", "match key.split_once(':')"),),
}
"""Where the engine reads the values that Python limits a field to; nowhere: no rule reads the field."""

NAMES = {
    "Fee.base": set(words._BASES),
    "Pd::Column.name": set(default_model._COLUMNS),
    "Test.first_date": set(tests._NAMED_DATES),
    "Value::Groups.values": {"*", *(group.removesuffix(":") for group in scenario_groups.GROUPS)},
}
"""Texts with a meaning of their own in fields that take other texts too."""

_FREE = "Python writes map of anything, the engine reads anything"
_ONE_VALUE = "Python has it, compile/conventions.rs does not know it"
_UNLIMITED = "no model of Python limits a field to it"
INTENDED = {
    f"Collateral.concentration[]: {_FREE}": "Python checks each kind; purchases read those that they can change",
    f"Collateral.quality[]: {_FREE}": "Python checks each kind; purchases read those that they can change",
    "Event.amend: Python writes map of anything, the engine reads Amendment": (
        "people write the keys that change, the engine gets the document after them"
    ),
    "EventCost.of: Python allows 'refinanced_balance', compile/events/calls.rs does not name it": (
        "refused by name: a call has the par that it sells"
    ),
    "EventCost.paid_from: Python allows 'equity', compile/events/calls.rs does not name it": (
        "refused by name for a call"
    ),
    "EventCost.paid_from: Python allows 'interest', compile/events/calls.rs does not name it": (
        "refused by name for a call"
    ),
    f"compile/events/days.rs: compares with 'nc_end', {_UNLIMITED}": "a date of the deal that events count from",
    f"compile/events/days.rs: compares with 'rp_end', {_UNLIMITED}": "a date of the deal that events count from",
    f"Deal.rights: {_FREE}": "the compiler reads the rights that it knows",
    f"compile/rights.rs: compares with 'auction_call', {_UNLIMITED}": "a right that is contracted",
    f"compile/rights.rs: compares with 'any_business_day', {_UNLIMITED}": "days of a right",
    f"compile/rights.rs: compares with 'payment_dates', {_UNLIMITED}": "days of a right",
    f"compile/rights.rs: compares with 'non_call_end', {_UNLIMITED}": "a date of the deal that rights count from",
    "ReinvestmentRules.after: Python writes AfterPeriod, the engine reads anything": (
        "its `conditions` alone are looked up"
    ),
    "ReinvestmentRules.max_maturity: no rule of the engine reads it": "what is bought always matures before the notes",
    "Deal.conventions: Python writes Conventions, the engine reads map of anything": (
        "keys, values and defaults are compared with the engine's list of conventions"
    ),
    "Fee.unpaid_interest: Python writes UnpaidInterest or text, the engine reads anything": (
        "the compiler reads none, index and spread, or fixed, and refuses the rest"
    ),
    f"Conventions.ccc_base: {_ONE_VALUE}": "the default is all it takes, and defaults are not written",
    f"Conventions.csa_in_floor: {_ONE_VALUE}": "the default is all it takes, and defaults are not written",
    f"Conventions.first_ic_test: {_ONE_VALUE}": "the default is all it takes, and defaults are not written",
    f"Conventions.payment_date_roll: {_ONE_VALUE}": "the default is all it takes, and defaults are not written",
    f"Conventions.test_rounding: {_ONE_VALUE}": "the default is all it takes, and defaults are not written",
    "Collateral.defaulted_value: Python allows 'lesser_of_market_and_recovery', "
    "compile/defaulted_value.rs does not name it": "it is what holds without the others",
    "Collateral.defaulted_value: Python allows 'lesser_of_market_and_recovery', "
    "compile/payment_date.rs does not name it": "it is what holds without the others",
    "DealState.cloche_state: no rule of the engine reads it": "Python refuses every other version",
    "DefaultModel::GaussianCopula.measure: no rule of the engine reads it": "recorded: it changes no number",
    f"compile/dates.rs: compares with 'EUR', {_UNLIMITED}": "a currency with a calendar of its own",
    f"compile/periods.rs: compares with 'EUR', {_UNLIMITED}": "a currency with an index of its own",
    **{
        f"compile/purchases.rs: compares with {name!r}, {_UNLIMITED}": "a condition: Python has the same names"
        for name in reinvestment_rules._CONDITIONS
    },
    **{
        f"compile/quality.rs: compares with {kind!r}, {_UNLIMITED}": "a kind of limit, which Python has checked"
        for kind in ("warf", "was", "wal", "warr", "ccc", "caa")
    },
    f"compile/month_steps.rs: compares with 'during_reinvestment', {_UNLIMITED}": "a condition of steps",
    f"compile/steps/cures.rs: compares with 'buy', {_UNLIMITED}": "stands among the names of sequences",
}
"""Differences that are meant, and why."""
