//! What a document asks of purchases during and after the reinvestment period.

use serde_json::Value;

use crate::compile::quality;
use crate::coverage::purchases::Conditions;
use crate::error::Problem;
use crate::expression::nearest;
use crate::spec::Deal;

/// The conditions that purchases can have.
pub const CONDITIONS: [&str; 6] = ["coverage", "wal", "ccc", "maintain_or_improve", "quality", "concentration"];

/// What purchases need.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked {
    pub during: Conditions,
    pub after: Conditions,
}

impl Asked {
    /// What some purchase needs.
    #[must_use]
    pub fn at_all(self) -> Conditions {
        self.during.with(self.after)
    }
}

/// Reads the conditions of a document; each must be known and say what it is measured against.
pub fn asked(deal: &Deal, problems: &mut Vec<Problem>) -> Asked {
    let mut out = Asked::default();
    for (i, name) in deal.reinvestment.during.iter().enumerate() {
        let place = format!("reinvestment.during[{i}]");
        out.during = out.during.with(condition(deal, name, &place, problems));
    }
    let after = deal.reinvestment.after.as_ref().and_then(|after| after.get("conditions")).and_then(Value::as_array);
    for (i, name) in after.into_iter().flatten().enumerate() {
        let place = format!("reinvestment.after.conditions[{i}]");
        out.after = out.after.with(condition(deal, name.as_str().unwrap_or_default(), &place, problems));
    }
    out
}

fn condition(deal: &Deal, name: &str, place: &str, problems: &mut Vec<Problem>) -> Conditions {
    let mut need = |there: bool, what: &str| {
        if !there {
            problems.push(Problem::new(place, format!("found {name}, which is measured by {what}; expected {what}")));
        }
    };
    let collateral = &deal.collateral;
    let (quality, limits) = (!collateral.quality.is_empty(), !collateral.concentration.is_empty());
    match name {
        "coverage" => Conditions::COVERAGE,
        "ccc" => {
            need(collateral.ccc.is_some(), "collateral.ccc");
            Conditions::CCC
        }
        "wal" => {
            need(quality::lists(deal, "wal"), "a test of the kind wal in collateral.quality");
            Conditions::WAL
        }
        "quality" => {
            need(quality, "collateral.quality");
            Conditions::QUALITY
        }
        "concentration" => {
            need(limits, "collateral.concentration");
            Conditions::CONCENTRATION
        }
        "maintain_or_improve" => {
            need(quality || limits, "collateral.quality or collateral.concentration");
            Conditions::QUALITY.with(Conditions::CONCENTRATION)
        }
        _ => {
            let known = match nearest(name, CONDITIONS) {
                Some(near) => format!("did you mean {near:?}?"),
                None => format!("known: {}", CONDITIONS.join(", ")),
            };
            problems.push(Problem::new(place, format!("found {name:?}, a condition that is not known; {known}")));
            Conditions::NONE
        }
    }
}
