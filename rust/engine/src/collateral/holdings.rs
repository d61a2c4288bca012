//! The loans of each obligor, one list after the other.

/// Loans by obligor.
#[derive(Clone, Debug, Default)]
pub struct Holdings {
    /// Per obligor: where its loans begin and end.
    spans: Vec<[u32; 2]>,
    loans: Vec<u32>,
}

impl Holdings {
    /// Puts the lists of all obligors together.
    #[must_use]
    pub fn new(of_obligor: &[Vec<u32>]) -> Self {
        let mut out = Self::default();
        for loans in of_obligor {
            let start = out.loans.len() as u32;
            out.loans.extend_from_slice(loans);
            out.spans.push([start, out.loans.len() as u32]);
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
        let [start, end] = self.spans[obligor];
        &self.loans[start as usize..end as usize]
    }
}
