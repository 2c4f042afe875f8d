//! A project's place in the organisation, and what policies say there and on the way up.

use super::{
    authority::Reach,
    policies::{ReadPolicy, policy},
};
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
    /// What stands above the last of the places is not known, and why.
    pub(crate) above: Option<Gap>,
}

impl Hierarchy {
    /// Why there may be bindings beside those of the places. What is bound here stands all the same: a policy above can
    /// only add to it.
    pub(crate) fn unread(&self) -> impl Iterator<Item = &Gap> {
        self.places.iter().flat_map(|place| &place.unread).chain(&self.above)
    }
}

/// A project, folder or organisation and who holds what there.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// `projects/ID`, `folders/ID` or `organizations/ID`.
    pub(crate) name: String,
    /// What was read of its policy.
    pub(crate) policy: Rc<Policy>,
    /// Why there may be further bindings in it.
    pub(crate) unread: Vec<Gap>,
    /// Why there may be further audit settings in it.
    pub(crate) unread_audit: Option<Gap>,
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
        let place = |call: &Call, scope: &str, name: String, sources: &mut Vec<Evidence>| {
            let ReadPolicy { policy, unread, unread_audit } = policy(self.snapshot, call, scope, &[], sources);
            Place { name, policy: Rc::new(policy), unread, unread_audit }
        };
        let mut places = vec![place(&PROJECT_POLICY, project, format!("projects/{project}"), sources)];
        let mut parent = record.parent.clone().filter(|group| !group.is_empty());
        let mut above = None;
        while let Some(group) = parent.take() {
            if places.len() > DEEPEST {
                above = Some(Gap::Unsettled { what: format!("`{group}` stands deeper than folders can be nested") });
                break;
            }
            if group.starts_with("organizations/") {
                places.push(place(&ORGANIZATION_POLICY, &group, group.clone(), sources));
            } else if group.starts_with("folders/") {
                places.push(place(&FOLDER_POLICY, &group, group.clone(), sources));
                match seen(&self.snapshot.one::<Folder>(&FOLDERS_GET, &group, &[]), sources) {
                    // Every folder stands below something.
                    Ok(Folder { parent: None }) => {
                        above = Some(misplaced(&FOLDERS_GET, &group, "it stands below nothing"));
                    }
                    Ok(folder) => parent = folder.parent.filter(|group| !group.is_empty()),
                    Err(gap) => above = Some(gap),
                }
            } else {
                above = Some(misplaced(&PROJECTS_GET, project, &format!("`{group}` is no folder and no organisation")));
            }
        }
        let reach = Reach::of(project, number, &places);
        Ok(Hierarchy { number: number.to_owned(), places, reach, above })
    }

    /// What is denied at a project and above it.
    pub(crate) fn denials(&self, project: &str) -> Rc<Observed<Vec<Denial>>> {
        if let Some(denials) = self.denials.borrow().get(project) {
            return Rc::clone(denials);
        }
        let mut sources = Vec::new();
        let value = self.of(project).get().and_then(|hierarchy| {
            // A denial of something nobody knows may take away anything.
            if let Some(gap) = &hierarchy.above {
                return Err(gap.clone());
            }
            let mut all = Vec::new();
            for (level, place) in hierarchy.places.iter().enumerate() {
                let scope = place.name.strip_prefix("projects/").unwrap_or(&place.name);
                for policy in self.denied_at(scope, &mut sources)? {
                    let name = policy.name.clone().unwrap_or_else(|| "a deny policy".to_owned());
                    for rule in policy.rules {
                        let what = || misplaced(&DENY_POLICIES, scope, &format!("a rule of `{name}` is no `denyRule`"));
                        let rule = rule.deny_rule.ok_or_else(what)?;
                        all.push(Denial { level, policy: name.clone(), rule });
                    }
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
            if policy.rules.is_empty() {
                let nameless = || misplaced(&DENY_POLICIES, scope, "a deny policy has neither a name nor rules");
                let name = policy.name.as_ref().ok_or_else(nameless)?;
                let whole: DenyPolicy = seen(&self.snapshot.one(&DENY_POLICY, scope, &[("policy", name)]), sources)?;
                policy.rules = whole.rules;
            }
        }
        Ok(policies)
    }
}

fn misplaced(call: &Call, scope: &str, why: &str) -> Gap {
    Gap::Malformed { call: call.name.to_owned(), scope: scope.to_owned(), pointer: String::new(), why: why.to_owned() }
}

/// The value, with its records added to the sources.
fn seen<T: Clone>(fact: &Observed<T>, sources: &mut Vec<Evidence>) -> Result<T, Gap> {
    sources.extend_from_slice(fact.sources());
    fact.get().cloned()
}
