//! Default times under a Gaussian copula with one market factor and one factor an industry.
//!
//! `X = √inter · Z + √(intra - inter) · Y + √(1 - intra) · ε`, all standard normal; the company defaults in step p where
//! `F(t_{p-1}) < Φ(X) <= F(t_p)`, decided as `Φ⁻¹(F(t_{p-1})) < X <= Φ⁻¹(F(t_p))`. `Z` low is bad.

use crate::credit::bounds::{BUCKETS, Buckets};
use crate::credit::candidates::Candidates;
use crate::credit::conditional::ConditionalRates;
use crate::credit::curves::{Curves, Guide};
use crate::credit::defaults::{Code, DrawnPaths, PATHS, PathEvents, STEPS};
use crate::credit::own::OwnPart;
use crate::lanes::Pack;
use crate::math::normal::normal_inverse_lanes;
use crate::math::{normal_cdf, normal_inverse};
use crate::random::{INDUSTRY, MARKET, MARKET_ENTITY, OBLIGOR, draws, entity_draws, uniform};

/// A company.
#[derive(Clone, Debug, PartialEq)]
pub struct ObligorInput {
    /// Entity key of its draws.
    pub key: u64,
    /// Index into [`CopulaInput::industries`].
    pub industry: u32,
    /// Cumulative default probability `F(t_p)` for p = 1, 2, …; in [0, 1], not decreasing.
    pub cumulative: Vec<f64>,
    /// Last step, counted from 1, in which a default is of interest; 0: none.
    pub last_step: u32,
    /// Last step, counted from 1, in which the company still owes something: later defaults are only counted.
    pub owes_until: u32,
}

/// What a copula is made of.
#[derive(Clone, Debug, PartialEq)]
pub struct CopulaInput {
    /// Correlation of two companies of different industries, in [0, intra].
    pub inter: f64,
    /// Correlation of two companies of the same industry, below 1.
    pub intra: f64,
    /// Entity keys of the industries.
    pub industries: Vec<u64>,
    /// The companies.
    pub obligors: Vec<ObligorInput>,
    /// Key of all draws.
    pub seed: u64,
    /// Cumulative default probability `F(t_p)` of what is bought with reinvested money.
    pub reinvestment_cumulative: Vec<f64>,
}

/// A company as the draws need it.
#[derive(Clone, Copy, Debug, Default)]
struct Obligor {
    guide: Guide,
    key: u64,
    /// Index into [`Copula::groups`].
    group: u32,
    /// Row of its curve.
    row: u32,
    last_step: u32,
    owes_until: u32,
    /// Its index into the input, as the code of defaults has it.
    company: u32,
}

/// Companies whose first words are drawn and compared at once.
const CHUNK: usize = 8;

/// Defaults for which there is room while paths are drawn together: 40 KiB, so that the heads of all lists stay at hand.
const ROOM: usize = 10_240;

/// What the draws of eight companies need.
#[derive(Clone, Debug)]
struct Chunk {
    obligors: [Obligor; CHUNK],
    key_low: [u64; CHUNK],
    key_high: [u64; CHUNK],
    groups: [u32; CHUNK],
    bounds: [[u32; CHUNK]; BUCKETS],
}

/// Default times of a pool.
#[derive(Clone, Debug)]
pub struct Copula {
    seed: u64,
    code: Code,
    market_weight: f64,
    industry_weight: f64,
    own_weight: f64,
    buckets: Buckets,
    /// Entity keys of the industries that some company belongs to; empty when industries have no factor.
    industries: Vec<u64>,
    curves: Curves,
    own_part: OwnPart,
    obligors: Vec<Obligor>,
    /// Those of `obligors` that can default, filled up to whole chunks with one that owes nothing.
    chunks: Vec<Chunk>,
    /// Default rates of what is bought with reinvested money.
    pub(super) conditional: ConditionalRates,
}

/// Work space of [`Copula::draw_packs`], reused from block to block.
#[derive(Clone, Debug)]
pub struct CopulaScratch {
    /// Systematic part, by group and path.
    systematic: Vec<[f64; PATHS]>,
    /// Its bucket, by group and path.
    buckets: Vec<[u32; PATHS]>,
    /// Of a few companies: their first words by path.
    words: [[u32; CHUNK]; PATHS],
    candidates: Candidates,
    events: PathEvents,
}

