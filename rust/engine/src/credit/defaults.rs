//! The defaults of a run of consecutive paths, path by path.

use cloche_dispatch::prefetch;

/// Most steps that are told apart.
pub const STEPS: usize = (1 << 12) - 1;
/// Most companies that are told apart.
pub const COMPANIES: usize = 1 << 19;

/// Most paths that are drawn at once: one for each bit of a mask.
pub const PATHS: usize = u64::BITS as usize;

/// The highest bit of a number by which a default is told while it is drawn: the company has repaid before.
const LATE_BIT: u32 = 31;

/// How a default is told by one number: the company, and below it the step, in so many bits.
#[derive(Clone, Copy, Debug, Default)]
pub struct Code {
    step_bits: u32,
}

impl Code {
    /// For steps up to a last one, at most [`STEPS`].
    #[must_use]
    pub const fn new(steps: u32) -> Self {
        Self { step_bits: u32::BITS - steps.leading_zeros() }
    }

    /// What a company adds to the step.
    #[inline(always)]
    #[must_use]
    pub const fn company(self, obligor: u32) -> u32 {
        obligor << self.step_bits
    }

    /// Company and step.
    #[inline(always)]
    const fn told(self, number: u32) -> (u32, u32) {
        (number >> self.step_bits, number & ((1 << self.step_bits) - 1))
    }
}

/// The numbers of many defaults.
#[derive(Clone, Debug)]
enum Numbers {
    /// Where all companies and steps are told apart by 16 bits: every path has tens of defaults.
    Narrow(Vec<u16>),
    Wide(Vec<u32>),
}

/// Paths that have been drawn, one after the other.
#[derive(Clone, Debug)]
pub struct DrawnPaths {
    /// Market factor of each path.
    pub market: Vec<f64>,
    code: Code,
    /// Path after path: companies that still owe something, in their order, then the others, the last first.
    numbers: Numbers,
    /// Where each path's defaults begin, where those of companies that have repaid do, and where both end.
    spans: Vec<[u32; 3]>,
}

impl DrawnPaths {
    /// No path of so many companies.
    #[must_use]
    pub fn new(companies: usize, code: Code) -> Self {
        let narrow = companies << code.step_bits <= 1 << u16::BITS;
        let numbers = if narrow { Numbers::Narrow(Vec::new()) } else { Numbers::Wide(Vec::new()) };
        Self { market: Vec::new(), code, numbers, spans: Vec::new() }
    }

    /// Back to no path.
    pub fn clear(&mut self) {
        self.market.clear();
        match &mut self.numbers {
            Numbers::Narrow(numbers) => numbers.clear(),
            Numbers::Wide(numbers) => numbers.clear(),
        }
        self.spans.clear();
    }

    /// Number of paths.
    #[must_use]
    pub fn paths(&self) -> usize {
        self.spans.len()
    }

    /// The defaults of all paths, in one of two kinds of numbers.
    #[inline(always)]
    #[must_use]
    pub fn told(&self) -> Told<'_> {
        let (code, spans) = (self.code, self.spans.as_slice());
        match &self.numbers {
            Numbers::Narrow(numbers) => Told::Narrow(ToldBy { code, numbers, spans }),
            Numbers::Wide(numbers) => Told::Wide(ToldBy { code, numbers, spans }),
        }
    }

    /// [`ToldBy::defaults`] of a path.
    #[inline(always)]
    pub fn each_default(&self, path: usize, take: impl FnMut((u32, u32))) {
        match self.told() {
            Told::Narrow(told) => told.defaults(path).for_each(take),
            Told::Wide(told) => told.defaults(path).for_each(take),
        }
    }

    /// [`ToldBy::later`] of a path.
    #[inline(always)]
    pub fn each_later(&self, path: usize, take: impl FnMut((u32, u32))) {
        match self.told() {
            Told::Narrow(told) => told.later(path).for_each(take),
            Told::Wide(told) => told.later(path).for_each(take),
        }
    }

    /// Company and step of each default in a path of a company that still owes something.
    #[must_use]
    pub fn defaults(&self, path: usize) -> Vec<(u32, u32)> {
        let mut out = Vec::new();
        self.each_default(path, |default| out.push(default));
        out
    }

    /// Fetches the defaults of a path ahead: paths are run in another order than they are drawn.
    #[inline(always)]
    pub fn fetch(&self, path: usize) {
        let [start, _, end] = self.spans[path].map(|at| at as usize);
        if start < end {
            match &self.numbers {
                Numbers::Narrow(numbers) => [start, end - 1].iter().for_each(|at| prefetch(&numbers[*at])),
                Numbers::Wide(numbers) => [start, end - 1].iter().for_each(|at| prefetch(&numbers[*at])),
            }
        }
    }
}

/// The defaults of drawn paths.
#[derive(Clone, Copy, Debug)]
pub enum Told<'a> {
    Narrow(ToldBy<'a, u16>),
    Wide(ToldBy<'a, u32>),
}

/// The same in numbers of one kind.
#[derive(Clone, Copy, Debug)]
pub struct ToldBy<'a, T> {
    code: Code,
    numbers: &'a [T],
    spans: &'a [[u32; 3]],
}

impl<'a, T: Copy + Into<u32>> ToldBy<'a, T> {
    /// Company, an index into [`CopulaInput::obligors`](crate::credit::CopulaInput::obligors), and step, as it is drawn from 1, of
    /// each default in a path of a company that still owes something, in the order of companies.
    #[inline(always)]
    pub fn defaults(self, path: usize) -> impl Iterator<Item = (u32, u32)> + use<'a, T> {
        let [start, end, _] = self.spans[path];
        self.numbers[start as usize..end as usize].iter().map(move |number| self.code.told((*number).into()))
    }

    /// The same of companies that have repaid: they are only counted.
    #[inline(always)]
    pub fn later(self, path: usize) -> impl Iterator<Item = (u32, u32)> + use<'a, T> {
        let [_, start, end] = self.spans[path];
        self.numbers[start as usize..end as usize].iter().rev().map(move |number| self.code.told((*number).into()))
    }
}

