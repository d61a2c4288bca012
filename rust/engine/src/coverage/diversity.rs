//! Moody's diversity score.
//!
//! Of `n` companies with par the average par is `A = Σ par / n`; each counts `min(1, par / A)` units in its industry, that
//! of its larger par. The units of an industry give its score by a concave table, which steps at every tenth from 0.05 on;
//! the score is the sum over industries.

use crate::math::rounding::floor_to_u32;

/// The industry of a loan without one.
pub const NO_INDUSTRY: u32 = u32::MAX;

/// Par of a loan with its company and its industry.
#[derive(Clone, Copy, Debug)]
pub struct Holding {
    pub company: u32,
    /// From 0 on without gaps, or [`NO_INDUSTRY`].
    pub industry: u32,
    pub par: f64,
}

/// The score of some loans; not a number where none has par, or one that has is of no industry.
///
/// `printed`: industry scores are rounded to four decimals, as in the printed table.
#[must_use]
pub fn score(loans: impl Iterator<Item = Holding>, printed: bool) -> f64 {
    let mut held = Vec::with_capacity(loans.size_hint().1.unwrap_or(0));
    held.extend(loans.filter(|loan| loan.par > 0.0));
    if held.is_empty() || held.iter().any(|loan| loan.industry == NO_INDUSTRY) {
        return f64::NAN;
    }
    // Nothing is left to do where a caller has them in this order.
    held.sort_by_key(|loan| (loan.company, loan.industry));
    let companies: Vec<Holding> = held.chunk_by(|a, b| a.company == b.company).map(together).collect();
    let average = companies.iter().map(|of| of.par).sum::<f64>() / companies.len() as f64;
    let mut units = vec![0.0; companies.iter().map(|of| of.industry as usize + 1).max().unwrap_or(0)];
    for of in &companies {
        units[of.industry as usize] += if of.par < average { of.par / average } else { 1.0 };
    }
    let rounded = |score: f64| f64::from(floor_to_u32(score * 1e4 + 0.5)) / 1e4;
    let scores = units.into_iter().map(industry_score);
    scores.map(|score| if printed { rounded(score) } else { score }).sum()
}

/// All loans of a company, in the industry of its larger par.
fn together(loans: &[Holding]) -> Holding {
    let (mut par, mut largest, mut industry) = (0.0, 0.0, loans[0].industry);
    for of_industry in loans.chunk_by(|a, b| a.industry == b.industry) {
        let own: f64 = of_industry.iter().map(|loan| loan.par).sum();
        par += own;
        if own > largest {
            (largest, industry) = (own, of_industry[0].industry);
        }
    }
    Holding { company: loans[0].company, industry, par }
}

fn industry_score(units: f64) -> f64 {
    let step = floor_to_u32(10.0 * units + 0.5 + 1e-9);
    let k = f64::from(step);
    match step {
        0..=10 => 0.1 * k,
        11..=30 => 1.0 + 0.05 * (k - 10.0),
        31..=60 => 2.0 + (k - 30.0) / 30.0,
        61..=100 => 3.0 + 0.025 * (k - 60.0),
        101..=200 => 4.0 + 0.01 * (k - 100.0),
        _ => 5.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(loans: &[(u32, u32, f64)], printed: bool) -> f64 {
        score(loans.iter().map(|&(company, industry, par)| Holding { company, industry, par }), printed)
    }

    #[test]
    fn equal_companies_count_one_unit_each() {
        // Two units of one industry score 1.5, one of another 1.
        assert!((of(&[(0, 0, 5.0), (1, 0, 5.0), (2, 1, 5.0)], false) - 2.5).abs() < 1e-12);
    }

    #[test]
    fn a_small_company_counts_its_share_of_the_average_and_a_large_one_no_more_than_one() {
        // Par of 8 and 2, 5 on average: 1 and 0.4 units, 1.4 together score 1.2; a repaid loan counts nothing.
        assert!((of(&[(0, 0, 8.0), (1, 0, 2.0), (2, 1, 0.0)], false) - 1.2).abs() < 1e-12);
    }

    #[test]
    fn a_company_of_two_industries_counts_in_that_of_its_larger_par() {
        // Company 0 has 3 and 2: it is the one unit of industry 1, company 1 that of industry 0.
        assert!((of(&[(0, 0, 2.0), (0, 1, 3.0), (1, 0, 5.0)], false) - 2.0).abs() < 1e-12);
    }

    #[test]
    fn the_printed_table_has_four_decimals() {
        // Three of 39 and one of 3, 30 on average: 3.1 units score 2 + 1/30.
        let loans = [(0, 0, 39.0), (1, 0, 39.0), (2, 0, 39.0), (3, 0, 3.0)];
        assert!((of(&loans, false) - (2.0 + 1.0 / 30.0)).abs() < 1e-12);
        assert!((of(&loans, true) - 2.0333).abs() < 1e-12);
    }

    #[test]
    fn without_an_industry_or_par_there_is_no_score() {
        assert!(of(&[(0, NO_INDUSTRY, 5.0)], false).is_nan() && of(&[], false).is_nan());
    }
}
