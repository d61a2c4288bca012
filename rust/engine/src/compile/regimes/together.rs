//! What all documents of a deal have in common once each of them is known.

use super::{Node, Rates};
use crate::compile::conventions::Conventions;
use crate::compile::deal::CompiledDeal;

/// Gives all documents payment dates of one number: those that one does not have are never reached.
///
/// A document that another is certain to follow has the dates of that one after its own.
pub(super) fn same_length(nodes: &mut [Node]) {
    for k in (0..nodes.len()).rev() {
        if let Some(next) = nodes[k].next {
            nodes[k].grid = nodes[next].grid.clone();
        }
    }
    let Some(longest) = nodes.iter().map(|node| node.grid.clone()).max_by_key(|grid| grid.periods.len()) else {
        return;
    };
    for node in nodes {
        let own = node.grid.periods.len();
        node.grid.periods.extend_from_slice(&longest.periods[own..]);
    }
}

/// Tells each document how yearly rates ran before it, and how they run after it where another is certain to follow.
pub(super) fn rates(nodes: &mut [Node]) {
    let own: Vec<Rates> = nodes
        .iter()
        .map(|node| {
            let conventions = Conventions::read(&node.written.conventions, &mut Vec::new());
            let Conventions { rates_by_days: by_days, simple_rates: simple, interest_on_pik: on_pik, .. } = conventions;
            let end_of_month = node.written.dates.end_of_month;
            Rates { from: node.rule.since, by_days, simple, on_pik, end_of_month }
        })
        .collect();
    for k in 0..nodes.len() {
        let mut chain = vec![k];
        while let Some(arrival) = &nodes[chain[0]].arrival {
            chain.insert(0, arrival.parent);
        }
        while let Some(next) = chain.last().and_then(|last| nodes[*last].next) {
            chain.push(next);
        }
        nodes[k].rule.rates = chain.into_iter().map(|k| own[k]).collect();
    }
}

/// Lets the ledger tell the steps of all documents by one list, that of the first.
pub(super) fn share_infos(compiled: &mut [CompiledDeal]) {
    let mut infos = Vec::new();
    for deal in &mut *compiled {
        let program = &mut deal.terms.program;
        program.count_infos_from(u16::try_from(infos.len()).unwrap_or(u16::MAX));
        infos.extend(program.infos.iter().cloned());
    }
    if let Some(first) = compiled.first_mut() {
        first.terms.program.infos = infos;
    }
}
