//! The points of a sweep: every deal under every scenario, and scenarios that are the combinations of a grid.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use crate::compile::CompiledDeal;
use crate::compile::classes::at;
use crate::compile::opening::Given;
use crate::error::{EngineError, Problem};
use crate::spec::Scenario;

/// A number or a curve of the scenario that a sweep varies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    Cdr,
    Cpr,
    Recovery,
    RecoveryLagMonths,
    Rates,
    Reinvestment,
    LiquidationPrice,
    PostPeriodShare,
    CashRateSpread,
    DrawRate,
    UsageAtDefault,
    MarketSpreads,
    Defaults,
    Events,
}

impl Field {
    /// Every field, by its name in documents.
    pub const ALL: [(&'static str, Self); 14] = [
        ("cdr", Self::Cdr),
        ("cpr", Self::Cpr),
        ("recovery", Self::Recovery),
        ("recovery_lag_months", Self::RecoveryLagMonths),
        ("rates", Self::Rates),
        ("reinvestment", Self::Reinvestment),
        ("liquidation_price", Self::LiquidationPrice),
        ("post_period_share", Self::PostPeriodShare),
        ("cash_rate_spread", Self::CashRateSpread),
        ("draw_rate", Self::DrawRate),
        ("usage_at_default", Self::UsageAtDefault),
        ("market_spreads", Self::MarketSpreads),
        ("defaults", Self::Defaults),
        ("events", Self::Events),
    ];

    /// Whether a place of a scenario is in this field.
    fn has(self, place: &str) -> bool {
        let name = Self::ALL.iter().find(|(_, field)| *field == self).map_or("", |(name, _)| *name);
        let rest = place.strip_prefix("scenario.").and_then(|place| place.strip_prefix(name));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    }

    fn copy(self, from: &Scenario, to: &mut Scenario) {
        match self {
            Self::Cdr => to.cdr.clone_from(&from.cdr),
            Self::Cpr => to.cpr.clone_from(&from.cpr),
            Self::Recovery => to.recovery.clone_from(&from.recovery),
            Self::RecoveryLagMonths => to.recovery_lag_months.clone_from(&from.recovery_lag_months),
            Self::Rates => to.rates.clone_from(&from.rates),
            Self::Reinvestment => to.reinvestment.clone_from(&from.reinvestment),
            Self::LiquidationPrice => to.liquidation_price.clone_from(&from.liquidation_price),
            Self::PostPeriodShare => to.post_period_share = from.post_period_share,
            Self::CashRateSpread => to.cash_rate_spread = from.cash_rate_spread,
            Self::DrawRate => to.draw_rate = from.draw_rate,
            Self::UsageAtDefault => to.usage_at_default = from.usage_at_default,
            Self::MarketSpreads => to.market_spreads.clone_from(&from.market_spreads),
            Self::Defaults => to.defaults.clone_from(&from.defaults),
            Self::Events => to.events.clone_from(&from.events),
        }
    }
}

/// Scenarios of a sweep.
#[derive(Clone, Debug)]
pub enum Scenarios {
    Listed(Vec<Scenario>),
    /// Every combination of the values of some axes, the last axis fastest.
    Grid(Grid),
}

/// Axes around a base scenario: each varies a field of its own, and has for every value the base with it.
#[derive(Clone, Debug)]
pub struct Grid {
    base: Box<Scenario>,
    axes: Vec<(Field, Vec<Scenario>)>,
}

impl Grid {
    /// A base and its axes, of which each needs a value.
    #[must_use]
    pub fn new(base: Scenario, axes: Vec<(Field, Vec<Scenario>)>) -> Self {
        debug_assert!(axes.iter().all(|(_, values)| !values.is_empty()), "Invariant: an axis has a value");
        Self { base: Box::new(base), axes }
    }

    /// Number of combinations.
    fn len(&self) -> usize {
        self.axes.iter().map(|(_, values)| values.len()).product()
    }

    /// How many combinations share a value of an axis one after the other.
    fn stride(&self, axis: usize) -> usize {
        self.axes[axis + 1..].iter().map(|(_, values)| values.len()).product()
    }

    /// The value of an axis in a combination.
    fn value(&self, axis: usize, number: usize) -> &Scenario {
        let values = &self.axes[axis].1;
        &values[number / self.stride(axis) % values.len()]
    }
}

impl Scenarios {
    /// Number of scenarios.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Listed(scenarios) => scenarios.len(),
            Self::Grid(grid) => grid.len(),
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A scenario that has a field of the one of a number.
    #[must_use]
    pub fn with(&self, number: usize, field: Field) -> &Scenario {
        match self {
            Self::Listed(scenarios) => &scenarios[number],
            Self::Grid(grid) => match grid.axes.iter().position(|(of, _)| *of == field) {
                Some(axis) => grid.value(axis, number),
                None => &grid.base,
            },
        }
    }

    /// The scenario of a number.
    #[must_use]
    pub fn whole(&self, number: usize) -> Cow<'_, Scenario> {
        match self {
            Self::Listed(scenarios) => Cow::Borrowed(&scenarios[number]),
            Self::Grid(grid) => {
                let mut out = Scenario::clone(&grid.base);
                for (axis, (field, _)) in grid.axes.iter().enumerate() {
                    field.copy(grid.value(axis, number), &mut out);
                }
                Cow::Owned(out)
            }
        }
    }

