//! One shape for all documents of a deal: the same lists of notes, fees, tests, accounts and hedges in every one.
//!
//! What a document does not have stands in its lists under a name that it cannot use, and nothing ever falls due on it: a run goes
//! from one document to the next with the state it has.

use std::collections::BTreeMap;

use crate::compile::deal::CompiledDeal;
use crate::compile::regimes::{Arrival, Node};
use crate::compile::succession::Joined;
use crate::error::{EngineError, Problem};
use crate::lifecycle::{Issued, Transition};
use crate::path::deal_terms::Foreign;
use crate::spec::Event;
use crate::spec::accounts::{Account, Hedge, Notional};
use crate::spec::deal::{Coupon, Deal, Fee, Note, Test};
use crate::spec::events::EventCost;
use crate::time::PeriodGrid;

/// A thing of some document: which brought it in, and where it stands in that one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Home {
    node: usize,
    local: usize,
}

/// One list of all documents.
#[derive(Clone, Debug, Default)]
struct List {
    homes: Vec<Home>,
    /// Per document and thing of the list: where it stands in the document.
    local: Vec<Vec<Option<usize>>>,
}

impl List {
    /// Joins the lists of all documents: what `stays` from one to the next is one thing, and so is what one event brings in on
    /// different dates.
    fn new<T>(
        nodes: &[Node],
        of: fn(&Node) -> &[T],
        name: fn(&T) -> &str,
        stays: impl Fn(&Arrival, &T, &T) -> bool,
    ) -> Self {
        let mut out = Self::default();
        for (k, node) in nodes.iter().enumerate() {
            let mut local = vec![None; out.homes.len()];
            for (l, item) in of(node).iter().enumerate() {
                let known = node.arrival.as_ref().and_then(|arrival| {
                    let before = of(&nodes[arrival.parent]);
                    let of_parent = &out.local[arrival.parent];
                    let carried = |g: &usize| {
                        of_parent
                            .get(*g)
                            .copied()
                            .flatten()
                            .is_some_and(|p| name(&before[p]) == name(item) && stays(arrival, &before[p], item))
                    };
                    let twin = |other: usize| {
                        let same = nodes[other].arrival.as_ref().is_some_and(|a| a.place == arrival.place);
                        let named = |p: &Option<usize>| p.is_some_and(|p| name(&of(&nodes[other])[p]) == name(item));
                        if same { out.local[other].iter().position(named) } else { None }
                    };
                    (0..out.homes.len()).find(carried).or_else(|| (0..k).find_map(twin))
                });
                let g = known.unwrap_or(out.homes.len());
                if g == out.homes.len() {
                    out.homes.push(Home { node: k, local: l });
                }
                local.resize(out.homes.len(), None);
                local[g] = Some(l);
            }
            out.local.push(local);
        }
        for local in &mut out.local {
            local.resize(out.homes.len(), None);
        }
        out
    }

    /// Moves the things for which `last` holds behind the others.
    fn with_last(mut self, last: impl Fn(Home) -> bool) -> Self {
        let mut order: Vec<usize> = (0..self.homes.len()).collect();
        order.sort_by_key(|&g| last(self.homes[g]));
        self.homes = order.iter().map(|&g| self.homes[g]).collect();
        for local in &mut self.local {
            *local = order.iter().map(|&g| local[g]).collect();
        }
        self
    }

    /// The list in the shape of document `k`.
    fn of<T: Clone>(
        &self,
        k: usize,
        nodes: &[Node],
        list: fn(&Node) -> &[T],
        foreign: impl Fn(usize, &T) -> T,
    ) -> Vec<T> {
        let item = |(g, home): (usize, &Home)| match self.local[k][g] {
            Some(l) => list(&nodes[k])[l].clone(),
            None => foreign(g, &list(&nodes[home.node])[home.local]),
        };
        self.homes.iter().enumerate().map(item).collect()
    }

    /// Per thing: whether document `k` does not have it.
    fn foreign(&self, k: usize) -> Vec<bool> {
        self.local[k].iter().map(Option::is_none).collect()
    }

    /// Per thing: where it stands in document `k`; those of other documents last.
    fn order(&self, k: usize) -> Vec<usize> {
        self.local[k].iter().enumerate().map(|(g, local)| local.unwrap_or(self.homes.len() + g)).collect()
    }

    /// Where the thing that stands at `local` in document `k` stands in the list.
    fn global(&self, k: usize, local: usize) -> Option<usize> {
        self.local[k].iter().position(|l| *l == Some(local))
    }
}

