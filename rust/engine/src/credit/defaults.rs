//! The defaults of a run of consecutive paths, path by path.

/// A company that defaults in a path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DefaultEvent {
    /// Index into [`CopulaInput::obligors`](crate::credit::CopulaInput::obligors).
    pub obligor: u32,
    /// Step of the default, counted from 1, as it is drawn; see [`Defaults::filter`].
    pub step: u32,
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

    /// Replaces each default of a path by what `keep` makes of it, and leaves those out that it does not count.
    #[inline(always)]
    pub fn filter(&mut self, path: usize, mut keep: impl FnMut(DefaultEvent) -> (DefaultEvent, bool)) {
        let (start, end) = self.spans[path];
        let events = &mut self.events[start as usize..end as usize];
        let mut kept = 0;
        for i in 0..events.len() {
            let (event, counts) = keep(events[i]);
            events[kept] = event;
            kept += usize::from(counts);
        }
        self.spans[path].1 = start + kept as u32;
    }

    /// Adds the path that follows.
    #[inline(always)]
    pub fn push(&mut self, events: &[DefaultEvent]) {
        let start = self.events.len() as u32;
        self.events.extend_from_slice(events);
        self.spans.push((start, start + events.len() as u32));
    }
}
