#![expect(clippy::float_cmp, reason = "counts are whole numbers")]

use cloche_dispatch::{Isa, Kernel};

use super::{Copula, CopulaInput, CopulaScratch, ObligorInput};
use crate::lanes::Pack;
use crate::math::{normal_inverse, pow};
use crate::random::entity_key;

fn obligor(name: &str, industry: u32, cumulative: &[f64]) -> ObligorInput {
    ObligorInput {
        key: entity_key(name),
        industry,
        cumulative: cumulative.to_vec(),
        last_step: u32::try_from(cumulative.len()).unwrap(),
        owes_until: u32::MAX,
    }
}

fn input(inter: f64, intra: f64, obligors: Vec<ObligorInput>) -> CopulaInput {
    let industries = (0..4).map(|i| entity_key(&format!("industry {i}"))).collect();
    CopulaInput { inter, intra, industries, obligors, seed: 20_260_731, reinvestment_cumulative: Vec::new() }
}

/// A pool of many shapes: rising, resting, certain and impossible curves, and loans that end early or are gone.
fn motley(inter: f64, intra: f64) -> CopulaInput {
    let mut obligors = Vec::new();
    for i in 0..40_u32 {
        let hazard = 0.001 + 0.004 * f64::from(i % 7);
        let cumulative: Vec<f64> = (1..=24).map(|p| 1.0 - pow(1.0 - hazard, f64::from(p))).collect();
        obligors.push(obligor(&format!("company {i}"), i % 4, &cumulative));
        obligors[i as usize].last_step = 24 - i % 11;
    }
    obligors.push(obligor("impossible", 0, &[0.0; 24]));
    obligors.push(obligor("certain", 1, &[1.0; 24]));
    let mut late = vec![0.0; 23];
    late.push(1.0);
    obligors.push(obligor("certain at the end", 2, &late));
    let mut resting = vec![0.1; 12];
    resting.extend([0.3; 12]);
    obligors.push(obligor("resting", 3, &resting));
    obligors.push(ObligorInput { last_step: 0, ..obligor("gone", 3, &[0.5; 24]) });
    obligors.push(obligor("short", 1, &[0.05, 0.1]));
    input(inter, intra, obligors)
}

fn all_events<const L: usize>(copula: &Copula, paths: u64) -> Vec<(u64, u32, u32)> {
    let mut scratch = CopulaScratch::default();
    let mut drawn = copula.no_paths();
    for first in (0..paths).step_by(L) {
        copula.draw::<L>(first, &mut scratch, &mut drawn);
    }
    let mut all = Vec::new();
    for path in 0..drawn.paths() {
        let events = drawn.defaults(path);
        assert!(events.windows(2).all(|pair| pair[0].0 < pair[1].0));
        all.extend(events.iter().map(|(obligor, step)| (path as u64, *obligor, *step)));
    }
    all
}

const CORRELATIONS: [(f64, f64); 7] =
    [(0.0, 0.0), (0.2, 0.2), (0.15, 0.3), (0.0, 0.4), (0.999, 0.999), (0.5, 0.999_999), (1e-9, 2e-9)];

#[test]
fn defaults_do_not_depend_on_the_number_of_lanes() {
    for (inter, intra) in CORRELATIONS {
        let copula = Copula::new(motley(inter, intra));
        let one = all_events::<1>(&copula, 512);
        assert!(!one.is_empty());
        assert_eq!(all_events::<4>(&copula, 512), one);
        assert_eq!(all_events::<8>(&copula, 512), one);
        assert_eq!(all_events::<16>(&copula, 512), one);
    }
}

#[test]
fn bounds_lose_no_default_and_add_none() {
    for (inter, intra) in CORRELATIONS {
        let input = motley(inter, intra);
        let copula = Copula::new(input.clone());
        let mut expected = Vec::new();
        for path in 0..512 {
            for (index, obligor) in (0_u32..).zip(&input.obligors) {
                let latent = copula.latent(path, index);
                let step = obligor.cumulative.iter().filter(|&&p| normal_inverse(p) < latent).count() as u32 + 1;
                if step <= obligor.last_step {
                    expected.push((path, index, step));
                }
            }
        }
        assert_eq!(all_events::<16>(&copula, 512), expected, "correlations {inter}, {intra}");
    }
}

