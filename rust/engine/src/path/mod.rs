//! A block of futures from the first collection period to the last payment.

pub mod accrual;
pub mod after;
pub mod ccc;
pub mod collect;
pub mod commitments;
pub mod common_dates;
pub mod companies;
pub mod coupon_steps;
pub mod deal_terms;
pub mod drivers;
pub mod effective_date;
pub mod explained;
pub mod instalments;
pub mod make_whole;
pub mod month_steps;
pub mod note_figures;
pub mod observer;
pub mod opening;
pub mod payment_date;
pub mod plan;
pub mod purchases;
pub mod readings;
pub mod redemption;
pub mod regime;
pub mod reinvestment_period;
pub mod reserves;
pub mod runner;
pub mod sale;
pub mod status;
pub mod subordination;
pub mod succession;
pub mod summary;

pub use deal_terms::DealTerms;
pub use plan::{PeriodTerms, Plan};
