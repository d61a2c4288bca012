//! Runs a kernel with AVX2 when the machine has it, and fetches ahead; the two `unsafe` calls of the project.
//!
//! A kernel is a value whose [`Kernel::run`] and everything hot below it are `#[inline(always)]`. [`Isa::run`] then holds
//! two copies of that body, one of the baseline instruction set and one of AVX2, and picks by a token that
//! [`Isa::detect`] hands out. Both copies compute the same bits: the arithmetic of the two sets is the same IEEE 754,
//! and only `avx2` is enabled, so nothing is contracted.
//!
//! ```
//! use cloche_dispatch::{Isa, Kernel};
//!
//! struct Sum<'a>(&'a [f64]);
//!
//! impl Kernel for Sum<'_> {
//!     type Output = f64;
//!
//!     #[inline(always)]
//!     fn run(self) -> f64 {
//!         let mut sum = 0.0;
//!         for x in self.0 {
//!             sum += x;
//!         }
//!         sum
//!     }
//! }
//!
//! let values = [1.0, 2.0, 4.0];
//! assert_eq!(Isa::detect().run(Sum(&values)), Isa::PORTABLE.run(Sum(&values)));
//! ```

use std::fmt;

/// Work that can be compiled for several instruction sets.
pub trait Kernel {
    /// What the work returns.
    type Output;

    /// Does the work; implementations are `#[inline(always)]`.
    fn run(self) -> Self::Output;
}

/// An instruction set this machine is known to have.
///
/// Opaque: the only ways to one are [`Isa::PORTABLE`] and [`Isa::detect`], which is what makes [`Isa::run`] sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Isa(Level);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
}

impl Isa {
    /// The instruction set the program was built for.
    pub const PORTABLE: Self = Self(Level::Portable);

    /// The best instruction set of this machine.
    #[must_use]
    pub fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") {
            return Self(Level::Avx2);
        }
        Self::PORTABLE
    }

    /// Its name, for manifests and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self.0 {
            Level::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => "avx2",
        }
    }

    /// Runs the kernel with this instruction set, as a function of its own; a kernel may run another.
    #[inline(always)]
    #[allow(
        unsafe_code,
        reason = "calling code of another instruction set is unsafe; the token is the proof that it exists"
    )]
    pub fn run<K: Kernel>(self, kernel: K) -> K::Output {
        match self.0 {
            Level::Portable => run_portable(kernel),
            #[cfg(target_arch = "x86_64")]
            #[expect(unsafe_code, reason = "the one place that enters code of another instruction set")]
            Level::Avx2 => {
                // SAFETY: the field is private and `detect` sets it to `Avx2` only after the processor reported AVX2.
                unsafe { run_avx2(kernel) }
            }
        }
    }
}

impl fmt::Display for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Asks the machine to bring the line of memory with this value near, while it goes on: a hint that changes no result.
///
/// It pays where what is read next is known long before, but its place follows no order that the machine would find.
#[inline(always)]
pub fn prefetch<T>(value: &T) {
    #[cfg(target_arch = "x86_64")]
    #[expect(unsafe_code, reason = "the instruction takes an address, and its function is unsafe for that")]
    // SAFETY: every x86-64 has SSE, the reference is valid, and a prefetch neither reads a value nor faults.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(value).cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = value;
}

#[inline(never)]
fn run_portable<K: Kernel>(kernel: K) -> K::Output {
    kernel.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
#[inline(never)]
fn run_avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run()
}

#[cfg(test)]
mod tests {
    use super::{Isa, Kernel};

    struct Polynomial([f64; 16]);

    impl Kernel for Polynomial {
        type Output = [f64; 16];

        #[inline(always)]
        fn run(self) -> [f64; 16] {
            let mut out = self.0;
            for x in &mut out {
                *x = (*x * 0.1 + 0.7) * *x - 1.0 / (*x + 3.3);
            }
            out
        }
    }

    #[test]
    fn the_best_instruction_set_computes_the_bits_of_the_portable_one() {
        let mut inputs = [0.0; 16];
        for (i, x) in (0_u8..).zip(&mut inputs) {
            *x = f64::from(i) * 0.37 + 0.01;
        }
        let portable = Isa::PORTABLE.run(Polynomial(inputs)).map(f64::to_bits);
        let best = Isa::detect().run(Polynomial(inputs)).map(f64::to_bits);
        assert_eq!(portable, best);
    }

    #[test]
    fn the_names_are_those_of_the_manifest() {
        assert_eq!(Isa::PORTABLE.name(), "portable");
        assert!(["portable", "avx2"].contains(&Isa::detect().to_string().as_str()));
    }
}
