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
            let known = if self.list.is_empty() {
                "none is defined".to_owned()
            } else {
                format!("known: {}", self.list.join(", "))
            };
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

#[cfg(test)]
mod tests {
    use super::Names;

    #[test]
    fn a_name_leads_to_its_place_in_the_document() {
        let mut problems = Vec::new();
        let names = Names::gather("note", "notes", ["A", "B-1", "SUB"].into_iter(), &mut problems);
        assert!(problems.is_empty());
        assert_eq!(names.find("B-1", "here", &mut problems), Some(1));
        assert_eq!(names.get("b-1"), None);
    }

    #[test]
    fn an_unknown_name_is_a_problem_that_lists_the_known_ones() {
        let mut problems = Vec::new();
        let names = Names::gather("test", "tests", ["A OC", "B OC"].into_iter(), &mut problems);
        assert_eq!(names.find("C OC", "waterfalls.interest[3].cure[0]", &mut problems), None);
        let none = Names::gather("fee", "fees", std::iter::empty(), &mut problems);
        assert_eq!(none.find("admin", "waterfalls.interest[0].pay_fee", &mut problems), None);
        let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                "waterfalls.interest[3].cure[0]: unknown test \"C OC\"; known: A OC, B OC",
                "waterfalls.interest[0].pay_fee: unknown fee \"admin\"; none is defined",
            ]
        );
    }

    #[test]
    fn empty_and_double_names_are_problems_and_the_first_of_two_keeps_the_name() {
        let mut problems = Vec::new();
        let names = Names::gather("note", "notes", ["A", "", "A"].into_iter(), &mut problems);
        let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            ["notes[1].name: found an empty name", "notes[2].name: note \"A\" is defined twice; names must differ"]
        );
        assert_eq!(names.get("A"), Some(0));
    }
}
