//! Events of default: their causes, and what follows.

use crate::error::Problem;
use crate::path::deal_terms::{AccelerationTerms, Cause, LiquidationTerms, SaleCost};
use crate::spec::deal::{CauseOfDefault, DefaultEvents};

/// The causes that a document names.
pub fn causes(events: Option<&DefaultEvents>, problems: &mut Vec<Problem>) -> Vec<Cause> {
    let mut out = Vec::new();
    for (i, cause) in events.map_or(&[][..], |events| &events.causes).iter().enumerate() {
        let place = format!("default_events.causes[{i}]");
        let CauseOfDefault::Name(cause) = cause else { continue };
        match cause.as_str() {
            "senior_interest" => out.push(Cause::SeniorInterest),
            "par_ratio" => out.push(Cause::ParRatio),
            "maturity" => out.push(Cause::Maturity),
            other => problems.push(Problem::new(
                place,
                format!("found {other:?}; expected senior_interest, par_ratio, maturity or {{when: …}}"),
            )),
        }
    }
    out
}

/// What an event of default does; nothing where it is only recorded.
pub fn acceleration(events: Option<&DefaultEvents>, problems: &mut Vec<Problem>) -> Option<AccelerationTerms> {
    let events = events?;
    let mut unknown = |key: &str, found: &str, expected: &str| {
        let message = format!("found {found:?}; expected {expected}");
        problems.push(Problem::new(format!("default_events.{key}"), message));
        false
    };
    let accelerates = match events.accelerate.as_deref() {
        None | Some("never") => false,
        Some("automatic") => true,
        Some(other) => unknown("accelerate", other, "automatic or never"),
    };
    let rescinded_when_cured = match events.rescind.as_deref() {
        None | Some("never") => false,
        Some("when_cured") => true,
        Some(other) => unknown("rescind", other, "when_cured or never"),
    };
    let cost = events
        .liquidation_cost
        .as_ref()
        .map_or(SaleCost::default(), |cost| SaleCost { rate: cost.rate, fixed: cost.fixed });
    let liquidation = match events.liquidate.as_deref() {
        None | Some("never") => None,
        Some("when_covered") => Some(LiquidationTerms { must_cover: true, cost }),
        Some("always") => Some(LiquidationTerms { must_cover: false, cost }),
        Some(other) => {
            unknown("liquidate", other, "never, when_covered or always");
            None
        }
    };
    accelerates.then_some(AccelerationTerms { rescinded_when_cured, liquidation })
}