/// What a document is compiled with, beside itself.
pub struct Shape {
    pub grid: PeriodGrid,
    /// The payment dates as they are where no other document follows.
    pub alone: PeriodGrid,
    /// Interest may have to pay for an event of some document.
    pub costs: bool,
    foreign: Foreign,
    names: Vec<String>,
    own: Vec<bool>,
    since: Vec<usize>,
    replaces: Vec<Option<u16>>,
}

impl Shape {
    /// Marks what is of other documents.
    pub fn mark(&self, deal: &mut CompiledDeal) {
        deal.terms.foreign.clone_from(&self.foreign);
        for (note, (since, replaces)) in deal.terms.notes.iter_mut().zip(self.since.iter().zip(&self.replaces)) {
            note.since = *since;
            note.replaces = replaces.or(note.replaces);
        }
        deal.rule.names.clone_from(&self.names);
        deal.rule.own.clone_from(&self.own);
    }
}

/// The lists of all documents.
pub struct Layout {
    notes: List,
    fees: List,
    tests: List,
    accounts: List,
    hedges: List,
    /// Names of the notes in tables.
    names: Vec<String>,
    /// Per note that a reset brings in: the class that it replaces.
    replaces: Vec<Option<u16>>,
    costs: bool,
}

fn notes(node: &Node) -> &[Note] {
    &node.document.notes
}
fn fees(node: &Node) -> &[Fee] {
    &node.document.fees
}
fn tests(node: &Node) -> &[Test] {
    &node.document.tests
}
fn accounts(node: &Node) -> &[Account] {
    &node.document.accounts
}
fn hedges(node: &Node) -> &[Hedge] {
    &node.document.hedges
}

impl Layout {
    /// Joins the lists of all documents.
    ///
    /// # Errors
    /// [`EngineError::Deal`] with the place of what cannot go from one document to the next.
    pub fn new(nodes: &[Node], assumed: &[Event]) -> Result<Self, EngineError> {
        let stays = |arrival: &Arrival, note: &Note| match &arrival.carry {
            Some(carry) => carry.contains(&note.name),
            None => true,
        };
        let notes_of = List::new(nodes, notes, |note| &note.name, |arrival, _, note| stays(arrival, note));
        let combines = |home: Home| !notes(&nodes[home.node])[home.local].combination_of.is_empty();
        let mut out = Self {
            notes: notes_of.with_last(combines),
            fees: List::new(nodes, fees, |fee| &fee.name, |_, before, fee| before == fee),
            tests: List::new(
                nodes,
                tests,
                |test| &test.name,
                |arrival, before, test| arrival.carry.is_none() && before == test,
            ),
            accounts: List::new(nodes, accounts, |account| &account.name, |_, _, _| true),
            hedges: List::new(nodes, hedges, |hedge| &hedge.name, |_, before, hedge| before == hedge),
            names: Vec::new(),
            replaces: Vec::new(),
            costs: nodes.iter().any(|node| node.joined.as_ref().is_some_and(|joined| joined.costs))
                || nodes.iter().flat_map(|node| &node.written.events).chain(assumed).any(costs_interest),
        };
        for home in &out.notes.homes {
            let mut name = notes(&nodes[home.node])[home.local].name.clone();
            while out.names.contains(&name) {
                let again = name.rsplit_once("-R").is_some_and(|(_, rest)| rest.chars().all(|letter| letter == 'R'));
                name.push_str(if again { "R" } else { "-R" });
            }
            out.names.push(name);
        }
        out.replaces = (0..out.notes.homes.len()).map(|g| out.replaced(nodes, g)).collect();
        let mut problems = Vec::new();
        for node in nodes {
            let Some(arrival) = node.arrival.as_ref().filter(|arrival| arrival.carry.is_none()) else { continue };
            let before = accounts(&nodes[arrival.parent]);
            for (i, account) in accounts(node).iter().enumerate() {
                let stated =
                    before.iter().find(|before| before.name == account.name).map_or(0.0, |before| before.initial);
                if account.initial > 0.0 && account.initial.to_bits() != stated.to_bits() {
                    let message = format!(
                        "found {}; expected {stated}: an amendment brings no cash into an account",
                        account.initial
                    );
                    problems.push(Problem::new(format!("{}accounts[{i}].initial", node.rule.prefix), message));
                }
            }
        }
        problems.dedup();
        if problems.is_empty() { Ok(out) } else { Err(EngineError::Deal(problems)) }
    }