/// Defaults, market factor and conditional hazards of 16 paths.
struct Block<'a> {
    copula: &'a Copula,
    first_path: u64,
}

impl Kernel for Block<'_> {
    type Output = (Vec<Vec<(u32, u32)>>, Vec<Pack<16>>);

    #[inline(always)]
    fn run(self) -> Self::Output {
        let mut drawn = self.copula.no_paths();
        self.copula.draw::<16>(self.first_path, &mut CopulaScratch::default(), &mut drawn);
        let events = (0..16).map(|path| drawn.defaults(path)).collect();
        let market = self.copula.market::<16>(self.first_path);
        let mut packs = vec![Pack::ZERO; 24];
        self.copula.conditional_hazard(&market, &mut packs);
        packs.push(market);
        (events, packs)
    }
}

#[test]
fn the_best_instruction_set_draws_the_bits_of_the_portable_one() {
    for (inter, intra) in CORRELATIONS {
        let mut input = motley(inter, intra);
        input.reinvestment_cumulative = (1..=24).map(|p| 1.0 - pow(0.99, f64::from(p))).collect();
        let copula = Copula::new(input);
        for first_path in (0..512).step_by(16) {
            let (events, packs) = Isa::PORTABLE.run(Block { copula: &copula, first_path });
            let (best_events, best_packs) = Isa::detect().run(Block { copula: &copula, first_path });
            assert_eq!(events, best_events);
            for (pack, best) in packs.iter().zip(best_packs) {
                assert_eq!(pack.0.map(f64::to_bits), best.0.map(f64::to_bits));
            }
        }
    }
}

#[test]
fn certainty_and_impossibility_are_exact() {
    let input = motley(0.2, 0.3);
    let copula = Copula::new(input);
    let mut certain = Vec::new();
    for (path, index, step) in all_events::<16>(&copula, 1_024) {
        assert!(index != 40 && index != 44, "a company that cannot default did");
        if index == 41 || index == 42 {
            certain.push((path, (step, index)));
        }
    }
    let expected: Vec<_> = (0..1_024).flat_map(|path| [(path, (1, 41)), (path, (24, 42))]).collect();
    assert_eq!(certain, expected);
}

#[test]
fn defaults_after_the_last_payment_are_told_apart() {
    let mut input = motley(0.2, 0.3);
    let whole = all_events::<16>(&Copula::new(input.clone()), 512);
    for obligor in &mut input.obligors {
        obligor.owes_until = obligor.last_step / 2;
    }
    let copula = Copula::new(input.clone());
    let mut drawn = copula.no_paths();
    let mut scratch = CopulaScratch::default();
    for first in (0..512).step_by(64) {
        copula.draw_packs::<16>(first, 4, &mut scratch, &mut drawn);
    }
    let mut found = Vec::new();
    for path in 0..512 {
        let until = |obligor: u32| input.obligors[obligor as usize].owes_until;
        let mut of_path = Vec::new();
        drawn.each_default(path, |(obligor, step)| {
            assert!(step <= until(obligor));
            of_path.push((path as u64, obligor, step));
        });
        drawn.each_later(path, |(obligor, step)| {
            assert!(step > until(obligor));
            of_path.push((path as u64, obligor, step));
        });
        of_path.sort_unstable();
        found.extend(of_path);
    }
    assert_eq!(found, whole);
}

#[test]
fn an_empty_pool_has_no_defaults() {
    let copula = Copula::new(input(0.2, 0.3, Vec::new()));
    let mut drawn = copula.no_paths();
    copula.draw::<16>(0, &mut CopulaScratch::default(), &mut drawn);
    assert_eq!(drawn.paths(), 16);
    assert!((0..16).all(|path| drawn.defaults(path).is_empty()));
}