/// Defaults of at most [`PATHS`] paths that are drawn at once, each in a room of its own.
#[derive(Clone, Debug)]
pub struct PathEvents {
    numbers: Vec<u32>,
    paths: usize,
    room: usize,
    /// Where the next default of each path is written.
    heads: [u32; PATHS],
}

impl Default for PathEvents {
    fn default() -> Self {
        Self { numbers: Vec::new(), paths: 0, room: 0, heads: [0; PATHS] }
    }
}

impl PathEvents {
    /// Room for a path of at most so many defaults, in numbers of defaults.
    #[must_use]
    pub const fn room(most: usize) -> usize {
        // One more than can be: what does not count is written all the same.
        most + 1
    }

    /// Back to paths without defaults, with room for so many defaults each.
    #[inline(always)]
    pub fn open(&mut self, paths: usize, most: usize) -> Found<'_> {
        self.paths = paths;
        self.room = Self::room(most);
        self.numbers.resize(paths * self.room, 0);
        for (path, head) in self.heads.iter_mut().enumerate() {
            *head = (path * self.room) as u32;
        }
        Found { numbers: &mut self.numbers, heads: &mut self.heads }
    }

    /// Adds the paths to `out`, one after the other.
    #[inline(always)]
    pub fn give(&self, out: &mut DrawnPaths) {
        match &mut out.numbers {
            // The bit of a company that has repaid is above 16 bits.
            Numbers::Narrow(numbers) => self.part(numbers, &mut out.spans, |number| number as u16),
            Numbers::Wide(numbers) => self.part(numbers, &mut out.spans, |number| number & !(1 << LATE_BIT)),
        }
    }

    /// Parts the defaults of each path by whether the company has repaid.
    #[inline(always)]
    fn part<T: Copy + Default>(&self, out: &mut Vec<T>, spans: &mut Vec<[u32; 3]>, number: impl Fn(u32) -> T) {
        let found = |path: usize| &self.numbers[path * self.room..self.heads[path] as usize];
        // Lists that grew by doubling would take twice their memory.
        out.reserve_exact((0..self.paths).map(|path| found(path).len()).sum());
        for path in 0..self.paths {
            let (found, start) = (found(path), out.len());
            let end = start + found.len();
            out.resize(end, T::default());
            let places = &mut out[start..];
            // Each is written to the next place of both kinds, of which it takes one.
            let (mut next, mut last) = (0, places.len());
            for default in found {
                let late = (default >> LATE_BIT) as usize;
                places[next] = number(*default);
                places[last - 1] = number(*default);
                next += 1 - late;
                last -= late;
            }
            spans.push([start, start + next, end].map(|at| at as u32));
        }
    }
}

/// Lists that are being written.
#[derive(Debug)]
pub struct Found<'a> {
    numbers: &'a mut [u32],
    heads: &'a mut [u32; PATHS],
}

impl Found<'_> {
    /// Adds a default to a path, if it counts: a company, as its [`Code`] has it, and a step; both are at most [`STEPS`], the last in
    /// which the company owes something too.
    ///
    /// Which of the lists of a path it joins is looked at later: here the next store would wait for it.
    #[inline(always)]
    pub fn add(&mut self, path: usize, company: u32, step: u32, counts: bool, owes_until: u32) {
        let head = &mut self.heads[path % PATHS];
        // Below zero, a difference has the highest bit.
        self.numbers[*head as usize] = company | step | owes_until.wrapping_sub(step) & 1 << LATE_BIT;
        *head += u32::from(counts);
    }
}

#[cfg(test)]
mod tests {
    use super::{Code, DrawnPaths, Numbers, PathEvents};

    /// Three paths of companies that have all defaulted, and owe something until a step.
    fn drawn(companies: usize, steps: u32) -> DrawnPaths {
        let (mut events, code) = (PathEvents::default(), Code::new(steps));
        let mut found = events.open(3, companies);
        for path in 0..3 {
            for company in (0..companies as u32).skip(path) {
                let step = 1 + company * 7 % steps;
                found.add(path, code.company(company), step, company % 3 != 2, company * 5 % steps);
            }
        }
        let mut out = DrawnPaths::new(companies, code);
        events.give(&mut out);
        out
    }

    fn tells_all(drawn: &DrawnPaths, companies: u32, steps: u32) {
        for path in 0..3 {
            let all = (path as u32..companies).filter(|company| company % 3 != 2);
            let (mut owing, mut later) = (Vec::new(), Vec::new());
            for company in all {
                let step = 1 + company * 7 % steps;
                if step > company * 5 % steps { later.push((company, step)) } else { owing.push((company, step)) }
            }
            let mut found = Vec::new();
            drawn.each_later(path, |default| found.push(default));
            assert_eq!((drawn.defaults(path), found), (owing, later));
        }
        assert_eq!(drawn.paths(), 3);
    }

    #[test]
    fn sixteen_bits_tell_what_more_tell() {
        // 10 bits tell 1,023 steps, and 6 bits 64 companies.
        let narrow = drawn(64, 1_023);
        assert!(matches!(narrow.numbers, Numbers::Narrow(_)));
        tells_all(&narrow, 64, 1_023);
        let wide = drawn(65, 1_023);
        assert!(matches!(wide.numbers, Numbers::Wide(_)));
        tells_all(&wide, 65, 1_023);
    }
}
