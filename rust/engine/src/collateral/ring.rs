//! Numbers by step of which only those of the last steps are looked at.

use std::ops::{Index, IndexMut};

/// A number a step, in so much room as the steps that are looked at together need: a later step takes the place of an earlier one.
#[derive(Clone, Debug)]
pub struct Ring<T> {
    /// A power of two of them.
    places: Vec<T>,
}

impl<T: Clone> Ring<T> {
    /// The same number in all of at least so many steps that follow each other.
    #[must_use]
    pub fn new(number: T, steps: usize) -> Self {
        Self { places: vec![number; steps.next_power_of_two()] }
    }

    /// Sets all steps.
    pub fn fill(&mut self, number: T) {
        self.places.fill(number);
    }

    #[inline(always)]
    const fn place(&self, step: usize) -> usize {
        step & (self.places.len() - 1)
    }
}

impl<T: Clone> Index<usize> for Ring<T> {
    type Output = T;

    #[inline(always)]
    fn index(&self, step: usize) -> &T {
        &self.places[self.place(step)]
    }
}

impl<T: Clone> IndexMut<usize> for Ring<T> {
    #[inline(always)]
    fn index_mut(&mut self, step: usize) -> &mut T {
        let place = self.place(step);
        &mut self.places[place]
    }
}

#[cfg(test)]
mod tests {
    use super::Ring;

    #[test]
    fn steps_that_follow_each_other_have_places_of_their_own() {
        let mut ring = Ring::new(0, 3);
        for step in 0..10 {
            ring[step] = step;
            assert!((0..3).filter(|back| *back <= step).all(|back| ring[step - back] == step - back));
        }
        ring.fill(7);
        assert_eq!((ring[0], ring[123]), (7, 7));
    }
}
