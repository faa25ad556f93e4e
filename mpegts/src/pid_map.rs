//! A small map from PID to something: one array look-up per packet, memory for the PIDs that were really seen.

use crate::packet::Pid;

/// At most [`PidMap::SIZE`] PIDs; real streams have a few dozen, and a hostile one shall not make us grow.
#[derive(Clone, Debug)]
pub struct PidMap<T> {
    /// One more than the index into `entries`; 0 for a PID without one.
    slots: Box<[u8; Pid::COUNT]>,
    entries: Vec<(Pid, T)>,
}

impl<T> PidMap<T> {
    /// How many PIDs fit. Later ones are not remembered.
    pub const SIZE: usize = 255;

    /// What is known of `pid`.
    #[inline]
    pub fn get(&self, pid: Pid) -> Option<&T> {
        let slot = usize::from(self.slots[usize::from(pid.get())]);
        self.entries.get(slot.wrapping_sub(1)).map(|(_, value)| value)
    }

    /// What is known of `pid`, to be changed; begins with the default. `None` when the map is full.
    #[inline]
    pub fn entry(&mut self, pid: Pid) -> Option<&mut T>
    where
        T: Default,
    {
        let slot = &mut self.slots[usize::from(pid.get())];
        if *slot == 0 {
            if self.entries.len() == Self::SIZE {
                return None;
            }
            self.entries.push((pid, T::default()));
            *slot = self.entries.len() as u8;
        }
        self.entries.get_mut(usize::from(*slot) - 1).map(|(_, value)| value)
    }

    /// All entries, in the order in which the PIDs were first seen.
    pub fn iter(&self) -> impl Iterator<Item = (Pid, &T)> {
        self.entries.iter().map(|(pid, value)| (*pid, value))
    }

    /// All entries, to be changed, in the same order.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (Pid, &mut T)> {
        self.entries.iter_mut().map(|(pid, value)| (*pid, value))
    }

    /// All values, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.entries.iter_mut().map(|(_, value)| value)
    }
}

impl<T> Default for PidMap<T> {
    fn default() -> Self {
        Self { slots: Box::new([0; Pid::COUNT]), entries: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_remembers_as_many_pids_as_it_says() {
        let mut map = PidMap::<u16>::default();
        for number in 0..Pid::COUNT as u16 {
            if let Some(value) = map.entry(Pid::new(number)) {
                *value = number;
            }
        }
        assert_eq!(map.iter().count(), PidMap::<u16>::SIZE);
        assert!(map.iter().all(|(pid, value)| pid.get() == *value));
        assert_eq!((map.get(Pid::new(254)), map.get(Pid::new(255))), (Some(&254), None));
    }
}