impl Default for CopulaScratch {
    fn default() -> Self {
        Self {
            systematic: Vec::new(),
            buckets: Vec::new(),
            words: [[0; CHUNK]; PATHS],
            candidates: Candidates::default(),
            events: PathEvents::default(),
        }
    }
}

impl Copula {
    /// A copula; `intra < 1` and the ranges of [`CopulaInput`] and [`ObligorInput`] are the caller's to check.
    #[must_use]
    pub fn new(input: CopulaInput) -> Self {
        let CopulaInput { inter, intra, industries: industry_keys, obligors, seed, reinvestment_cumulative } = input;
        debug_assert!(0.0 <= inter && inter <= intra && intra < 1.0, "Invariant: 0 <= inter <= intra < 1");
        let by_industry = intra > inter;
        let own_weight = (1.0 - intra).sqrt();
        let buckets = Buckets::new(intra.sqrt());
        let cumulative: Vec<&[f64]> = obligors.iter().map(|obligor| obligor.cumulative.as_slice()).collect();
        let (curves, rows) = Curves::new(&cumulative);
        let mut groups = vec![None; industry_keys.len()];
        let mut industries = Vec::new();
        let code = Code::new(obligors.iter().map(|obligor| count(obligor.cumulative.len())).max().unwrap_or(0));
        let mut compiled = Vec::with_capacity(obligors.len());
        for (index, (obligor, row)) in (0..).zip(obligors.iter().zip(rows)) {
            let group = if by_industry {
                *groups[obligor.industry as usize].get_or_insert_with(|| {
                    industries.push(industry_keys[obligor.industry as usize]);
                    count(industries.len()) - 1
                })
            } else {
                0
            };
            let steps = count(obligor.cumulative.len());
            let last_step = if obligor.last_step < steps { obligor.last_step } else { steps };
            let guide = curves.guide(row);
            let (key, owes_until) = (obligor.key, obligor.owes_until.min(STEPS as u32));
            let company = code.company(index);
            compiled.push(Obligor { guide, key, group, row, last_step, owes_until, company });
        }
        let mut active = Vec::with_capacity(compiled.len() + CHUNK);
        for obligor in &compiled {
            if obligor.last_step > 0 && curves.threshold(obligor.row, obligor.last_step) > f64::NEG_INFINITY {
                active.push(*obligor);
            }
        }
        active.resize(active.len().next_multiple_of(CHUNK), Obligor::default());
        let chunks =
            active.chunks_exact(CHUNK).map(|obligors| Chunk::new(obligors, &curves, buckets, own_weight)).collect();
        Self {
            seed,
            code,
            market_weight: inter.sqrt(),
            industry_weight: (intra - inter).sqrt(),
            own_weight,
            buckets,
            industries,
            own_part: OwnPart::new(own_weight),
            curves,
            obligors: compiled,
            chunks,
            conditional: ConditionalRates::new(inter, reinvestment_cumulative),
        }
    }

    /// The market factor `Z` of `L` paths.
    #[inline(always)]
    #[must_use]
    pub fn market<const L: usize>(&self, first_path: u64) -> Pack<L> {
        self.factor(first_path, MARKET, MARKET_ENTITY)
    }

    /// A standard normal factor of `L` paths.
    #[inline(always)]
    fn factor<const L: usize>(&self, first_path: u64, purpose: u32, entity: u64) -> Pack<L> {
        let high = draws::<L>(self.seed, first_path, purpose, 0, entity);
        let low = draws::<L>(self.seed, first_path, purpose, 1, entity);
        let mut u = [0.0; L];
        for lane in 0..L {
            u[lane] = uniform(high[lane], low[lane]);
        }
        normal_inverse_lanes(Pack(u))
    }

