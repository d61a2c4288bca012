//! What happened to the deal, date by date: the rows of the table of events.

use super::Tables;
use super::rows::EventRow;
use crate::coverage::terms::PASS_TOLERANCE;
use crate::lanes::Mask;
use crate::lifecycle::ChangeKind;
use crate::path::plan::Plan;
use crate::state::State;

const INFEASIBLE: &str = "the proceeds would not cover what a redemption must pay";
const TOO_LARGE: &str = "the collateral is not yet below the share of target par that the clean-up call waits for";

/// Why a call is not feasible.
fn reason(too_large: Mask<1>) -> String {
    if too_large.any() { TOO_LARGE } else { INFEASIBLE }.to_owned()
}

/// The event, and its detail, of a status that differs from the next date on.
pub fn change_of_status(before: bool, after: bool) -> Option<(&'static str, &'static str)> {
    match (before, after) {
        (false, true) => Some(("acceleration", "the notes are accelerated from the next date on")),
        (true, false) => Some(("rescission", "no event of default continues: acceleration ends")),
        _ => None,
    }
}

/// What an event of default by unpaid interest says.
pub fn interest_unpaid(note: &str, shortfall: f64) -> String {
    format!("{note} is owed {shortfall:.2} of overdue interest")
}

impl Tables {
    /// Notes calls of days since the payment date before that were not feasible.
    pub(super) fn refused(&mut self, period: u32, state: &State<1>) {
        for refused in &state.refused {
            let (day, detail) = (Some(refused.day), reason(refused.too_large));
            self.events.push(EventRow { period, day, event: "call not feasible", detail });
        }
    }

    /// Notes the change of status that the next payment date brings.
    pub(super) fn statuses(&mut self, period: u32, state: &State<1>) {
        let sold = state.redeemed.any() || state.liquidated.any();
        if state.redeemed.any() {
            self.event(period, "call", "all collateral is sold and the notes are redeemed".to_owned());
        } else if state.withdrawn.any() {
            self.event(period, "call not feasible", reason(state.too_large));
        }
        if state.liquidated.any() {
            self.event(period, "liquidation", "all collateral is sold after the acceleration".to_owned());
        }
        if sold {
            self.sold_on = Some(period);
            return;
        }
        if let Some((event, detail)) = change_of_status(state.accelerated.any(), state.accelerates_next.any()) {
            self.event(period, event, detail.to_owned());
        }
    }

    /// Notes the confirmation of the ratings, and the end of a reinvestment period before its date.
    pub(super) fn phases(&mut self, plan: &Plan, period: u32, state: &State<1>, numerator: f64) {
        // A second document begins anew.
        self.coupon_steps.resize(plan.deal.coupon_steps.len(), false);
        self.confirmed &= state.confirmed.any();
        self.reinvestment_over &= state.reinvestment_over.any();
        if state.reinvestment_over.any() && !self.reinvestment_over {
            self.reinvestment_over = true;
            if plan.periods[period as usize].in_reinvestment {
                let detail = "the reinvestment period ends before its date".to_owned();
                self.event(period, "end of the reinvestment period", detail);
            }
        }
        for (k, condition) in plan.deal.default_conditions.iter().enumerate() {
            if state.default_conditions[k].any() {
                self.event(period, "event of default: condition", condition.text().to_owned());
            }
        }
        for (k, step) in plan.deal.coupon_steps.iter().enumerate() {
            let (name, in_force) = (&plan.deal.notes[step.note as usize].name, state.coupon_steps[k].any());
            if in_force != self.coupon_steps[k] && self.there[step.note as usize] {
                let what = if in_force { "begins" } else { "ends" };
                let detail = format!("{name}: the step to {} {what} ({})", step.margin, step.when.text());
                self.event(period, "coupon step", detail);
            }
            self.coupon_steps[k] = in_force;
        }
        if state.confirmed.any() && !self.confirmed {
            self.confirmed = true;
            let by_event = plan.changes.iter().zip(&state.changes.acting);
            let by_event = by_event.filter(|(change, _)| matches!(change.kind, ChangeKind::Confirmation));
            let reached = plan.deal.target_par_test.is_some_and(|t| {
                let test = &plan.deal.tests[t as usize];
                period as usize >= test.first_period
                    && numerator >= test.threshold * plan.deal.target_par * (1.0 - PASS_TOLERANCE)
            });
            let said = !reached && by_event.into_iter().any(|(_, acting)| acting.any());
            self.confirmed_before = Some(if said { period } else { period + 1 });
            let why = if said { "the agencies confirm their ratings" } else { "the target par is reached" };
            self.event(period, "effective date confirmed", why.to_owned());
        }
    }

    /// Notes what events have changed on the date.
    pub(super) fn changes(&mut self, plan: &Plan, period: u32, state: &State<1>) {
        let name = |n: u16| plan.deal.notes[n as usize].name.as_str();
        let new = |n: u16| {
            let issued = state.changes.issued.get(n as usize).map_or(0.0, |issued| issued.0[0]);
            (issued > 0.0).then(|| format!("{issued:.2} of {}", name(n)))
        };
        for (change, acting) in plan.changes.iter().zip(&state.changes.acting) {
            if !acting.any() {
                continue;
            }
            match &change.kind {
                ChangeKind::Refinancing(classes) => {
                    for class in classes {
                        let into: Vec<String> = class.into.iter().filter_map(|note| new(note.note)).collect();
                        let detail = if into.is_empty() {
                            format!("nothing is outstanding of {}", name(class.old))
                        } else {
                            format!("{} is redeemed; {} issued", name(class.old), into.join(", "))
                        };
                        self.event(period, "refinancing", detail);
                    }
                }
                ChangeKind::Issue { notes, equity } => {
                    let mut what: Vec<String> = notes.iter().filter_map(|note| new(note.note)).collect();
                    if *equity > 0.0 {
                        what.push(format!("{equity:.2} of equity"));
                    }
                    self.event(period, "issue", format!("{} issued", what.join(", ")));
                }
                ChangeKind::SpecialRedemption(_) => {
                    let amount = state.special_redemption.0[0];
                    self.event(period, "special redemption", format!("{amount:.2} of principal cannot be invested"));
                }
                ChangeKind::Confirmation => {}
                ChangeKind::Repricing { first, count } => {
                    for (repricing, in_force) in
                        plan.repricings.iter().zip(&state.changes.repriced).skip(*first).take(*count)
                    {
                        if in_force.any() && state.notes[repricing.note as usize].balance.any_positive() {
                            let spread = repricing.spread;
                            self.event(
                                period,
                                "repricing",
                                format!("{} pays a spread of {spread}", name(repricing.note)),
                            );
                        }
                    }
                }
                ChangeKind::Transition(transition) => {
                    self.moved.clone_from(&transition.fees);
                    if transition.resets {
                        let old: Vec<&str> = transition.redeemed.iter().map(|note| name(*note)).collect();
                        let into: Vec<String> = transition.into.iter().filter_map(|note| new(note.note)).collect();
                        let detail = format!("{} redeemed; {} issued", old.join(", "), into.join(", "));
                        self.event(period, "reset", detail);
                    } else {
                        self.event(period, "amendment", "the document changes from the next date on".to_owned());
                    }
                }
            }
        }
    }

    pub(super) fn event(&mut self, period: u32, event: &'static str, detail: String) {
        self.events.push(EventRow { period, day: None, event, detail });
    }
}
