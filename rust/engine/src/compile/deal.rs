//! From a deal document to the compiled deal.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::compile::conventions::Conventions;
use crate::compile::dates::{self, DealDates};
use crate::compile::names::Names;
use crate::compile::purchases::Asked;
use crate::compile::regimes::{self, Regime, Rule, Shape};
use crate::compile::steps::{Builder, Scope};
use crate::compile::succession::Joined;
use crate::compile::{accounts, conditions, default_events, events, fees, notes, purchases, rights, succession, tests};
use crate::coverage::ccc_excess::ExcessRules;
use crate::coverage::{TestKind, TestTerms};
use crate::error::{EngineError, Problem};
use crate::expression::Quantity;
use crate::lifecycle::COST;
use crate::notes::NoteTerms;
use crate::path::deal_terms::{Cause, DealTerms, Foreign};
use crate::spec::deal::CccRule;
use crate::spec::steps::NumberOrName;
use crate::spec::{Deal, Event};
use crate::waterfall::program::Sequence;

/// A compiled deal with what a plan still needs of its document.
#[derive(Clone, Debug)]
pub struct CompiledDeal {
    pub terms: DealTerms,
    pub dates: DealDates,
    pub conventions: Conventions,
    /// What purchases need.
    pub purchases: Asked,
    /// The document with the notes of its events.
    pub document: Arc<Deal>,
    /// The document as it was written.
    pub written: Arc<Deal>,
    /// Its place among the documents of a deal that is reset or amended.
    pub rule: Rule,
    /// The documents that events bring in, each after the one that it follows.
    pub regimes: Vec<Regime>,
}

impl CompiledDeal {
    /// The document as it was written, without the notes of events.
    #[must_use]
    pub fn written(&self) -> &Deal {
        &self.written
    }

    /// Whether assumed events change what the deal is compiled to: later documents go on with the calls that wait.
    #[must_use]
    pub fn is_compiled_with(&self, assumed: &[Event]) -> bool {
        assumed.iter().any(|event| event.changes_deal() || (event.waits() && !self.regimes.is_empty()))
    }

    /// The deal with the notes of assumed events, compiled again where they bring some.
    ///
    /// # Errors
    /// As [`compile_deal`]; the places of the events begin with `scenario.events`.
    pub fn with_events(&self, assumed: &[Event]) -> Result<Cow<'_, Self>, EngineError> {
        if self.is_compiled_with(assumed) {
            compile_with(self.written.clone(), assumed).map(Cow::Owned)
        } else {
            Ok(Cow::Borrowed(self))
        }
    }
}

/// Compiles a deal; every problem of meaning is reported at once.
///
/// # Errors
/// [`EngineError::Deal`] with the place of each problem.
pub fn compile_deal(document: Deal) -> Result<CompiledDeal, EngineError> {
    compile_with(Arc::new(document), &[])
}

/// Compiles a deal with the notes of its own and of assumed events, and with the documents that these bring in.
fn compile_with(written: Arc<Deal>, assumed: &[Event]) -> Result<CompiledDeal, EngineError> {
    if written.events.iter().chain(assumed).any(|event| event.brings_in().is_some()) {
        regimes::compile(written, assumed)
    } else {
        alone(written, assumed, Rule::default())
    }
}

/// Compiles one document as if no other came before or after it.
///
/// # Errors
/// As [`compile_deal`].
pub fn alone(written: Arc<Deal>, assumed: &[Event], rule: Rule) -> Result<CompiledDeal, EngineError> {
    let mut problems = Vec::new();
    let (document, joined) = join(&written, assumed, &rule, &mut problems);
    compile_one(Source { written, document, joined, shape: None, rule }, assumed, problems)
}

/// A document with the notes of its events, where these bring some.
pub fn join(
    written: &Arc<Deal>,
    assumed: &[Event],
    rule: &Rule,
    problems: &mut Vec<Problem>,
) -> (Arc<Deal>, Option<Joined>) {
    let mut document = written.clone();
    let changes = written.events.iter().chain(assumed).any(Event::changes_notes);
    let joined = changes.then(|| succession::join(Arc::make_mut(&mut document), assumed, rule, problems));
    (document, joined)
}

/// One document, ready to be compiled.
pub struct Source<'a> {
    pub written: Arc<Deal>,
    /// With the notes of its events; in the shape of all documents where there are several.
    pub document: Arc<Deal>,
    pub joined: Option<Joined>,
    pub shape: Option<&'a Shape>,
    pub rule: Rule,
}

