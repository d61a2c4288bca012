"""A difference between Python and the engine is reported with its place."""

from __future__ import annotations

from typing import Literal, NamedTuple

import pytest
from pydantic import BaseModel, computed_field, create_model

from cloche.model.conventions import Conventions
from cloche.model.document import Document
from cloche.model.notes import Amortization
from model.drift import differences, types_of
from model.drift_tables import INTENDED, KEYS, SITES
from model.drift_types import Comparison, python_shape
from model.drift_values import convention_differences, value_differences
from model.rust_texts import Sources
from model.rust_tokens import UnreadableError
from model.rust_types import Shape

DEAL, STEPS, SCENARIO, MODEL, STATE = (
    f"spec/{name}.rs" for name in ("deal", "steps", "scenario", "model", "state")
)


class Change(NamedTuple):
    """What stands in a file of the engine, what takes its place, and what is then said."""

    file: str
    old: str
    new: str
    said: str

    def of(self, sources: Sources) -> Sources:
        """Return the sources with the change."""
        assert self.old in sources[self.file], f"{self.file} no longer holds {self.old!r}"
        return {**sources, self.file: sources[self.file].replace(self.old, self.new, 1)}


OF_KEYS = [
    Change(DEAL, "pub trigger: f64,", "", "Test.trigger: Python writes it, the engine does not know it"),
    Change(DEAL, "pub from:", "pub since:", "StepUp.since: the engine reads it, Python does not write it"),
    Change(
        DEAL,
        "pub share: f64,",
        "#[serde(default)] pub share: f64,",
        "Hurdle.share: only Python requires it",
    ),
    Change(
        DEAL,
        "#[serde(default)]\n    pub carry_over",
        "pub carry_over",
        "FeeCap.carry_over: only the engine requires it",
    ),
    Change(
        DEAL,
        "#[serde(deny_unknown_fields)]\npub struct Tier",
        "pub struct Tier",
        "Tier: the engine takes keys that it does not know",
    ),
    Change(
        STEPS,
        'rename = "else"',
        'rename = "other"',
        "Step::Block.else: Python writes it, the engine does not know it",
    ),
    Change(
        STEPS,
        "through: String,",
        "",
        "Step::PayShortfalls.through: Python writes it, the engine does not know it",
    ),
    Change(
        SCENARIO,
        "Flat { rate: f64 }",
        "Flat { level: f64 }",
        "Curve::Flat.rate: Python writes it, the engine does not know it",
    ),
    Change(
        SCENARIO,
        "Discount { base: String,",
        "Discount { day: Option<u32>, base: String,",
        "Curve::Discount.day: the engine reads it, no example of Python has it",
    ),
    Change(
        MODEL,
        "Column { name: String }",
        "Column { name: String, unit: String }",
        "Pd::Column.unit: the engine requires it, Python does not write it",
    ),
    Change(
        STATE,
        "use serde::{Deserialize, Serialize};",
        "use serde::Deserialize; #[derive(Deserialize)] pub struct More {}",
        "More: no model of Python leads to this type",
    ),
]

