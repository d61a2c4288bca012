//! What falls due on a date, and what of it has been paid.
//!
//! Mostly all of it is paid at once in every future: then nothing but the amount itself is written.

use crate::lanes::Pack;

/// Current interest of a class, or the amount of a fee, on one payment date.
#[derive(Clone, Copy, Debug, Default)]
pub struct Due<const L: usize> {
    /// What falls due.
    amount: Pack<L>,
    /// What of it is unpaid, where it is paid in parts.
    unpaid: Pack<L>,
    /// What has been paid, where it is paid in parts; earlier amounts of the same payee may be among it.
    paid: Pack<L>,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    /// Nothing has been paid in any lane.
    #[default]
    Open,
    /// All of it, and nothing else, has been paid in every lane.
    Whole,
    /// What is unpaid and what is paid are written down.
    Parts,
}

impl<const L: usize> Due<L> {
    /// An amount of which nothing is paid.
    #[inline(always)]
    pub fn open(&mut self, amount: Pack<L>) {
        self.amount = amount;
        self.stage = Stage::Open;
    }

    /// What fell due on this date.
    #[inline(always)]
    #[must_use]
    pub fn amount(&self) -> &Pack<L> {
        &self.amount
    }

    /// What of it is still unpaid.
    #[inline(always)]
    #[must_use]
    pub fn unpaid(&self) -> &Pack<L> {
        match self.stage {
            Stage::Open => &self.amount,
            Stage::Whole => &Pack::ZERO,
            Stage::Parts => &self.unpaid,
        }
    }

    /// What has been paid on this date.
    #[inline(always)]
    #[must_use]
    pub fn paid(&self) -> &Pack<L> {
        match self.stage {
            Stage::Open => &Pack::ZERO,
            Stage::Whole => &self.amount,
            Stage::Parts => &self.paid,
        }
    }

    /// Whether nothing of it is unpaid in any lane.
    #[inline(always)]
    #[must_use]
    pub fn is_settled(&self) -> bool {
        match self.stage {
            Stage::Open => !self.amount.any(),
            Stage::Whole => true,
            Stage::Parts => !self.unpaid.any(),
        }
    }

    /// Books a payment, of which `current` is of this date's amount.
    #[inline(always)]
    pub fn pay(&mut self, current: Pack<L>, paid: Pack<L>) {
        let (unpaid, before) = (*self.unpaid(), *self.paid());
        self.unpaid = (unpaid - current).positive();
        self.paid = before + paid;
        self.stage = Stage::Parts;
    }

    /// Books a payment in the `i`-th part of `W` lanes, of which `current` is of what was `unpaid` there; once all parts are
    /// booked, [`Due::end_parts`] says so.
    #[inline(always)]
    pub fn pay_part<const W: usize>(&mut self, i: usize, unpaid: Pack<W>, current: Pack<W>, paid: Pack<W>) {
        let before = self.paid().part::<W>(i);
        self.unpaid.set_part(i, (unpaid - current).positive());
        self.paid.set_part(i, before + paid);
    }

    /// Every part has been booked.
    #[inline(always)]
    pub fn end_parts(&mut self) {
        self.stage = Stage::Parts;
    }

    /// Books that all that is unpaid is paid in every lane.
    #[inline(always)]
    pub fn pay_all(&mut self) {
        if self.stage == Stage::Parts {
            self.paid += self.unpaid;
            self.unpaid = Pack::ZERO;
        } else {
            self.stage = Stage::Whole;
        }
    }

    /// Books an amount that falls due and is paid beside the rest.
    #[inline(always)]
    pub fn pay_beside(&mut self, amount: Pack<L>) {
        let (unpaid, before) = (*self.unpaid(), *self.paid());
        self.unpaid = unpaid;
        self.paid = before + amount;
        self.amount += amount;
        self.stage = Stage::Parts;
    }

    /// States what has been paid, whatever fell due.
    #[inline(always)]
    pub fn set_paid(&mut self, paid: Pack<L>) {
        self.unpaid = *self.unpaid();
        self.paid = paid;
        self.stage = Stage::Parts;
    }
}

#[cfg(test)]
mod tests {
    use super::Due;
    use crate::lanes::Pack;

    fn figures(due: &Due<2>) -> ([f64; 2], [f64; 2], bool) {
        (due.unpaid().0, due.paid().0, due.is_settled())
    }

    #[test]
    fn what_is_paid_at_once_reads_as_what_is_paid_in_one_part() {
        let amount = Pack([7.0, 0.0]);
        let (mut whole, mut parts) = (Due::default(), Due::default());
        whole.open(amount);
        parts.open(amount);
        assert_eq!(figures(&whole), ([7.0, 0.0], [0.0, 0.0], false));
        whole.pay_all();
        parts.pay(amount, amount);
        assert_eq!(figures(&whole), figures(&parts));
        assert_eq!(figures(&whole), ([0.0, 0.0], [7.0, 0.0], true));
    }

    #[test]
    fn a_rest_is_paid_after_a_part_and_earlier_amounts_count_as_paid() {
        let mut due = Due::default();
        due.open(Pack([7.0, 5.0]));
        due.pay(Pack([3.0, 5.0]), Pack([4.0, 5.0]));
        assert_eq!(figures(&due), ([4.0, 0.0], [4.0, 5.0], false));
        due.pay_all();
        assert_eq!(figures(&due), ([0.0, 0.0], [8.0, 5.0], true));
        due.open(Pack([1.0, 1.0]));
        assert_eq!(figures(&due), ([1.0, 1.0], [0.0, 0.0], false));
    }
}
