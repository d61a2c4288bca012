//! Pools whose loans do the same in proportion, so that a few numbers tell what a default of each takes off.
//!
//! Where loans share prepayment, what one of par `b` and scheduled instalment `a` does in a step is linear in `b` and `a`, and its
//! interest also in both times its rate, until its last step. Whether a pool is such is read off the flows of its loans: however these
//! come about, what is told of them here is theirs to rounding.

use super::closing_pool::{ClosingPool, INTEREST, LoanDefault, PERFORMING, PREPAID, PRINCIPAL};

/// Largest difference of a flow from its closed form, as a share of the loan's par, beside the least digit.
const SAME: f64 = 1e-13;

/// The least digit of what is summed up, as a share of the pool: sums of whole multiples are exact, in any order.
const LEAST: f64 = 1.0 / (1_u64 << 50) as f64;

/// A loan by its contract, whatever has happened to it: par, interest and scheduled principal of its first step.
#[derive(Clone, Copy, Debug, Default)]
pub struct Contract {
    pub par: f64,
    pub interest: f64,
    pub scheduled: f64,
}

/// What distinguishes a loan: a line of the cache, since every default reads one.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
pub struct LoanShare {
    /// Par of the contract; that times its rate, times its instalment, and times both, told from the middle of the pool.
    pub par: f64,
    pub rate: f64,
    pub instalment: f64,
    pub both: f64,
    /// Interest and principal of its last step.
    pub last_interest: f64,
    pub last_principal: f64,
    /// What is recovered of a unit of par, where it does not depend on the step.
    pub recovery: f64,
    /// Its last step (from 0); the number of steps where par is left at their end.
    pub last: u32,
}

/// What all loans do in a step: a unit of par, and a unit of par times instalment.
#[derive(Clone, Copy, Debug, Default)]
pub struct CommonStep {
    pub open: [f64; 2],
    pub close: [f64; 2],
    pub prepaid: [f64; 2],
    /// A unit of par, of par times rate, of par times instalment, and of par times both.
    pub interest: [f64; 4],
}

/// What a default of any loan does in a step, where recoveries of all loans come at the same time.
#[derive(Clone, Copy, Debug, Default)]
pub struct DefaultStep {
    /// A unit of par, and of par times instalment, at the start of the step.
    pub open: [f64; 2],
    /// Step (from 0) that collects the recovery.
    pub collected: u16,
    /// Steps (from 0, exclusive) that still carry the defaulted par.
    pub carry_end: u16,
}

/// What is over in a step, by steps of default (from 0).
#[derive(Clone, Debug, Default)]
pub struct Over {
    /// Their recoveries are collected.
    pub collected: Vec<u16>,
    /// They are no longer carried, because of these recoveries or before them; nothing where all are until then.
    pub uncarried: Vec<u16>,
}

/// The closed form of a pool.
#[derive(Clone, Debug, Default)]
pub struct Proportional {
    pub loans: Vec<LoanShare>,
    pub steps: Vec<CommonStep>,
    /// Of defaults; nothing where recovery rates depend on the step, or recoveries do not come at the same time.
    pub defaults: Vec<DefaultStep>,
    /// Per step: of which defaults it is the last, where the steps of defaults tell it; else nothing.
    pub over: Vec<Over>,
    /// Whether all defaulted collateral has its carrying value until it recovers, as the steps of defaults tell.
    pub carries_all: bool,
    /// Per step: the loans whose last it is.
    pub ends: Vec<Vec<u32>>,
    /// Whether instalments differ from loan to loan.
    pub has_instalments: bool,
    /// The least digit of what is summed up, a power of two, and how many of them make one.
    unit: f64,
    per_unit: f64,
}

/// A loan's rate and instalment a unit of par.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    rate: f64,
    instalment: f64,
}

impl Proportional {
    /// The closed form of a pool's loans from closing on; none where their flows have no such form.
    ///
    /// A run that goes on from a later date has that of the closing, and so the bits of the run before.
    #[must_use]
    pub fn of(pool: &ClosingPool, contracts: &[Contract]) -> Option<Self> {
        if pool.undrawn > 0.0 || pool.defaults.iter().any(|x| *x > 0.0) {
            return None;
        }
        let performing: Vec<usize> = (0..pool.loans).filter(|&loan| pool.last_step[loan] > 0).collect();
        let (places, has_instalments) = places(contracts);
        let unit = unit(contracts.iter().map(|contract| contract.par).sum());
        let loans = vec![LoanShare::default(); pool.loans];
        let mut form = Self { loans, has_instalments, unit, per_unit: 1.0 / unit, ..Self::default() };
        for &loan in &performing {
            form.loans[loan] = form.share(pool, loan, contracts[loan].par, places[loan]);
        }
        form.steps = (0..pool.steps).map(|p| form.step(pool, &performing, &places, p)).collect();
        if performing.is_empty() || !form.holds(pool, &performing) {
            return None;
        }
        form.ends = vec![Vec::new(); pool.steps];
        for &loan in &performing {
            if let Some(ends) = form.ends.get_mut(form.loans[loan].last as usize) {
                ends.push(loan as u32);
            }
        }
        form.tell_defaults(pool, &performing);
        Some(form)
    }

