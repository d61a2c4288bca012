//! Events of a deal and of a scenario: when each may act, and on which terms.

mod calls;
mod days;

use crate::compile::changes::{self, Moment};
use crate::compile::conditions;
use crate::compile::deal::CompiledDeal;
use crate::compile::order;
use crate::compile::redemptions::{self, Between};
use crate::compile::regimes::is_assumed;
use crate::compile::rights::{self, Granted};
use crate::error::Problem;
use crate::expression::{Expression, Quantity};
use crate::lifecycle::{Change, ChangeKind, Repricing, event_of};
use crate::notes::NoteTerms;
use crate::path::deal_terms::{CallTerms, SalePrice};
use crate::spec::Event;
use crate::spec::steps::NumberOrName;
use crate::time::Date;
use crate::time::schedule::Period;

pub use days::event_date;

/// The events of a run.
#[derive(Clone, Debug, Default)]
pub struct Events {
    pub calls: Vec<CallTerms>,
    /// Per call: the place of its condition's event; none where it has no condition.
    pub places: Vec<Option<String>>,
    /// Per step: whether all collateral may be sold; nothing where it never may.
    pub sells: Vec<bool>,
    /// Events that change notes, in the order in which they act on a date.
    pub changes: Vec<Change>,
    pub repricings: Vec<Repricing>,
    /// Per call: the place of its event.
    pub call_places: Vec<String>,
    /// Calls of days between payment dates, in the order of their days.
    pub between: Vec<Between>,
    /// Events that bring in documents.
    pub moments: Vec<BringsIn>,
}

/// An event that brings in a document, and when it may act.
#[derive(Clone, Debug)]
pub struct BringsIn {
    pub place: String,
    pub window: Vec<bool>,
    /// The day for which it is dated; it acts on one date then.
    pub day: Option<Date>,
    pub dated: bool,
    /// It is a reset, not an amendment.
    pub resets: bool,
}

impl Events {
    /// The re-pricing of a note by the event of a place.
    #[must_use]
    pub fn repricing(&self, notes: &[NoteTerms], note: &str, place: &str) -> Option<usize> {
        let sets = |r: &usize| event_of(&self.changes, *r).is_some_and(|change| change.place == place);
        (0..self.repricings.len()).find(|r| notes[self.repricings[*r].note as usize].name == note && sets(r))
    }

    /// How many there are of each list.
    fn counts(&self) -> [usize; 5] {
        [self.calls.len(), self.between.len(), self.changes.len(), self.repricings.len(), self.moments.len()]
    }

    /// Takes back what has come since.
    fn take_back(&mut self, [calls, between, changes, repricings, moments]: [usize; 5]) {
        self.calls.truncate(calls);
        self.places.truncate(calls);
        self.call_places.truncate(calls);
        self.between.truncate(between);
        self.changes.truncate(changes);
        self.repricings.truncate(repricings);
        self.moments.truncate(moments);
    }

    /// Whether some condition reads the share of CCC collateral.
    #[must_use]
    pub fn read_ccc_share(&self) -> bool {
        let mut reads = false;
        for (when, _) in self.conditions() {
            when.uses(|quantity| reads |= quantity == Quantity::CccShare);
        }
        reads
    }

    /// The conditions of all events, each with the place of its event.
    pub fn conditions(&self) -> impl Iterator<Item = (&Expression, &str)> {
        let changes = self.changes.iter().filter_map(|change| Some((change.when.as_ref()?, change.place.as_str())));
        let calls = self.calls.iter().zip(&self.places);
        calls.filter_map(|(call, place)| Some((call.when.as_ref()?, place.as_deref()?))).chain(changes)
    }
}

