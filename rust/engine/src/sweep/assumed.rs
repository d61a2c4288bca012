//! What the scenarios of a block's points assume by step, lane by lane.

use crate::collateral::closing_pool::DefaultedAsset;
use crate::collateral::groups::GroupRates;
use crate::compile::classes::{Class, Points};
use crate::compile::defaulted_value::{DefaultedValue, market_value};
use crate::compile::series::{Origin, Series};
use crate::lanes::Pack;

/// The numbers that some loans take from one place.
struct Numbers<'a, const L: usize> {
    series: Series,
    from: Origin<'a>,
    by_step: Vec<Pack<L>>,
    /// The same where all is sold at the end of a step; nothing where that changes nothing.
    in_sales: Vec<Pack<L>>,
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
                numbers.push(Numbers { series, from, by_step: vec![Pack::ZERO; steps], in_sales });
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
        Self { numbers, groups, bought, defaulted, rates, scratch: Vec::new() }
    }

    /// Reads the scenarios of the lanes' points; whatever is wrong with one has been found with its class.
    pub fn read(&mut self, of: &Class<'_>, points: &Points, own: [usize; L]) {
        let scenarios = own.map(|point| &points.scenarios[points.of(point).1]);
        let steps = &of.contracts.steps;
        let simple = of.contracts.deal.conventions.simple_rates;
        for Numbers { series, from, by_step, in_sales } in &mut self.numbers {
            for l in 0..L {
                if l == 0 || !series.is_alike(*from, scenarios[l - 1], scenarios[l]) {
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
            let [mdr, mpr, recovery] = places.map(|place| &self.numbers[place].by_step);
            rates.mdr.clone_from(mdr);
            rates.mpr.clone_from(mpr);
            rates.recovery.clone_from(recovery);
            let [mdr, mpr, _] = places.map(|place| &self.numbers[place].in_sales);
            rates.sale.clear();
            rates.sale.extend(mdr.iter().zip(mpr).map(|(mdr, mpr)| [*mdr, *mpr]));
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
    pub fn bought(&self) -> [&Vec<Pack<L>>; 3] {
        self.bought.map(|place| &self.numbers[place].by_step)
    }

    /// Defaults and prepayments of what is bought, where all is sold at the end of a step.
    #[must_use]
    pub fn bought_in_sales(&self) -> [&Vec<Pack<L>>; 2] {
        let [mdr, mpr, _] = self.bought.map(|place| &self.numbers[place].in_sales);
        [mdr, mpr]
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
