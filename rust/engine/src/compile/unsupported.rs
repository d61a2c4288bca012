//! What the grammar knows and this version does not compute: refused by name, never ignored.

use crate::error::Problem;
use crate::spec::Deal;

const YET: &str = "known, but this version does not compute it yet";

/// Reports everything that would change a payment and is not built.
pub fn check(deal: &Deal, problems: &mut Vec<Problem>) {
    purchases(deal, problems);
}

fn refused(problems: &mut Vec<Problem>, place: &str, what: &str) {
    problems.push(Problem::new(place, format!("{what} {YET}")));
}

fn purchases(deal: &Deal, problems: &mut Vec<Problem>) {
    for (i, rule) in deal.reinvestment.during.iter().enumerate() {
        let place = format!("reinvestment.during[{i}]");
        match rule.as_str() {
            "coverage" => {}
            "maintain_or_improve" => refused(problems, &place, "maintain or improve is"),
            other => {
                problems
                    .push(Problem::new(place, format!("found {other:?}; expected coverage or maintain_or_improve")));
            }
        }
    }
}