OF_TYPES = [
    Change(
        DEAL,
        "pub payment_frequency_months: u32",
        "pub payment_frequency_months: f64",
        "Dates.payment_frequency_months: Python writes integer, the engine reads number",
    ),
    Change(
        DEAL,
        "pub target_par: f64",
        "pub target_par: u32",
        "Deal.target_par: Python writes number, the engine reads integer",
    ),
    Change(
        DEAL,
        "pub trigger: f64",
        "pub trigger: String",
        "Test.trigger: Python writes number, the engine reads text",
    ),
    Change(
        DEAL,
        "pub residual: bool",
        "pub residual: String",
        "Note.residual: Python writes bool, the engine reads text",
    ),
    Change(
        DEAL,
        "pub irr: Option<f64>",
        "pub irr: f64",
        "Hurdle.irr: Python writes optional number, the engine reads number",
    ),
    Change(
        DEAL,
        "pub calendars: Vec<String>",
        "pub calendars: String",
        "Dates.calendars: Python writes list of text, the engine reads text",
    ),
    Change(
        DEAL,
        "pub tiers: Vec<Tier>",
        "pub tiers: BTreeMap<String, Tier>",
        "Fee.tiers: Python writes list of Tier, the engine reads map of Tier",
    ),
    Change(
        DEAL,
        "pub combination_of: BTreeMap<String, f64>",
        "pub combination_of: BTreeMap<String, String>",
        "Note.combination_of.*: Python writes number, the engine reads text",
    ),
    Change(
        DEAL,
        "pub cap: Option<FeeCap>",
        "pub cap: Option<f64>",
        "Fee.cap: Python writes FeeCap, the engine reads number",
    ),
    Change(
        DEAL,
        "pub cap: Option<FeeCap>",
        "pub cap: Option<Tier>",
        "Tier.fixed_per_year: Python writes it, the engine does not know it",
    ),
    Change(
        DEAL,
        "Day(u32)",
        "Day(String)",
        "Determination.day: Python writes integer, the engine reads text",
    ),
    Change(
        STEPS,
        "pub type Groups = Vec<Vec<String>>",
        "pub type Groups = Vec<String>",
        "Step::PayFee.fees[]: Python writes list of text, the engine reads text",
    ),
    Change(
        STEPS,
        "Number(f64)",
        "Number(bool)",
        "Step::Reinvest.share: Python writes number, the engine reads bool",
    ),
    Change(
        STATE,
        "Vec<(String, f64)>",
        "Vec<(f64, String)>",
        "NoteState.distributions[]: Python writes text, the engine reads number",
    ),
    Change(
        SCENARIO,
        "Monthly {\n        values: Vec<f64>",
        "Monthly {\n        values: Vec<String>",
        "Value::Monthly.values[]: Python writes 0.1, the engine reads text",
    ),
    Change(
        SCENARIO,
        "then: Box<Curve>",
        "then: Value",
        "Value.kind: Python writes 'flat', the engine does not know it",
    ),
]

OF_VARIANTS = [
    Change(STEPS, "PayFee {", "PayFees {", "Step.verb: Python writes 'pay_fee', the engine does not know it"),
    Change(
        STEPS, "PayFee {", "PayFees {", "Step.verb: the engine reads 'pay_fees', Python does not write it"
    ),
    Change(
        STEPS,
        "Retain {",
        '#[serde(rename = "keep")] Retain {',
        "Step.verb: the engine reads 'keep', Python does not write it",
    ),
    Change(STEPS, 'tag = "verb"', 'tag = "kind"', "Step: PayFee has no key 'kind' of one value"),
    Change(
        STEPS,
        'rename_all = "snake_case", ',
        "",
        "Step.verb: Python writes 'pay_fee', the engine does not know it",
    ),
    Change(
        DEAL,
        "MonthEnd(bool)",
        "MonthsEnd(bool)",
        "Determination.month_end: Python writes it, the engine does not know it",
    ),
    Change(
        MODEL,
        "GaussianCopula {",
        "NormalCopula {",
        "DefaultModel.kind: Python writes 'gaussian_copula', the engine does not know it",
    ),
    Change(
        SCENARIO,
        "Periods {",
        "Quarters {",
        "Scenario.cdr.kind: Python writes 'periods', the engine does not know it",
    ),
    Change(
        SCENARIO,
        "Forwards {",
        "Steps {",
        "Scenario.rates.*.kind: the engine reads 'steps', Python does not write it",
    ),
    Change(
        MODEL,
        "Hazard {",
        "Rate {",
        "DefaultModel::GaussianCopula.pd.kind: the engine reads 'rate', Python does not write it",
    ),
    Change(MODEL, "Hazard {", "Rate {", "Pd.kind: Python writes 'hazard', the engine does not know it"),
    Change(
        DEAL,
        "pub kind: String,",
        "pub kind: Kind, } #[derive(Deserialize)] pub enum Kind { Oc, Ic, } #[derive(Deserialize)] pub struct Rest {",
        "Test.kind: the engine reads 'Oc', Python does not write it",
    ),
]

