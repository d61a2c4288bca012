//! What the caller can mend: problems with their places, gathered before anything is refused.

use std::fmt;

/// One thing that is wrong with an input, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Place in the document, such as `notes[3].coupon.spread`.
    pub place: String,
    /// What was found and what was expected.
    pub message: String,
}

impl Problem {
    /// A problem at a place.
    pub fn new(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self { place: place.into(), message: message.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

/// What goes wrong at the engine's edge; every variant is something the caller can mend.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The deal document contradicts itself or asks for what is not built.
    #[error("{}", list(.0))]
    Deal(Vec<Problem>),
    /// The tape holds rows that cannot be used.
    #[error("{}", list(.0))]
    Tape(Vec<Problem>),
    /// The scenario or the default model is out of range or does not fit the deal or the tape.
    #[error("{}", list(.0))]
    Scenario(Vec<Problem>),
    /// The run cannot be done on this machine or with these arguments.
    #[error("{0}")]
    Run(String),
}

fn list(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