    /// The class that a note replaces which a reset brings in: that of its name, else one of its interest rank, else the most
    /// junior of those that are redeemed.
    fn replaced(&self, nodes: &[Node], g: usize) -> Option<u16> {
        let home = self.notes.homes[g];
        let node = &nodes[home.node];
        let arrival = node.arrival.as_ref()?;
        let carry = arrival.carry.as_ref()?;
        let note = &notes(node)[home.local];
        if node.joined.as_ref().is_some_and(|joined| joined.replaces.contains_key(&note.name)) {
            return None;
        }
        let before = notes(&nodes[arrival.parent]);
        let redeemed: Vec<usize> = (0..before.len()).filter(|&l| is_redeemed(&before[l], carry)).collect();
        let named = redeemed.iter().find(|&&l| before[l].name == note.name);
        let ranked = redeemed.iter().find(|&&l| before[l].interest_rank == note.interest_rank);
        let local = named.or(ranked).or_else(|| redeemed.iter().max_by_key(|&&l| before[l].interest_rank))?;
        self.notes.global(arrival.parent, *local).and_then(|g| u16::try_from(g).ok())
    }

    /// Document `k` in the shape of all.
    pub fn document(&self, nodes: &[Node], k: usize) -> (Deal, Joined) {
        let node = &nodes[k];
        let mut deal = (*node.document).clone();
        let local_name = |g: usize| self.notes.local[k][g].map(|l| notes(node)[l].name.clone());
        let first = notes(node).iter().find(|note| !note.residual && note.combination_of.is_empty());
        deal.notes = self.notes.of(k, nodes, notes, |g, note| Note {
            name: foreign_name(g),
            combination_of: BTreeMap::new(),
            interest_rank: note.interest_rank.or((!note.residual).then_some(u32::MAX - 1)),
            // A combination of an earlier document has nothing more to pass on.
            amortization: None,
            make_whole: None,
            coupon: note.coupon.as_ref().map(without_conditions).or_else(|| {
                first.filter(|_| !note.residual).and_then(|note| note.coupon.as_ref().map(without_conditions))
            }),
            balance: if note.balance > 0.0 || note.commitment.is_some() { note.balance } else { 1.0 },
            ..note.clone()
        });
        // A combination note passes on what the components pay that are still there.
        for (g, home) in self.notes.homes.iter().enumerate() {
            let whole = &notes(&nodes[home.node])[home.local];
            if self.notes.local[k][g].is_none() && !whole.combination_of.is_empty() {
                let of_home = notes(&nodes[home.node]);
                let kept = whole.combination_of.iter().filter_map(|(name, part)| {
                    let l = of_home.iter().position(|note| note.name == *name)?;
                    local_name(self.notes.global(home.node, l)?).map(|name| (name, *part))
                });
                let kept: BTreeMap<String, f64> = kept.collect();
                if !kept.is_empty() {
                    deal.notes[g] = Note {
                        name: foreign_name(g),
                        combination_of: kept,
                        interest_rank: None,
                        coupon: None,
                        make_whole: None,
                        ..whole.clone()
                    };
                }
            }
        }
        deal.fees = self.fees.of(k, nodes, fees, |g, fee| Fee {
            name: foreign_name(g),
            amount_per_period: Some(0.0),
            rate: None,
            fixed_per_year: None,
            base: None,
            tiers: Vec::new(),
            ..fee.clone()
        });
        deal.tests = self.tests.of(k, nodes, tests, |g, _| Test {
            name: foreign_name(g),
            kind: "eod_par_ratio".to_owned(),
            through: None,
            notes: Some(first.iter().map(|note| note.name.clone()).collect()),
            trigger: 1.0,
            first_date: None,
            round: None,
        });
        deal.accounts = self.accounts.of(k, nodes, accounts, |g, account| Account {
            name: foreign_name(g),
            initial: 0.0,
            target: None,
            ..account.clone()
        });
        deal.hedges = self.hedges.of(k, nodes, hedges, |g, hedge| Hedge {
            name: foreign_name(g),
            notional: Notional::Amount(0.0),
            termination: None,
            ..hedge.clone()
        });
        let mut joined = node.joined.clone().unwrap_or_default();
        let places = std::mem::take(&mut joined.places);
        joined.places = (0..self.notes.homes.len())
            .map(|g| match self.notes.local[k][g] {
                Some(l) => places.get(l).cloned().unwrap_or_else(|| format!("notes[{l}]")),
                None => String::new(),
            })
            .collect();
        (deal, joined)
    }