OF_VALUES = [
    Change(
        "compile/tests.rs",
        '"ic" =>',
        '"icr" =>',
        "Test.kind: Python allows 'ic', compile/tests.rs does not name it",
    ),
    Change(
        "compile/tests.rs",
        '"ic" =>',
        '"ic" | "icr" =>',
        "Test.kind: compile/tests.rs names 'icr', Python does not allow it",
    ),
    Change(
        "compile/tests.rs",
        '"closing" | "first_determination" =>',
        '"first_determination" =>',
        "Test.first_date: Python allows 'closing', compile/tests.rs does not name it",
    ),
    Change(
        "compile/defaulted_value.rs",
        'Some("zero") => Self::Zero',
        'Some("nil") => Self::Zero',
        "Collateral.defaulted_value: Python allows 'zero', compile/defaulted_value.rs does not name it",
    ),
    Change(
        "compile/deal.rs",
        '"target_par" =>',
        '"target" =>',
        "CccRule.base: compile/deal.rs names 'target', Python does not allow it",
    ),
    Change(
        "compile/deal.rs",
        "document.cloche != 1",
        "document.cloche != 2",
        "Deal.cloche: Python allows '1', compile/deal.rs does not name it",
    ),
    Change(
        "compile/values.rs",
        '"industry" | "lien"',
        '"lien"',
        "Value::Groups.values: Python allows 'industry', compile/values.rs does not name it",
    ),
    Change(
        "compile/credit.rs",
        '"pd_1y" =>',
        '"pd" =>',
        "Pd::Column.name: compile/credit.rs names 'pd', Python does not allow it",
    ),
    Change(
        "compile/steps/cures.rs",
        'name == "post_period_share"',
        'name == "share"',
        "Step::Reinvest.share: compile/steps/cures.rs names 'share', Python does not allow it",
    ),
    Change(
        "time/calendar.rs",
        '("london",',
        '("paris",',
        "Dates.calendars: Python allows 'london', time/calendar.rs does not name it",
    ),
    Change(
        "time/day_count.rs",
        'Self::ActAct => "act/act"',
        'Self::ActAct => "act/actual"',
        "Coupon.day_count: time/day_count.rs names 'act/actual', Python does not allow it",
    ),
    Change(
        "compile/payment_date.rs",
        "let terms = &deal.terms;",
        "let version = state.cloche_state; let terms = &deal.terms;",
        "DealState.cloche_state: the engine reads it, no site is listed where",
    ),
    Change(
        "compile/credit.rs",
        "use crate::math;",
        "fn f(m: &M) -> bool { let GaussianCopula { measure, .. } = m; true } use crate::math;",
        "DefaultModel::GaussianCopula.measure: the engine reads it, no site is listed where",
    ),
    Change(
        "compile/notes.rs",
        "let default = if floating",
        'let _ = name == "soft bullet"; let default = if floating',
        "compile/notes.rs: compares with 'soft bullet', no model of Python limits a field to it",
    ),
    Change(
        "compile/conventions.rs",
        '("x_in_oc",',
        '("x_oc",',
        "Conventions.x_in_oc: Python has it, compile/conventions.rs does not know it",
    ),
    Change(
        "compile/conventions.rs",
        '("x_in_oc",',
        '("x_oc",',
        "Conventions.x_oc: compile/conventions.rs knows it, Python does not have it",
    ),
    Change(
        "compile/conventions.rs",
        '&["larger", "each", "sum"]',
        '&["larger", "each"]',
        "Conventions.ccc_agency_rule: Python allows larger, each, sum, compile/conventions.rs larger, each",
    ),
    Change(
        "compile/conventions.rs",
        '&["dated", "period"]',
        '&["period", "dated"]',
        "Conventions.cash_timing: the default is dated in Python, period in compile/conventions.rs",
    ),
]


@pytest.mark.parametrize("change", OF_KEYS + OF_TYPES + OF_VARIANTS + OF_VALUES)
def test_a_change_of_the_engine_is_reported(engine_sources: Sources, change: Change) -> None:
    assert change.said not in INTENDED
    assert change.said in differences(change.of(engine_sources))


