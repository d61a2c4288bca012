//! Moody's rating factors: idealized ten-year default probabilities times 10,000, by notch.

/// S&P and Fitch letters, Moody's letters, factor.
const NOTCHES: [(&str, &str, f64); 21] = [
    ("AAA", "AAA", 1.0),
    ("AA+", "AA1", 10.0),
    ("AA", "AA2", 20.0),
    ("AA-", "AA3", 40.0),
    ("A+", "A1", 70.0),
    ("A", "A2", 120.0),
    ("A-", "A3", 180.0),
    ("BBB+", "BAA1", 260.0),
    ("BBB", "BAA2", 360.0),
    ("BBB-", "BAA3", 610.0),
    ("BB+", "BA1", 940.0),
    ("BB", "BA2", 1350.0),
    ("BB-", "BA3", 1766.0),
    ("B+", "B1", 2220.0),
    ("B", "B2", 2720.0),
    ("B-", "B3", 3490.0),
    ("CCC+", "CAA1", 4770.0),
    ("CCC", "CAA2", 6500.0),
    ("CCC-", "CAA3", 8070.0),
    ("CC", "CA", 10_000.0),
    ("C", "C", 10_000.0),
];

/// The factor of a rating of any agency; none of what is unrated.
#[must_use]
pub fn rating_factor(letters: &str) -> Option<f64> {
    let upper = letters.to_ascii_uppercase();
    let found = NOTCHES.iter().find(|(sp, moodys, _)| *sp == upper || *moodys == upper);
    match (found, upper.as_str()) {
        (Some((_, _, factor)), _) => Some(*factor),
        (None, "D" | "SD" | "RD") => Some(10_000.0),
        (None, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_one_notch_have_one_factor() {
        assert_eq!([rating_factor("B"), rating_factor("B2")], [Some(2720.0); 2]);
        assert_eq!([rating_factor("CCC+"), rating_factor("Caa1")], [Some(4770.0); 2]);
        assert_eq!([rating_factor("CC"), rating_factor("Ca")], [Some(10_000.0); 2]);
        assert_eq!([rating_factor("NR"), rating_factor("")], [None; 2]);
    }
}
