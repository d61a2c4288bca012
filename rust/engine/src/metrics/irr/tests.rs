#![expect(clippy::float_cmp, reason = "a total loss is exactly -1")]
#![expect(clippy::disallowed_methods, reason = "the system's library is the oracle here")]

use cloche_dispatch::{Isa, Kernel};

use super::{IrrTimes, irr, xirr};
use crate::lanes::Pack;

const QUARTERS: [i32; 12] = [91, 182, 273, 365, 456, 547, 638, 730, 821, 912, 1_003, 1_096];

fn rate(days: &[i32], outflow: f64, flows: &[f64], dust: f64) -> f64 {
    let mut flows: Vec<Pack<1>> = flows.iter().map(|&flow| Pack([flow])).collect();
    irr(&IrrTimes::new(days), outflow, &mut flows, dust).0[0]
}

/// Days of 48 payments whose gaps are 88 and 93 days, and what they pay.
fn long_deal() -> (Vec<i32>, Vec<f64>) {
    let days = (0..48).map(|i| 63 + 91 * i + i * 7 % 5).collect();
    let mut flows: Vec<f64> = (0..48).map(|i| 4.5 + f64::from(i * 37 % 11) * 0.25).collect();
    flows[47] = 31.25;
    (days, flows)
}

#[test]
fn the_example_of_the_spreadsheet_is_met() {
    // Microsoft Excel, documentation of XIRR: 0.373362535 by its own rule to stop; 60 digits give the value below.
    let days = [0, 60, 303, 411, 456];
    let amounts = [-10_000.0, 2_750.0, 4_250.0, 3_250.0, 2_750.0];
    assert!((xirr(&days, &amounts) - 0.373_362_533_518_831_53).abs() < 1e-14);
    assert!((xirr(&days, &amounts) - 0.373_362_535).abs() < 2e-9);
}

#[test]
fn rates_agree_with_bisection_in_60_digits() {
    let bond: Vec<f64> = [5.0; 11].into_iter().chain([105.0]).collect();
    assert!((rate(&QUARTERS, 100.0, &bond, 1e-7) - 0.215_389_776_721_637_34).abs() < 1e-13);
    assert!((rate(&QUARTERS, 100.0, &[0.5; 12], 1e-7) + 0.742_446_002_806_274).abs() < 1e-13);
    assert!((rate(&QUARTERS, 100.0, &[250.0; 12], 1e-7) - 151.002_569_345_849).abs() < 1e-10);
    let (days, flows) = long_deal();
    assert!((rate(&days, 95.5, &flows, 1e-7) - 0.251_157_038_159_820_6).abs() < 1e-13);
    let weak: Vec<f64> = flows.iter().map(|flow| flow / 20.0).collect();
    assert!((rate(&days, 95.5, &weak, 1e-7) + 0.206_542_240_949_911_14).abs() < 1e-13);
}

#[test]
fn a_rate_close_to_total_loss_is_found() {
    let flows: Vec<f64> = [0.001; 3].into_iter().chain([0.0; 9]).collect();
    assert!((rate(&QUARTERS, 100.0, &flows, 1e-7) + 0.999_999_787_307_269_6).abs() < 1e-15);
}

#[test]
fn a_first_flow_of_dust_size_and_a_last_one_are_both_discounted() {
    assert!((rate(&[91, 4_380], 100.0, &[1e-6, 2e-7], 1e-7) + 0.811_597_859_122_441_4).abs() < 1e-13);
}

#[test]
fn money_that_comes_back_within_two_days_earns_an_astronomic_rate() {
    let expected = 2.927_688_275_702_094_2e19;
    assert!((rate(&[1, 2], 100.0, &[60.0, 60.0], 1e-7) / expected - 1.0).abs() < 1e-12);
}

#[test]
fn a_single_flow_at_the_end_compounds() {
    let mut flows = [0.0; 12];
    flows[11] = 300.0;
    assert!((rate(&QUARTERS, 100.0, &flows, 1e-7) - 0.441_767_755_093_761_76).abs() < 1e-14);
}