@pytest.mark.parametrize(
    "change",
    [
        Change(DEAL, "pub trigger: f64", "pub trigger: f32", "the type f32 is not known"),
        Change(DEAL, "Option<FeeCap>", "Rc<FeeCap>", "the type Rc is not known"),
        Change(DEAL, "Vec<Tier>", "[Tier; 2]", "expected a name"),
        Change(DEAL, "BTreeMap<String, f64>", "BTreeMap<u32, f64>", "the type BTreeMap is not known"),
        Change(DEAL, "pub struct Tier {", "pub struct Slice {", "Fee.tiers[]: the engine has no type Tier"),
        Change(DEAL, "pub struct Tier {", "pub struct Tier<T> {", "expected a bracket"),
        Change(DEAL, "#[serde(default)]", "#[serde(flatten)]", "serde's flatten is not known here"),
        Change(DEAL, "#[serde(default)]", '#[serde(alias = "x")]', "serde's alias is not known here"),
        Change(STEPS, '"snake_case"', '"camelCase"', "renaming all to camelCase is not known"),
        Change(STEPS, "Name(String),", "Name(String, f64),", "Name holds several values"),
        Change(MODEL, "Hazard { value: f64 }", "Hazard(f64)", "Hazard holds a value beside its tag"),
        Change(STATE, "use std", "macro_rules! m {} use std", "no item begins with 'macro_rules'"),
        Change(STATE, "use std", "impl Deserialize for X {} use std", "a Deserialize that is not derived"),
        Change(STATE, "Serialize, Deserialize)]", "Serialize)]", "is not read by a derived Deserialize"),
        Change("compile/tests.rs", "match test.kind.as_str()", "match kind", "0 times, expected once"),
        Change("compile/tests.rs", '"oc" =>', "OC =>", "names OC, no text"),
        Change("compile/conventions.rs", '&["period", "monthly", "own_dates"]', "&STEPS", "expected texts"),
    ],
)
def test_what_cannot_be_read_is_refused(engine_sources: Sources, change: Change) -> None:
    with pytest.raises(UnreadableError) as refusal:
        differences(change.of(engine_sources))
    assert change.said in str(refusal.value)


def test_an_intended_difference_that_is_gone_is_noticed(engine_sources: Sources) -> None:
    gone = (
        "Collateral.defaulted_value: Python allows 'lesser_of_market_and_recovery', "
        "compile/defaulted_value.rs does not name it"
    )
    named = Change(
        "compile/defaulted_value.rs",
        'Some("zero") => Self::Zero',
        'Some("zero" | "lesser_of_market_and_recovery") => Self::Zero',
        gone,
    )
    assert INTENDED.keys() - set(differences(named.of(engine_sources))) == {gone}


def reported(sources: Sources, name: str, model: type[BaseModel]) -> Comparison:
    """Compare one model with one type of the engine."""
    comparison = Comparison(types_of(sources))
    comparison.compare(Shape("named", name=name), python_shape(model), name, {})
    return comparison


def test_a_change_of_a_model_is_reported(engine_sources: Sources) -> None:
    changed = create_model(
        "Amortization", __base__=Document, payments=(str, ...), start=(int, ...), end=(int | None, None)
    )
    assert reported(engine_sources, "Amortization", Amortization).differences == []
    assert reported(engine_sources, "Amortization", changed).differences == [
        "Amortization.end: Python writes it, the engine does not know it",
        "Amortization.payments: Python writes text, the engine reads integer",
        "Amortization.start: only Python requires it",
    ]


def test_a_new_value_of_a_model_is_reported(engine_sources: Sources) -> None:
    class Changed(Document):
        kind: Literal["oc", "ic", "wal"]

    values = {"Test.kind": reported(engine_sources, "Test", Changed).values["Test.kind"]}
    assert list(value_differences(engine_sources, values, {"Test.kind": SITES["Test.kind"]})) == [
        "Test.kind: Python allows 'wal', compile/tests.rs does not name it",
        "Test.kind: compile/tests.rs names 'eod_par_ratio', Python does not allow it",
        "Test.kind: compile/tests.rs names 'target_par', Python does not allow it",
    ]


def test_values_without_a_site_and_a_site_without_values_are_reported(engine_sources: Sources) -> None:
    assert list(
        value_differences(engine_sources, {"Test.round": {"up"}}, {"Test.kind": SITES["Test.kind"]})
    ) == [
        "Test.round: no site is listed where the engine reads up",
        "Test.kind: a site is listed, Python allows any value",
    ]


def test_a_new_convention_is_reported(engine_sources: Sources) -> None:
    changed = create_model("Conventions", __base__=Conventions, y_in_oc=(bool, False))
    assert "Conventions.y_in_oc: Python has it, compile/conventions.rs does not know it" in list(
        convention_differences(engine_sources, KEYS, changed)
    )


def test_a_model_that_writes_more_than_its_fields_is_refused(engine_sources: Sources) -> None:
    class Amortizing(Amortization):
        @computed_field  # type: ignore[prop-decorator]  # pydantic's own way to write it
        @property
        def end(self) -> int:
            return self.start + self.payments

    with pytest.raises(UnreadableError, match="writes more or other keys than its fields"):
        reported(engine_sources, "Amortization", Amortizing)
