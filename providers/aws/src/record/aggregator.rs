//! AWS Config: what an aggregator answers to a query.

use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// A page of an answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Selected {
    /// The rows, each as JSON in a text.
    #[serde(default)]
    pub(crate) results: Vec<String>,
}

/// A cluster that the aggregator knows.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    account_id: String,
    aws_region: String,
}

/// The regions that hold clusters, by account.
pub(crate) type Places = BTreeMap<String, BTreeSet<String>>;

/// Where the clusters of some pages are.
///
/// # Errors
/// When a row cannot be read: without it the answer is not whole.
pub(crate) fn places(pages: impl IntoIterator<Item = Selected>) -> Result<Places, serde_json::Error> {
    let mut places = Places::new();
    for text in pages.into_iter().flat_map(|page| page.results) {
        let Row { account_id, aws_region } = serde_json::from_str(&text)?;
        places.entry(account_id).or_default().insert(aws_region);
    }
    Ok(places)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_texts_and_one_that_cannot_be_read_spoils_the_answer() {
        let page = |rows: &[&str]| Selected { results: rows.iter().map(|&row| row.to_owned()).collect() };
        let one = r#"{"accountId":"111111111111","awsRegion":"eu-west-1","resourceName":"shop"}"#;
        let two = r#"{"accountId":"111111111111","awsRegion":"us-east-1","resourceName":"shop"}"#;
        let found = places([page(&[one, two]), page(&[one])]).unwrap();
        assert_eq!(found["111111111111"], BTreeSet::from(["eu-west-1".to_owned(), "us-east-1".to_owned()]));
        assert!(places([page(&[one, r#"{"accountId":"111111111111"}"#])]).is_err());
    }
}
