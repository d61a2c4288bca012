//! The table of classes over whole paths, column by column.

use cloche_engine::notes::NoteTerms;
use cloche_engine::path::Plan;
use cloche_engine::path::explained::Explained;
use cloche_engine::path::note_figures::Figure;
use cloche_engine::path::summary::figures;
use cloche_engine::sweep::{Block, Point, PointNote};
use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::columns::{Columns, NO_DATE};

/// Columns that are figures as they stand.
const FIGURES: [(&str, Figure); 16] = [
    ("original_balance", Figure::Original),
    ("balance", Figure::Balance),
    ("subordination", Figure::Subordination),
    ("thickness", Figure::Thickness),
    ("interest_paid", Figure::InterestPaid),
    ("interest_shortfall", Figure::InterestShortfall),
    ("interest_loss", Figure::InterestLoss),
    ("deferred_interest_end", Figure::DeferredInterestEnd),
    ("max_deferred", Figure::MaxDeferred),
    ("principal_paid", Figure::PrincipalPaid),
    ("principal_loss", Figure::PrincipalLoss),
    ("pv_loss", Figure::PvLoss),
    ("wal", Figure::Wal),
    ("irr", Figure::Irr),
    ("max_interest_shortfall", Figure::MaxInterestShortfall),
    ("periods_deferred", Figure::PeriodsDeferred),
];

/// Columns that are shares of the original balance, and those that are the dates of periods.
const SHARES: [(&str, Figure); 2] = [("factor", Figure::Balance), ("loss_rate", Figure::PrincipalLoss)];
const DATES: [(&str, Figure); 3] = [
    ("first_deferral", Figure::FirstDeferral),
    ("first_payment", Figure::FirstPayment),
    ("last_payment", Figure::LastPayment),
];
const TEXTS: [&str; 4] = ["note", "kind", "rating", "replaces"];

/// A class, and the one that it replaces or joins; nothing for one of closing.
struct NoteClass<'a> {
    terms: &'a NoteTerms,
    replaces: &'a str,
}

/// The classes of deals, one deal after the other.
pub struct NoteClasses<'a> {
    classes: Vec<NoteClass<'a>>,
    /// Where each deal begins.
    from: Vec<usize>,
}

/// A path whose classes are rows of the table.
#[derive(Clone, Copy)]
pub struct NotePath<'a> {
    pub number: usize,
    pub deal: usize,
    pub payments: &'a [i32],
    pub point: Point<'a>,
}

/// A row of the table.
struct Row<'a> {
    number: usize,
    class: usize,
    payments: &'a [i32],
    note: PointNote<'a>,
}

impl<'a> NoteClasses<'a> {
    /// Those of some deals.
    pub fn new(deals: impl Iterator<Item = &'a [NoteTerms]>) -> Self {
        let (mut classes, mut from) = (Vec::new(), Vec::new());
        for notes in deals {
            from.push(classes.len());
            classes.extend(notes.iter().map(|terms| NoteClass {
                terms,
                replaces: terms.replaces.map_or("", |class| notes[class as usize].name.as_str()),
            }));
        }
        Self { classes, from }
    }

    /// The rows of paths: their classes, without notes that no event has issued.
    fn rows(&self, paths: impl Iterator<Item = NotePath<'a>>) -> impl Iterator<Item = Row<'a>> {
        paths.flat_map(move |NotePath { number, deal, payments, point }| {
            point.notes().zip(self.from[deal]..).filter_map(move |(note, class)| {
                let there = self.classes[class].replaces.is_empty() || note.of(Figure::Original) > 0.0;
                there.then_some(Row { number, class, payments, note })
            })
        })
    }

    /// Number of rows of paths.
    pub fn count(&self, paths: impl Iterator<Item = NotePath<'a>>) -> usize {
        self.rows(paths).count()
    }

    /// Adds a column of the table of paths, of which there are at most so many.
    pub fn column<'py>(
        &self,
        name: &str,
        (most, paths): (usize, impl Iterator<Item = NotePath<'a>>),
        columns: Columns<'py>,
    ) -> PyResult<Columns<'py>> {
        let ends = self.from.iter().skip(1).copied().chain([self.classes.len()]);
        let classes = self.from.iter().zip(ends).map(|(from, end)| end - from).max().unwrap_or(0);
        let (most, rows) = (most * classes, self.rows(paths));
        let text = |of: fn(&NoteClass<'a>) -> &'a str| self.classes.iter().map(of);
        let known = |of: &[(&str, Figure)]| of.iter().find(|(known, _)| *known == name).map(|(_, figure)| *figure);
        if let Some(figure) = known(&DATES) {
            let date = |row: Row<'_>| {
                let period = row.note.of(figure);
                if period >= 0.0 { row.payments[period as usize] } else { NO_DATE }
            };
            return columns.days(name, gather(most, rows.map(date)));
        }
        if let Some(figure) = known(&SHARES) {
            let share = |row: Row<'_>| row.note.of(figure) / row.note.of(Figure::Original);
            return columns.float(name, gather(most, rows.map(share)));
        }
        match (name, known(&FIGURES)) {
            ("periods_deferred", Some(figure)) => {
                columns.int(name, gather(most, rows.map(|r| r.note.of(figure) as i64)))
            }
            (_, Some(figure)) => columns.float(name, gather(most, rows.map(|r| r.note.of(figure)))),
            ("issue_price", _) => {
                columns.float(name, gather(most, rows.map(|r| self.classes[r.class].terms.issue_price)))
            }
            ("note", _) => columns.text_of(name, rows.map(|r| r.class), text(|c| c.terms.name.as_str())),
            ("kind", _) => columns.text_of(name, rows.map(|r| r.class), text(|c| kind(c.terms))),
            ("rating", _) => columns.text_of(name, rows.map(|r| r.class), text(|c| c.terms.rating.as_str())),
            ("replaces", _) => columns.text_of(name, rows.map(|r| r.class), text(|c| c.replaces)),
            ("point", _) => columns.int(name, gather(most, rows.map(|r| r.number as i64))),
            _ => Err(PyKeyError::new_err(format!("the table of classes has no column {name:?}"))),
        }
    }
}

/// All of at most so many numbers: a list that grew would be written more than once.
fn gather<T>(most: usize, numbers: impl Iterator<Item = T>) -> Vec<T> {
    let mut out = Vec::with_capacity(most);
    out.extend(numbers);
    out
}

fn kind(terms: &NoteTerms) -> &'static str {
    match (terms.residual, terms.is_combination()) {
        (true, _) => "residual",
        (_, true) => "combination",
        _ => "note",
    }
}

/// The classes over a whole path.
pub fn notes<'py>(py: Python<'py>, plan: &Plan, path: &Explained, payments: &[i32]) -> PyResult<Bound<'py, PyDict>> {
    let block = Block::new(&[0], &figures(plan, path), vec![path.conservation_error], 0);
    let classes = NoteClasses::new(std::iter::once(plan.deal.notes.as_slice()));
    let mut columns = Columns::new(py);
    let names = FIGURES.iter().chain(&SHARES).chain(&DATES).map(|(name, _)| *name);
    for name in TEXTS.into_iter().chain(["issue_price"]).chain(names) {
        let path = NotePath { number: 0, deal: 0, payments, point: block.point(0) };
        columns = classes.column(name, (1, std::iter::once(path)), columns)?;
    }
    Ok(columns.finish())
}
