//! Names of a document and their indices.

use std::collections::HashMap;

use crate::error::Problem;

/// Names of one kind (notes, fees, tests) in document order.
#[derive(Clone, Debug, Default)]
pub struct Names {
    kind: &'static str,
    list: Vec<String>,
    index: HashMap<String, u16>,
}

impl Names {
    /// Gathers names; a duplicate is a problem at `place[i].name`.
    pub fn gather<'a>(
        kind: &'static str,
        place: &str,
        names: impl Iterator<Item = &'a str>,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let mut out = Self { kind, ..Self::default() };
        for (i, name) in names.enumerate() {
            if name.is_empty() {
                problems.push(Problem::new(format!("{place}[{i}].name"), "found an empty name"));
            }
            if out.index.contains_key(name) {
                problems.push(Problem::new(
                    format!("{place}[{i}].name"),
                    format!("{kind} {name:?} is defined twice; names must differ"),
                ));
            } else if let Ok(k) = u16::try_from(out.list.len()) {
                out.index.insert(name.to_owned(), k);
            }
            out.list.push(name.to_owned());
        }
        out
    }

    /// Index of a name, or a problem that lists the known ones.
    pub fn find(&self, name: &str, place: &str, problems: &mut Vec<Problem>) -> Option<u16> {
        let found = self.get(name);
        if found.is_none() {
            let known = if self.list.is_empty() { "none is defined".to_owned() } else { format!("known: {}", self.list.join(", ")) };
            problems.push(Problem::new(place, format!("unknown {} {name:?}; {known}", self.kind)));
        }
        found
    }

    /// Index of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<u16> {
        self.index.get(name).copied()
    }

    /// All names in document order.
    #[must_use]
    pub fn list(&self) -> &[String] {
        &self.list
    }
}