    /// What is wrong with scenarios, field by field, each problem with the number of the first that has it.
    ///
    /// What is wrong with the base of a grid is told once, and only where no axis has other values for it.
    pub fn problems(&self, check: impl Fn(&Scenario, &mut Vec<Problem>)) -> Vec<Problem> {
        let check = |scenario: &Scenario| {
            let mut found = Vec::new();
            check(scenario, &mut found);
            found
        };
        let grid = match self {
            Self::Listed(scenarios) => {
                let each = scenarios.iter().enumerate();
                return each.flat_map(|(s, scenario)| check(scenario).into_iter().map(move |p| at(s, p))).collect();
            }
            Self::Grid(grid) if grid.axes.is_empty() => {
                return check(&grid.base).into_iter().map(|problem| at(0, problem)).collect();
            }
            Self::Grid(grid) => grid,
        };
        let (mut problems, mut told) = (Vec::new(), HashSet::new());
        for (axis, (field, values)) in grid.axes.iter().enumerate() {
            for (i, scenario) in values.iter().enumerate() {
                for problem in check(scenario) {
                    let varied = grid.axes.iter().find(|(of, _)| of.has(&problem.place)).map(|(of, _)| *of);
                    let tells = match varied {
                        Some(of) => of == *field,
                        None => told.insert((problem.place.clone(), problem.message.clone())),
                    };
                    if tells {
                        problems.push(at(i * grid.stride(axis), problem));
                    }
                }
            }
        }
        problems
    }

    /// Whether something holds of some value of a field.
    pub fn any(&self, field: Field, holds: impl Fn(&Scenario) -> bool) -> bool {
        match self {
            Self::Listed(scenarios) => scenarios.iter().any(holds),
            Self::Grid(grid) => match grid.axes.iter().find(|(of, _)| *of == field) {
                Some((_, values)) => values.iter().any(holds),
                None => holds(&grid.base),
            },
        }
    }

    /// Per scenario: a number that those share which are alike, field by field.
    #[must_use]
    pub fn sorted(&self, alike: impl Fn(&Scenario, &Scenario) -> bool) -> Vec<usize> {
        match self {
            Self::Listed(scenarios) => sort(scenarios, alike),
            Self::Grid(grid) => {
                let each: Vec<Vec<usize>> = grid.axes.iter().map(|(_, values)| sort(values, &alike)).collect();
                let mut out = vec![0];
                for kinds in &each {
                    out = out.iter().flat_map(|of| kinds.iter().map(move |kind| of * kinds.len() + kind)).collect();
                }
                out
            }
        }
    }
}

/// Per item: the place of the first item like it.
pub fn sort<T>(items: &[T], alike: impl Fn(&T, &T) -> bool) -> Vec<usize> {
    let mut heads: Vec<usize> = Vec::new();
    items
        .iter()
        .enumerate()
        .map(|(i, item)| {
            heads.iter().copied().find(|&head| alike(&items[head], item)).unwrap_or_else(|| {
                heads.push(i);
                i
            })
        })
        .collect()
}

/// The points of a sweep: every deal under every scenario, the scenarios of a deal one after the other.
#[derive(Clone, Debug)]
pub struct Points {
    pub deals: Vec<CompiledDeal>,
    pub scenarios: Scenarios,
    /// The state that every point goes on from.
    pub given: Given,
    /// Per point: its deal, where scenarios bring notes into deals; empty where every scenario has the same deals.
    pub changed: Vec<usize>,
}

impl Points {
    /// Number of points.
    #[must_use]
    pub fn len(&self) -> usize {
        if self.changed.is_empty() { self.deals.len() * self.scenarios.len() } else { self.changed.len() }
    }

    /// Whether there is no point.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The deal and the scenario of a point.
    #[must_use]
    pub fn of(&self, point: usize) -> (usize, usize) {
        if self.deals.len() == 1 {
            return (0, point);
        }
        let scenarios = self.scenarios.len();
        (self.changed.get(point).copied().unwrap_or(point / scenarios), point % scenarios)
    }

    /// The points with the notes that the scenarios' events bring into their deals.
    ///
    /// # Errors
    /// [`EngineError::Scenario`] with the number of a scenario whose events do not fit a deal.
    pub fn with_events(&self) -> Result<Cow<'_, Self>, EngineError> {
        if !self.changed.is_empty()
            || !self.deals.iter().any(|deal| self.scenarios.any(Field::Events, |s| deal.is_compiled_with(&s.events)))
        {
            return Ok(Cow::Borrowed(self));
        }
        let mut out = Self { deals: self.deals.clone(), ..self.clone() };
        let alike = self.scenarios.sorted(|a, b| a.events == b.events);
        let mut known = HashMap::new();
        let mut changed = Vec::with_capacity(self.len());
        for point in 0..self.len() {
            let (d, s) = self.of(point);
            let deal = if let Some(&deal) = known.get(&(d, alike[s])) {
                deal
            } else {
                let with =
                    self.deals[d].with_events(&self.scenarios.with(s, Field::Events).events).map_err(|error| {
                        match error {
                            EngineError::Deal(found) => {
                                EngineError::Scenario(found.into_iter().map(|problem| at(s, problem)).collect())
                            }
                            other => other,
                        }
                    })?;
                let deal = match with {
                    Cow::Borrowed(_) => d,
                    Cow::Owned(deal) => {
                        out.deals.push(deal);
                        out.deals.len() - 1
                    }
                };
                known.insert((d, alike[s]), deal);
                deal
            };
            changed.push(deal);
        }
        out.changed = changed;
        Ok(Cow::Owned(out))
    }
}
