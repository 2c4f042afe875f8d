//! Reads a project's place in the organisation, and who holds what on the way up.

use super::{
    Run,
    ask::{
        Asker, Params, Question,
        host::{IAM, RESOURCES},
    },
    read, strip,
};
use crate::{
    calls::{
        DENY_POLICIES, DENY_POLICY, FOLDER_POLICY, FOLDERS_GET, ORGANIZATION_POLICY, PROJECT_POLICY, PROJECTS_GET,
        ROLES_GET,
    },
    record::{
        iam::{DenyPolicies, Policy},
        names::{is_apis_agent, is_google_agent},
        resource,
    },
};
use google_cloud_iam_v1::model::GetPolicyOptions;
use serde_json::Value;
use std::collections::BTreeSet;

/// Deepest nesting of folders that is followed; Google allows ten.
const DEEPEST: usize = 16;

/// Reads a project and everything above it: who holds which role, what the roles hold, and what is denied. Returns the
/// project's number.
pub(crate) async fn above(asker: &Asker<'_>, run: &Run, project: &str) -> Option<String> {
    let here = async {
        let value = project_itself(asker, run, project).await?;
        let record: resource::Project = read(&value);
        let number = record.number().map(str::to_owned);
        if let Some(parent) = record.parent {
            Box::pin(ancestors(asker, run, parent)).await;
        }
        number
    };
    let (number, (), ()) = futures::join!(
        here,
        policy(asker, run, project),
        denials(asker, run, project.to_owned(), format!("projects/{project}"))
    );
    number
}

/// A project's own record.
pub(crate) async fn project_itself(asker: &Asker<'_>, run: &Run, project: &str) -> Option<Value> {
    let project = project.to_owned();
    let answers = run
        .once(asker, format!("project {project}"), |asker| async move {
            let builder = asker.clients.projects.get_project().set_name(format!("projects/{project}"));
            let question = (&PROJECTS_GET, RESOURCES);
            let answer = asker.one(question, &project, &[], builder, |builder| builder.send(), strip::nothing).await;
            answer.into_iter().collect()
        })
        .await;
    answers.first().cloned()
}

async fn ancestors(asker: &Asker<'_>, run: &Run, parent: String) {
    let mut next = Some(parent);
    for _ in 0..DEEPEST {
        let Some(group) = next else { return };
        let (above, (), ()) = futures::join!(
            parent_of(asker, run, &group),
            policy(asker, run, &group),
            denials(asker, run, group.clone(), group.clone())
        );
        next = above;
    }
}

async fn parent_of(asker: &Asker<'_>, run: &Run, group: &str) -> Option<String> {
    if !group.starts_with("folders/") {
        return None;
    }
    let group = group.to_owned();
    let answers = run
        .once(asker, format!("folder {group}"), |asker| async move {
            let builder = asker.clients.folders.get_folder().set_name(&group);
            let question = (&FOLDERS_GET, RESOURCES);
            let answer = asker.one(question, &group, &[], builder, |builder| builder.send(), strip::nothing).await;
            answer.into_iter().collect()
        })
        .await;
    answers.first().and_then(|folder| read::<resource::Folder>(folder).parent)
}

/// The bindings of a project (by its bare id), folder or organisation, and the roles they bind.
async fn policy(asker: &Asker<'_>, run: &Run, place: &str) {
    let place = place.to_owned();
    let answers = run
        .once(asker, format!("policy of {place}"), |asker| async move {
            let options = GetPolicyOptions::new().set_requested_policy_version(3);
            let clients = asker.clients;
            let answer = if place.starts_with("folders/") {
                let builder = clients.folders.get_iam_policy().set_resource(&place).set_options(options);
                let question = (&FOLDER_POLICY, RESOURCES);
                asker.one(question, &place, &[], builder, |builder| builder.send(), strip::nothing).await
            } else if place.starts_with("organizations/") {
                let builder = clients.organizations.get_iam_policy().set_resource(&place).set_options(options);
                let question = (&ORGANIZATION_POLICY, RESOURCES);
                asker.one(question, &place, &[], builder, |builder| builder.send(), strip::nothing).await
            } else {
                let resource = format!("projects/{place}");
                let builder = clients.projects.get_iam_policy().set_resource(resource).set_options(options);
                let question = (&PROJECT_POLICY, RESOURCES);
                asker.one(question, &place, &[], builder, |builder| builder.send(), strip::nothing).await
            };
            answer.into_iter().collect()
        })
        .await;
    roles_of(asker, run, &answers).await;
}

/// The roles that policies bind to anybody but Google's own agents, as whom nobody can act: all but the agent of its APIs,
/// as which Deployment Manager acts for its users.
pub(crate) async fn roles_of(asker: &Asker<'_>, run: &Run, policies: &[Value]) {
    let mut roles = BTreeSet::new();
    for binding in policies.iter().flat_map(|policy| Policy::in_parts(policy).0.bindings) {
        if binding.members.iter().any(|member| !is_google_agent(member) || is_apis_agent(member)) {
            roles.extend(binding.role);
        }
    }
    futures::future::join_all(roles.into_iter().map(|role| self::role(asker, run, role))).await;
}

async fn role(asker: &Asker<'_>, run: &Run, role: String) {
    run.once(asker, format!("role {role}"), |asker| async move {
        let builder = asker.clients.iam.get_role().set_name(&role);
        let scope = crate::record::names::role_home(&role);
        let question = (&ROLES_GET, IAM);
        let params = [("role", role.as_str())];
        let _ = asker.one(question, scope, &params, builder, |builder| builder.send(), strip::nothing).await;
        Vec::new()
    })
    .await;
}

/// What is denied at a place. The list says which policies there are; the service leaves out their rules, so those are
/// read one by one, unless they came along.
async fn denials(asker: &Asker<'_>, run: &Run, scope: String, resource: String) {
    run.once(asker, format!("denials at {resource}"), |asker| async move {
        let point = format!("cloudresourcemanager.googleapis.com/{resource}").replace('/', "%2F");
        let parent = format!("policies/{point}/denypolicies");
        let mut bare = Vec::new();
        let client = &asker.clients.deny_policies;
        let _ = asker
            .pages(
                (&DENY_POLICIES, IAM),
                &scope,
                &[],
                |token| client.list_policies().set_parent(&parent).set_page_token(token),
                |builder| builder.send(),
                |page| {
                    let policies = read::<DenyPolicies>(page).policies;
                    bare.extend(
                        policies.into_iter().filter(|policy| policy.rules.is_empty()).filter_map(|policy| policy.name),
                    );
                },
            )
            .await;
        let asker = &asker;
        let scope = &scope;
        futures::future::join_all(bare.iter().map(|name| async move {
            let builder = client.get_policy().set_name(name);
            let params: Params<'_> = &[("policy", name.as_str())];
            let question: Question = (&DENY_POLICY, IAM);
            let _ = asker.one(question, scope, params, builder, |builder| builder.send(), strip::nothing).await;
        }))
        .await;
        Vec::new()
    })
    .await;
}
