//! Events of default: their causes, and what follows.

use crate::error::Problem;
use crate::path::plan::{AccelerationTerms, Cause};
use crate::spec::deal::DefaultEvents;

/// The causes that a document names.
pub fn causes(events: Option<&DefaultEvents>, problems: &mut Vec<Problem>) -> Vec<Cause> {
    let mut out = Vec::new();
    for (i, cause) in events.map_or(&[][..], |events| &events.causes).iter().enumerate() {
        let place = format!("default_events.causes[{i}]");
        match cause.as_str() {
            "senior_interest" => out.push(Cause::SeniorInterest),
            "par_ratio" => out.push(Cause::ParRatio),
            "maturity" => out.push(Cause::Maturity),
            other => problems
                .push(Problem::new(place, format!("found {other:?}; expected senior_interest, par_ratio or maturity"))),
        }
    }
    out
}

/// What an event of default does; nothing where it is only recorded.
pub fn acceleration(events: Option<&DefaultEvents>, problems: &mut Vec<Problem>) -> Option<AccelerationTerms> {
    let events = events?;
    if let Some("when_covered" | "always") = events.liquidate.as_deref() {
        let message = "liquidation after an event of default is known, but this version does not compute it yet";
        problems.push(Problem::new("default_events.liquidate", message));
    }
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
    match events.liquidate.as_deref() {
        None | Some("never" | "when_covered" | "always") => false,
        Some(other) => unknown("liquidate", other, "never, when_covered or always"),
    };
    accelerates.then_some(AccelerationTerms { rescinded_when_cured })
}