/// Compiles the events of a deal, those that a scenario assumes, and the auction calls that the deal contracts.
pub fn compile(deal: &CompiledDeal, assumed: &[Event], problems: &mut Vec<Problem>) -> Events {
    let mut out = Events::default();
    let own = deal.document.events.iter().enumerate().map(|(i, event)| (deal.rule.place(i), event));
    let of_scenario = assumed.iter().enumerate().map(|(i, event)| (format!("scenario.events[{i}]"), event));
    let first_document = deal.rule.since == 0;
    let mut checked = Vec::new();
    for (place, event) in own.chain(of_scenario) {
        let later = !first_document && is_assumed(&place);
        // It can only act in this document, which has come in by a reset.
        let known = deal.rule.past.contains(&place) || deal.rule.begun.contains(&place);
        let bound = later && deal.rule.after_reset && deal.rule.certain && !known && {
            let date = event.date.as_deref().and_then(|text| event_date(&deal.dates, text, &place, &mut Vec::new()));
            let rules_from = deal.terms.grid.periods.get(deal.rule.since).map(|period| period.previous_unadjusted);
            date.zip(rules_from).is_some_and(|(date, from)| date > from)
        };
        if !deal.rule.lets_act(&place, event) {
            if bound {
                let brought_in = deal.rule.past.last().map_or("a reset", String::as_str);
                let message = format!(
                    "on its date the document that {brought_in} brings in is in force, where of a scenario only calls act; expected it among the events of that document"
                );
                problems.push(Problem::new(place, message));
            }
            continue;
        }
        // What a scenario assumes is checked against the first document; where it does not fit one that may follow, it does
        // not act there.
        let (mut of_later, counts) = (Vec::new(), out.counts());
        one(deal, event, &place, &mut out, if later && !bound { &mut of_later } else { &mut *problems });
        if !of_later.is_empty() {
            out.take_back(counts);
        }
        if !later {
            checked.push((place, event));
        }
    }
    for (place, event) in checked {
        order::check(deal, event, &place, &out.changes, problems);
    }
    out.calls.extend(calls::auction(deal, problems));
    out.call_places.resize(out.calls.len(), format!("{}rights.auction_call", deal.rule.events));
    out.places.resize(out.calls.len(), None);
    // Refinancings come first, so that a re-pricing of the same date finds their notes.
    out.changes.sort_by_key(|change| match change.kind {
        ChangeKind::Refinancing(_) => 0,
        ChangeKind::Issue { .. } => 1,
        ChangeKind::Repricing { .. } => 2,
        ChangeKind::SpecialRedemption(_) | ChangeKind::Confirmation => 3,
        ChangeKind::Transition(_) => 4,
    });
    let periods = &deal.terms.grid.periods;
    let liquidates = deal.terms.acceleration.is_some_and(|terms| terms.liquidation.is_some());
    if liquidates || !out.calls.is_empty() {
        out.sells = (0..periods.len())
            .map(|p| !periods[p].is_last && (liquidates || out.calls.iter().any(|call| call.window[p])))
            .collect();
        if !out.sells.contains(&true) {
            out.sells.clear();
        }
    }
    out.between.sort_by_key(|between| between.day);
    out
}

