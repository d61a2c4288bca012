//! Counter-based random numbers: a draw is a function of seed, purpose, draw index, entity and path, of nothing else.

use xxhash_rust::xxh3::xxh3_64;

/// Purpose of the draws of the market factor; its entity is [`MARKET_ENTITY`].
pub const MARKET: u32 = 1;
/// Purpose of the draws of an industry's factor; its entity is the industry's [`entity_key`].
pub const INDUSTRY: u32 = 2;
/// Purpose of the draws of a company's own part; its entity is the company's [`entity_key`].
pub const OBLIGOR: u32 = 3;

/// The one market.
pub const MARKET_ENTITY: u64 = 0;

/// Paths that the counter can number: `path / 4` fills one word.
pub const PATHS: u64 = 1 << 34;

const ROUNDS: usize = 10;
const MULTIPLIER_0: u64 = 0xd251_1f53;
const MULTIPLIER_1: u64 = 0xcd9e_8d57;
const WEYL_0: u32 = 0x9e37_79b9;
const WEYL_1: u32 = 0xbb67_ae85;
const LOW_WORD: u64 = 0xffff_ffff;

/// The ten rounds of one counter.
///
/// A word lives in 64 bits because the product of two words does: one multiplication gives both halves. Only the lower half
/// of a word of the result counts. Called in a loop over counters, it becomes vector code.
#[inline(always)]
fn rounds(mut words: [u64; 4], key: [u32; 2]) -> [u64; 4] {
    let [mut key_0, mut key_1] = key;
    for _ in 0..ROUNDS {
        let product_0 = (words[0] & LOW_WORD) * MULTIPLIER_0;
        let product_1 = (words[2] & LOW_WORD) * MULTIPLIER_1;
        let first = (product_1 >> 32) ^ words[1] ^ u64::from(key_0);
        let third = (product_0 >> 32) ^ words[3] ^ u64::from(key_1);
        words = [first, product_1, third, product_0];
        key_0 = key_0.wrapping_add(WEYL_0);
        key_1 = key_1.wrapping_add(WEYL_1);
    }
    words
}

/// The lower 32 bits.
#[inline(always)]
const fn low(word: u64) -> u32 {
    word as u32
}

/// Philox4x32-10: four random words of a counter and a key.
///
/// Source: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC '11.
#[inline(always)]
#[must_use]
pub fn philox4x32(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    let [a, b, c, d] = rounds(counter.map(u64::from), key);
    [low(a), low(b), low(c), low(d)]
}

/// Words of four consecutive paths for `N` entities: `out[w][n]` is the draw of path `4 · counter + w` and entity n.
///
/// Entities are given as the low and high halves of their keys.
#[inline(always)]
#[must_use]
pub fn entity_draws<const N: usize>(
    seed: u64,
    counter: u64,
    purpose: u32,
    draw: u32,
    entity_low: &[u64; N],
    entity_high: &[u64; N],
) -> [[u32; N]; 4] {
    let kind = u64::from(purpose << 16 | draw);
    let mut out = [[0; N]; 4];
    for n in 0..N {
        let words = rounds([counter, kind, entity_low[n], entity_high[n]], halves(seed));
        for w in 0..4 {
            out[w][n] = low(words[w]);
        }
    }
    out
}

/// Draws that differ in path and entity: `out[n]` is the draw of `paths[n]` and `entities[n]`.
#[inline(always)]
#[must_use]
pub fn scattered_draws<const N: usize>(
    seed: u64,
    paths: &[u64; N],
    purpose: u32,
    draw: u32,
    entities: &[u64; N],
) -> [u32; N] {
    let kind = u64::from(purpose << 16 | draw);
    let mut out = [0; N];
    for n in 0..N {
        let [a, b, c, d] = rounds([paths[n] >> 2, kind, entities[n], entities[n] >> 32], halves(seed));
        let even = if paths[n] & 2 == 0 { a } else { c };
        let odd = if paths[n] & 2 == 0 { b } else { d };
        out[n] = low(if paths[n] & 1 == 0 { even } else { odd });
    }
    out
}

/// One draw for each of the `L` paths from `first_path` on.
///
/// The counter is `(path / 4, purpose << 16 | draw, entity low, entity high)`, the key is the seed, and the four words of
/// a counter belong to four consecutive paths. `first_path` is a multiple of 4 unless `L` is 1, `L` is 1 or a multiple of
/// 4, `draw < 2¹⁶`, and paths lie below [`PATHS`].
#[inline(always)]
#[must_use]
pub fn draws<const L: usize>(seed: u64, first_path: u64, purpose: u32, draw: u32, entity: u64) -> [u32; L] {
    debug_assert!(
        L == 1 || (L.is_multiple_of(4) && first_path.is_multiple_of(4)),
        "Invariant: lanes fill whole counters"
    );
    debug_assert!(draw < 1 << 16 && first_path < PATHS, "Invariant: draw index and path fit their words");
    if L == 1 {
        return [scattered_draws(seed, &[first_path], purpose, draw, &[entity])[0]; L];
    }
    let mut out = [0; L];
    let kind = u64::from(purpose << 16 | draw);
    for quad in 0..L / 4 {
        let counter = (first_path >> 2) + quad as u64;
        let words = rounds([counter, kind, entity, entity >> 32], halves(seed));
        for w in 0..4 {
            out[4 * quad + w] = low(words[w]);
        }
    }
    out
}

