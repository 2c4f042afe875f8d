//! Finds the projects of a target.

use super::{
    Run,
    ask::{Asker, host::RESOURCES},
    asker, assets, listing, read,
};
use crate::{
    calls::{ASSETS_SEARCH, FOLDERS_LIST, PROJECTS_LIST, PROJECTS_SEARCH},
    record::asset::Found as Assets,
    settings::{Projects, Settings},
};
use futures::future::BoxFuture;
use palisade_provider::{Failure, FailureReason, Outcome, Recorder, Search, Snapshot, Unit};
use std::collections::BTreeMap;

/// The scope of a question that is asked about everything the credentials can see.
pub(crate) const EVERYWHERE: &str = "*";

/// The projects, each once, in order.
pub(crate) async fn units(settings: &Settings, run: &Run, recorder: &Recorder) -> Vec<Unit> {
    let mut found = BTreeMap::new();
    match &settings.projects {
        Projects::List(projects) => found.extend(projects.iter().map(|project| (project.clone(), None))),
        Projects::All => {
            if let Some(asker) = asker(settings, run, recorder, (&PROJECTS_SEARCH, EVERYWHERE)).await {
                found.extend(visible(&asker, run).await);
            }
        }
        Projects::Organization(number) => {
            let parents = vec![qualified("organizations", number)];
            found.extend(searched(settings, run, recorder, parents).await);
        }
        Projects::Folders(numbers) => {
            let parents = numbers.iter().map(|number| qualified("folders", number)).collect();
            found.extend(searched(settings, run, recorder, parents).await);
        }
    }
    found.into_iter().map(|(scope, name)| Unit { scope, name }).collect()
}

type Found = Vec<(String, Option<String>)>;

fn qualified(kind: &str, number: &str) -> String {
    if number.contains('/') { number.to_owned() } else { format!("{kind}/{number}") }
}

async fn visible(asker: &Asker<'_>, run: &Run) -> Found {
    let mut found = Vec::new();
    let client = &asker.clients.projects;
    // Failures are in the records; what was found before one is still worth reading.
    let searched = asker
        .pages(
            (&PROJECTS_SEARCH, RESOURCES),
            EVERYWHERE,
            &[],
            |token| client.search_projects().set_query("state:ACTIVE").set_page_token(token),
            |builder| builder.send(),
            |page| found.extend(projects_on(page, run)),
        )
        .await;
    if searched.is_ok() && found.is_empty() {
        unseen(&asker.recorder, EVERYWHERE, 1, "the search found no project");
    }
    found
}

/// A search leaves out what the caller may not get and does not say so: what it should have found and did not was refused.
/// <https://cloud.google.com/resource-manager/reference/rest/v3/projects/search>
pub(crate) fn unseen(recorder: &Recorder, scope: &str, page: u32, why: &str) {
    recorder.failed(&PROJECTS_SEARCH, scope, &[], page, Failure::new(FailureReason::Denied, why), None);
}

/// The projects below folders or organisations that are read: all of them, or those that hold clusters as far as the inventory
/// knows. Where it did not answer, it names nobody; its failure is in the records.
async fn searched(settings: &Settings, run: &Run, recorder: &Recorder, parents: Vec<String>) -> Found {
    let mut found = Vec::new();
    if settings.search.asks_inventory()
        && let Some(first) = parents.first()
        && let Some(asker) = asker(settings, run, recorder, (&ASSETS_SEARCH, first)).await
    {
        let told = futures::future::join_all(parents.iter().map(|parent| assets::below(&asker, parent))).await;
        for (id, number) in told.into_iter().flatten().flat_map(|told| told.0) {
            if let Some(number) = &number {
                run.learn_number(&id, number);
            }
            found.push((id, None));
        }
    }
    if settings.search != Search::Inventory {
        // Names come with the lists.
        found.extend(below_all(settings, run, recorder, parents).await);
    }
    found
}

async fn below_all(settings: &Settings, run: &Run, recorder: &Recorder, parents: Vec<String>) -> Found {
    let Some(first) = parents.first() else { return Vec::new() };
    let Some(asker) = asker(settings, run, recorder, (&PROJECTS_LIST, first)).await else { return Vec::new() };
    let found = futures::future::join_all(parents.iter().map(|parent| below(&asker, run, parent.clone()))).await;
    found.into_iter().flatten().collect()
}

/// The projects below a folder or organisation, however deep.
fn below<'a>(asker: &'a Asker<'_>, run: &'a Run, parent: String) -> BoxFuture<'a, Found> {
    Box::pin(async move {
        let (here, deeper) = futures::join!(projects_in(asker, run, &parent), folders_in(asker, run, &parent));
        here.into_iter().chain(deeper).collect()
    })
}

async fn projects_in(asker: &Asker<'_>, run: &Run, parent: &str) -> Found {
    let mut found = Vec::new();
    let client = &asker.clients.projects;
    let _ = asker
        .pages(
            (&PROJECTS_LIST, RESOURCES),
            parent,
            &[],
            |token| client.list_projects().set_parent(parent).set_page_token(token),
            |builder| builder.send(),
            |page| found.extend(projects_on(page, run)),
        )
        .await;
    found
}

async fn folders_in(asker: &Asker<'_>, run: &Run, parent: &str) -> Found {
    let mut folders = Vec::new();
    let client = &asker.clients.folders;
    let _ = asker
        .pages(
            (&FOLDERS_LIST, RESOURCES),
            parent,
            &[],
            |token| client.list_folders().set_parent(parent).set_page_token(token),
            |builder| builder.send(),
            |page| folders.extend(read::<listing::Folders>(page).folders),
        )
        .await;
    let active =
        folders.into_iter().filter(|folder| listing::is_active(folder.state.as_ref())).filter_map(|folder| folder.name);
    let found = futures::future::join_all(active.map(|folder| below(asker, run, folder))).await;
    found.into_iter().flatten().collect()
}

/// Learns from the pages of a discovery what it learned when they came.
pub(super) fn recall(run: &Run, discovery: &Snapshot) {
    for record in discovery.records().iter().filter(|record| *record.call == *ASSETS_SEARCH.name) {
        let Outcome::Answered(body) = &record.outcome else { continue };
        let page = serde_json::from_slice(body.bytes()).unwrap_or_default();
        for (id, number) in Assets::of([&page]).into_iter().flat_map(|found| found.0) {
            if let Some(number) = &number {
                run.learn_number(&id, number);
            }
        }
    }
    for record in discovery.records() {
        let lists = [PROJECTS_LIST.name, PROJECTS_SEARCH.name].contains(&&*record.call);
        if let (true, Outcome::Answered(body)) = (lists, &record.outcome) {
            // A page that cannot be read taught nothing then either.
            projects_on(&serde_json::from_slice(body.bytes()).unwrap_or_default(), run);
        }
    }
}

/// The projects on a page that are in use.
fn projects_on(page: &serde_json::Value, run: &Run) -> Found {
    let projects = read::<listing::Projects>(page).projects;
    let mut found = Vec::new();
    for project in projects.into_iter().filter(|project| listing::is_active(project.state.as_ref())) {
        let number = project.name.as_deref().and_then(|name| name.strip_prefix("projects/"));
        if let (Some(id), Some(number)) = (&project.id, number) {
            run.learn_number(id, number);
        }
        found.extend(project.id.map(|id| (id, project.display_name)));
    }
    found
}
