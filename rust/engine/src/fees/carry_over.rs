//! Room under a cap that earlier dates did not use.
//!
//! Room of a date = its own cap + Σ over the last n dates of (cap − capped payments), never below zero: what a date takes of
//! earlier room is missing later.

use crate::lanes::Pack;

/// The room of one fee in `L` futures.
#[derive(Clone, Debug)]
pub struct CarryOver<const L: usize> {
    pub fee: usize,
    /// Cap less capped payments of the last dates, a ring.
    unused: Vec<Pack<L>>,
    /// The oldest of them, where the next date goes.
    next: usize,
    /// Cap and room of the running date; none before the first.
    date: Option<(Pack<L>, Pack<L>)>,
}

impl<const L: usize> CarryOver<L> {
    /// No date seen of a fee that looks back so many.
    #[must_use]
    pub fn new(fee: usize, dates: u32) -> Self {
        Self { fee, unused: vec![Pack::ZERO; dates as usize], next: 0, date: None }
    }

    /// Back to closing.
    pub fn clear(&mut self) {
        self.unused.fill(Pack::ZERO);
        self.next = 0;
        self.date = None;
    }

    /// Goes on from what the last dates did not use, oldest first; dates that are not given used all of it.
    pub fn go_on(&mut self, unused: &[f64]) {
        self.clear();
        let count = self.unused.len();
        for (room, given) in self.unused.iter_mut().rev().zip(unused.iter().rev().take(count)) {
            *room = Pack::splat(*given);
        }
    }

    /// What the last dates did not use in one lane, oldest first, where `left` of the room of the last is.
    #[must_use]
    pub fn after(&self, left: Pack<L>, lane: usize) -> Vec<f64> {
        let mut last = self.clone();
        let _: Pack<L> = last.room(left, Pack::ZERO);
        (0..last.unused.len()).map(|i| last.unused[(last.next + i) % last.unused.len()].0[lane]).collect()
    }

    /// Ends the running date, on which `left` of its room was not used, and returns the room of a date with this cap.
    #[inline(always)]
    #[must_use]
    pub fn room(&mut self, left: Pack<L>, cap: Pack<L>) -> Pack<L> {
        if let Some((own, room)) = self.date {
            // Where a cap was lifted, nothing was paid under it.
            self.unused[self.next] = (own - (room - left)).min(own);
            self.next = (self.next + 1) % self.unused.len();
        }
        let mut room = cap;
        for i in 0..self.unused.len() {
            room += self.unused[(self.next + i) % self.unused.len()];
        }
        let room = room.positive();
        self.date = Some((cap, room));
        room
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unused_room_of_the_last_dates_is_added_and_used_once() {
        let one = |x: f64| Pack([x]);
        let mut carried = CarryOver::<1>::new(0, 2);
        // Caps of 10; paid are 4, 16, 10, 8: the 6 of the first date are used on the second.
        let mut rooms = Vec::new();
        let mut left = one(f64::MAX);
        for paid in [4.0, 16.0, 10.0, 8.0, 0.0] {
            let room = carried.room(left, one(10.0));
            rooms.push(room.0[0]);
            left = room - one(paid);
        }
        // 10; 10 + 6; 10 + 6 - 6; 10 - 6 + 0, of which 10 cannot be paid; and so on.
        assert_eq!(rooms[..3], [10.0, 16.0, 10.0]);
        carried.clear();
        assert!((carried.room(one(0.0), one(10.0)).0[0] - 10.0).abs() < 1e-12);
    }
}
