//! Default rates of a fine-grained pool in a path, given the market factor.

use cloche_dispatch::{Isa, Kernel};

use crate::credit::Copula;
use crate::credit::fitted::{BySteps, Fitted, TERMS};
use crate::lanes::Pack;
use crate::math::normal::normal_tails_lanes;
use crate::math::normal_inverse;

/// The share of the surviving reinvested collateral that defaults in each step, given the market factor `Z`.
///
/// With `p_t = Φ((Φ⁻¹(F(t)) - √inter · Z) / √(1 - inter))` (Vasicek) the share is `(p_t - p_{t-1}) / (1 - p_{t-1})`, in
/// [0, 1]. It is a smooth function of `Z`, so polynomials tell it (`fitted.rs`) where they do to the last digits.
#[derive(Clone, Debug)]
pub(super) struct ConditionalRates {
    exact: Vasicek,
    fitted: Option<Fitted>,
}

impl ConditionalRates {
    /// Of a curve `F(t_p)`, p = 1, 2, ….
    pub fn new(inter: f64, cumulative: Vec<f64>) -> Self {
        let thresholds: Vec<f64> = cumulative.into_iter().map(normal_inverse).collect();
        let exact = Vasicek { inter, thresholds };
        let fitted = Isa::detect().run(Fit(&exact));
        Self { exact, fitted }
    }
}

/// Fits polynomials to the formula.
struct Fit<'a>(&'a Vasicek);

impl Kernel for Fit<'_> {
    type Output = Option<Fitted>;

    #[inline(always)]
    fn run(self) -> Option<Fitted> {
        Fitted::new(self.0.thresholds.len(), self.0)
    }
}

/// The formula itself.
#[derive(Clone, Debug)]
struct Vasicek {
    inter: f64,
    /// `Φ⁻¹(F(t_p))`
    thresholds: Vec<f64>,
}

impl BySteps for Vasicek {
    #[inline(always)]
    fn at(&self, market: &Pack<TERMS>, out: &mut [Pack<TERMS>]) {
        self.shares(market, out);
    }
}

impl Vasicek {
    /// The shares of `L` paths; in the upper half the difference is taken of the survivors, so that it keeps its digits when few
    /// are left.
    #[inline(always)]
    fn shares<const L: usize>(&self, market: &Pack<L>, out: &mut [Pack<L>]) {
        let thresholds = self.thresholds.as_slice();
        debug_assert!(out.len() <= thresholds.len(), "Invariant: one step of the curve for each step asked for");
        let scale = 1.0 / (1.0 - self.inter).sqrt();
        let shift = *market * (self.inter.sqrt() * scale);
        let mut defaulted = [0.0; L];
        let mut surviving = [1.0; L];
        let mut previous = f64::NEG_INFINITY;
        for p in 0..out.len() {
            let threshold = thresholds[p];
            let level = threshold * scale;
            // Where nothing survives in double precision: all of it if the curve rises, none if it rests.
            let exhausted = if threshold > previous { 1.0 } else { 0.0 };
            let mut share = [0.0; L];
            let (all_below, all_above) = normal_tails_lanes(Pack::splat(level) - shift);
            for lane in 0..L {
                let (below, above) = (all_below.0[lane], all_above.0[lane]);
                let lower = below - defaulted[lane];
                let upper = surviving[lane] - above;
                let difference = if defaulted[lane] < 0.5 { lower } else { upper };
                let rest = surviving[lane];
                let value = difference / if rest > 0.0 { rest } else { 1.0 };
                let value = if rest > 0.0 { value } else { exhausted };
                let value = if value > 0.0 { value } else { 0.0 };
                share[lane] = if value < 1.0 { value } else { 1.0 };
                defaulted[lane] = below;
                surviving[lane] = above;
            }
            out[p] = Pack(share);
            previous = threshold;
        }
    }
}

