//! Index curves of a scenario.

use std::collections::BTreeMap;

use crate::compile::dates::date;
use crate::error::Problem;
use crate::rates::{CurveData, Curves};
use crate::spec::scenario::Curve;
use crate::time::Date;

/// Builds the curves of a scenario.
pub fn compile(rates: &BTreeMap<String, Curve>, problems: &mut Vec<Problem>) -> Option<Curves> {
    if rates.is_empty() {
        problems.push(Problem::new("scenario.rates", "missing; expected a curve, such as {flat: 0.043}"));
        return None;
    }
    let mut out = BTreeMap::new();
    let before = problems.len();
    for (index, curve) in rates {
        let place = format!("scenario.rates.{index}");
        if let Some(data) = one(curve, &place, problems) {
            out.insert(index.clone(), data);
        }
    }
    if problems.len() > before {
        return None;
    }
    match Curves::new(out) {
        Ok(curves) => Some(curves),
        Err(found) => {
            problems.extend(found.into_iter().map(|p| Problem::new(format!("scenario.rates.{}", p.place), p.message)));
            None
        }
    }
}

fn points(map: &BTreeMap<String, f64>, place: &str, problems: &mut Vec<Problem>) -> Vec<(Date, f64)> {
    map.iter()
        .filter_map(|(d, x)| {
            let at = format!("{place}.{d}");
            if !x.is_finite() || *x > 1.5 {
                problems.push(Problem::new(&at, format!("found {x}; expected a decimal such as 0.043")));
            }
            date(d, &at, problems).map(|d| (d, *x))
        })
        .collect()
}

/// One curve of a document.
pub fn one(curve: &Curve, place: &str, problems: &mut Vec<Problem>) -> Option<CurveData> {
    match curve {
        Curve::Flat { rate } => {
            if !rate.is_finite() || *rate > 1.0 {
                problems.push(Problem::new(place, format!("found {rate}; expected a decimal such as 0.043")));
            }
            Some(CurveData::Flat { rate: *rate })
        }
        Curve::Forwards { points: map } => Some(CurveData::Forwards { points: points(map, place, problems) }),
        Curve::Discount { base, points: map } => Some(CurveData::Discount {
            base: date(base, &format!("{place}.base"), problems)?,
            points: points(map, place, problems),
        }),
        Curve::History { fixings, then } => Some(CurveData::History {
            fixings: points(fixings, place, problems),
            then: Box::new(one(then, place, problems)?),
        }),
        Curve::Shifted { curve, shift, slope, base } => {
            let base = match base {
                Some(text) => Some(date(text, &format!("{place}.base"), problems)?),
                None => None,
            };
            Some(CurveData::Shifted {
                curve: Box::new(one(curve, place, problems)?),
                shift: *shift,
                slope: *slope,
                base,
            })
        }
    }
}
