//! What the steps refer to.

use std::collections::BTreeMap;

use crate::accounts::AccountTerms;
use crate::compile::conventions::Conventions;
use crate::compile::names::Names;
use crate::compile::purchases::Asked;
use crate::coverage::TestTerms;
use crate::expression;
use crate::fees::FeeTerms;
use crate::hedges::HedgeTerms;
use crate::notes::{CommitmentTerms, NoteTerms};
use crate::waterfall::program::Sequence;

/// What the steps refer to.
pub struct Scope<'a> {
    pub notes: &'a [NoteTerms],
    pub fees: &'a [FeeTerms],
    pub tests: &'a [TestTerms],
    pub note_names: &'a Names,
    pub fee_names: &'a Names,
    pub test_names: &'a Names,
    pub accounts: &'a [AccountTerms],
    pub hedges: &'a [HedgeTerms],
    pub commitments: &'a [CommitmentTerms],
    pub account_names: &'a Names,
    pub hedge_names: &'a Names,
    pub conventions: &'a Conventions,
    pub sequences: &'a BTreeMap<String, Sequence>,
    /// Per note: the notes that its name stands for; empty where each stands for itself.
    pub groups: &'a [Vec<u16>],
    /// What events cost, paid ahead of the first residual or incentive step.
    pub event_cost: Option<u16>,
    /// Some event pays principal to the notes because it cannot be invested.
    pub special_redemption: bool,
    /// Some futures may leave the reinvestment period before its date.
    pub period_may_end: bool,
    /// What purchases need.
    pub purchases: Asked,
}

impl expression::Names for Scope<'_> {
    fn note(&self, name: &str) -> Option<u32> {
        self.note_names.get(name).map(u32::from)
    }
    fn test(&self, name: &str) -> Option<u32> {
        self.test_names.get(name).map(u32::from)
    }
    fn note_names(&self) -> Vec<String> {
        self.note_names.list().to_vec()
    }
    fn test_names(&self) -> Vec<String> {
        self.test_names.list().to_vec()
    }
    fn residual(&self, note: u32) -> bool {
        self.notes.get(note as usize).is_some_and(|n| n.residual)
    }
    fn floating(&self, note: u32) -> bool {
        self.notes.get(note as usize).is_some_and(NoteTerms::is_floating)
    }
    fn account(&self, name: &str) -> Option<u32> {
        self.account_names.get(name).map(u32::from)
    }
    fn account_names(&self) -> Vec<String> {
        self.account_names.list().to_vec()
    }
}
