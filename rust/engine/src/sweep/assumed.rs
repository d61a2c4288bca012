//! What the scenarios of a block's points assume by step, lane by lane.

use crate::collateral::closing_pool::DefaultedAsset;
use crate::collateral::groups::RatesOf;
use crate::compile::classes::Class;
use crate::compile::defaulted_value::{DefaultedValue, market_value};
use crate::compile::points::Points;
use crate::compile::series::{Origin, Series};
use crate::lanes::Pack;

/// The numbers that some loans take from one place.
struct Numbers<'a, const L: usize> {
    series: Series,
    from: Origin<'a>,
    by_step: Vec<Pack<L>>,
    /// The same where all is sold at the end of a step; nothing where that changes nothing.
    in_sales: Vec<Pack<L>>,
    /// Whether they are the same in all lanes.
    uniform: bool,
}

/// The numbers of a class, which every block of points sets anew.
pub struct Assumed<'a, const L: usize> {
    numbers: Vec<Numbers<'a, L>>,
    /// Per group of loans: places of its defaults, prepayments and recoveries among the numbers.
    groups: Vec<[usize; 3]>,
    /// The same of what is bought.
    bought: [usize; 3],
    /// Per group: its default rates, and those where all is sold, where it defaults on a step of its own.
    named: Vec<Option<[Vec<Pack<L>>; 2]>>,
    /// Per asset in default: place of its recovery.
    defaulted: Vec<usize>,
    /// Scenario of the last lane that was read.
    last: Option<usize>,
    /// Whether the run has the numbers of what is bought.
    lent: bool,
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
                numbers.push(Numbers { series, from, by_step, in_sales, uniform: false });
                numbers.len() - 1
            })
        };
        let mut places =
            |cdr, cpr, recovery| [place(Series::Cdr, cdr), place(Series::Cpr, cpr), place(Series::Recovery, recovery)];
        let groups = of.groups.sources.iter().map(|source| places(source.cdr, source.cpr, source.recovery)).collect();
        let bought = places(of.bought.cdr, of.bought.cpr, of.bought.recovery);
        let defaulted = of.defaulted.iter().map(|source| place(Series::Recovery, source.recovery)).collect();
        let named = of.groups.sources.iter().map(|source| source.named.map(|_| Default::default())).collect();
        Self { numbers, groups, bought, named, defaulted, last: None, lent: false, scratch: Vec::new() }
    }

    /// Reads the scenarios of the lanes' points; whatever is wrong with one has been found with its class.
    pub fn read(&mut self, of: &Class<'_>, points: &Points, own: [usize; L]) {
        let numbers = own.map(|point| points.of(point).1);
        let last = self.last.replace(numbers[L - 1]);
        let steps = &of.contracts.steps;
        let simple = of.contracts.deal.conventions.simple_rates;
        for Numbers { series, from, by_step, in_sales, uniform } in &mut self.numbers {
            let field = series.field(*from);
            let scenarios = numbers.map(|number| points.scenarios.with(number, field));
            let before = last.map(|number| points.scenarios.with(number, field));
            let alike = |l: usize| {
                let neighbour = if l == 0 { before } else { Some(scenarios[l - 1]) };
                neighbour.is_some_and(|neighbour| series.is_alike(*from, neighbour, scenarios[l]))
            };
            // Mostly the points of a grid differ in few numbers.
            let was_uniform = std::mem::replace(uniform, (1..L).all(alike));
            if was_uniform && *uniform && alike(0) {
                continue;
            }
            let constant = scenarios.map(|scenario| series.constant(scenario, *from));
            if constant.iter().all(Option::is_some) {
                let number = Pack(constant.map(Option::unwrap_or_default));
                if series.is_rate() && *from != Origin::Nowhere {
                    steps.of_yearly(number, simple, by_step);
                    if !in_sales.is_empty() {
                        steps.of_yearly_in_sales(number, simple, in_sales);
                    }
                } else {
                    by_step.fill(number);
                    in_sales.fill(number);
                }
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
        for ((named, source), [mdr, ..]) in self.named.iter_mut().zip(&of.groups.sources).zip(&self.groups) {
            let (Some([own, in_sales]), Some(step)) = (named, source.named) else { continue };
            let mdr = &self.numbers[*mdr];
            own.clone_from(&mdr.by_step);
            own[step] = Pack::splat(1.0);
            in_sales.clone_from(&mdr.in_sales);
            if let Some(mdr) = in_sales.get_mut(step) {
                *mdr = Pack::splat(1.0);
            }
        }
    }

    /// Period rates of each group.
    #[must_use]
    pub fn rates<'b>(&'b self, of: &'b Class<'_>) -> Vec<RatesOf<'b, Pack<L>>> {
        let each = of.groups.sources.iter().zip(&self.groups).zip(&self.named).map(|((source, places), named)| {
            let [mdr, mpr, recovery] = places.map(|place| &self.numbers[place]);
            let [of_step, in_sales] =
                named.as_ref().map_or([&mdr.by_step, &mdr.in_sales], <[Vec<Pack<L>>; 2]>::each_ref);
            RatesOf {
                mdr: of_step,
                mpr: &mpr.by_step,
                recovery: &recovery.by_step,
                recovery_step: &source.recovery_step,
                sale: [in_sales, &mpr.in_sales],
            }
        });
        each.collect()
    }

    fn exchange(&mut self, by_step: [&mut Vec<Pack<L>>; 3], in_sales: [&mut Vec<Pack<L>>; 2]) {
        for (place, to) in self.bought.iter().zip(by_step) {
            std::mem::swap(&mut self.numbers[*place].by_step, to);
        }
        for (place, to) in self.bought.iter().zip(in_sales) {
            std::mem::swap(&mut self.numbers[*place].in_sales, to);
        }
    }

    /// Lends the defaults, prepayments and recoveries of what is bought to a run, by step and where all is sold.
    pub fn lend(&mut self, by_step: [&mut Vec<Pack<L>>; 3], in_sales: [&mut Vec<Pack<L>>; 2]) {
        self.exchange(by_step, in_sales);
        self.lent = true;
    }

    /// Takes them back, before they are read anew.
    pub fn take_back(&mut self, by_step: [&mut Vec<Pack<L>>; 3], in_sales: [&mut Vec<Pack<L>>; 2]) {
        if self.lent {
            self.exchange(by_step, in_sales);
            self.lent = false;
        }
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