fn one(deal: &CompiledDeal, event: &Event, place: &str, out: &mut Events, problems: &mut Vec<Problem>) {
    let changes = event.changes_deal() || event.confirm_ratings.is_some();
    let computed = [
        event.call.is_some(),
        event.refinance.is_some(),
        event.reprice.is_some(),
        event.issue.is_some(),
        event.special_redemption.is_some(),
        event.confirm_ratings.is_some(),
        event.reset.is_some(),
        event.amend.is_some(),
    ];
    let named = computed.iter().filter(|is| **is).count();
    if named != 1 {
        let message = format!(
            "found {named} events; expected one of call, refinance, reprice, reset, amend, issue, special_redemption, confirm_ratings"
        );
        problems.push(Problem::new(place, message));
        return;
    }
    // A call that was tried before a reset is tried on whatever its dates are in the document that follows.
    let tried_before;
    let event = if deal.rule.begun.iter().any(|begun| begun == place) {
        tried_before = Event { date: None, from: None, ..event.clone() };
        &tried_before
    } else {
        event
    };
    let over = acts_once(event) && is_past(deal, event, place);
    let barred = event.call.is_some()
        && !is_past(deal, event, place)
        && acts_on(deal, event).is_some_and(|(_, day)| !may_redeem(deal, day));
    // What has had its date asks for no right any more.
    let granted = if over {
        Granted::default()
    } else {
        rights::check(
            deal,
            (event, barred, acts_on(deal, event).map(|(_, day)| day)),
            place,
            |text, place, problems| event_date(&deal.dates, text, place, problems),
            problems,
        )
    };
    if changes {
        let when = event
            .when
            .as_ref()
            .and_then(|text| conditions::condition(&deal.terms, text, &format!("{place}.when"), problems));
        let Some(window) = window(deal, event, &granted, place, problems) else { return };
        let window = if event.date.is_some() { on_one_date(window) } else { window };
        if event.brings_in().is_some() {
            let (dated, resets) = (event.date.is_some(), event.reset.is_some());
            let day = event.date.as_ref().and_then(|text| event_date(&deal.dates, text, place, &mut Vec::new()));
            out.moments.push(BringsIn { place: place.to_owned(), window: window.clone(), day, dated, resets });
        }
        let moment = Moment { window, when };
        let change = changes::compile(deal, event, place, moment, &mut out.repricings, problems);
        out.changes.extend(change);
        return;
    }
    let Some(call) = &event.call else { return };
    let price = match &call.price {
        None => SalePrice::Scenario,
        Some(NumberOrName::Number(price)) if *price > 0.0 && *price <= 2.0 => SalePrice::Stated(*price),
        Some(NumberOrName::Name(name)) if name == "market" => SalePrice::Market,
        Some(other) => {
            let found = match other {
                NumberOrName::Number(x) => x.to_string(),
                NumberOrName::Name(name) => format!("{name:?}"),
            };
            let message = format!("found {found}; expected a price such as 0.985, or market");
            problems.push(Problem::new(format!("{place}.call.price"), message));
            SalePrice::Scenario
        }
    };
    let retry = match call.if_infeasible.as_deref() {
        None | Some("withdraw") => false,
        Some("retry") => true,
        Some(other) => {
            let message = format!("found {other:?}; expected withdraw or retry");
            problems.push(Problem::new(format!("{place}.call.if_infeasible"), message));
            false
        }
    };
    let cost = calls::cost(event.cost.as_ref(), &format!("{place}.cost"), problems);
    let when = event
        .when
        .as_ref()
        .and_then(|text| conditions::condition(&deal.terms, text, &format!("{place}.when"), problems));
    let Some(window) = window(deal, event, &granted, place, problems) else { return };
    // What is withdrawn on its date is over, also for a run that goes on from a later one.
    let again = event.date.is_none() || retry || event.repeat;
    let mut window = if again { window } else { on_one_date(window) };
    if let Some((step, day)) = redemptions::day_of(deal, event) {
        if !again {
            window.fill(false);
        }
        let late = event.until.as_ref().and_then(|text| event_date(&deal.dates, text, place, &mut Vec::new()));
        if step >= deal.rule.since && late.is_none_or(|until| day <= until) {
            out.between.push(Between { call: out.calls.len(), step, day });
        }
    }
    out.places.push(event.when.is_some().then(|| place.to_owned()));
    out.call_places.push(place.to_owned());
    out.calls.push(CallTerms { window, when, below: granted.below, price, cost, retry, repeat: event.repeat });
}

/// The first of the dates on which an event may act, alone.
fn on_one_date(mut window: Vec<bool>) -> Vec<bool> {
    if let Some(acts) = window.iter().position(|may| *may) {
        window[acts + 1..].fill(false);
    }
    window
}

fn may_redeem(deal: &CompiledDeal, unadjusted: Date) -> bool {
    deal.dates.non_call_end.is_none_or(|end| unadjusted >= end)
}

/// The step (from 0) and the day on which a dated event acts: a call between payment dates on its own day, others on a
/// payment date.
fn acts_on(deal: &CompiledDeal, event: &Event) -> Option<(usize, Date)> {
    let date = event_date(&deal.dates, event.date.as_ref()?, "", &mut Vec::new())?;
    let periods = &deal.terms.grid.periods;
    let moved = periods.iter().position(|period| event.call.is_some() && period.payment == date);
    let scheduled = || periods.iter().position(|period| period.unadjusted >= date);
    let step = || moved.or_else(scheduled).map(|p| (p, periods[p].unadjusted));
    redemptions::day_of(deal, event).or_else(step)
}

/// Whether an event is over once its date is.
fn acts_once(event: &Event) -> bool {
    let again = event.waits() || (event.call.is_some() && event.repeat);
    event.date.is_some() && !again
}

/// Whether the date of an event was under an earlier document: of one of the deal, since the last reset.
fn is_past(deal: &CompiledDeal, event: &Event, place: &str) -> bool {
    let from = if is_assumed(place) { 0 } else { deal.rule.counted_from };
    acts_on(deal, event).is_some_and(|(step, _)| (from..deal.rule.since).contains(&step))
}

