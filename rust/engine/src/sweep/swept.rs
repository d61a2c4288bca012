//! What the points of a sweep came to.

use crate::path::note_figures::{Figure, NoteFigures};

/// Points that were run together, side by side.
#[derive(Clone, Debug)]
pub struct Block {
    /// Number of each point.
    points: Vec<usize>,
    /// Per class and figure: where its numbers begin, and [`VARIES`] where each point has its own.
    places: Vec<u32>,
    numbers: Vec<f64>,
    /// Largest difference of cash in and cash out on any date, a share of the target par.
    errors: Vec<f64>,
    /// Which list of payment dates their periods count on.
    class: usize,
}

/// Marks a figure of which each point has its own number.
const VARIES: u32 = 1 << 31;

impl Block {
    /// Points by number, the figures of their classes and their differences of cash, one a lane.
    ///
    /// Many figures are the same for all points, such as what a senior class has lost: they stand once.
    #[must_use]
    pub fn new<const L: usize>(points: &[usize], notes: &[NoteFigures<L>], errors: Vec<f64>, class: usize) -> Self {
        let mut places = Vec::with_capacity(notes.len() * Figure::COUNT);
        let mut numbers = Vec::with_capacity(notes.len() * Figure::COUNT * points.len());
        for figure in notes.iter().flat_map(NoteFigures::all) {
            let own = &figure.0[..points.len()];
            let place = numbers.len() as u32;
            let mut unlike = 0;
            for number in own {
                unlike |= number.to_bits() ^ own[0].to_bits();
            }
            if unlike == 0 {
                places.push(place);
                numbers.push(own[0]);
            } else {
                places.push(place | VARIES);
                numbers.extend_from_slice(own);
            }
        }
        numbers.shrink_to_fit();
        Self { points: points.to_vec(), places, numbers, errors, class }
    }

    /// One of its points.
    #[must_use]
    pub const fn point(&self, place: usize) -> Point<'_> {
        Point { block: self, place }
    }
}

/// A finished point.
#[derive(Clone, Copy, Debug)]
pub struct Point<'a> {
    block: &'a Block,
    place: usize,
}

impl<'a> Point<'a> {
    /// Which list of payment dates its periods count on.
    #[must_use]
    pub const fn class(self) -> usize {
        self.block.class
    }

    /// Largest difference of cash in and cash out on any date, a share of the target par.
    #[must_use]
    pub fn conservation_error(self) -> f64 {
        self.block.errors[self.place]
    }

    /// Its classes.
    pub fn notes(self) -> impl ExactSizeIterator<Item = PointNote<'a>> {
        let Self { block, place } = self;
        let (rows, _) = block.places.as_chunks::<{ Figure::COUNT }>();
        rows.iter().map(move |places| PointNote { places, numbers: &block.numbers, place })
    }
}

/// A class of a finished point.
#[derive(Clone, Copy, Debug)]
pub struct PointNote<'a> {
    places: &'a [u32; Figure::COUNT],
    numbers: &'a [f64],
    place: usize,
}

impl PointNote<'_> {
    /// One of its figures.
    #[inline]
    #[must_use]
    pub fn of(&self, figure: Figure) -> f64 {
        let place = self.places[figure as usize];
        let own = if place & VARIES == 0 { 0 } else { self.place };
        self.numbers[(place & !VARIES) as usize + own]
    }
}

/// The finished points.
#[derive(Clone, Debug)]
pub struct Swept {
    blocks: Vec<Block>,
    /// Per point: its block and its place there; no block for those that a stopped run left.
    places: Vec<(u32, u32)>,
    /// Payment dates of each class of points, days since 1970-01-01.
    pub payments: Vec<Vec<i32>>,
    pub stopped: bool,
}

/// The block of a point that is not finished.
const LEFT: u32 = u32::MAX;

impl Swept {
    /// The blocks of so many points.
    #[must_use]
    pub fn new(points: usize, blocks: Vec<Block>, payments: Vec<Vec<i32>>) -> Self {
        let mut places = vec![(LEFT, 0); points];
        for (b, block) in (0..).zip(&blocks) {
            for (place, point) in (0..).zip(&block.points) {
                places[*point] = (b, place);
            }
        }
        let stopped = places.iter().any(|(block, _)| *block == LEFT);
        Self { blocks, places, payments, stopped }
    }

    /// Number of points, finished or not.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there is no point.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// A point, if it is finished.
    #[must_use]
    pub fn point(&self, number: usize) -> Option<Point<'_>> {
        let (block, place) = self.places[number];
        self.blocks.get(block as usize).map(|block| block.point(place as usize))
    }

    /// The finished points in order, each with its number.
    pub fn finished(&self) -> impl Iterator<Item = (usize, Point<'_>)> {
        (0..self.len()).filter_map(|number| Some((number, self.point(number)?)))
    }
}
