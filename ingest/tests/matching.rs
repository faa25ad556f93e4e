//! How well names are matched to guides, measured on names and guide channels as public lists have them.
//!
//! Every third row is held out: the rules were written while looking at the others only. `scripts/matching` prints the
//! figures and every mistake.

use std::fmt::Write as _;

use ingest::matching::{Aliases, Index, Listed, Match, Settings, Wish, choose};

const GUIDE: &str = include_str!("fixtures/matching/guide.tsv");
const CHANNELS: &str = include_str!("fixtures/matching/channels.tsv");

/// A channel of a list, and the guide's channel that it is; empty for none.
struct Row {
    wish: Wish,
    expected: &'static str,
}

fn lines(table: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    table.lines().skip(1).map(|line| line.split('\t').collect())
}

fn guide() -> Vec<Listed> {
    let listed = |columns: Vec<&str>| Listed {
        id: columns[0].into(),
        names: columns[1..].iter().map(|name| (*name).into()).collect(),
        icon: String::new(),
    };
    lines(GUIDE).map(listed).collect()
}

fn rows(with_ids: bool) -> Vec<Row> {
    let row = |columns: Vec<&'static str>| Row {
        wish: Wish {
            name: columns[0].into(),
            guide_id: if with_ids { columns[1].into() } else { String::new() },
            group: columns[2].into(),
            ..Wish::default()
        },
        expected: if columns[3] == "-" { "" } else { columns[3] },
    };
    lines(CHANNELS).map(row).collect()
}

/// Right, wrong and missing matches, with the mistakes in words.
#[derive(Default)]
struct Figures {
    right: usize,
    wrong: usize,
    missing: usize,
    mistakes: String,
}

impl Figures {
    fn count(&mut self, row: &Row, found: &Match) {
        let chosen = found.chosen.as_ref();
        let id = chosen.map_or("", |(candidate, _)| candidate.id.as_str());
        let missing = !row.expected.is_empty() && id != row.expected;
        self.right += usize::from(!id.is_empty() && id == row.expected);
        self.wrong += usize::from(!id.is_empty() && id != row.expected);
        self.missing += usize::from(missing);
        if id != row.expected {
            let how =
                chosen.map_or(String::new(), |(other, method)| format!("{} {}", method.word(), other.score));
            let expected = if row.expected.is_empty() { "-" } else { row.expected };
            let got = if id.is_empty() { "-" } else { id };
            let _ = writeln!(self.mistakes, "  {:<45} is {expected:<30} got {got} {how}", row.wish.name);
        }
    }

    /// Of what was matched, how much is right.
    fn precision(&self) -> f64 {
        share(self.right, self.right + self.wrong)
    }

    /// Of what there is, how much was found.
    fn recall(&self) -> f64 {
        share(self.right, self.right + self.missing)
    }

    #[expect(clippy::print_stdout, reason = "what the test is run for")]
    fn print(&self, what: &str) {
        let Self { right, wrong, missing, mistakes } = self;
        println!(
            "{what}: precision {:.1} %, recall {:.1} % ({right} right, {wrong} wrong, {missing} not found)\n{mistakes}",
            self.precision() * 100.0,
            self.recall() * 100.0
        );
    }
}

#[expect(clippy::cast_precision_loss, reason = "hundreds")]
fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}

/// The figures of the rows that were looked at, and of those held out.
fn measure(with_ids: bool) -> (Figures, Figures) {
    let guide = guide();
    let index = Index::new([guide.as_slice()]);
    let rows = rows(with_ids);
    let wishes: Vec<Wish> = rows.iter().map(|row| row.wish.clone()).collect();
    let found = choose(&wishes, &index, &Aliases::default(), &Settings::default());
    let (mut seen, mut held_out) = (Figures::default(), Figures::default());
    for (at, (row, found)) in rows.iter().zip(&found).enumerate() {
        if at % 3 == 0 { held_out.count(row, found) } else { seen.count(row, found) }
    }
    (seen, held_out)
}

#[test]
fn real_names_are_matched_by_name_alone_and_hardly_ever_wrongly() {
    let (seen, held_out) = measure(false);
    seen.print("names only, rows looked at");
    held_out.print("names only, rows held out");
    for figures in [seen, held_out] {
        assert!(figures.precision() >= 0.98, "precision {}", figures.precision());
        assert!(figures.recall() >= 0.90, "recall {}", figures.recall());
    }
}

#[test]
fn the_ids_that_lists_give_help() {
    let (seen, held_out) = measure(true);
    seen.print("with the ids of the lists, rows looked at");
    held_out.print("with the ids of the lists, rows held out");
    for figures in [seen, held_out] {
        assert!(figures.recall() >= 0.90, "recall {}", figures.recall());
    }
}