/// Per step: whether an event may act. A dated one acts on the first payment date whose schedule date is not before it; a
/// call of the business day to which a payment date has moved acts on that.
///
/// `granted` are the terms of the right to it.
fn window(
    deal: &CompiledDeal,
    event: &Event,
    granted: &Granted,
    place: &str,
    problems: &mut Vec<Problem>,
) -> Option<Vec<bool>> {
    let right = granted.from;
    let redeems = event.call.is_some() || event.refinance.is_some() || event.reprice.is_some() || event.reset.is_some();
    let redeems = redeems && !granted.always;
    let may = |day: Date| (!redeems || may_redeem(deal, day)) && right.is_none_or(|from| day >= from);
    let mut read = |text: &Option<String>, key: &str| {
        text.as_ref().map(|text| event_date(&deal.dates, text, &format!("{place}.{key}"), problems))
    };
    let (date, from, until) = (read(&event.date, "date"), read(&event.from, "from"), read(&event.until, "until"));
    let begun = deal.rule.begun.iter().any(|begun| begun == place);
    if date.is_some() == event.when.is_some() && !begun {
        let message = "found neither or both of date and when; expected one of them";
        problems.push(Problem::new(place, message));
        return None;
    }
    let unreadable = |date: Option<Option<Date>>| date.is_some_and(|date| date.is_none());
    if unreadable(date) || unreadable(from) || unreadable(until) {
        return None;
    }
    let (date, from, until) = (date.flatten(), from.flatten(), until.flatten());
    let periods = &deal.terms.grid.periods;
    let rules_from = periods.get(deal.rule.since).map(|period| period.unadjusted);
    if let (Some(until), Some(end)) = (until, deal.dates.non_call_end)
        && redeems
        && until < end
        && rules_from.is_none_or(|from| until >= from)
    {
        let message = format!("found {until}; expected a date after the non-call period, which ends on {end}");
        problems.push(Problem::new(format!("{place}.until"), message));
        return None;
    }
    let moved = |date: Date| periods.iter().find(|period| event.call.is_some() && period.payment == date);
    let scheduled = |date: Date| periods.iter().any(|period| period.unadjusted == date);
    let date = date.map(|date| moved(date).filter(|_| !scheduled(date)).map_or(date, |period| period.unadjusted));
    // On which a call is made: between payment dates, or on the first that is not before the date.
    let made_on = |period: &Period| redemptions::day_of(deal, event).map_or(period.unadjusted, |(_, day)| day);
    if let Some(date) = date.filter(|_| !is_past(deal, event, place)) {
        let written = event.date.as_ref().is_some_and(|text| text.trim().starts_with(|c: char| c.is_ascii_digit()));
        let stays = deal.rule.since == 0 || deal.rule.certain;
        let acts = periods.iter().find(|period| period.unadjusted >= date);
        match acts {
            None => {
                let message = format!("found {date}, after the last payment date");
                problems.push(Problem::new(format!("{place}.date"), message));
                return None;
            }
            // Where a condition moves the dates of a document, none of them is as it is written.
            Some(_) if written && stays && !days::on_a_day(deal, date, place, problems) => return None,
            Some(period) if period.is_last && redemptions::day_of(deal, event).is_none() => {
                let message = format!(
                    "found {date}, which stands for the last payment date, {}: all is sold and paid on it; expected an earlier date",
                    period.unadjusted
                );
                problems.push(Problem::new(format!("{place}.date"), message));
                return None;
            }
            Some(period) if redeems && !may_redeem(deal, made_on(period)) => {
                let end = deal.dates.non_call_end.map_or_else(String::new, |end| end.to_string());
                let message = format!("found {date}; expected a date after the non-call period, which ends on {end}");
                problems.push(Problem::new(format!("{place}.date"), message));
                return None;
            }
            Some(period) if !may(made_on(period)) => {
                let from = right.map_or_else(String::new, |from| from.to_string());
                let message =
                    format!("found {date}; expected a date from {from} on, from which the deal gives the right");
                problems.push(Problem::new(format!("{place}.date"), message));
                return None;
            }
            Some(_) => {}
        }
    }
    let start = date.or(from);
    let acts = |day: Date| start.is_none_or(|start| day >= start) && until.is_none_or(|until| day <= until);
    let own = acts_on(deal, event).filter(|_| acts_once(event) && is_past(deal, event, place));
    let may = |(p, period): (usize, &Period)| {
        let may = own.map_or_else(|| may(period.unadjusted), |(step, _)| p == step);
        !period.is_last && acts(period.unadjusted) && may
    };
    Some(periods.iter().enumerate().map(may).collect())
}

#[cfg(test)]
mod tests {
    use super::on_one_date;

    #[test]
    fn an_event_of_one_date_is_not_tried_on_later_ones() {
        assert_eq!(on_one_date(vec![false, true, true, true]), [false, true, false, false]);
        assert_eq!(on_one_date(vec![false, false]), [false, false]);
    }
}
