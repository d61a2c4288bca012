//! The loans of each obligor, one list after the other.

/// Loans by obligor.
#[derive(Clone, Debug, Default)]
pub struct Holdings {
    /// Per obligor: where its loans begin and end.
    spans: Vec<[u32; 2]>,
    loans: Vec<u32>,
    /// Per obligor: its loan, where it has one alone.
    single: Vec<u32>,
}

/// No loan, or several.
const NOT_ONE: u32 = u32::MAX;

impl Holdings {
    /// Puts the lists of all obligors together.
    #[must_use]
    pub fn new(of_obligor: &[Vec<u32>]) -> Self {
        let mut out = Self::default();
        for loans in of_obligor {
            let start = out.loans.len() as u32;
            out.loans.extend_from_slice(loans);
            out.spans.push([start, out.loans.len() as u32]);
            out.single.push(if let [loan] = loans.as_slice() { *loan } else { NOT_ONE });
        }
        out
    }

    /// Number of obligors.
    #[must_use]
    pub fn obligors(&self) -> usize {
        self.spans.len()
    }

    /// The loans of an obligor, in canonical order.
    #[inline(always)]
    #[must_use]
    pub fn of(&self, obligor: usize) -> &[u32] {
        self.at_hand().of(obligor)
    }

    /// The lists, for many questions one after the other.
    #[inline(always)]
    #[must_use]
    pub fn at_hand(&self) -> Companies<'_> {
        Companies { spans: &self.spans, loans: &self.loans, single: &self.single }
    }
}

/// The loans of each obligor, where many are asked for.
#[derive(Clone, Copy, Debug)]
pub struct Companies<'a> {
    spans: &'a [[u32; 2]],
    loans: &'a [u32],
    single: &'a [u32],
}

impl<'a> Companies<'a> {
    /// The loan of an obligor that has one alone.
    #[inline(always)]
    #[must_use]
    pub fn single(self, obligor: usize) -> Option<usize> {
        let loan = self.single[obligor];
        if loan == NOT_ONE { None } else { Some(loan as usize) }
    }

    /// The loans of an obligor, in canonical order.
    #[inline(always)]
    #[must_use]
    pub fn of(self, obligor: usize) -> &'a [u32] {
        let [start, end] = self.spans[obligor];
        &self.loans[start as usize..end as usize]
    }
}
