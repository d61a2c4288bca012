//! The performing loans in groups of the same rates.

use std::collections::HashMap;

use super::{Assumptions, GroupSource};
use crate::collateral::groups::{GroupRates, LoanGroup, OfGroup};
use crate::compile::series::Origin;

/// The recovery rate of loans that each have their own: a group reads what each recovers in units of it.
const OWN_RECOVERIES: Origin<'static> = Origin::Tape(1.0_f64.to_bits());

/// What tells the loans of two groups apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct GroupKey<'a> {
    pub(super) from: [Origin<'a>; 4],
    pub(super) named: Option<usize>,
    /// How much earlier dates have left, and how much of it is recovered.
    pub(super) alike: [usize; 2],
    /// Which own dates they prepay on.
    pub(super) own_dates: usize,
}

impl GroupKey<'_> {
    /// The key of its group: what loans with recoveries of their own recover does not tell them apart.
    pub(super) fn of_group(mut self) -> Self {
        let [.., recovery, _] = &mut self.from;
        if matches!(recovery, Origin::Tape(_)) {
            *recovery = OWN_RECOVERIES;
            self.alike[1] = 0;
        }
        self
    }
}

/// Loans with the same rates, and where each group takes them from.
#[derive(Clone, Debug)]
pub struct Groups<'a> {
    pub groups: Vec<LoanGroup>,
    pub sources: Vec<GroupSource<'a>>,
    /// Per loan: its group; none for loans in default.
    pub of_loan: Vec<Option<usize>>,
}

impl<'a> Assumptions<'_, 'a> {
    /// The performing loans by what the scenario assumes of them.
    #[must_use]
    pub fn groups(&mut self) -> Groups<'a> {
        let contracts = self.contracts;
        let mut place_of: HashMap<GroupKey<'_>, usize> = HashMap::new();
        let mut ccc = vec![None; contracts.tape.len()];
        for (place, (_, loan)) in contracts.ccc.iter().enumerate() {
            ccc[*loan as usize] = Some(place);
        }
        let of_loan = vec![None; contracts.tape.len()];
        let mut out = Groups { groups: Vec::new(), sources: Vec::new(), of_loan };
        for loan in (0..contracts.tape.len()).filter(|&loan| !contracts.tape.is_defaulted(loan)) {
            let own = self.own_recovery(loan);
            let key = self.key(loan).of_group();
            let standing = contracts.standing(loan);
            let place = *place_of.entry(key).or_insert_with(|| {
                let standing = if own.is_some() { standing.clone().recovering(1.0) } else { standing.clone() };
                out.groups.push(LoanGroup::standing(contracts.steps.len(), standing));
                out.sources.push(self.source_of(key));
                out.groups.len() - 1
            });
            out.of_loan[loan] = Some(place);
            let of_loan = OfGroup {
                discount_share: contracts.discount_share[loan],
                recovered: own.unwrap_or(1.0),
                past: if own.is_some() { &standing.defaults } else { &[] },
                ccc: ccc[loan],
            };
            out.groups[place].add(contracts.of(loan), &of_loan);
            if !contracts.parts.is_empty() {
                out.groups[place].add_to_parts(loan, contracts.of(loan), of_loan.recovered, &contracts.parts);
            }
            let sale = contracts.sale_of(loan);
            if !sale.is_empty() {
                out.groups[place].add_sale(sale, contracts.tape.market_price[loan]);
            }
        }
        out
    }

    /// Period rates of each group.
    #[must_use]
    pub fn group_rates(&mut self, groups: &Groups<'a>) -> Vec<GroupRates<f64>> {
        groups.sources.iter().map(|source| self.of_source(source.clone())).collect()
    }

    /// What a loan recovers, where its column on the tape says so.
    #[must_use]
    pub fn own_recovery(&self, loan: usize) -> Option<f64> {
        match self.key(loan).from {
            [_, _, Origin::Tape(bits), _] => Some(f64::from_bits(bits)),
            _ => None,
        }
    }
}
