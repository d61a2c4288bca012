//! Whole numbers from real ones.

/// The largest whole number at most x, within `0 ..= u32::MAX`; 0 if x is not a number.
#[inline(always)]
#[must_use]
pub const fn floor_to_u32(x: f64) -> u32 {
    x as u32
}

/// The smallest whole number at least x, within `0 ..= u32::MAX`; 0 if x is not a number.
#[inline(always)]
#[must_use]
pub fn ceil_to_u32(x: f64) -> u32 {
    let below = floor_to_u32(x);
    below.saturating_add(u32::from(f64::from(below) < x))
}

#[cfg(test)]
mod tests {
    use super::{ceil_to_u32, floor_to_u32};

    #[test]
    fn rounding_stays_inside_the_range_of_the_integer() {
        assert_eq!([floor_to_u32(-1.0), floor_to_u32(2.999), floor_to_u32(1e20)], [0, 2, u32::MAX]);
        assert_eq!([ceil_to_u32(-1.0), ceil_to_u32(2.0), ceil_to_u32(2.001), ceil_to_u32(1e20)], [0, 2, 3, u32::MAX]);
        assert_eq!([floor_to_u32(f64::NAN), ceil_to_u32(f64::NAN)], [0, 0]);
    }
}