    /// Takes the steps of defaults from one loan, and the recovery rate of each: whether all loans do so is to be checked.
    fn tell_defaults(&mut self, pool: &ClosingPool, performing: &[usize]) {
        let of = |loan: usize, p: usize| &pool.row_default[pool.row(loan, p)];
        for &loan in performing {
            self.loans[loan].recovery = of(loan, 0).value / of(loan, 0).par;
        }
        self.defaults = (self.steps.iter().enumerate())
            .map(|(p, step)| {
                let LoanDefault { collected, carry_end, .. } = *of(performing[0], p);
                DefaultStep { open: step.open, collected, carry_end }
            })
            .collect();
        self.carries_all = self.defaults.iter().all(|step| step.carry_end >= step.collected);
        self.over = vec![Over::default(); self.steps.len()];
        for (k, DefaultStep { collected, carry_end, .. }) in (0_u16..).zip(&self.defaults) {
            self.over[*collected as usize].collected.push(k);
            if !self.carries_all {
                self.over[(*carry_end).min(*collected) as usize].uncarried.push(k);
            }
        }
    }

    /// Forgets the steps of defaults: the rows of each loan tell what a default does.
    pub fn forget_defaults(&mut self) {
        self.defaults = Vec::new();
        self.over = Vec::new();
        self.carries_all = false;
    }

    /// Whether the steps of defaults tell what every default of a loan of a pool does.
    #[must_use]
    pub fn tells_defaults(&self, pool: &ClosingPool) -> bool {
        self.loans.iter().enumerate().all(|(loan, share)| {
            let rows = &pool.row_default[pool.row(loan, 0)..][..pool.last_step[loan] as usize];
            rows.iter().zip(&self.defaults).filter(|(row, _)| row.par > 0.0).all(|(row, step)| {
                let told = self.defaulted(share, step);
                let same = |x: f64, y: f64| (x - y).abs() <= SAME * share.par + 2.0 * self.unit;
                let in_time = (row.collected, row.carry_end) == (told.collected, told.carry_end);
                in_time && same(row.par, told.par) && same(row.value, told.value)
            })
        })
    }

    /// Steps in which some loan may default.
    #[must_use]
    pub fn steps_at_risk(&self) -> usize {
        let ends = self.loans.iter().map(|share| share.last as usize + 1).max().unwrap_or(0);
        ends.min(self.steps.len())
    }

    /// What a default of a loan does in one of the steps of defaults, in which something is left of it.
    #[inline(always)]
    #[must_use]
    pub fn defaulted(&self, loan: &LoanShare, step: &DefaultStep) -> LoanDefault {
        let mut par = loan.par * step.open[0];
        if self.has_instalments {
            par += loan.instalment * step.open[1];
        }
        let par = self.whole(par);
        let DefaultStep { collected, carry_end, .. } = *step;
        LoanDefault { par, value: self.whole(par * loan.recovery), collected, carry_end, ..LoanDefault::default() }
    }

    /// What all loans have in common in a step: the plane nearest to those that are not at their last step, and for the par at
    /// the start of the step also to those that are.
    fn step(&self, pool: &ClosingPool, performing: &[usize], places: &[Place], p: usize) -> CommonStep {
        let (mut begin, mut go_on) = (Plane::default(), Plane::default());
        for &loan in performing {
            let (share, place, row) = (&self.loans[loan], places[loan], pool.row(loan, p));
            if p >= pool.last_step[loan] as usize {
                continue;
            }
            begin.add(place, [pool.row_default[row].par / share.par, 0.0, 0.0]);
            if p < share.last as usize {
                let flows = &pool.rows[row];
                go_on.add(place, [flows[PERFORMING], flows[PREPAID], flows[INTEREST]].map(|x| x / share.par));
            }
        }
        let [[open, _, of_open, _], ..] = begin.solve();
        let [[close, _, of_close, _], [prepaid, _, of_prepaid, _], interest] = go_on.solve();
        CommonStep { open: [open, of_open], close: [close, of_close], prepaid: [prepaid, of_prepaid], interest }
    }

    /// Whether every loan has the closed form.
    fn holds(&self, pool: &ClosingPool, performing: &[usize]) -> bool {
        performing.iter().all(|&loan| {
            let share = &self.loans[loan];
            let same = |x: f64, y: f64| (x - y).abs() <= SAME * share.par + self.unit;
            (0..pool.last_step[loan] as usize).all(|p| {
                let (row, default) = (&pool.rows[pool.row(loan, p)], &pool.row_default[pool.row(loan, p)]);
                let step = &self.steps[p];
                let of = |unit: [f64; 2]| share.par * unit[0] + share.instalment * unit[1];
                let open = of(step.open);
                let flows = if p == share.last as usize {
                    [share.last_interest, share.last_principal, 0.0, 0.0]
                } else {
                    let [whole, on_rate, on_instalment, on_both] = step.interest;
                    let interest = share.par * whole + share.rate * on_rate;
                    let interest = interest + share.instalment * on_instalment + share.both * on_both;
                    [interest, open - of(step.close), of(step.close), of(step.prepaid)]
                };
                same(default.par, open) && row.iter().zip(flows).all(|(x, y)| same(*x, y))
            })
        })
    }

