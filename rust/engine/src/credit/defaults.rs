//! The defaults of a run of consecutive paths, path by path.

use cloche_dispatch::prefetch;

/// Bits of the step in an event.
const STEP_BITS: u32 = 12;
/// Most steps that are told apart, and one beyond them.
pub const STEPS: usize = (1 << STEP_BITS) - 1;
/// Most companies that are told apart.
pub const COMPANIES: usize = 1 << (32 - STEP_BITS);

/// Most paths that are drawn at once: one for each bit of a mask.
pub const PATHS: usize = u64::BITS as usize;

/// A company that defaults in a path, and the step: 32 bits together, since every path has tens of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DefaultEvent(u32);

impl DefaultEvent {
    /// The default of a company, an index into [`CopulaInput::obligors`](crate::credit::CopulaInput::obligors), below
    /// [`COMPANIES`], in a step of at most [`STEPS`].
    #[inline(always)]
    #[must_use]
    pub const fn new(obligor: u32, step: u32) -> Self {
        Self(obligor << STEP_BITS | step)
    }

    /// The company.
    #[inline(always)]
    #[must_use]
    pub const fn obligor(self) -> u32 {
        self.0 >> STEP_BITS
    }

    /// Step of the default: as it is drawn, from 1.
    #[inline(always)]
    #[must_use]
    pub const fn step(self) -> u32 {
        self.0 & STEPS as u32
    }
}

/// The defaults of consecutive paths; those of a path are in the order of its companies.
#[derive(Clone, Debug, Default)]
pub struct Defaults {
    events: Vec<DefaultEvent>,
    /// Where each path's events begin and end.
    spans: Vec<(u32, u32)>,
}

impl Defaults {
    /// Back to no path.
    pub fn clear(&mut self) {
        self.events.clear();
        self.spans.clear();
    }

    /// Number of paths.
    #[must_use]
    pub fn paths(&self) -> usize {
        self.spans.len()
    }

    /// The defaults of a path.
    #[inline(always)]
    #[must_use]
    pub fn of(&self, path: usize) -> &[DefaultEvent] {
        let (start, end) = self.spans[path];
        &self.events[start as usize..end as usize]
    }

    /// Adds the path that follows.
    #[inline(always)]
    pub fn push(&mut self, events: &[DefaultEvent]) {
        let start = self.events.len() as u32;
        self.events.extend_from_slice(events);
        self.spans.push((start, start + events.len() as u32));
    }
}

/// Paths that have been drawn.
#[derive(Clone, Debug, Default)]
pub struct DrawnPaths {
    /// Market factor of each path.
    pub market: Vec<f64>,
    /// Defaults of companies that still owe something.
    pub defaults: Defaults,
    /// Defaults of companies that have repaid: they are only counted.
    pub later: Defaults,
}

impl DrawnPaths {
    /// Back to no path.
    pub fn clear(&mut self) {
        self.market.clear();
        self.defaults.clear();
        self.later.clear();
    }

    /// Fetches the defaults of a path ahead: paths are run in another order than they are drawn.
    #[inline(always)]
    pub fn fetch(&self, path: usize) {
        for defaults in [&self.defaults, &self.later] {
            if let [first, .., last] = defaults.of(path) {
                prefetch(first);
                prefetch(last);
            }
        }
    }
}

/// Defaults of at most [`PATHS`] paths that are drawn at once: two lists a path, of companies that owe something and of others.
#[derive(Clone, Debug)]
pub struct PathEvents {
    events: Vec<DefaultEvent>,
    paths: usize,
    room: usize,
    /// Where the next default of each list is written.
    heads: [[u32; 2]; PATHS],
}

impl Default for PathEvents {
    fn default() -> Self {
        Self { events: Vec::new(), paths: 0, room: 0, heads: [[0; 2]; PATHS] }
    }
}

impl PathEvents {
    /// Room for a path of at most so many defaults, in numbers of defaults.
    #[must_use]
    pub const fn room(most: usize) -> usize {
        // One more a list than can be: what does not count is written all the same.
        2 * (most + 1)
    }

    /// Back to paths without defaults, with room for so many defaults each.
    #[inline(always)]
    pub fn open(&mut self, paths: usize, most: usize) -> Found<'_> {
        self.paths = paths;
        self.room = Self::room(most) / 2;
        self.events.resize(2 * paths * self.room, DefaultEvent::default());
        for (list, head) in self.heads.as_flattened_mut().iter_mut().enumerate() {
            *head = (list * self.room) as u32;
        }
        Found { events: &mut self.events, heads: &mut self.heads }
    }

    /// Adds the paths to `out`, one after the other.
    #[inline(always)]
    pub fn give(&self, out: &mut DrawnPaths) {
        for (path, &[owing, later]) in self.heads[..self.paths].iter().enumerate() {
            let start = 2 * path * self.room;
            out.defaults.push(&self.events[start..owing as usize]);
            out.later.push(&self.events[start + self.room..later as usize]);
        }
    }
}

/// Lists that are being written.
#[derive(Debug)]
pub struct Found<'a> {
    events: &'a mut [DefaultEvent],
    heads: &'a mut [[u32; 2]; PATHS],
}

impl Found<'_> {
    /// Adds a default to a path, if it counts, among those of companies that have repaid if it is `late`.
    #[inline(always)]
    pub fn add(&mut self, path: usize, event: DefaultEvent, counts: bool, late: bool) {
        let head = &mut self.heads[path % PATHS][usize::from(late)];
        self.events[*head as usize] = event;
        *head += u32::from(counts);
    }
}
