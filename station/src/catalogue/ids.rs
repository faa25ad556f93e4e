//! Ids as panels have them: with gaps, not in order, unique over live, films and episodes.

/// A shuffled numbering of `0..count` that needs no table in either direction.
///
/// Place `i` has the number `base + (i * step + shift) mod modulus` with a prime modulus of about twice the count.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ids {
    base: u64,
    count: u64,
    modulus: u64,
    step: u64,
    back: u64,
    shift: u64,
}

impl Ids {
    pub(crate) fn new(base: u32, count: u32, seed: u64) -> Self {
        let count = u64::from(count);
        let modulus = (count * 2 + 97..).find(|n| is_prime(*n)).expect("there is a prime above every number");
        let step = 1 + super::mix(seed, 0x1d5) % (modulus - 1);
        let shift = super::mix(seed, 0x5ee) % modulus;
        Self { base: u64::from(base), count, modulus, step, back: power(step, modulus - 2, modulus), shift }
    }

    pub(crate) fn id(&self, index: u32) -> u32 {
        (self.base + (u64::from(index) * self.step + self.shift) % self.modulus) as u32
    }

    pub(crate) fn index(&self, id: u32) -> Option<u32> {
        let place = u64::from(id).checked_sub(self.base).filter(|place| *place < self.modulus)?;
        let index = (place + self.modulus - self.shift) % self.modulus * self.back % self.modulus;
        (index < self.count).then_some(index as u32)
    }
}

fn is_prime(n: u64) -> bool {
    n > 1 && (2..).take_while(|d| d * d <= n).all(|d| !n.is_multiple_of(d))
}

fn power(mut base: u64, mut exponent: u64, modulus: u64) -> u64 {
    let mut result = 1;
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = result * base % modulus;
        }
        base = base * base % modulus;
        exponent >>= 1;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_has_an_id_and_the_id_finds_it_again() {
        for count in [0, 1, 12, 20_000] {
            let ids = Ids::new(1000, count, 7);
            let mut seen = std::collections::HashSet::new();
            for index in 0..count {
                let id = ids.id(index);
                assert_eq!(ids.index(id), Some(index));
                assert!(seen.insert(id));
            }
            assert_eq!((1000..90_000).filter(|id| ids.index(*id).is_some()).count(), count as usize);
            assert_eq!(ids.index(3), None);
        }
    }

    #[test]
    fn ids_are_neither_in_order_nor_without_gaps() {
        let ids = Ids::new(1000, 12, 1);
        let list: Vec<u32> = (0..12).map(|index| ids.id(index)).collect();
        assert!(!list.is_sorted());
        assert!(list.iter().max().unwrap() - list.iter().min().unwrap() > 12);
    }
}