    /// The nearest whole multiple of the least digit.
    #[inline(always)]
    #[must_use]
    pub fn whole(&self, x: f64) -> f64 {
        rounded(x * self.per_unit) * self.unit
    }

    /// What a loan is told by.
    fn share(&self, pool: &ClosingPool, loan: usize, par: f64, place: Place) -> LoanShare {
        let last = pool.last_step[loan] as usize - 1;
        let row = &pool.rows[pool.row(loan, last)];
        let stays = row[PERFORMING] > 0.0;
        LoanShare {
            par: self.whole(par),
            rate: self.whole(par * place.rate),
            instalment: self.whole(par * place.instalment),
            both: self.whole(par * (place.rate * place.instalment)),
            last_interest: if stays { 0.0 } else { self.whole(row[INTEREST]) },
            last_principal: if stays { 0.0 } else { self.whole(row[PRINCIPAL]) },
            recovery: 0.0,
            last: if stays { pool.steps } else { last } as u32,
        }
    }
}

/// The least digit of sums that do not exceed `whole`: a power of two.
fn unit(whole: f64) -> f64 {
    const EXPONENT: u64 = 0x7ff << 52;
    f64::from_bits(whole.to_bits() & EXPONENT) * LEAST
}

/// The nearest whole number.
#[inline(always)]
fn rounded(x: f64) -> f64 {
    // A sum with 1.5 · 2⁵² has no fraction.
    const SHIFT: f64 = 6_755_399_441_055_744.0;
    (x + SHIFT) - SHIFT
}

/// Where each contract stands among the pool's rates and instalments, from -1 to 1; whether instalments differ.
fn places(contracts: &[Contract]) -> (Vec<Place>, bool) {
    let of = |contract: &Contract| {
        // What matures at once tells no instalment.
        let matures = !(contract.scheduled < contract.par);
        let instalment = if matures { f64::NAN } else { contract.scheduled / contract.par };
        Place { rate: contract.interest / contract.par, instalment }
    };
    let mut places: Vec<Place> = contracts.iter().map(of).collect();
    centre(&mut places, |place| &mut place.rate);
    let has_instalments = centre(&mut places, |place| &mut place.instalment);
    (places, has_instalments)
}

/// Tells numbers from their middle, in halves of their range; whether they differ. What is not a number is in the middle.
fn centre(places: &mut [Place], of: impl Fn(&mut Place) -> &mut f64) -> bool {
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for place in &mut *places {
        let x = *of(place);
        low = if x < low { x } else { low };
        high = if x > high { x } else { high };
    }
    // Numbers that differ by rounding are the same.
    let differ = high - low > 1e-12;
    for place in places {
        let x = of(place);
        let from_middle = (*x - 0.5 * (low + high)) / (0.5 * (high - low));
        *x = if differ && from_middle.abs() <= 2.0 { from_middle } else { 0.0 };
    }
    differ
}

/// Least squares of three flows over rate, instalment and their product.
#[derive(Clone, Copy, Debug, Default)]
struct Plane {
    normal: [[f64; 4]; 4],
    flows: [[f64; 4]; 3],
}

impl Plane {
    fn add(&mut self, place: Place, flows: [f64; 3]) {
        let columns = [1.0, place.rate, place.instalment, place.rate * place.instalment];
        for i in 0..4 {
            for j in 0..4 {
                self.normal[i][j] += columns[i] * columns[j];
            }
            for (sums, flow) in self.flows.iter_mut().zip(flows) {
                sums[i] += columns[i] * flow;
            }
        }
    }

    /// Coefficients of each flow; nothing for columns that the others tell.
    fn solve(mut self) -> [[f64; 4]; 3] {
        let mut told = [false; 4];
        for k in 0..4 {
            let pivot = self.normal[k][k];
            if !(pivot > 1e-9) {
                told[k] = true;
                continue;
            }
            for i in (0..4).filter(|&i| i != k) {
                let factor = self.normal[i][k] / pivot;
                for j in 0..4 {
                    self.normal[i][j] -= factor * self.normal[k][j];
                }
                for sums in &mut self.flows {
                    sums[i] -= factor * sums[k];
                }
            }
        }
        let mut out = [[0.0; 4]; 3];
        for (coefficients, sums) in out.iter_mut().zip(self.flows) {
            for k in (0..4).filter(|&k| !told[k]) {
                coefficients[k] = sums[k] / self.normal[k][k];
            }
        }
        out
    }
}