#[test]
fn a_company_defaults_in_the_same_paths_in_every_pool() {
    let curve = [0.1, 0.3];
    let alone = Copula::new(input(0.1, 0.3, vec![obligor("Acme", 2, &curve)]));
    let among = Copula::new(input(
        0.1,
        0.3,
        vec![obligor("Other", 1, &[0.5, 0.6]), obligor("Third", 0, &[0.5, 0.6]), obligor("Acme", 2, &curve)],
    ));
    let expected: Vec<_> = all_events::<16>(&alone, 4_096).into_iter().map(|(path, _, step)| (path, step)).collect();
    let found: Vec<_> = all_events::<16>(&among, 4_096)
        .into_iter()
        .filter(|(_, obligor, _)| *obligor == 2)
        .map(|(path, _, step)| (path, step))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn the_level_of_a_path_tells_its_default() {
    let copula = Copula::new(input(0.1, 0.3, vec![obligor("Acme", 2, &[0.1, 0.3])]));
    for (path, _, step) in all_events::<16>(&copula, 4_096) {
        let level = copula.default_probability_level(path, 0);
        assert!(if step == 1 { level <= 0.1 } else { 0.1 < level && level <= 0.3 });
    }
}

/// Default counts of a homogeneous pool under one market factor.
fn counts(names: u32, cumulative: &[f64], correlation: f64, paths: u64) -> Vec<f64> {
    let obligors = (0..names).map(|i| obligor(&format!("company {i}"), 0, cumulative)).collect();
    let copula = Copula::new(input(correlation, correlation, obligors));
    let mut scratch = CopulaScratch::default();
    let mut drawn = copula.no_paths();
    for first in (0..paths).step_by(16) {
        copula.draw::<16>(first, &mut scratch, &mut drawn);
    }
    (0..drawn.paths()).map(|path| drawn.defaults(path).len() as f64).collect()
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let n = values.len() as f64;
    values.sum::<f64>() / n
}

/// Exact distribution of a pool of 125 names: conditional binomial, quadrature over the factor (Andersen, Sidenius and
/// Basu 2003).
struct FinitePool {
    probability: f64,
    correlation: f64,
    deviation: f64,
    none: f64,
    first: [f64; 6],
    quantiles: [(f64, f64); 3],
}

const FINITE_POOLS: [FinitePool; 2] = [
    FinitePool {
        probability: 0.05,
        correlation: 0.15,
        deviation: 5.996_761_201_204_771,
        none: 0.081_503_690_674_298_54,
        first: [
            0.081_503_690_674_298_54,
            0.109_341_236_250_123_71,
            0.111_132_375_888_321_14,
            0.102_569_567_306_817_36,
            0.090_623_671_859_554_55,
            0.078_294_178_188_427_21,
        ],
        quantiles: [(0.5, 5.0), (0.9, 14.0), (0.99, 28.0)],
    },
    FinitePool {
        probability: 0.2,
        correlation: 0.2,
        deviation: 16.752_047_697_069_56,
        none: 0.003_874_711_218_723_868_3,
        first: [
            0.003_874_711_218_723_868_3,
            0.008_123_354_656_160_247,
            0.012_039_214_079_187_469,
            0.015_450_888_240_931_15,
            0.018_339_610_895_974_287,
            0.020_736_827_977_090_3,
        ],
        quantiles: [(0.5, 22.0), (0.9, 49.0), (0.99, 75.0)],
    },
];

#[test]
fn a_finite_pool_has_the_exact_distribution_of_defaults() {
    const PATHS: u64 = 1 << 18;
    let root = (PATHS as f64).sqrt();
    for pool in FINITE_POOLS {
        let mut counts = counts(125, &[pool.probability / 3.0, pool.probability], pool.correlation, PATHS);
        let average = mean(counts.iter().copied());
        assert!((average - 125.0 * pool.probability).abs() < 4.0 * pool.deviation / root, "mean {average}");
        let variance = mean(counts.iter().map(|n| (n - average) * (n - average)));
        let fourth = mean(counts.iter().map(|n| pow((n - average).abs(), 4.0)));
        let deviation_error = (fourth - variance * variance).sqrt() / (2.0 * variance.sqrt()) / root;
        assert!((variance.sqrt() - pool.deviation).abs() < 4.0 * deviation_error, "deviation {}", variance.sqrt());
        assert_eq!(pool.none.to_bits(), pool.first[0].to_bits());
        for (defaults, probability) in (0_u8..).zip(pool.first) {
            let share = mean(counts.iter().map(|n| f64::from(u8::from(*n == f64::from(defaults)))));
            let error = (probability * (1.0 - probability)).sqrt() / root;
            assert!((share - probability).abs() < 4.0 * error, "{defaults} defaults: {share}, not {probability}");
        }
        counts.sort_by(f64::total_cmp);
        for (level, expected) in pool.quantiles {
            let found = crate::metrics::quantiles(&mut counts.clone(), &[level])[0];
            assert!((found - expected).abs() < 1.5, "quantile {level}: {found}");
        }
    }
}

#[test]
fn companies_of_one_industry_default_together_more_often_than_those_of_two() {
    // Bivariate normal probability of two defaults, p = 10 %: correlation 0.1 and 0.3 (quadrature, 30 digits).
    const APART: f64 = 0.013_335_440_843_569_6;
    const TOGETHER: f64 = 0.021_616_480_355_787_526;
    const PATHS: u64 = 1 << 18;
    let names = [("a", 0), ("b", 0), ("c", 1), ("d", 1)];
    let obligors = names.iter().map(|&(name, industry)| obligor(name, industry, &[0.1])).collect();
    let copula = Copula::new(input(0.1, 0.3, obligors));
    let mut scratch = CopulaScratch::default();
    let mut drawn = copula.no_paths();
    let mut singles = [0_u32; 4];
    let mut pairs = [[0_u32; 4]; 4];
    for first in (0..PATHS).step_by(16) {
        drawn.clear();
        copula.draw::<16>(first, &mut scratch, &mut drawn);
        for events in (0..16).map(|path| drawn.defaults(path)) {
            for (i, (company, _)) in events.iter().enumerate() {
                singles[*company as usize] += 1;
                for (other, _) in &events[i + 1..] {
                    pairs[*company as usize][*other as usize] += 1;
                }
            }
        }
    }
    let n = PATHS as f64;
    let check = |count: u32, probability: f64| {
        let error = (probability * (1.0 - probability) / n).sqrt();
        let share = f64::from(count) / n;
        assert!((share - probability).abs() < 4.0 * error, "{share}, not {probability}");
    };
    for count in singles {
        check(count, 0.1);
    }
    check(pairs[0][1], TOGETHER);
    check(pairs[2][3], TOGETHER);
    for (i, j) in [(0, 2), (0, 3), (1, 2), (1, 3)] {
        check(pairs[i][j], APART);
    }
}

#[test]
fn defaults_fall_into_the_steps_of_the_curve() {
    const PATHS: u64 = 1 << 17;
    let curve = [0.02, 0.05, 0.05, 0.12, 0.3];
    let obligors = (0..8).map(|i| obligor(&format!("company {i}"), 0, &curve)).collect();
    let copula = Copula::new(input(0.0, 0.0, obligors));
    let mut by_step = [0_u32; 5];
    for (_, _, step) in all_events::<16>(&copula, PATHS) {
        by_step[step as usize - 1] += 1;
    }
    let n = 8.0 * PATHS as f64;
    for (found, probability) in by_step.into_iter().zip([0.02, 0.03, 0.0, 0.07, 0.18]) {
        let error = (probability * (1.0 - probability) / n).sqrt();
        assert!((f64::from(found) / n - probability).abs() <= 4.0 * error);
    }
}
