//! A project's place in the organisation, and what policies say there and on the way up.

use super::authority::Reach;
use crate::{
    calls::{
        DENY_POLICIES, DENY_POLICY, FOLDER_POLICY, FOLDERS_GET, ORGANIZATION_POLICY, PROJECT_POLICY, PROJECTS_GET,
    },
    record::{
        iam::{DenyPolicies, DenyPolicy, DenyRule, Policy},
        resource::{Folder, Project},
    },
};
use palisade_model::{Evidence, Gap, Observed};
use palisade_provider::{Call, Snapshot};
use std::{cell::RefCell, collections::HashMap, rc::Rc};

/// Deepest nesting of folders that is followed; Google allows ten.
const DEEPEST: usize = 16;

/// A project and everything above it.
#[derive(Clone, Debug)]
pub(crate) struct Hierarchy {
    /// The project's number.
    pub(crate) number: String,
    /// The project first, the organisation last.
    pub(crate) places: Vec<Place>,
    /// The resources below each of them.
    pub(crate) reach: Reach,
}

/// A project, folder or organisation and who holds what there.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// `projects/ID`, `folders/ID` or `organizations/ID`.
    pub(crate) name: String,
    pub(crate) policy: Rc<Policy>,
}

/// A deny rule and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Denial {
    /// The place of the policy in [`Hierarchy::places`].
    pub(crate) level: usize,
    /// The policy's name.
    pub(crate) policy: String,
    pub(crate) rule: DenyRule,
}

/// Hierarchies by project, each read once.
#[derive(Debug)]
pub(crate) struct HierarchyBook<'a> {
    snapshot: &'a Snapshot,
    read: RefCell<HashMap<String, Rc<Observed<Hierarchy>>>>,
    denials: RefCell<HashMap<String, Rc<Observed<Vec<Denial>>>>>,
}

impl<'a> HierarchyBook<'a> {
    pub(crate) fn new(snapshot: &'a Snapshot) -> Self {
        Self { snapshot, read: RefCell::default(), denials: RefCell::default() }
    }

    /// The hierarchy above a project.
    pub(crate) fn of(&self, project: &str) -> Rc<Observed<Hierarchy>> {
        if let Some(hierarchy) = self.read.borrow().get(project) {
            return Rc::clone(hierarchy);
        }
        let mut sources = Vec::new();
        let value = self.climb(project, &mut sources);
        let hierarchy = Rc::new(Observed::from_result(value, sources));
        self.read.borrow_mut().insert(project.to_owned(), Rc::clone(&hierarchy));
        hierarchy
    }

    fn climb(&self, project: &str, sources: &mut Vec<Evidence>) -> Result<Hierarchy, Gap> {
        let record: Observed<Project> = self.snapshot.one(&PROJECTS_GET, project, &[]);
        let record = seen(&record, sources)?;
        let number = record.number().ok_or_else(|| Gap::Malformed {
            call: PROJECTS_GET.name.to_owned(),
            scope: project.to_owned(),
            pointer: "/name".to_owned(),
            why: "the project has no number".to_owned(),
        })?;
        let policy = seen(&self.snapshot.one(&PROJECT_POLICY, project, &[]), sources)?;
        let mut places = vec![Place { name: format!("projects/{project}"), policy: Rc::new(policy) }];
        let mut parent = record.parent.clone();
        for _ in 0..DEEPEST {
            let Some(group) = parent.filter(|group| !group.is_empty()) else { break };
            let folder = group.starts_with("folders/");
            let call: &Call = if folder { &FOLDER_POLICY } else { &ORGANIZATION_POLICY };
            let policy = seen(&self.snapshot.one(call, &group, &[]), sources)?;
            places.push(Place { name: group.clone(), policy: Rc::new(policy) });
            parent = if folder {
                seen(&self.snapshot.one::<Folder>(&FOLDERS_GET, &group, &[]), sources)?.parent
            } else {
                None
            };
        }
        let reach = Reach::of(project, number, &places);
        Ok(Hierarchy { number: number.to_owned(), places, reach })
    }

    /// What is denied at a project and above it.
    pub(crate) fn denials(&self, project: &str) -> Rc<Observed<Vec<Denial>>> {
        if let Some(denials) = self.denials.borrow().get(project) {
            return Rc::clone(denials);
        }
        let mut sources = Vec::new();
        let value = self.of(project).get().and_then(|hierarchy| {
            let mut all = Vec::new();
            for (level, place) in hierarchy.places.iter().enumerate() {
                let scope = place.name.strip_prefix("projects/").unwrap_or(&place.name);
                for policy in self.denied_at(scope, &mut sources)? {
                    let name = policy.name.clone().unwrap_or_else(|| "a deny policy".to_owned());
                    let rules = policy.rules.into_iter().filter_map(|rule| rule.deny_rule);
                    all.extend(rules.map(|rule| Denial { level, policy: name.clone(), rule }));
                }
            }
            Ok(all)
        });
        let denials = Rc::new(Observed::from_result(value, sources));
        self.denials.borrow_mut().insert(project.to_owned(), Rc::clone(&denials));
        denials
    }

    fn denied_at(&self, scope: &str, sources: &mut Vec<Evidence>) -> Result<Vec<DenyPolicy>, Gap> {
        let listed = self.snapshot.list(&DENY_POLICIES, scope, &[], |page: DenyPolicies| page.policies);
        let mut policies = seen(&listed, sources)?;
        for policy in &mut policies {
            // The list leaves the rules out; then they were read one by one.
            if let (true, Some(name)) = (policy.rules.is_empty(), &policy.name) {
                let whole: DenyPolicy = seen(&self.snapshot.one(&DENY_POLICY, scope, &[("policy", name)]), sources)?;
                policy.rules = whole.rules;
            }
        }
        Ok(policies)
    }
}

/// The value, with its records added to the sources.
fn seen<T: Clone>(fact: &Observed<T>, sources: &mut Vec<Evidence>) -> Result<T, Gap> {
    sources.extend_from_slice(fact.sources());
    fact.get().cloned()
}
