//! What defaulted assets are carried at.

use crate::compile::deal::CompiledDeal;

/// Market value of a defaulted asset: its recovery where the tape has no price of it; shares of par.
#[must_use]
pub fn market_value(price: f64, recovery: f64) -> f64 {
    if price.is_nan() { recovery } else { price }
}

/// What a defaulted asset is carried at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefaultedValue {
    Market,
    Recovery,
    Zero,
    LesserOfBoth,
}

impl DefaultedValue {
    /// The rule of a deal.
    #[must_use]
    pub fn of(deal: &CompiledDeal) -> Self {
        match deal.document.collateral.defaulted_value.as_deref() {
            Some("market") => Self::Market,
            Some("recovery") => Self::Recovery,
            Some("zero") => Self::Zero,
            _ => Self::LesserOfBoth,
        }
    }

    /// The carrying value, from a market price and a recovery; shares of par.
    #[must_use]
    pub fn value(self, market: f64, recovery: f64) -> f64 {
        match self {
            Self::Market => market,
            Self::Recovery => recovery,
            Self::Zero => 0.0,
            Self::LesserOfBoth => {
                if market < recovery {
                    market
                } else {
                    recovery
                }
            }
        }
    }
}
