//! What Amazon Inspector tells of the images that run.

use super::{
    ask::{Paging, Wire, sending},
    boxed,
    region::Place,
};
use crate::{
    calls,
    record::vulnerabilities::{AccountStatus, CoveredImages},
};
use aws_sdk_inspector2::{
    error::BuildError,
    types::{
        ClusterForImageFilterCriteria, CoverageFilterCriteria, CoverageNumberFilter, CoverageResourceType,
        CoverageStringComparison, CoverageStringFilter, FilterCriteria, FindingStatus, FixAvailable, NumberFilter,
        ResourceType, Severity, StringComparison, StringFilter,
    },
};
use futures::future::join_all;
use serde_json::Value;
use std::collections::BTreeSet;

/// Images whose clusters are asked for: beyond that many the rest is told as not read.
const IMAGES: usize = 500;

/// Asks whether Inspector scans the region's images; where it does, for those that run, where, and what is wrong with them.
pub(super) async fn read(place: &Place<'_>) {
    let (context, host) = (place.context, place.host("inspector2"));
    let client = &context.session.inspector(place.region);
    let question = place.question(&calls::INSPECTOR_STATUS, &[], Wire::Json, None);
    let account = &context.session.account;
    let send = sending!(|_| client.batch_get_account_status().account_ids(account));
    let answers = context.ask::<AccountStatus>(&host, &question, send).await;
    let states = answers.into_iter().flatten().flat_map(|page| page.accounts);
    if states.filter_map(|state| state.ecr().map(str::to_owned)).all(|ecr| ecr != "ENABLED") {
        return;
    }
    futures::join!(boxed(findings(place, client, &host)), boxed(images(place, client, &host)));
}

async fn findings(place: &Place<'_>, client: &aws_sdk_inspector2::Client, host: &str) {
    let Ok(wanted) = overdue_perhaps() else { return };
    let question = place.question(&calls::INSPECTOR_FINDINGS, &[], Wire::Json, Some(Paging::NEXT_TOKEN));
    let send = sending!(|token| {
        client.list_findings().filter_criteria(wanted.clone()).max_results(100).set_next_token(token)
    });
    place.context.ask::<Value>(host, &question, send).await;
}

/// Critical ones with a fix, of images that run. What a rule suppresses is as open as before: only closed ones are left out.
fn overdue_perhaps() -> Result<FilterCriteria, BuildError> {
    let text = |comparison, value: &str| StringFilter::builder().comparison(comparison).value(value).build();
    Ok(FilterCriteria::builder()
        .resource_type(text(StringComparison::Equals, ResourceType::AwsEcrContainerImage.as_str())?)
        .severity(text(StringComparison::Equals, Severity::Critical.as_str())?)
        .fix_available(text(StringComparison::Equals, FixAvailable::Yes.as_str())?)
        .finding_status(text(StringComparison::NotEquals, FindingStatus::Closed.as_str())?)
        .ecr_image_in_use_count(NumberFilter::builder().lower_inclusive(1.0).build())
        .build())
}

async fn images(place: &Place<'_>, client: &aws_sdk_inspector2::Client, host: &str) {
    let context = place.context;
    let Ok(images) = CoverageStringFilter::builder()
        .comparison(CoverageStringComparison::Equals)
        .value(CoverageResourceType::AwsEcrContainerImage.as_str())
        .build()
    else {
        return;
    };
    let running = CoverageNumberFilter::builder().lower_inclusive(1).build();
    let wanted = CoverageFilterCriteria::builder().resource_type(images).ecr_image_in_use_count(running).build();
    let question = place.question(&calls::INSPECTOR_COVERAGE, &[], Wire::Json, Some(Paging::NEXT_TOKEN));
    let send = sending!(|token| {
        client.list_coverage().filter_criteria(wanted.clone()).max_results(200).set_next_token(token)
    });
    let pages = context.ask::<CoveredImages>(host, &question, send).await;
    let covered = pages.into_iter().flatten().flat_map(|page| page.covered_resources);
    let ids: BTreeSet<String> = covered.filter_map(|image| image.resource_id).collect();
    join_all(ids.iter().take(IMAGES).map(|id| {
        boxed(async move {
            let Ok(image) = ClusterForImageFilterCriteria::builder().resource_id(id).build() else { return };
            let params = [("image", id.as_str())];
            let question = place.question(&calls::CLUSTERS_OF_IMAGE, &params, Wire::Json, Some(Paging::NEXT_TOKEN));
            let send = sending!(|token| {
                client.get_clusters_for_image().filter(image.clone()).max_results(100).set_next_token(token)
            });
            context.ask::<Value>(host, &question, send).await;
        })
    }))
    .await;
}