    /// `√inter · Z + √(intra - inter) · Y` of each group of companies in the `L` paths of a pack.
    #[inline(always)]
    fn systematic<const L: usize>(&self, first_path: u64, market: Pack<L>, pack: usize, scratch: &mut CopulaScratch) {
        let market = market * self.market_weight;
        for group in 0..self.groups() {
            let mut value = market;
            if let Some(&industry) = self.industries.get(group) {
                value += self.factor::<L>(first_path, INDUSTRY, industry) * self.industry_weight;
            }
            let (systematic, _) = scratch.systematic[group].as_chunks_mut::<L>();
            systematic[pack] = value.0;
            let (buckets, _) = scratch.buckets[group].as_chunks_mut::<L>();
            for lane in 0..L {
                buckets[pack][lane] = self.buckets.of(value.0[lane]);
            }
        }
    }

    /// Number of systematic parts.
    fn groups(&self) -> usize {
        if self.industries.is_empty() { 1 } else { self.industries.len() }
    }

    /// Packs of `L` paths that are well drawn together: so many that tables are read from near, so few that lists are written there.
    #[must_use]
    pub fn packs<const L: usize>(&self) -> usize {
        let (packs, most) = (ROOM / (L * PathEvents::room(self.most_defaults())), PATHS / L);
        if packs > most {
            most
        } else if packs > 0 {
            packs
        } else {
            1
        }
    }

    /// No paths yet.
    #[must_use]
    pub fn no_paths(&self) -> DrawnPaths {
        DrawnPaths::new(self.obligors.len(), self.code)
    }

    /// Most companies that can default.
    fn most_defaults(&self) -> usize {
        self.chunks.len() * CHUNK
    }

    /// Draws the `L` paths from `first_path` on and adds them to `out`.
    ///
    /// `first_path` is a multiple of 4 unless `L` is 1.
    #[inline(always)]
    pub fn draw<const L: usize>(&self, first_path: u64, scratch: &mut CopulaScratch, out: &mut DrawnPaths) {
        self.draw_packs::<L>(first_path, 1, scratch, out);
    }

    /// Draws `packs` times `L` paths, at most [`PATHS`], from `first_path` on and adds them to `out`, the defaults of each in
    /// the order of companies.
    ///
    /// The same few companies are drawn in all these paths before the next few, so that what is looked up for them is at hand.
    /// `first_path` is a multiple of 4 unless `L` is 1.
    #[inline(always)]
    pub fn draw_packs<const L: usize>(
        &self,
        first_path: u64,
        packs: usize,
        scratch: &mut CopulaScratch,
        out: &mut DrawnPaths,
    ) {
        const { assert!(PATHS.is_multiple_of(L), "the lanes of a pack are in one mask") };
        scratch.systematic.resize(self.groups(), [0.0; PATHS]);
        scratch.buckets.resize(self.groups(), [0; PATHS]);
        for pack in 0..packs {
            let first = first_path + (pack * L) as u64;
            let market = self.market::<L>(first);
            out.market.extend_from_slice(&market.0);
            self.systematic::<L>(first, market, pack, scratch);
        }
        let CopulaScratch { systematic, buckets, words, candidates, events } = scratch;
        let mut found = events.open(packs * L, self.most_defaults());
        let (guided, own_part) = (self.curves.guided(), &self.own_part);
        for chunk in &self.chunks {
            // By company, the paths, as bits, in which its first word is within its bound.
            let mut masks = [0; CHUNK];
            for pack in 0..packs {
                let first = first_path + (pack * L) as u64;
                let of_pack = &mut words[pack * L..][..L];
                let hits = if self.industries.is_empty() {
                    chunk.hits::<L, true>(self.seed, first, buckets, pack, of_pack)
                } else {
                    chunk.hits::<L, false>(self.seed, first, buckets, pack, of_pack)
                };
                for k in 0..CHUNK {
                    masks[k] |= u64::from(hits[k]) << (pack * L);
                }
            }
            for k in 0..CHUNK {
                let obligor = chunk.obligors[k];
                let guide = guided.along(&obligor.guide);
                let n = candidates.gather(masks[k], k, words, &systematic[obligor.group as usize]);
                candidates.bound(n, own_part, &obligor.guide);
                for i in 0..n {
                    let path = candidates.path(i);
                    let step = match candidates.step(i, guide) {
                        Some(step) => step,
                        None => self.exact_step(first_path + path as u64, &obligor, candidates.drawn(i)),
                    };
                    found.add(path, obligor.company, step, step <= obligor.last_step, obligor.owes_until);
                }
            }
        }
        events.give(out);
    }

