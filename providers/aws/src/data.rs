//! The dated lists of the world that this provider's facts rest on. `cargo xtask refresh` fetches them again.

use palisade_model::DataFile;

/// What `cargo xtask refresh` wrote beside the list.
const MANIFEST: &str = include_str!("../data/actions.json");

/// The dated lists, with their sources and days.
pub(crate) fn data() -> Vec<DataFile> {
    // A test holds that it can be read.
    serde_json::from_str(MANIFEST).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_model::Digest;
    use std::{fs, path::Path};

    fn beside(name: &str) -> Vec<u8> {
        fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(name)).unwrap()
    }

    #[test]
    fn the_list_is_the_one_that_its_manifest_and_its_page_speak_of() {
        let [file] = data().try_into().unwrap_or_else(|files| panic!("{files:?}"));
        assert_eq!(file.name, "aws/actions");
        let digest = palisade_provider::Body::new(beside("actions.bin")).digest();
        assert_eq!(file.sha256, digest.to_hex());
        assert!(format!("sha256:{}", file.source_sha256).parse::<Digest>().is_ok());
        let page = String::from_utf8(beside("actions.md")).unwrap();
        for told in [file.day.to_string(), file.version.clone(), file.source_sha256.clone()] {
            assert!(page.contains(&told), "the page does not name {told}");
        }
    }
}
