//! Accounts beside the two collection accounts: smoothing accounts, reserves.

/// One account, names resolved.
#[derive(Clone, Debug)]
pub struct AccountTerms {
    pub name: String,
    /// Balance at closing, currency units.
    pub initial: f64,
    /// What it is filled up to, an expression as the document has it.
    pub target: Option<String>,
    /// Its balance earns what principal cash earns.
    pub earns: bool,
    /// At the end its cash is principal proceeds; interest proceeds otherwise.
    pub principal: bool,
}