#[inline(always)]
const fn halves(seed: u64) -> [u32; 2] {
    [low(seed), low(seed >> 32)]
}

/// The nearest number to `(high · 2³² + low + ½) / 2⁶⁴`, kept below 1: never 0 and never 1.
#[inline(always)]
#[must_use]
pub fn uniform(high: u32, low: u32) -> f64 {
    const TWO_POW_52_BITS: u64 = 0x4330_0000_0000_0000;
    const TWO_POW_52: f64 = 4_503_599_627_370_496.0;
    const TWO_POW_32: f64 = 4_294_967_296.0;
    const BELOW_1: f64 = 1.0 - f64::EPSILON / 2.0;
    // The bits of 2⁵² + n hold n: a conversion that every instruction set vectorizes.
    let high = f64::from_bits(TWO_POW_52_BITS | u64::from(high)) - TWO_POW_52;
    let low = f64::from_bits(TWO_POW_52_BITS | u64::from(low)) - TWO_POW_52;
    let u = (high * TWO_POW_32 + (low + 0.5)) * (1.0 / (TWO_POW_32 * TWO_POW_32));
    if u < BELOW_1 { u } else { BELOW_1 }
}

/// The key of a company, an industry or a country: the 64-bit XXH3 hash of its name.
#[must_use]
pub fn entity_key(text: &str) -> u64 {
    xxh3_64(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::{INDUSTRY, OBLIGOR, draws, entity_key, philox4x32, scattered_draws, uniform};

    #[test]
    fn philox_reproduces_the_known_answers_of_random123() {
        // Random123 1.14, tests/kat_vectors, lines "philox4x32 10".
        assert_eq!(philox4x32([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(philox4x32([u32::MAX; 4], [u32::MAX; 2]), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
        assert_eq!(
            philox4x32([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0]),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn a_draw_does_not_depend_on_the_lanes_beside_it() {
        let seed = 0x0123_4567_89ab_cdef;
        let entity = entity_key("Altice France S.A.");
        for first in [0, 16, 4_096, (1 << 34) - 32] {
            let wide = draws::<32>(seed, first, OBLIGOR, 7, entity);
            for (lane, word) in (0_u64..).zip(wide) {
                assert_eq!(draws::<1>(seed, first + lane, OBLIGOR, 7, entity), [word]);
            }
            assert_eq!(draws::<16>(seed, first, OBLIGOR, 7, entity), wide[..16]);
            assert_eq!(draws::<8>(seed, first, OBLIGOR, 7, entity), wide[..8]);
            assert_eq!(draws::<4>(seed, first + 4, OBLIGOR, 7, entity), wide[4..8]);
            let paths = [first + 3, first + 5, first + 14, first];
            let picked = scattered_draws(seed, &paths, OBLIGOR, 7, &[entity; 4]);
            assert_eq!(picked, [wide[3], wide[5], wide[14], wide[0]]);
        }
    }

    #[test]
    fn the_counter_is_path_purpose_draw_and_entity() {
        let (seed, entity) = (0xaaaa_bbbb_cccc_dddd, 0x1111_2222_3333_4444);
        let words = philox4x32([25, 2 << 16 | 9, 0x3333_4444, 0x1111_2222], [0xcccc_dddd, 0xaaaa_bbbb]);
        assert_eq!(draws::<4>(seed, 100, INDUSTRY, 9, entity), words);
    }

    #[test]
    fn a_uniform_is_never_zero_or_one() {
        assert_eq!(uniform(0, 0).to_bits(), (0.5_f64 / 18_446_744_073_709_551_616.0).to_bits());
        assert_eq!(uniform(u32::MAX, u32::MAX).to_bits(), (1.0_f64 - f64::EPSILON / 2.0).to_bits());
        assert_eq!(uniform(1 << 31, 0).to_bits(), 0.5_f64.to_bits());
        assert!(uniform(u32::MAX, 0) < 1.0);
    }

    #[test]
    fn an_entity_key_is_the_xxh3_hash_of_the_name() {
        // xxHash specification, XXH3 64 bits with seed 0 of the empty input.
        assert_eq!(entity_key(""), 0x2d06_8005_38d3_94c2);
    }
}
