//! Reproducible noise: the only source of variety in the simulated tenant.
//!
//! A record is a pure function of (seed, kind, index), so ten million of them need no memory and two runs with one seed
//! give the same bytes. The mixer is the finaliser of `SplitMix64` (Steele, Lea, Flood 2014); it is a bijection, which is
//! what lets an identifier be turned back into the index it stands for. It is not cryptography and guards nothing.

use super::guid::Guid;

/// Draws values for one record, in a fixed order.
#[derive(Clone, Debug)]
pub(crate) struct Noise {
    state: u64,
}

impl Noise {
    /// Starts the noise that belongs to `index` in the family `purpose`.
    pub(crate) fn new(seed: u64, purpose: u64, index: u64) -> Self {
        Self { state: mix(mix(seed ^ purpose.wrapping_mul(STEP)).wrapping_add(index)) }
    }

    /// Draws 64 bits.
    pub(crate) fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(STEP);
        mix(self.state)
    }

    /// Draws a number below `bound`; zero when `bound` is zero.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        scale(self.draw(), bound)
    }

    /// Draws one element.
    ///
    /// `choices` is one of the tables of this room, none of which is empty.
    pub(crate) fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        let bound = u64::try_from(choices.len()).unwrap_or(u64::MAX);
        let chosen = usize::try_from(self.below(bound)).unwrap_or(0);
        &choices[chosen]
    }

    /// Draws true once in `count` times.
    pub(crate) fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    /// Draws a random-looking GUID.
    pub(crate) fn guid(&mut self) -> Guid {
        Guid::from_noise(self.draw(), self.draw())
    }
}

/// Mixes 64 bits; a bijection.
pub(crate) const fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

/// Undoes [`mix`].
pub(crate) const fn unmix(value: u64) -> u64 {
    let value = (value ^ (value >> 31) ^ (value >> 62)).wrapping_mul(0x3196_42B2_D24D_8EC3);
    let value = (value ^ (value >> 27) ^ (value >> 54)).wrapping_mul(0x96DE_1B17_3F11_9089);
    value ^ (value >> 30) ^ (value >> 60)
}

/// Maps 64 random bits to a number below `bound`.
fn scale(bits: u64, bound: u64) -> u64 {
    u64::try_from((u128::from(bits) * u128::from(bound)) >> 64).unwrap_or(0)
}

/// 2^64 divided by the golden ratio: the step of `SplitMix64`.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

#[cfg(test)]
mod tests {
    use super::{Noise, mix, unmix};

    #[test]
    fn mixing_can_be_undone() {
        for value in [0, 1, 42, u64::MAX, 0x0123_4567_89AB_CDEF] {
            assert_eq!(unmix(mix(value)), value);
        }
    }

    #[test]
    fn numbers_stay_below_their_bound_and_reach_both_ends() {
        let mut noise = Noise::new(1, 2, 3);
        let drawn: Vec<u64> = (0..1_000).map(|_| noise.below(7)).collect();
        assert!(drawn.iter().all(|value| *value < 7));
        assert!(drawn.contains(&0) && drawn.contains(&6));
    }

    #[test]
    fn the_same_seed_draws_the_same_values() {
        assert_eq!(Noise::new(9, 1, 5).draw(), Noise::new(9, 1, 5).draw());
        assert_ne!(Noise::new(9, 1, 5).draw(), Noise::new(9, 1, 6).draw());
    }
}