/// Compiles one document.
///
/// # Errors
/// As [`compile_deal`].
pub fn compile_one(
    source: Source<'_>,
    assumed: &[Event],
    mut problems: Vec<Problem>,
) -> Result<CompiledDeal, EngineError> {
    let Source { written, document, joined, shape, rule } = source;
    if document.cloche != 1 {
        problems
            .push(Problem::new("cloche", format!("found version {}; this engine reads version 1", document.cloche)));
    }
    if !(document.target_par > 0.0) {
        problems
            .push(Problem::new("target_par", format!("found {}; expected an amount above zero", document.target_par)));
    }
    let conventions = Conventions::read(&document.conventions, &mut problems);
    let purchases = purchases::asked(&document, &mut problems);
    let mut dates = dates::compile(&document.dates, &document.currency, conventions.cash_timing_period, &mut problems);
    if let (Some(dates), Some(shape)) = (&mut dates, shape) {
        dates.grid = shape.grid.clone();
        dates.alone = Some(shape.alone.clone());
        dates.counted_from = rule.counted_from;
    }
    Names::gather("note", "notes", written.notes.iter().map(|n| n.name.as_str()), &mut problems);
    // Steps, tests and expressions do not know combination notes.
    let own = document.notes.iter().filter(|n| n.combination_of.is_empty()).map(|n| n.name.as_str());
    let note_names = Names::gather("note", "notes", own, &mut Vec::new());
    let fee_names = Names::gather("fee", "fees", document.fees.iter().map(|f| f.name.as_str()), &mut problems);
    let test_names = Names::gather("test", "tests", document.tests.iter().map(|t| t.name.as_str()), &mut problems);
    let account_names =
        Names::gather("account", "accounts", document.accounts.iter().map(|a| a.name.as_str()), &mut problems);
    let hedge_names = Names::gather("hedge", "hedges", document.hedges.iter().map(|h| h.name.as_str()), &mut problems);
    let account_terms = accounts::accounts(&document.accounts, &mut problems);
    let hedge_terms = accounts::hedges(&document.hedges, &note_names, &mut problems);
    let places =
        joined.as_ref().map_or_else(|| numbered("notes", document.notes.len()), |joined| joined.places.clone());
    let mut note_terms = notes::compile(&document.notes, &places, &note_names, &mut problems);
    let commitments = notes::commitments(&document.notes, &places, &note_names, &mut problems);
    if let Some(dates) = &dates {
        notes::make_whole(&document.notes, &places, dates, &note_names, &mut note_terms, &mut problems);
    }
    let mut groups = Vec::new();
    if let Some(joined) = &joined {
        for note in &mut note_terms {
            note.replaces = joined.replaces.get(&note.name).and_then(|class| note_names.get(class));
        }
        groups = joined.groups(&note_terms, &note_names);
    }
    let mut fee_terms = fees::compile(&document.fees, &note_names, &mut problems);
    let costs = shape.map_or_else(|| joined.as_ref().is_some_and(|joined| joined.costs), |shape| shape.costs);
    let event_cost = costs.then_some(()).and_then(|()| {
        if let Some(i) = document.fees.iter().position(|fee| fee.name == COST) {
            let message = format!("found {COST:?}, which is what events cost; expected another name");
            problems.push(Problem::new(format!("fees[{i}].name"), message));
        }
        fee_terms.push(fees::unpriced(COST));
        u16::try_from(fee_terms.len() - 1).ok()
    });
    let mut test_terms =
        tests::compile(&document, &note_terms, &note_names, dates.as_ref(), &conventions, &mut problems);
    let special = written.events.iter().chain(assumed).filter_map(|event| event.special_redemption.as_ref());
    let ranks = notes::ranks(&note_terms);
    let by_rank = if conventions.x_in_sequence { notes::with_unranked(&note_terms, &ranks) } else { ranks.clone() };
    let sequences = sequences(&document, &note_terms, &note_names, &by_rank, &mut problems);
    let scope = Scope {
        notes: &note_terms,
        fees: &fee_terms,
        tests: &test_terms,
        note_names: &note_names,
        fee_names: &fee_names,
        test_names: &test_names,
        accounts: &account_terms,
        hedges: &hedge_terms,
        commitments: &commitments,
        account_names: &account_names,
        hedge_names: &hedge_names,
        conventions: &conventions,
        sequences: &sequences,
        groups: &groups,
        event_cost,
        special_redemption: special.clone().next().is_some(),
        period_may_end: document.reinvestment.ends_when.is_some() || special.clone().any(|s| s.ends_reinvestment),
        purchases,
    };
    let mut program = Builder::new(scope, &mut problems).build(&document.waterfalls);
    let watched = default_events::causes(document.default_events.as_ref(), &mut problems);
    program.receipts_move_default_ratio = !program.receipts.is_empty() && watched.contains(&Cause::ParRatio);
    let acceleration = default_events::acceleration(document.default_events.as_ref(), &mut problems);
    let Some(dates) = dates else { return Err(EngineError::Deal(problems)) };
    let ccc = document.collateral.ccc.as_ref();
    let ccc_base = ccc.and_then(|ccc| ccc_base(ccc, document.target_par, &mut problems));
    let mut reads_ccc_share = false;
    for expression in &program.expressions {
        expression.uses(|quantity| reads_ccc_share |= quantity == Quantity::CccShare);
    }
    tests::mark_shared(&mut test_terms, &program);
    let target_par_test = position(&test_terms, TestKind::TargetPar);
    let combines = note_terms.iter().any(NoteTerms::is_combination);
    let terms = DealTerms {
        name: document.name.clone(),
        target_par: document.target_par,
        notes: note_terms,
        fees: fee_terms,
        interest_tests: test_terms
            .iter()
            .filter(|t| t.kind == TestKind::InterestCoverage)
            .fold(0, |bits, t| bits | t.bit),
        has_par_ratio: test_terms.iter().any(|t| t.kind == TestKind::EventOfDefaultParRatio),
        tests: test_terms,
        combines,
        accounts: account_terms,
        hedges: hedge_terms,
        commitments,
        program,
        ranks,
        grid: dates.grid.clone(),
        interest_reserve: document.closing.interest_reserve,
        ramp_up_cash: document.closing.ramp_up_cash,
        ccc_limit: ccc.map(|c| c.limit),
        ccc_base,
        reads_ccc_share,
        deferred_in_oc: conventions.deferred_in_oc,
        capitalizes: conventions.capitalizes,
        on_unpaid: conventions.interest_on_unpaid,
        same_date_deferrals: conventions.same_date_deferrals,
        eod_adjusted: conventions.eod_adjusted,
        target_par_test,
        reinvestment_ends: None,
        default_conditions: Vec::new(),
        coupon_steps: Vec::new(),
        ccc_rules: ExcessRules {
            whole: conventions.whole_assets,
            per_portion: conventions.per_portion,
            agencies: conventions.agency_rule,
        },
        watched,
        acceleration,
        groups,
        event_cost,
        foreign: Foreign::default(),
    };
    let mut compiled =
        CompiledDeal { terms, dates, conventions, purchases, document, written, rule, regimes: Vec::new() };
    if let Some(shape) = shape {
        shape.mark(&mut compiled);
    }
    conditions::compile(&mut compiled, &mut problems);
    let day = |text: &str, place: &str, problems: &mut Vec<Problem>| {
        events::event_date(&compiled.dates, text, place, problems)
    };
    rights::stated(&compiled.document, day, &mut problems);
    events::compile(&compiled, assumed, &mut problems);
    if problems.is_empty() { Ok(compiled) } else { Err(EngineError::Deal(problems)) }
}