#[test]
fn more_distinct_gaps_than_are_shared_give_the_same_rate() {
    let days =
        [17, 40, 75, 118, 160, 240, 241, 333, 390, 480, 600, 733, 900, 1_100, 1_333, 1_600, 1_900, 2_222, 2_600, 3_000];
    assert!(IrrTimes::new(&days).shared.is_empty());
    assert!((rate(&days, 80.0, &[7.0; 20], 1e-7) - 0.374_977_311_988_715_76).abs() < 1e-13);
}

#[test]
fn what_is_below_dust_is_a_total_loss() {
    assert_eq!(rate(&QUARTERS, 100.0, &[0.0; 12], 0.0), -1.0);
    assert_eq!(rate(&QUARTERS, 100.0, &[9e-8; 12], 1e-7), -1.0);
    assert_eq!(rate(&QUARTERS, 100.0, &[-5.0; 12], 1e-7), -1.0);
    assert_eq!(rate(&[], 100.0, &[], 1e-7), -1.0);
}

#[test]
fn an_outflow_that_comes_back_exactly_earns_nothing() {
    assert!(rate(&[365, 730], 100.0, &[50.0, 50.0], 1e-7).abs() < 1e-16);
}

#[test]
fn a_lane_keeps_its_bits_whatever_its_neighbors_do() {
    let (days, flows) = long_deal();
    let times = IrrTimes::new(&days);
    let scales: [f64; 16] = [1.0, 0.0, 1e-9, 0.02, 0.3, 0.5, 0.7, 0.9, 1.1, 1.5, 2.0, 5.0, 50.0, 1e3, 1e-5, 1e-3];
    let mut packs: Vec<Pack<16>> = flows.iter().map(|&flow| Pack(scales.map(|scale| scale * flow))).collect();
    let wide = irr(&times, 95.5, &mut packs, 1e-7);
    for (lane, scale) in scales.into_iter().enumerate() {
        let alone: Vec<f64> = flows.iter().map(|flow| scale * flow).collect();
        assert_eq!(wide.0[lane].to_bits(), rate(&days, 95.5, &alone, 1e-7).to_bits(), "scale {scale}");
    }
    assert_eq!(wide.0[1], -1.0);
}

struct Rates<'a>(&'a IrrTimes, &'a mut [Pack<16>]);

impl Kernel for Rates<'_> {
    type Output = [u64; 16];

    #[inline(always)]
    fn run(self) -> [u64; 16] {
        irr(self.0, 95.5, self.1, 1e-7).0.map(f64::to_bits)
    }
}

#[test]
fn the_best_instruction_set_computes_the_bits_of_the_portable_one() {
    let (days, flows) = long_deal();
    let times = IrrTimes::new(&days);
    let scales = [1.0, 0.0, 1e-9, 0.02, 0.3, 0.5, 0.7, 0.9, 1.1, 1.5, 2.0, 5.0, 50.0, 1e3, 1e-5, 1e-3];
    let mut packs: Vec<Pack<16>> = flows.iter().map(|&flow| Pack(scales.map(|scale| scale * flow))).collect();
    let mut same = packs.clone();
    assert_eq!(Isa::PORTABLE.run(Rates(&times, &mut packs)), Isa::detect().run(Rates(&times, &mut same)));
}

#[test]
fn the_value_of_the_flows_at_the_rate_is_the_outflow() {
    // Payments that appear and vanish without a pattern, over 16 decades of size.
    let (days, _) = long_deal();
    let mut state = 1_u64;
    for _ in 0..2_000 {
        let flows: Vec<f64> = days
            .iter()
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let bits = state >> 33;
                if bits.is_multiple_of(4) {
                    0.0
                } else {
                    10.0_f64.powf(f64::from((bits >> 2) as u32 % 1_000) / 100.0 - 7.0)
                }
            })
            .collect();
        let found = rate(&days, 95.5, &flows, 1e-7);
        let value: f64 =
            days.iter().zip(&flows).map(|(&day, flow)| flow * (1.0 + found).powf(-f64::from(day) / 365.0)).sum();
        // 1 + rate is rounded to 1.1e-16, which the longest time multiplies near a total loss.
        let rounding = 1e-15 * 12.0 / (1.0 + found);
        assert!((value / 95.5 - 1.0).abs() < 1e-12 + rounding, "rate {found}, value {value}");
    }
}
