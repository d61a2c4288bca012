//! The documents of works, as the counted program and tests read them.

use cloche_engine::collateral::Tape;
use cloche_engine::spec::{Deal, DefaultModel, Scenario};
use serde::Deserialize;

/// A work as one document.
#[derive(Deserialize)]
pub struct Work {
    pub deal: Deal,
    pub tape: Loans,
    pub scenario: Scenario,
    pub model: DefaultModel,
}

type Numbers = Option<Vec<Option<f64>>>;
type Texts = Option<Vec<String>>;
type Whole<T> = Option<Vec<T>>;

/// The columns of the tape that say something.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Loans {
    as_of: i32,
    loan_id: Vec<String>,
    obligor_id: Vec<String>,
    obligor_name: Vec<String>,
    index: Texts,
    industry: Texts,
    rating: Texts,
    lien: Texts,
    country: Texts,
    par: Vec<f64>,
    original_par: Numbers,
    spread: Numbers,
    fixed_rate: Numbers,
    floor: Numbers,
    csa: Numbers,
    current_rate: Numbers,
    market_price: Numbers,
    purchase_price: Numbers,
    amortization_rate: Numbers,
    recovery: Numbers,
    pd_1y: Numbers,
    hazard: Numbers,
    maturity: Vec<i32>,
    default_date: Whole<i32>,
    payment_frequency_months: Whole<i32>,
    fixed: Whole<u8>,
    day_count: Whole<u8>,
    ccc: Whole<u8>,
    weak: Whole<u8>,
}

impl Loans {
    /// The tape.
    pub fn tape(self) -> Tape {
        let n = self.par.len();
        let numbers = |column: Numbers| -> Vec<f64> {
            column.map_or_else(|| vec![f64::NAN; n], |c| c.into_iter().map(|x| x.unwrap_or(f64::NAN)).collect())
        };
        let texts = |column: Texts| column.unwrap_or_else(|| vec![String::new(); n]);
        let flags = |column: Whole<u8>| column.unwrap_or_else(|| vec![0; n]);
        let no_date = vec![i32::MIN; n];
        Tape {
            as_of: self.as_of,
            loan_id: self.loan_id,
            obligor_id: self.obligor_id,
            obligor_name: self.obligor_name,
            parent_id: Vec::new(),
            index: texts(self.index),
            industry: texts(self.industry),
            rating: texts(self.rating),
            lien: texts(self.lien),
            country: texts(self.country),
            par: self.par,
            par_unfunded: numbers(None),
            unfunded_fee: numbers(None),
            original_par: numbers(self.original_par),
            spread: numbers(self.spread),
            fixed_rate: numbers(self.fixed_rate),
            floor: numbers(self.floor),
            csa: numbers(self.csa),
            current_rate: numbers(self.current_rate),
            market_price: numbers(self.market_price),
            purchase_price: numbers(self.purchase_price),
            amortization_rate: numbers(self.amortization_rate),
            recovery: numbers(self.recovery),
            recovery_lag_months: numbers(None),
            cpr: numbers(None),
            pik_spread: numbers(None),
            rating_factor: numbers(None),
            pd_1y: numbers(self.pd_1y),
            hazard: numbers(self.hazard),
            maturity: self.maturity,
            next_payment: no_date.clone(),
            accrual_start: no_date.clone(),
            default_date: self.default_date.unwrap_or(no_date),
            payment_frequency_months: self.payment_frequency_months.unwrap_or_else(|| vec![0; n]),
            fixed: flags(self.fixed),
            day_count: flags(self.day_count),
            csa_in_floor: flags(None),
            ccc: flags(self.ccc),
            weak: flags(self.weak),
        }
    }
}
