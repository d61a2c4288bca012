//! What the scenarios of a block's points assume by step, lane by lane.

use crate::collateral::closing_pool::DefaultedAsset;
use crate::collateral::groups::GroupRates;
use crate::compile::classes::Class;
use crate::compile::defaulted_value::{DefaultedValue, market_value};
use crate::compile::points::Points;
use crate::compile::series::{Origin, Series};
use crate::lanes::Pack;

/// The numbers that some loans take from one place.
pub struct Numbers<'a, const L: usize> {
    series: Series,
    from: Origin<'a>,
    pub by_step: Vec<Pack<L>>,
    /// The same where all is sold at the end of a step; nothing where that changes nothing.
    pub in_sales: Vec<Pack<L>>,
    /// Whether they are the same in all lanes.
    uniform: bool,
    /// Whether they are not those of the block before.
    pub changed: bool,
}

/// The numbers of a class, which every block of points sets anew.
pub struct Assumed<'a, const L: usize> {
    numbers: Vec<Numbers<'a, L>>,
    /// Per group of loans: places of its defaults, prepayments and recoveries among the numbers.
    groups: Vec<[usize; 3]>,
    /// The same of what is bought.
    bought: [usize; 3],
    /// Per asset in default: place of its recovery.
    defaulted: Vec<usize>,
    /// Period rates of each group.
    pub rates: Vec<GroupRates<Pack<L>>>,
    /// Scenario of the last lane that was read.
    last: Option<usize>,
    scratch: Vec<f64>,
}

impl<'a, const L: usize> Assumed<'a, L> {
    /// Room for the numbers of a class.
    #[must_use]
    pub fn new(of: &'a Class<'a>) -> Self {
        let steps = of.contracts.steps.len();
        let sales = of.contracts.steps.sale_exponent.len();
        let mut numbers: Vec<Numbers<'a, L>> = Vec::new();
        let mut place = |series: Series, from: Origin<'a>| {
            let known = numbers.iter().position(|known| known.series == series && known.from == from);
            known.unwrap_or_else(|| {
                let in_sales = vec![Pack::ZERO; if series.is_rate() { sales } else { 0 }];
                let by_step = vec![Pack::ZERO; steps];
                numbers.push(Numbers { series, from, by_step, in_sales, uniform: false, changed: true });
                numbers.len() - 1
            })
        };
        let mut places =
            |cdr, cpr, recovery| [place(Series::Cdr, cdr), place(Series::Cpr, cpr), place(Series::Recovery, recovery)];
        let groups = of.groups.sources.iter().map(|source| places(source.cdr, source.cpr, source.recovery)).collect();
        let bought = places(of.bought.cdr, of.bought.cpr, of.bought.recovery);
        let defaulted = of.defaulted.iter().map(|source| place(Series::Recovery, source.recovery)).collect();
        let rates = of.groups.sources.iter().map(|source| GroupRates {
            mdr: Vec::new(),
            mpr: Vec::new(),
            recovery: Vec::new(),
            recovery_step: source.recovery_step.clone(),
            sale: Vec::new(),
        });
        let rates = rates.collect();
        Self { numbers, groups, bought, defaulted, rates, last: None, scratch: Vec::new() }
    }

    /// Reads the scenarios of the lanes' points; whatever is wrong with one has been found with its class.
    pub fn read(&mut self, of: &Class<'_>, points: &Points, own: [usize; L]) {
        let numbers = own.map(|point| points.of(point).1);
        let last = self.last.replace(numbers[L - 1]);
        let steps = &of.contracts.steps;
        let simple = of.contracts.deal.conventions.simple_rates;
        for Numbers { series, from, by_step, in_sales, uniform, changed } in &mut self.numbers {
            let field = series.field(*from);
            let scenarios = numbers.map(|number| points.scenarios.with(number, field));
            let before = last.map(|number| points.scenarios.with(number, field));
            let alike = |l: usize| {
                let neighbour = if l == 0 { before } else { Some(scenarios[l - 1]) };
                neighbour.is_some_and(|neighbour| series.is_alike(*from, neighbour, scenarios[l]))
            };
            // Mostly the points of a grid differ in few numbers.
            let was_uniform = std::mem::replace(uniform, (1..L).all(alike));
            *changed = !(was_uniform && *uniform && alike(0));
            if !*changed {
                continue;
            }
            for l in 0..L {
                if l == 0 || !(*uniform || alike(l)) {
                    series.read(scenarios[l], *from, steps, simple, &mut self.scratch);
                }
                for (pack, number) in by_step.iter_mut().zip(&self.scratch) {
                    pack.0[l] = *number;
                }
            }
            if in_sales.is_empty() {
                continue;
            }
            for l in 0..L {
                series.read_for_sales(scenarios[l], *from, steps, simple, &mut self.scratch);
                for (pack, number) in in_sales.iter_mut().zip(&self.scratch) {
                    pack.0[l] = *number;
                }
            }
        }
        for ((rates, source), places) in self.rates.iter_mut().zip(&of.groups.sources).zip(&self.groups) {
            let [mdr, mpr, recovery] = places.map(|place| &self.numbers[place]);
            for (to, from) in [(&mut rates.mdr, mdr), (&mut rates.mpr, mpr), (&mut rates.recovery, recovery)] {
                if from.changed {
                    to.clone_from(&from.by_step);
                }
            }
            if !(mdr.changed || mpr.changed) {
                continue;
            }
            rates.sale.clear();
            rates.sale.extend(mdr.in_sales.iter().zip(&mpr.in_sales).map(|(mdr, mpr)| [*mdr, *mpr]));
            if let Some(step) = source.named {
                rates.mdr[step] = Pack::splat(1.0);
                if let Some([mdr, _]) = rates.sale.get_mut(step) {
                    *mdr = Pack::splat(1.0);
                }
            }
        }
    }

    /// Defaults, prepayments and recoveries of what is bought.
    #[must_use]
    pub fn bought(&self) -> [&Numbers<'a, L>; 3] {
        self.bought.map(|place| &self.numbers[place])
    }

    /// The assets that were in default on the as-of date.
    #[must_use]
    pub fn defaulted(&self, of: &Class<'_>) -> Vec<DefaultedAsset<Pack<L>>> {
        let rule = DefaultedValue::of(of.contracts.deal);
        let first = of.contracts.steps.start.tape;
        let assets = of.defaulted.iter().zip(&self.defaulted).map(|(source, place)| {
            let asset = &source.asset;
            let recovery = self.numbers[*place].by_step[first];
            DefaultedAsset {
                par: asset.par,
                market: recovery.map(|rate| market_value(asset.market, rate)),
                carrying: recovery.map(|rate| rule.value(market_value(asset.market, rate), rate)),
                recovery,
                recovery_step: asset.recovery_step,
                carry_end: asset.carry_end,
            }
        });
        assets.collect()
    }
}
