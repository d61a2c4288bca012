//! The known name that a mistyped one is nearest to.

/// Longest name that is compared.
const LONGEST: usize = 64;

/// The nearest known name, if at most a third of its letters (at least one) differ; letter case counts for nothing.
#[must_use]
pub fn nearest<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let name: Vec<char> = name.to_lowercase().chars().collect();
    let mut best = None;
    for candidate in known {
        let letters: Vec<char> = candidate.to_lowercase().chars().collect();
        if name.len() > LONGEST || letters.len() > LONGEST {
            continue;
        }
        let edits = distance(&name, &letters);
        let allowed = std::cmp::max(1, letters.len() / 3);
        if edits <= allowed && edits < letters.len() && best.is_none_or(|(least, _)| edits < least) {
            best = Some((edits, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Letters to insert, delete or replace to turn one word into the other (Levenshtein).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j].min(diagonal) + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn the_nearest_name_is_found_within_a_third_of_its_letters() {
        let known = ["remaining", "due", "E OC", "E IC"];
        assert_eq!(nearest("remainin", known), Some("remaining"));
        assert_eq!(nearest("REMAINING", known), Some("remaining"));
        assert_eq!(nearest("dues", known), Some("due"));
        assert_eq!(nearest("e oc", known), Some("E OC"));
        assert_eq!(nearest("balance", known), None);
    }

    #[test]
    fn a_name_of_one_letter_is_never_guessed_from_another_letter() {
        assert_eq!(nearest("Z", ["A", "B"]), None);
        assert_eq!(nearest("a", ["A", "B"]), Some("A"));
    }
}