impl Copula {
    /// The share of the surviving reinvested collateral that defaults in each step, given the market factor of each lane.
    ///
    /// `out[p - 1]` is the share of step p; `out` is at most as long as [`reinvestment_cumulative`].
    ///
    /// [`reinvestment_cumulative`]: crate::credit::CopulaInput::reinvestment_cumulative
    #[inline(always)]
    pub fn conditional_hazard<const L: usize>(&self, market: &Pack<L>, out: &mut [Pack<L>]) {
        match &self.conditional.fitted {
            Some(fitted) => fitted.of(market, out),
            None => self.conditional.exact.shares(market, out),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::credit::{Copula, CopulaInput};
    use crate::lanes::Pack;
    use crate::math::pow;

    fn copula(inter: f64, cumulative: &[f64]) -> Copula {
        Copula::new(CopulaInput {
            inter,
            intra: inter,
            industries: Vec::new(),
            obligors: Vec::new(),
            seed: 1,
            reinvestment_cumulative: cumulative.to_vec(),
        })
    }

    #[test]
    fn two_deviations_down_a_default_probability_of_3_percent_becomes_13_5() {
        // Vasicek: z = -2, p = 3 %, correlation 0.2.
        let mut out = [Pack::ZERO; 1];
        copula(0.2, &[0.03]).conditional_hazard(&Pack([-2.0]), &mut out);
        assert!((out[0].0[0] - 0.135_058_929_667_024_15).abs() < 1e-14);
    }

    #[test]
    fn without_correlation_the_shares_are_the_hazards_of_the_curve() {
        let cumulative = [0.1, 0.28, 0.28, 0.64, 1.0, 1.0];
        let mut out = [Pack::ZERO; 6];
        copula(0.0, &cumulative).conditional_hazard(&Pack([0.7, -3.0]), &mut out);
        for (share, expected) in out.iter().zip([0.1, 0.2, 0.0, 0.5, 1.0, 0.0]) {
            assert!((share.0[0] - expected).abs() < 1e-14 && (share.0[1] - expected).abs() < 1e-14);
        }
    }

    #[test]
    fn polynomials_tell_the_formula_to_its_last_digits() {
        for inter in [0.0, 0.05, 0.2, 0.5] {
            let cumulative: Vec<f64> = (1..=49).map(|p| 1.0 - pow(0.993, f64::from(p))).collect();
            let copula = copula(inter, &cumulative);
            assert!(copula.conditional.fitted.is_some(), "{inter}");
            let (mut one, mut other) = ([Pack::ZERO; 49], [Pack::ZERO; 49]);
            for i in -9_400..9_400 {
                let market = Pack([f64::from(i) * 0.001, f64::from(i) * 0.001 + 3.7e-4]);
                copula.conditional_hazard(&market, &mut one);
                copula.conditional.exact.shares(&market, &mut other);
                for (x, y) in one.iter().zip(&other) {
                    assert!((x.0[0] - y.0[0]).abs() < 1e-13 && (x.0[1] - y.0[1]).abs() < 1e-13, "{x:?} and {y:?}");
                }
            }
        }
        // What changes too fast is computed by the formula.
        assert!(super::ConditionalRates::new(0.999, vec![0.1, 0.2]).fitted.is_none());
        assert!(super::ConditionalRates::new(0.2, Vec::new()).fitted.is_none());
    }

    #[test]
    fn shares_stay_in_range_under_extreme_correlation() {
        let cumulative = [0.0, 1e-12, 0.2, 0.2, 0.999_999, 1.0];
        let mut out = [Pack::ZERO; 6];
        copula(0.999, &cumulative).conditional_hazard(&Pack([-8.0, -1.0, 0.0, 8.0]), &mut out);
        for share in out {
            assert!(share.0.iter().all(|q| (0.0..=1.0).contains(q)));
        }
        assert_eq!(out[3], Pack([0.0; 4]));
    }

    #[test]
    fn the_mean_over_the_factor_is_the_curve() {
        let (first, second) = (0.03, 0.08);
        let copula = copula(0.3, &[first, second]);
        let (mut mean_first, mut mean_second) = (0.0, 0.0);
        let paths = 1 << 16;
        for path in (0..paths).step_by(16) {
            let mut out = [Pack::ZERO; 2];
            copula.conditional_hazard(&copula.market::<16>(path), &mut out);
            for lane in 0..16 {
                let [q1, q2] = [out[0].0[lane], out[1].0[lane]];
                mean_first += q1 / paths as f64;
                mean_second += (q1 + (1.0 - q1) * q2) / paths as f64;
            }
        }
        // Standard errors of the two means: 1.9e-4 and 3.6e-4.
        assert!((mean_first - first).abs() < 8e-4);
        assert!((mean_second - second).abs() < 1.5e-3);
    }
}
