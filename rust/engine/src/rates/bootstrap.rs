//! Discount factors that reprice market quotes.

use super::discount::DiscountFactors;
use super::quote::Quote;
use crate::error::Problem;
use crate::math::{exp, ln};
use crate::time::{Date, DayCount};

/// Continuous forward rates, act/365, between which the one that reprices a swap is sought.
const FORWARD_RATES: (f64, f64) = (-0.5, 2.0);
/// Halvings after which no number lies between the bounds.
const MOST_HALVINGS: u32 = 100;

/// Discount factors by date, from `base` on, at the last day of each quote; log-linear between them
/// ([`DiscountFactors`]) they reprice every quote.
///
/// Quotes are taken in the order of their last days; each adds one factor.
///
/// # Errors
/// At `quotes[i]`: a rate that is not finite, a period that ends before it starts or before the base date, two quotes
/// that end on one day, a rate that no factor reprices.
pub fn bootstrap(base: Date, quotes: &[Quote]) -> Result<Vec<(Date, f64)>, Vec<Problem>> {
    let mut order: Vec<usize> = (0..quotes.len()).collect();
    order.sort_by_key(|i| quotes[*i].end());
    let mut problems = Vec::new();
    if quotes.is_empty() {
        problems.push(Problem::new("quotes", "found none; expected a deposit, a forward rate or a swap"));
    }
    for (k, i) in order.iter().enumerate() {
        if let Some(message) = unusable(base, &quotes[*i]) {
            problems.push(Problem::new(format!("quotes[{i}]"), message));
        }
        if k > 0 && quotes[order[k - 1]].end() == quotes[*i].end() {
            let other = order[k - 1];
            let message = format!("ends on {}, as quotes[{other}] does; expected one quote", quotes[*i].end());
            problems.push(Problem::new(format!("quotes[{i}]"), message));
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut factors = DiscountFactors::only(base);
    let mut points = Vec::with_capacity(quotes.len());
    for i in order {
        let end = quotes[i].end();
        let Some(log) = solve(&factors, &quotes[i]) else {
            let message = format!("found the rate {}, which no discount factor on {end} reprices", quotes[i].rate());
            return Err(vec![Problem::new(format!("quotes[{i}]"), message)]);
        };
        factors.push(end, log);
        points.push((end, exp(log)));
    }
    Ok(points)
}

fn unusable(base: Date, quote: &Quote) -> Option<String> {
    if !quote.rate().is_finite() {
        return Some(format!("found the rate {}; expected a decimal such as 0.043", quote.rate()));
    }
    if quote.end() <= base {
        return Some(format!("ends on {}; expected a date after the base date {base}", quote.end()));
    }
    match quote {
        Quote::Forward { start, end, .. } if start >= end => {
            Some(format!("starts on {start} and ends on {end}; expected a later end"))
        }
        Quote::Forward { start, .. } if *start < base => {
            Some(format!("starts on {start}; expected the base date {base} or a later one"))
        }
        Quote::Swap { months: 0, .. } => Some("found fixed payments every 0 months; expected at least 1".to_owned()),
        _ => None,
    }
}

/// Logarithm of the discount factor at the quote's last day, which lies after all dates of `factors`.
fn solve(factors: &DiscountFactors, quote: &Quote) -> Option<f64> {
    match quote {
        Quote::Deposit { end, rate } => forward_log(factors, factors.base(), *end, *rate),
        Quote::Forward { start, end, rate } => forward_log(factors, *start, *end, *rate),
        Quote::Swap { end, rate, months, day_count } => {
            let payments = fixed_payments(factors.base(), *end, *months, *day_count);
            swap_log(factors, &payments, *end, *rate)
        }
    }
}

/// `P(end) = P(start) / (1 + rate · τ)`. A start after the last known date lies on the line to the end, a part `w`
/// of the way from the last date: `ln P(start) = (1 − w) l + w ln P(end)`, so
/// `ln P(end) = l − ln(1 + rate · τ) / (1 − w)`.
fn forward_log(factors: &DiscountFactors, start: Date, end: Date, rate: f64) -> Option<f64> {
    let growth = 1.0 + rate * DayCount::Act360.fraction(start, end);
    if growth <= 0.0 {
        return None;
    }
    let (last, log) = factors.last();
    if start <= last {
        return Some(factors.log(start) - ln(growth));
    }
    Some(log - ln(growth) * (f64::from(end - last) / f64::from(end - start)))
}

/// Days and year fractions of a fixed leg; a broken period comes first.
fn fixed_payments(base: Date, end: Date, months: u32, day_count: DayCount) -> Vec<(Date, f64)> {
    let step = i32::try_from(months).unwrap_or(i32::MAX);
    let mut days = vec![end];
    let mut count = 1_i32;
    loop {
        let day = end.add_months(count.saturating_mul(step).saturating_neg());
        if day <= base {
            break;
        }
        days.push(day);
        count += 1;
    }
    days.reverse();
    let mut start = base;
    days.into_iter()
        .map(|day| {
            let fraction = day_count.fraction(start, day);
            start = day;
            (day, fraction)
        })
        .collect()
}

/// Halves the interval of the constant forward rate after the last known date until `1 − P(end) = rate · Σ τ P`.
fn swap_log(factors: &DiscountFactors, payments: &[(Date, f64)], end: Date, rate: f64) -> Option<f64> {
    let (last, log) = factors.last();
    let log_at = |day: Date, forward: f64| {
        if day <= last { factors.log(day) } else { log - forward * DayCount::Act365.fraction(last, day) }
    };
    let gain = |forward: f64| {
        let annuity = payments.iter().fold(0.0, |sum, (day, tau)| sum + tau * exp(log_at(*day, forward)));
        1.0 - exp(log_at(end, forward)) - rate * annuity
    };
    let (mut low, mut high) = FORWARD_RATES;
    if gain(low) > 0.0 || gain(high) < 0.0 {
        return None;
    }
    for _ in 0..MOST_HALVINGS {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if gain(middle) < 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(log_at(end, high))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        Date::parse(text).unwrap()
    }

    /// The rate that a curve pays for a quote, from its discount factors alone.
    fn reprice(base: Date, points: &[(Date, f64)], quote: &Quote) -> f64 {
        let curve = DiscountFactors::new(base, points, "p").unwrap();
        match quote {
            Quote::Deposit { end, .. } => curve.forward(base, *end),
            Quote::Forward { start, end, .. } => curve.forward(*start, *end),
            Quote::Swap { end, months, day_count, .. } => {
                let legs = fixed_payments(base, *end, *months, *day_count);
                (1.0 - curve.factor(*end)) / legs.iter().map(|(d, t)| t * curve.factor(*d)).sum::<f64>()
            }
        }
    }

    fn market() -> (Date, Vec<Quote>) {
        let base = date("2026-01-22");
        let quote = |kind, tenor, rate| Quote::from_tenor(base, kind, tenor, rate).unwrap();
        let quotes = vec![
            quote("deposit", "1m", 0.0431),
            quote("deposit", "3m", 0.0425),
            quote("fra", "3x6", 0.0411),
            quote("fra", "6x9", 0.0398),
            // Starts a month after the last factor before it.
            quote("fra", "10x13", 0.0385),
            quote("swap", "2y", 0.0379),
            quote("swap", "5y", 0.0368),
            quote("swap", "10y", 0.0377),
            Quote::Swap { end: date("2046-07-22"), rate: 0.0391, months: 6, day_count: DayCount::Thirty360 },
        ];
        (base, quotes)
    }

    #[test]
    fn every_quote_is_repriced() {
        let (base, quotes) = market();
        let points = bootstrap(base, &quotes).unwrap();
        assert_eq!(points.len(), quotes.len());
        for quote in &quotes {
            let rate = reprice(base, &points, quote);
            assert!((rate - quote.rate()).abs() < 1e-14, "{quote:?}: {rate}");
        }
    }

    #[test]
    fn the_order_of_quotes_does_not_matter() {
        let (base, mut quotes) = market();
        let points = bootstrap(base, &quotes).unwrap();
        quotes.reverse();
        assert_eq!(bootstrap(base, &quotes).unwrap(), points);
    }

    #[test]
    fn a_deposit_discounts_by_simple_interest() {
        let base = date("2026-01-22");
        let quote = Quote::Deposit { end: date("2026-07-21"), rate: 0.04 };
        assert!((bootstrap(base, &[quote]).unwrap()[0].1 - 1.0 / 1.02).abs() < 1e-16);
    }

    #[test]
    fn a_two_year_swap_after_a_one_year_deposit_is_solved_by_hand() {
        let base = date("2026-01-22");
        let deposit = Quote::Deposit { end: date("2027-01-22"), rate: 0.04 };
        let day_count = DayCount::Thirty360;
        let swap = Quote::Swap { end: date("2028-01-22"), rate: 0.05, months: 12, day_count };
        let first = 1.0 / (1.0 + 0.04 * 365.0 / 360.0);
        let points = bootstrap(base, &[deposit, swap]).unwrap();
        assert!((points[1].1 - (1.0 - 0.05 * first) / 1.05).abs() < 1e-15);
    }

    #[test]
    fn negative_rates_are_repriced() {
        let base = date("2020-01-22");
        let quotes: Vec<Quote> = [("deposit", "6m", -0.004), ("swap", "2y", -0.0035), ("swap", "10y", -0.001)]
            .map(|(kind, tenor, rate)| Quote::from_tenor(base, kind, tenor, rate).unwrap())
            .to_vec();
        let points = bootstrap(base, &quotes).unwrap();
        for quote in &quotes {
            assert!((reprice(base, &points, quote) - quote.rate()).abs() < 1e-14);
        }
    }

    #[test]
    fn every_unusable_quote_is_reported_at_its_number() {
        let base = date("2026-01-22");
        let quotes = [
            Quote::Deposit { end: date("2026-04-22"), rate: f64::NAN },
            Quote::Deposit { end: base, rate: 0.04 },
            Quote::Forward { start: date("2026-05-22"), end: date("2026-04-22"), rate: 0.04 },
        ];
        let problems = bootstrap(base, &quotes).unwrap_err();
        let mut places: Vec<&str> = problems.iter().map(|p| p.place.as_str()).collect();
        places.sort_unstable();
        assert_eq!(places, ["quotes[0]", "quotes[1]", "quotes[2]", "quotes[2]"]);
        assert_eq!(bootstrap(base, &[]).unwrap_err()[0].place, "quotes");
    }

    #[test]
    fn a_swap_rate_that_no_factor_reprices_is_refused() {
        let base = date("2026-01-22");
        let quotes: Vec<Quote> = [("deposit", "1y", 0.04), ("swap", "2y", 3.0)]
            .map(|(kind, tenor, rate)| Quote::from_tenor(base, kind, tenor, rate).unwrap())
            .to_vec();
        assert_eq!(bootstrap(base, &quotes).unwrap_err()[0].place, "quotes[1]");
    }
}
