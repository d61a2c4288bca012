//! Candidates of one company: paths in which its first word is within its bound, so that it may default in time.
//!
//! They are gathered before they are looked at: what is worked out of each then goes on for several at once, and the tables
//! that tell the step are read for many before the first has led to its step.

use crate::credit::curves::{Guide, GuidedRow};
use crate::credit::defaults::PATHS;
use crate::credit::own::OwnPart;
use crate::lanes::Pack;

/// Candidates that are worked out at once.
const TOGETHER: usize = 4;

/// The candidates of one company among [`PATHS`] paths, number by number.
#[derive(Clone, Debug)]
pub struct Candidates {
    paths: [u8; PATHS],
    words: [u32; PATHS],
    systematic: [f64; PATHS],
    /// Bounds of the company's variable, whatever the second word is.
    low: [f64; PATHS],
    high: [f64; PATHS],
    /// Where the guide leads for the lower bound.
    cells: [u32; PATHS],
}

impl Default for Candidates {
    fn default() -> Self {
        let (words, numbers) = ([0; PATHS], [0.0; PATHS]);
        Self { paths: [0; PATHS], words, systematic: numbers, low: numbers, high: numbers, cells: words }
    }
}

impl Candidates {
    /// Gathers the paths of a mask, with their words, in column `k`, and systematic parts; returns how many there are.
    #[inline(always)]
    pub fn gather<const N: usize>(
        &mut self,
        mask: u64,
        k: usize,
        words: &[[u32; N]; PATHS],
        systematic: &[f64; PATHS],
    ) -> usize {
        let mut left = mask;
        for n in 0..PATHS {
            if left == 0 {
                return n;
            }
            let path = left.trailing_zeros() as usize % PATHS;
            left &= left - 1;
            self.paths[n] = path as u8;
            self.words[n] = words[path][k];
            self.systematic[n] = systematic[path];
        }
        PATHS
    }

    /// Works out the bounds of the first `n` and where a guide leads.
    #[inline(always)]
    pub fn bound(&mut self, n: usize, own: &OwnPart, guide: &Guide) {
        let (words, _) = self.words.as_chunks::<TOGETHER>();
        let (systematic, _) = self.systematic.as_chunks::<TOGETHER>();
        let (low, _) = self.low.as_chunks_mut::<TOGETHER>();
        let (high, _) = self.high.as_chunks_mut::<TOGETHER>();
        let (cells, _) = self.cells.as_chunks_mut::<TOGETHER>();
        for i in 0..n.div_ceil(TOGETHER) {
            let [own, error] = own.of(&words[i]);
            let latent = Pack(systematic[i]) + own;
            low[i] = (latent - error).0;
            high[i] = (latent + error).0;
            cells[i] = guide.cells(Pack(low[i]));
        }
    }

    /// The path of the `i`-th, counted from the first of those among which it was gathered.
    #[inline(always)]
    #[must_use]
    pub fn path(&self, i: usize) -> usize {
        self.paths[i] as usize
    }

    /// The step of the `i`-th, counted from 1, if its first word tells it.
    #[inline(always)]
    #[must_use]
    pub fn step(&self, i: usize, guide: GuidedRow<'_>) -> Option<u32> {
        guide.first_step_between(self.cells[i], self.low[i], self.high[i])
    }

    /// The first word and the systematic part of the `i`-th.
    #[inline(always)]
    #[must_use]
    pub fn drawn(&self, i: usize) -> (u32, f64) {
        (self.words[i], self.systematic[i])
    }
}

#[cfg(test)]
mod tests {
    use super::{Candidates, PATHS};

    #[test]
    fn the_paths_of_a_mask_are_gathered_in_order_with_their_numbers() {
        let mut words = [[0; 2]; PATHS];
        let mut systematic = [0.0; PATHS];
        for (path, (word, systematic)) in (0_u8..).zip(words.iter_mut().zip(&mut systematic)) {
            *word = [7, 100 + u32::from(path)];
            *systematic = -f64::from(path);
        }
        let mut candidates = Candidates::default();
        for (mask, paths) in [(0, vec![]), (1 | 1 << 5 | 1 << 63, vec![0, 5, 63]), (u64::MAX, (0..PATHS).collect())] {
            let n = candidates.gather(mask, 1, &words, &systematic);
            assert_eq!((0..n).map(|i| candidates.path(i)).collect::<Vec<_>>(), paths);
            for (i, path) in paths.into_iter().enumerate() {
                let (word, systematic) = candidates.drawn(i);
                assert_eq!((word, -systematic as usize), (100 + path as u32, path));
            }
        }
    }
}
