//! Senior expenses: the steps that pay them, and when the tests before any payment are measured.

use crate::waterfall::{Action, Op, Program};

use super::Builder;

/// Lists the steps that pay senior expenses. Where cash moves or a test is read among them, they are paid on trial
/// before the first step of the interest waterfall.
pub(super) fn settle(program: &mut Program) {
    let ahead: Vec<&Op> =
        program.interest.iter().take_while(|op| !matches!(op.action, Action::SeniorExpensesEnd)).collect();
    let pays = |op: &Op| matches!(op.action, Action::Pay { senior_expense: true, .. });
    let enters = |op: &Op| matches!(op.action, Action::Enter { .. });
    let first = ahead.iter().any(|op| !(pays(op) || enters(op)) || reads_a_test(program, op));
    program.expenses = ahead.into_iter().filter(|op| pays(op) || enters(op)).cloned().collect();
    if !first {
        return;
    }
    program.interest.retain(|op| !matches!(op.action, Action::SeniorExpensesEnd));
    for op in &mut program.interest {
        if let Action::Pay { senior_expense, .. } = &mut op.action {
            *senior_expense = false;
        }
    }
    program.interest.insert(0, Builder::op(Action::MeasureFirst, None, 0));
}

/// Whether the condition or the amount of a step depends on a test as things stand.
fn reads_a_test(program: &Program, op: &Op) -> bool {
    let block = if let Action::Enter { expression, .. } = op.action { Some(expression) } else { None };
    let mut reads = op.or_tests_hold;
    for expression in [op.when, op.amount, block].into_iter().flatten() {
        program.expressions[expression as usize].uses(|quantity| reads |= quantity.of_test_now());
    }
    reads
}
