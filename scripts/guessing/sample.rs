//! Times, and whether two kinds of them can be told apart.

/// Times of one kind, in milliseconds.
pub(crate) struct Sample {
    what: String,
    times: Vec<f64>,
}

/// As long as of two times of different kinds the longer one is guessed right no more often than this, nobody learns
/// anything from a few: half is chance.
const CHANCE: f64 = 0.05;
/// And what is further from it than so many standard deviations is no accident.
const SURE: f64 = 3.3;

impl Sample {
    pub(crate) fn new(what: &str) -> Self {
        Self { what: what.into(), times: Vec::new() }
    }

    pub(crate) fn push(&mut self, time: f64) {
        self.times.push(time);
    }

    pub(crate) fn print(&self) {
        let mean = self.times.iter().sum::<f64>() / self.times.len() as f64;
        println!("| {} | {:.3} ms | {mean:.3} ms | {} |", self.what, self.median(), self.times.len());
    }

    fn median(&self) -> f64 {
        let mut times = self.times.clone();
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    }
}

/// Prints how two kinds of times differ, by the test of Mann and Whitney, and says whether somebody could tell them apart.
pub(crate) fn compare(one: &Sample, other: &Sample) -> bool {
    let (m, n) = (one.times.len() as f64, other.times.len() as f64);
    let of =
        |sample: &Sample, which: bool| sample.times.iter().map(|time| (*time, which)).collect::<Vec<_>>();
    let mut all = [of(one, true), of(other, false)].concat();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    // Clocks tell nanoseconds: that two times are equal is rare enough to leave it out.
    let ranks: f64 = (1..).zip(&all).filter(|(_, (_, which))| *which).map(|(rank, _)| f64::from(rank)).sum();
    let u = ranks - m * (m + 1.0) / 2.0;
    let z = (u - m * n / 2.0) / (m * n * (m + n + 1.0) / 12.0).sqrt();
    let longer = u / (m * n);
    println!(
        "    {} against {}: U = {u:.0}, z = {z:+.2}; the former is the longer one in {:.1} % of all pairs",
        one.what,
        other.what,
        100.0 * longer
    );
    z.abs() > SURE && (longer - 0.5).abs() > CHANCE
}
