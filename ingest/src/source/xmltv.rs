//! A guide and nothing else.

use contract::source::{Source, Xmltv};

use crate::fetch::{Ask, Fetcher, Target};
use crate::gather::{Gathering, Taken};
use crate::guide::Copy;
use crate::progress::Bar;

/// Its name below `state/<source>/`.
const NAME: &str = "guide";

/// Fetches the guide, which is judged when it is read.
///
/// # Errors
/// Why it did not come, in words without an address.
pub(crate) async fn gather(
    run: &Gathering<'_>,
    source: &Source,
    guide: &Xmltv,
    bar: &Bar,
) -> Result<Taken, String> {
    bar.step("guide");
    let fetched = async {
        let fetcher = Fetcher::new(source, run.fetching)?;
        let target = Target::new(&guide.from)?;
        let copy = std::sync::Mutex::new(Copy::last(run.data, &source.name, NAME));
        let asked = fetcher.insist(|| async {
            let document = fetcher.document(Ask::new(target.place(), fetcher.guide_patience()), NAME).await?;
            copy.lock().expect("nobody panics with it").take(document)
        });
        asked.await?;
        Ok(copy.into_inner().expect("nobody panics with it"))
    };
    let copy = fetched.await.map_err(|failure: crate::fetch::Failure| failure.to_string())?;
    Ok(Taken { harvest: None, guides: vec![copy], notes: Vec::new(), ends: None })
}
