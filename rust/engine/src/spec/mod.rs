//! What a user may write: the canonical JSON of a deal, a scenario and a default model.
//!
//! Python's models report every problem of shape; these types are the second line, and `compile` reports every
//! problem of meaning. Only `compile` reads them.

pub mod accounts;
pub mod deal;
pub mod events;
pub mod model;
pub mod scenario;
pub mod state;
pub mod steps;

pub use deal::Deal;
pub use events::Event;
pub use model::DefaultModel;
pub use scenario::Scenario;
pub use state::DealState;
pub use steps::Step;
