//! Python bindings of cloche: converts arguments, calls the engine, maps errors. No finance lives here.

#![allow(clippy::needless_pass_by_value, reason = "PyO3 hands the arguments of a function over by value")]

mod columns;
mod dates;
mod deal;
mod errors;
mod measures;
mod notes;
mod payment_date;
mod pool;
mod progress;
mod projection;
mod simulation;
mod sweep;
mod tables;

/// The compiled engine of cloche.
#[pyo3::pymodule]
mod _core {
    #[pymodule_export]
    use crate::dates::{
        add_business_days, adjust, bootstrap_discount, curve_fixing, day_count_fraction, schedule, schedule_dates,
    };
    #[pymodule_export]
    use crate::deal::{Deal, check_deal, conventions};
    #[pymodule_export]
    use crate::measures::present_value;
    #[pymodule_export]
    use crate::payment_date::run_payment_date;
    #[pymodule_export]
    use crate::pool::Pool;
    #[pymodule_export]
    use crate::projection::{project, state_at};
    #[pymodule_export]
    use crate::simulation::{Simulation, instruction_sets, simulate};
    #[pymodule_export]
    use crate::sweep::{Sweep, sweep, sweep_fields};
}