    /// The step of a company in a path, from both words of its draw.
    #[cold]
    #[inline(never)]
    fn exact_step(&self, path: u64, obligor: &Obligor, (word, systematic): (u32, f64)) -> u32 {
        let [second] = draws::<1>(self.seed, path, OBLIGOR, 1, obligor.key);
        let latent = systematic + normal_inverse(uniform(word, second)) * self.own_weight;
        self.curves.first_step_reaching(obligor.row, latent)
    }

    /// The variable `X` of one company in one path, the bits that [`Copula::draw`] compares with the thresholds.
    #[must_use]
    pub fn latent(&self, path: u64, obligor: u32) -> f64 {
        let obligor = &self.obligors[obligor as usize];
        let mut systematic = self.market::<1>(path) * self.market_weight;
        if let Some(&industry) = self.industries.get(obligor.group as usize) {
            systematic += self.factor::<1>(path, INDUSTRY, industry) * self.industry_weight;
        }
        (systematic + self.factor::<1>(path, OBLIGOR, obligor.key) * self.own_weight).0[0]
    }

    /// `Φ(X)` of one company in one path: it defaults when its cumulative default probability reaches this level.
    #[must_use]
    pub fn default_probability_level(&self, path: u64, obligor: u32) -> f64 {
        normal_cdf(self.latent(path, obligor))
    }
}

impl Chunk {
    fn new(obligors: &[Obligor], curves: &Curves, buckets: Buckets, own_weight: f64) -> Self {
        let mut chunk = Self {
            obligors: [Obligor::default(); CHUNK],
            key_low: [0; CHUNK],
            key_high: [0; CHUNK],
            groups: [0; CHUNK],
            bounds: [[0; CHUNK]; BUCKETS],
        };
        for (k, obligor) in obligors.iter().enumerate() {
            chunk.obligors[k] = *obligor;
            chunk.key_low[k] = obligor.key & 0xffff_ffff;
            chunk.key_high[k] = obligor.key >> 32;
            chunk.groups[k] = obligor.group;
            if obligor.last_step > 0 {
                let bounds = buckets.bounds(curves.threshold(obligor.row, obligor.last_step), own_weight);
                for (row, bound) in chunk.bounds.iter_mut().zip(bounds) {
                    row[k] = bound;
                }
            }
        }
        chunk
    }

    /// Draws the first word of each company by lane; returns for each company the lanes, as bits, whose word is within its
    /// bound.
    ///
    /// `ONE_GROUP`: all companies share the systematic part.
    #[inline(always)]
    fn hits<const L: usize, const ONE_GROUP: bool>(
        &self,
        seed: u64,
        first_path: u64,
        buckets: &[[u32; PATHS]],
        pack: usize,
        words: &mut [[u32; CHUNK]],
    ) -> [u32; CHUNK] {
        let mut of_company = [&buckets[0].as_chunks::<L>().0[pack]; CHUNK];
        if !ONE_GROUP {
            for k in 0..CHUNK {
                of_company[k] = &buckets[self.groups[k] as usize].as_chunks::<L>().0[pack];
            }
        }
        let mut masks = [0; CHUNK];
        let counters = if L == 1 { 1 } else { L / 4 };
        for i in 0..counters {
            let counter = (first_path >> 2) + i as u64;
            let drawn = entity_draws(seed, counter, OBLIGOR, 0, &self.key_low, &self.key_high);
            for w in 0..4 {
                let lane = if L == 1 { 0 } else { 4 * i + w };
                if L == 1 && w != (first_path & 3) as usize {
                    continue;
                }
                words[lane] = drawn[w];
                let bounds = if ONE_GROUP {
                    self.bounds[of_company[0][lane] as usize % BUCKETS]
                } else {
                    let mut bounds = [0; CHUNK];
                    for k in 0..CHUNK {
                        bounds[k] = self.bounds[of_company[k][lane] as usize % BUCKETS][k];
                    }
                    bounds
                };
                for k in 0..CHUNK {
                    masks[k] |= u32::from(drawn[w][k] <= bounds[k]) << lane;
                }
            }
        }
        masks
    }
}

#[inline(always)]
const fn count(n: usize) -> u32 {
    n as u32
}

#[cfg(test)]
mod tests;
