//! `palisade authority`.

use crate::{
    arguments::{Authority, ListFormat},
    exit::Exit,
    output::{self, Screen},
    stored,
};
use palisade_authority::Capability;
use palisade_model::{Cluster, Identity};
use palisade_report::{Options, authority, authority_json, plain, who, who_json};
use std::collections::BTreeSet;

pub(crate) fn run(wanted: &Authority, screen: &Screen) -> anyhow::Result<Exit> {
    match (wanted.who, &wanted.identity) {
        (None, Some(name)) if wanted.propose => propose(wanted, name, screen),
        (Some(capability), _) => holders(wanted, capability, screen),
        (None, name) => one(wanted, name.as_deref().unwrap_or_default(), screen),
    }
}

fn one(wanted: &Authority, name: &str, screen: &Screen) -> anyhow::Result<Exit> {
    let is_it = |identity: &Identity| identity.id.to_string() == name || identity.name == name;
    let identities = |cluster: &Cluster| -> Vec<Identity> {
        cluster.identities.get().ok().into_iter().flatten().filter(|identity| is_it(identity)).cloned().collect()
    };
    let clusters = stored::clusters(
        &wanted.lookup,
        |cluster| concerns(wanted, cluster) && !identities(cluster).is_empty(),
        screen,
    )?;
    if clusters.is_empty() {
        return Err(nobody_called(wanted, name, screen));
    }
    let found = clusters.iter().flat_map(|cluster| identities(cluster).into_iter().map(move |one| (cluster, one)));
    if wanted.format == ListFormat::Json {
        output::json(&found.map(|(cluster, identity)| authority_json(cluster, &identity)).collect::<Vec<_>>())?;
        return Ok(Exit::Done);
    }
    let options = Options { colour: screen.colour, width: screen.width, next: Vec::new(), ..Options::default() };
    for (cluster, identity) in found {
        let universe = (cluster.provider == palisade_model::Provider::Aws).then(palisade_aws::actions::universe);
        output::data(authority(cluster, &identity, universe, &options).as_bytes(), None)?;
    }
    Ok(Exit::Done)
}

fn nobody_called(wanted: &Authority, name: &str, screen: &Screen) -> anyhow::Error {
    let names = |cluster: &Cluster| -> Vec<String> {
        cluster.identities.get().ok().into_iter().flatten().map(|identity| identity.name.clone()).collect()
    };
    stored::nothing_called("identity", name, &wanted.lookup, screen, names)
}

/// What to give an identity instead of what it has: the document on stdout, what it does not say on stderr.
fn propose(wanted: &Authority, name: &str, screen: &Screen) -> anyhow::Result<Exit> {
    let mut proposals = Vec::new();
    let mut silent = Vec::new();
    stored::each(&wanted.lookup, screen, |provider, snapshot| {
        let clusters = provider.normalize(snapshot).clusters;
        let identities = clusters
            .iter()
            .filter(|cluster| concerns(wanted, cluster))
            .flat_map(|cluster| cluster.identities.get().into_iter().flatten())
            .filter(|identity| identity.id.as_str() == name || identity.name == name);
        let ids: BTreeSet<&str> = identities.map(|identity| identity.id.as_str()).collect();
        for id in ids {
            match provider.propose(snapshot, id) {
                Some(proposed) => proposals.push((id.to_owned(), proposed)),
                None => silent.push((id.to_owned(), provider.provider().service())),
            }
        }
    })?;
    if proposals.is_empty() && silent.is_empty() {
        return Err(nobody_called(wanted, name, screen));
    }
    for (id, service) in silent {
        screen.warn(&plain(&format!("no proposal is made for `{id}`: {service} identities are not proposed for yet")));
    }
    for (id, proposed) in proposals {
        match proposed {
            Err(gap) => screen.warn(&plain(&format!("nothing can be proposed for `{id}`: {gap}"))),
            Ok(proposed) if wanted.format == ListFormat::Json => {
                output::json(&serde_json::json!({ "id": id, "document": proposed.document, "notes": proposed.notes }))?;
            }
            Ok(proposed) => {
                output::json(&proposed.document)?;
                for note in proposed.notes {
                    screen.note(&plain(&note));
                }
            }
        }
    }
    Ok(Exit::Done)
}

fn holders(wanted: &Authority, capability: Capability, screen: &Screen) -> anyhow::Result<Exit> {
    let clusters = stored::clusters(&wanted.lookup, |cluster| concerns(wanted, cluster), screen)?;
    if let (true, Some(name)) = (clusters.is_empty(), &wanted.cluster) {
        return Err(stored::nothing_called("cluster", name, &wanted.lookup, screen, |cluster| {
            vec![cluster.name.clone()]
        }));
    }
    if wanted.format == ListFormat::Json {
        output::json(&who_json(&clusters, capability))?;
    } else {
        let options = Options { colour: screen.colour, width: screen.width, next: Vec::new(), ..Options::default() };
        output::data(who(&clusters, capability, &options).as_bytes(), None)?;
    }
    Ok(Exit::Done)
}

fn concerns(wanted: &Authority, cluster: &Cluster) -> bool {
    wanted.cluster.as_ref().is_none_or(|name| cluster.name == *name || cluster.id.as_str() == name)
}
