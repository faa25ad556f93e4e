//! Names that rules gave, in one text: 600 000 of them are a string and four bytes each.

/// New names, by place; 0 is none.
#[derive(Debug, Default)]
pub(crate) struct Names {
    text: String,
    /// Where each name ends; it begins where the one before does.
    ends: Vec<u32>,
    /// Bytes of names that nobody has any more.
    loose: usize,
}

/// Where tidying up begins to pay, in bytes.
const PAYS: usize = 4 << 20;

impl Names {
    /// The name at a place.
    pub(super) fn get(&self, place: u32) -> Option<&str> {
        let at = place.checked_sub(1)? as usize;
        let end = *self.ends.get(at)? as usize;
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        self.text.get(start..end)
    }

    /// Adds a name in place of the one at `before`. `None` if there are too many.
    pub(super) fn replace(&mut self, before: u32, name: &str) -> Option<u32> {
        // Offsets are 32-bit, and a rule may make names longer than any source does.
        let end = u32::try_from(self.text.len() + name.len()).ok().filter(|end| *end < 1 << 30)?;
        self.loose += self.get(before).map_or(0, str::len);
        self.text.push_str(name);
        self.ends.push(end);
        Some(self.ends.len() as u32)
    }

    /// Whether most of it is of no use.
    pub(super) fn is_loose(&self) -> bool {
        self.loose > PAYS && self.loose * 2 > self.text.len()
    }

    /// Keeps only the names at `places`, which are changed.
    pub(super) fn tighten<'a>(&mut self, places: impl Iterator<Item = &'a mut u32>) {
        let mut tight = Self::default();
        for place in places.filter(|place| **place != 0) {
            *place = self.get(*place).and_then(|name| tight.replace(0, name)).unwrap_or(0);
        }
        *self = tight;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_again_after_tidying_up() {
        let mut names = Names::default();
        let long = "x".repeat(PAYS + 1);
        let first = names.replace(0, &long).unwrap();
        let mut second = names.replace(first, "two").unwrap();
        let mut third = names.replace(0, "").unwrap();
        assert!(names.is_loose() && names.get(0).is_none() && names.get(9).is_none());
        names.tighten([&mut third, &mut second].into_iter());
        assert_eq!((names.get(second), names.get(third)), (Some("two"), Some("")));
        assert!(!names.is_loose());
    }
}
