//! The values of a scenario by step: where a loan takes each from, and what it is.

use crate::compile::points::Field;
use crate::compile::run_steps::Steps;
use crate::compile::values::{self, GroupKeys, Nature};
use crate::spec::Scenario;
use crate::spec::scenario::Value;

/// The values of a scenario that loans are grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Series {
    Cdr,
    Cpr,
    Recovery,
    Lag,
}

/// Where a loan, or what is bought, takes a value from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin<'a> {
    Nowhere,
    /// A group of the scenario.
    Group(&'a str),
    /// A column of the tape, as bits.
    Tape(u64),
    /// The reinvestment of the scenario: the default probability or the recovery of what is bought.
    Reinvestment,
}

impl Series {
    /// Whether it is a rate a year, of which a period takes its part.
    #[must_use]
    pub fn is_rate(self) -> bool {
        matches!(self, Self::Cdr | Self::Cpr)
    }

    /// The field of the scenario that numbers from an origin are in.
    #[must_use]
    pub fn field(self, from: Origin<'_>) -> Field {
        match self {
            _ if from == Origin::Reinvestment => Field::Reinvestment,
            Self::Cdr => Field::Cdr,
            Self::Cpr => Field::Cpr,
            Self::Recovery => Field::Recovery,
            Self::Lag => Field::RecoveryLagMonths,
        }
    }

    /// Its value in a scenario.
    #[must_use]
    pub fn of(self, scenario: &Scenario) -> Option<&Value> {
        match self {
            Self::Cdr => scenario.cdr.as_ref(),
            Self::Cpr => Some(&scenario.cpr),
            Self::Recovery => scenario.recovery.as_ref(),
            Self::Lag => scenario.recovery_lag_months.as_ref(),
        }
    }

    /// The numbers of a scenario by step: rates of the period for rates a year.
    pub fn read(self, scenario: &Scenario, from: Origin<'_>, steps: &Steps, simple: bool, out: &mut Vec<f64>) {
        self.read_yearly(scenario, from, steps, out);
        if self.is_rate() && from != Origin::Nowhere {
            steps.to_period_rates(out, simple);
        }
    }

    /// Where a loan takes it from: its own column, unless the scenario names groups, else its group.
    #[must_use]
    pub fn origin<'a>(value: Option<&'a Value>, column: f64, keys: &GroupKeys<'_>) -> Origin<'a> {
        if !column.is_nan() && !value.is_some_and(values::names_groups) {
            return Origin::Tape(column.to_bits());
        }
        value.and_then(|v| values::select(v, keys)).map_or(Origin::Nowhere, |(_, key)| Origin::Group(key))
    }

    /// Rates of the steps at whose ends all is sold.
    pub fn read_for_sales(
        self,
        scenario: &Scenario,
        from: Origin<'_>,
        steps: &Steps,
        simple: bool,
        out: &mut Vec<f64>,
    ) {
        self.read_yearly(scenario, from, steps, out);
        if from != Origin::Nowhere {
            steps.to_sale_rates(out, simple);
        }
    }

    /// The numbers by step, with rates a year as they stand.
    pub fn read_yearly(self, scenario: &Scenario, from: Origin<'_>, steps: &Steps, out: &mut Vec<f64>) {
        let n = steps.len();
        out.clear();
        if let Some(number) = self.constant(scenario, from) {
            out.resize(n, number);
        } else if let Some(value) = self.value(scenario, from) {
            let nature = if self.is_rate() { Nature::YearlyRate } else { Nature::Level };
            out.extend(values::series(value, &steps.timeline, nature));
        }
    }

    /// The value that a group of the scenario takes it from.
    fn value<'s>(self, scenario: &'s Scenario, from: Origin<'_>) -> Option<&'s Value> {
        let Origin::Group(key) = from else { return None };
        match self.of(scenario) {
            Some(Value::Groups { values }) => values.get(key),
            value => value,
        }
    }

    /// The number of all steps, a rate as it stands for a year, where a scenario states it as one number.
    #[must_use]
    pub fn constant(self, scenario: &Scenario, from: Origin<'_>) -> Option<f64> {
        match from {
            Origin::Nowhere => Some(0.0),
            Origin::Tape(bits) => Some(f64::from_bits(bits)),
            Origin::Reinvestment => Some(self.of_reinvestment(scenario).unwrap_or(f64::NAN)),
            Origin::Group(_) => match self.value(scenario, from) {
                None => Some(0.0),
                Some(Value::Constant { value }) => Some(*value),
                Some(_) => None,
            },
        }
    }

    /// The default probability or the recovery of what is bought, where a scenario states it.
    fn of_reinvestment(self, scenario: &Scenario) -> Option<f64> {
        let rules = &scenario.reinvestment;
        if self == Self::Cdr { rules.pd } else { rules.recovery }
    }

    /// Whether two scenarios certainly have the same numbers.
    #[must_use]
    pub fn is_alike(self, from: Origin<'_>, a: &Scenario, b: &Scenario) -> bool {
        let number = |scenario: &Scenario| self.constant(scenario, from).map(f64::to_bits);
        std::ptr::eq(a, b) || number(a).is_some_and(|bits| number(b) == Some(bits))
    }
}
