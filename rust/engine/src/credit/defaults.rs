//! The defaults of a run of consecutive paths, path by path.

/// Bits of the step in an event.
const STEP_BITS: u32 = 12;
/// Most steps that are told apart, and one beyond them.
pub const STEPS: usize = (1 << STEP_BITS) - 1;
/// Most companies that are told apart.
pub const COMPANIES: usize = 1 << (32 - STEP_BITS);

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

/// Defaults of `L` paths at once, `[lane][default]`.
#[derive(Debug)]
pub struct LaneEvents<const L: usize> {
    events: Vec<DefaultEvent>,
    room: usize,
    /// Where the next default of each lane is written.
    heads: [usize; L],
}

impl<const L: usize> LaneEvents<L> {
    /// Nothing, in the memory of `scratch`, with room for so many defaults a lane.
    #[inline(always)]
    #[must_use]
    pub fn take(scratch: &mut Vec<DefaultEvent>, most: usize) -> Self {
        // One more than can be: what does not count is written all the same.
        let (room, mut events) = (most + 1, std::mem::take(scratch));
        events.resize(L * room, DefaultEvent::default());
        let mut heads = [0; L];
        for lane in 0..L {
            heads[lane] = lane * room;
        }
        Self { events, room, heads }
    }

    /// Adds a default to a lane, if it counts.
    #[inline(always)]
    pub fn add(&mut self, lane: usize, event: DefaultEvent, counts: bool) {
        let head = &mut self.heads[lane];
        self.events[*head] = event;
        *head += usize::from(counts);
    }

    /// Adds the paths to `out`, lane by lane, and gives the memory back.
    #[inline(always)]
    pub fn give(self, out: &mut Defaults, scratch: &mut Vec<DefaultEvent>) {
        for lane in 0..L {
            out.push(&self.events[lane * self.room..self.heads[lane]]);
        }
        *scratch = self.events;
    }
}