/// The first test of a kind.
fn position(tests: &[TestTerms], kind: TestKind) -> Option<u16> {
    tests.iter().position(|test| test.kind == kind).and_then(|t| u16::try_from(t).ok())
}

fn numbered(list: &str, count: usize) -> Vec<String> {
    (0..count).map(|i| format!("{list}[{i}]")).collect()
}

/// The named sequences; the note payment sequence follows the principal ranks unless the document spells it out.
fn sequences(
    deal: &Deal,
    notes: &[NoteTerms],
    names: &Names,
    ranks: &[Vec<u16>],
    problems: &mut Vec<Problem>,
) -> BTreeMap<String, Sequence> {
    let mut out = BTreeMap::new();
    out.insert("note_payment_sequence".to_owned(), ranks.to_vec());
    for (name, groups) in &deal.sequences {
        let mut sequence = Vec::new();
        let mut seen = Vec::new();
        for (g, group) in groups.iter().enumerate() {
            let mut ids = Vec::new();
            for (k, note) in group.iter().enumerate() {
                let place = format!("sequences.{name}[{g}][{k}]");
                let Some(n) = names.find(note, &place, problems) else { continue };
                if notes[n as usize].residual {
                    problems
                        .push(Problem::new(place, format!("{note} is a residual note; it has no principal to pay")));
                    continue;
                }
                if seen.contains(&n) {
                    problems.push(Problem::new(place, format!("{note} appears twice in the sequence")));
                    continue;
                }
                seen.push(n);
                ids.push(n);
            }
            sequence.push(ids);
        }
        out.insert(name.clone(), sequence);
    }
    out
}

/// What the limit of CCC assets is a share of; none: the collateral principal amount of the date.
fn ccc_base(ccc: &CccRule, target_par: f64, problems: &mut Vec<Problem>) -> Option<f64> {
    let found = match &ccc.base {
        None => return None,
        Some(NumberOrName::Name(name)) => match name.as_str() {
            "collateral_principal_amount" => return None,
            "target_par" => return Some(target_par),
            _ => format!("{name:?}"),
        },
        Some(NumberOrName::Number(money)) if *money > 0.0 && money.is_finite() => return Some(*money),
        Some(NumberOrName::Number(money)) => money.to_string(),
    };
    let message = format!("found {found}; expected collateral_principal_amount, target_par or an amount above zero");
    problems.push(Problem::new("collateral.ccc.base", message));
    None
}