    /// What document `k` is compiled with.
    pub fn shape(&self, nodes: &[Node], k: usize) -> Shape {
        let of_itself = |g: usize| {
            let joined = nodes[k].joined.as_ref();
            self.notes.local[k][g]
                .is_some_and(|l| !joined.is_some_and(|joined| joined.replaces.contains_key(&notes(&nodes[k])[l].name)))
        };
        let count = self.notes.homes.len();
        Shape {
            grid: nodes[k].grid.clone(),
            alone: nodes[k].alone.clone(),
            costs: self.costs,
            foreign: Foreign {
                notes: self.notes.foreign(k),
                fees: self.fees.foreign(k),
                tests: self.tests.foreign(k),
                accounts: self.accounts.foreign(k),
                hedges: self.hedges.foreign(k),
                order: [&self.notes, &self.fees, &self.tests].map(|list| list.order(k)),
            },
            names: self.names.clone(),
            own: if k == 0 { Vec::new() } else { (0..count).map(of_itself).collect() },
            since: (0..count).map(|g| self.since(nodes, k, g)).collect(),
            replaces: self.replaces.clone(),
        }
    }

    /// Payment dates before the first of the document that brought in a note, in the history of document `k`.
    fn since(&self, nodes: &[Node], k: usize, g: usize) -> usize {
        match &nodes[k].arrival {
            Some(arrival) if self.notes.local[arrival.parent][g].is_some() => self.since(nodes, arrival.parent, g),
            _ => nodes[k].rule.counted_from,
        }
    }

    /// What the events of document `k` do that bring in another, by their places.
    pub fn transitions(&self, nodes: &[Node], k: usize) -> BTreeMap<String, Transition> {
        let mut out = BTreeMap::new();
        for (c, child) in nodes.iter().enumerate() {
            let Some(arrival) = child.arrival.as_ref().filter(|arrival| arrival.parent == k) else { continue };
            out.entry(arrival.place.clone()).or_insert_with(|| self.transition(nodes, c, arrival));
        }
        out
    }

    fn transition(&self, nodes: &[Node], c: usize, arrival: &Arrival) -> Transition {
        let (parent, child) = (&nodes[arrival.parent], &nodes[c]);
        let place = |list: &List, k: usize, l: usize| list.global(k, l).and_then(|g| u16::try_from(g).ok());
        let fee_of_parent = |name: &str| fees(parent).iter().position(|fee| fee.name == name);
        let moved = fees(child).iter().enumerate().filter_map(|(l, fee)| {
            let from = place(&self.fees, arrival.parent, fee_of_parent(&fee.name)?)?;
            let to = place(&self.fees, c, l)?;
            (from != to).then_some((from, to))
        });
        let closed = (0..accounts(parent).len())
            .filter(|&l| !accounts(child).iter().any(|account| account.name == accounts(parent)[l].name))
            .filter_map(|l| place(&self.accounts, arrival.parent, l));
        let mut out = Transition {
            resets: arrival.carry.is_some(),
            equity_contribution: arrival.terms.equity_contribution,
            par_purchase: arrival.terms.par_purchase,
            interest_reserve: arrival.terms.interest_reserve,
            ramp_up_cash: arrival.terms.ramp_up_cash,
            fees: moved.collect(),
            closed: closed.collect(),
            ..Transition::default()
        };
        let Some(carry) = &arrival.carry else { return out };
        for (l, account) in accounts(child).iter().enumerate().filter(|(_, account)| account.initial > 0.0) {
            out.deposits.extend(place(&self.accounts, c, l).map(|a| (a, account.initial)));
        }
        for (l, note) in notes(parent).iter().enumerate() {
            if is_redeemed(note, carry) {
                out.redeemed.extend(place(&self.notes, arrival.parent, l));
            }
        }
        for (l, note) in child.written.notes.iter().enumerate() {
            let own = notes(child).iter().position(|other| other.name == note.name).unwrap_or(l);
            if is_redeemed(note, carry)
                && let Some(n) = place(&self.notes, c, own)
            {
                let (balance, price) = (Some(note.balance), note.issue_price);
                out.into.push(Issued { note: n, balance, coupon_of: None, price });
            }
        }
        out
    }
}

/// Whether a class is exchanged in a reset: neither residual, nor a combination of others, nor carried.
fn is_redeemed(note: &Note, carry: &[String]) -> bool {
    !note.residual && note.combination_of.is_empty() && !carry.contains(&note.name)
}

/// Whether an event that brings in a document is paid for by interest.
fn costs_interest(event: &Event) -> bool {
    let of_interest = |cost: &EventCost| {
        !matches!(cost.paid_from.as_deref(), Some("equity" | "proceeds")) && (cost.rate > 0.0 || cost.fixed > 0.0)
    };
    event.brings_in().is_some() && event.cost.as_ref().is_some_and(of_interest)
}

/// A coupon without what conditions of its document change.
fn without_conditions(coupon: &Coupon) -> Coupon {
    let step_up = coupon.step_up.iter().filter(|step| step.when.is_none()).cloned().collect();
    Coupon { step_up, ..coupon.clone() }
}

/// A name that no document can use.
fn foreign_name(g: usize) -> String {
    format!("\u{0}{g}")
}
