//! Facts with the records they rest on.

use palisade_model::{Evidence, Gap, Observed};

/// Computes a fact while noting what it was read from.
pub(super) fn observe<T>(read: impl FnOnce(&mut Vec<Evidence>) -> Result<T, Gap>) -> Observed<T> {
    let mut sources = Vec::new();
    match read(&mut sources) {
        Ok(value) => {
            let mut distinct: Vec<Evidence> = Vec::with_capacity(sources.len());
            for source in sources {
                if !distinct.contains(&source) {
                    distinct.push(source);
                }
            }
            Observed::known(value, distinct)
        }
        Err(gap) => Observed::missing(gap),
    }
}
