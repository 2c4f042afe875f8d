//! What is to be done: an item for each initiative of the plan, and for each risk that was accepted.

use super::{
    results::{Definitions, bundled, cited, inventory, observation},
    risks::{Characterization, Facet, Kind, Range, Remediation, Risk, Risks, Task, Timing, risk, risks, statement},
    words::{BackMatter, Each, Metadata, Origin, Prop, RelatedObservation, RelatedRisk, Resource, origin, title, tool},
};
use crate::{Record, names::Uuid, oscal::risks::observation_uuid, text::line};
use palisade_assess::{Change, Initiative, QuarterPlan};
use palisade_engine::{Entry, Finding, Fingerprint};
use palisade_report::Outlook;
use serde::Serialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Write},
};

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Document<I, O> {
    plan_of_action_and_milestones: Plan<I, O>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Plan<I, O> {
    uuid: Uuid,
    metadata: Metadata,
    local_definitions: Definitions<I>,
    #[serde(skip_serializing_if = "Option::is_none")]
    observations: Option<O>,
    risks: Vec<Risk>,
    poam_items: Vec<Item>,
    #[serde(skip_serializing_if = "Option::is_none")]
    back_matter: Option<BackMatter<Vec<Resource>>>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Item {
    uuid: Uuid,
    title: String,
    description: String,
    props: Vec<Prop>,
    origins: [ItemOrigin; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_observations: Vec<RelatedObservation>,
    related_risks: [RelatedRisk; 1],
}

#[derive(Serialize)]
#[serde(transparent)]
struct ItemOrigin(Origin);

/// The accepted risks.
fn accepted(risks: Risks<'_>) -> Risks<'_> {
    risks.into_iter().filter(|((_, kind), _)| matches!(kind, Kind::Accepted(..))).collect()
}

/// Whether there is any item: OSCAL has no plan without one.
pub(super) fn has_items(record: &Record<'_>) -> bool {
    record.outlook.is_some_and(|outlook| !outlook.initiatives.is_empty())
        || record.verdicts().any(|(_, finding)| matches!(Kind::of(finding), Some(Kind::Accepted(..))))
}

pub(super) fn write(record: &Record<'_>, to: &mut dyn Write) -> io::Result<()> {
    let places: BTreeMap<Fingerprint, (usize, &Finding)> =
        record.verdicts().map(|(place, finding)| (finding.fingerprint, (place, finding))).collect();
    let accepted = accepted(risks(record));
    let initiatives = record.outlook.map_or(&[][..], |outlook| &outlook.initiatives);
    let mut told: BTreeMap<usize, &Finding> =
        accepted.values().flatten().map(|(place, finding)| (*place, *finding)).collect();
    let closes: Vec<Vec<(usize, &Finding)>> = initiatives
        .iter()
        .map(|one| one.findings.iter().filter_map(|print| places.get(print).copied()).collect())
        .collect();
    told.extend(closes.iter().flatten().copied());
    let mut all_risks = Vec::new();
    let mut items = Vec::new();
    if let Some(outlook) = record.outlook {
        for (one, findings) in initiatives.iter().zip(&closes) {
            let (risk, item) = planned(record, outlook, one, findings);
            all_risks.push(risk);
            items.push(item);
        }
    }
    for ((control, kind), findings) in &accepted {
        let Some(risk) = risk(record, kind, findings) else { continue };
        items.push(Item {
            uuid: Uuid::of("poam-item", &["accepted", &risk.uuid.to_string()]),
            title: title(&format!("Accepted: {}", risk.title)),
            description: risk.description.clone(),
            props: vec![Prop::new("control", control)],
            origins: [ItemOrigin(origin())],
            related_observations: related(record, findings),
            related_risks: [RelatedRisk { risk_uuid: risk.uuid }],
        });
        all_risks.push(risk);
    }
    let prints: BTreeSet<Fingerprint> = told.values().map(|finding| finding.fingerprint).collect();
    let is_told = |finding: &Finding| prints.contains(&finding.fingerprint);
    let asks: BTreeMap<&str, &Entry> =
        record.controls.iter().filter(|entry| entry.asks.is_some()).map(|entry| (entry.meta.id, entry)).collect();
    let observations = Each(|| {
        told.iter().map(|(place, finding)| observation(record, *place, finding, asks.get(finding.control.id).copied()))
    });
    let resources = bundled(record, told.values().flat_map(|finding| cited(finding)).collect());
    let resources: Vec<Resource> = resources.collect();
    let names: Vec<String> = items.iter().map(|item: &Item| format!("{} {}", item.uuid, item.description)).collect();
    let mut parts: Vec<&str> = vec![&record.report.run.id];
    parts.extend(names.iter().map(String::as_str));
    let document = Document {
        plan_of_action_and_milestones: Plan {
            uuid: Uuid::of("plan", &parts),
            metadata: Metadata::of(record, "What is to be done about what Palisade saw", &record.report.run.id, None),
            local_definitions: Definitions {
                components: [tool(record)],
                inventory_items: (!told.is_empty()).then_some(Each(|| inventory(record, is_told))),
            },
            observations: (!told.is_empty()).then_some(observations),
            risks: all_risks,
            poam_items: items,
            back_matter: (!resources.is_empty()).then_some(BackMatter { resources }),
        },
    };
    serde_json::to_writer(to, &document)?;
    Ok(())
}

fn related(record: &Record<'_>, findings: &[(usize, &Finding)]) -> Vec<RelatedObservation> {
    let mut uuids: Vec<Uuid> =
        findings.iter().map(|(place, finding)| observation_uuid(record, *place, finding)).collect();
    uuids.sort_unstable();
    uuids.dedup();
    uuids.into_iter().map(|observation_uuid| RelatedObservation { observation_uuid }).collect()
}

/// An initiative as a risk with its remedy, and as an item.
fn planned(record: &Record<'_>, outlook: &Outlook, one: &Initiative, findings: &[(usize, &Finding)]) -> (Risk, Item) {
    let id = one.id.as_str();
    let risk_uuid = Uuid::of("risk", &["initiative", id]);
    let in_quarter = |quarter: &&QuarterPlan| quarter.items.iter().any(|item| item.initiative == one.id);
    let quarter = outlook.plan.quarters.iter().find(in_quarter);
    let (account, owner) = (line(&one.account), line(one.owner.as_str()));
    let mut facets = vec![
        Facet::new("severity", one.severity.name()),
        Facet::new("risk-points", one.risk.get().to_string()),
        Facet::new("effort-person-days", one.cost.days.to_string()),
    ];
    if let Some(worst) = &one.worst {
        facets.push(Facet::new("likelihood", worst.likelihood.step.to_string()));
        facets.push(Facet::new("impact", worst.impact.step.to_string()));
    }
    let day = |date: jiff::civil::Date| format!("{date}T00:00:00Z");
    let tasks = quarter.map(|quarter| Task {
        uuid: Uuid::of("task", &[id]),
        kind: "milestone",
        title: format!("Done in quarter {} of the plan", quarter.span.quarter),
        timing: Timing {
            within_date_range: Range { start: day(quarter.span.from), end: format!("{}T23:59:59Z", quarter.span.to) },
        },
    });
    let why = match (&one.change, findings.first()) {
        (Change::Mend { .. } | Change::Answer { .. }, Some((_, first))) => statement(record.controls, first.control),
        (Change::Read { .. }, _) => "What is not read is not known, and never counts as good.".to_owned(),
        (Change::Upgrade { .. } | Change::Mend { .. } | Change::Answer { .. }, _) => {
            "Other changes of the plan need it first.".to_owned()
        }
    };
    let description = format!(
        "In {} account {account}, by {owner}; verdicts: {}, clusters: {}; {}",
        one.provider,
        findings.len(),
        one.clusters.len(),
        line(&one.cost.because)
    );
    let risk = Risk {
        uuid: risk_uuid,
        title: title(&one.title),
        description: description.clone(),
        statement: why,
        props: vec![Prop::new("initiative", id)],
        status: "open",
        origins: [origin()],
        characterizations: [Characterization { origin: origin(), facets }],
        mitigating_factors: Vec::new(),
        deadline: quarter.map(|quarter| format!("{}T23:59:59Z", quarter.span.to)),
        remediations: vec![Remediation {
            uuid: Uuid::of("remediation", &["initiative", id]),
            lifecycle: if quarter.is_some() { "planned" } else { "recommendation" },
            title: title(&one.title),
            description: remedy(findings),
            tasks: tasks.into_iter().collect(),
        }],
        related_observations: related(record, findings),
    };
    let item = Item {
        uuid: Uuid::of("poam-item", &["initiative", id]),
        title: title(&one.title),
        description,
        props: vec![Prop::new("initiative", id), Prop::new("owner", &owner), Prop::new("account", &account)],
        origins: [ItemOrigin(origin())],
        related_observations: related(record, findings),
        related_risks: [RelatedRisk { risk_uuid }],
    };
    (risk, item)
}

/// What to do, where a page of ours says it.
fn remedy(findings: &[(usize, &Finding)]) -> String {
    let told = findings.iter().map(|(_, finding)| finding.remediation).find(|text| !text.is_empty());
    crate::text::prose(told.unwrap_or("See the title."))
}
