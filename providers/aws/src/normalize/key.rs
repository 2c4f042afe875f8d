//! Who may use and change the key behind a cluster's encryption.

use super::{
    account::Account,
    cluster::Known,
    encryption::key_of,
    iam::{
        condition::holds,
        directory::account_of,
        policy::{actions, has_variables},
        request::Request,
    },
    region::Region,
    trail::conclude,
};
use crate::{
    calls,
    record::{
        document::{Principal, Statement, Texts},
        kms::{Grants, KeyPolicy},
    },
};
use palisade_authority::Truth;
use palisade_model::{Gap, KeyAccess, KeyHolder, Observed};
use std::collections::BTreeSet;

/// Actions that use a key, and actions that decide who may.
const USING: &[&str] = &["kms:Decrypt"];
const RULING: &[&str] = &["kms:PutKeyPolicy", "kms:CreateGrant", "kms:ScheduleKeyDeletion", "kms:DisableKey"];

/// Who may use and change the cluster's key.
pub(super) fn key_access(region: &Region<'_>, account: &Account<'_>, known: &Known<'_>) -> Observed<KeyAccess> {
    known.conclude("/cluster/encryptionConfig", |trail, cluster| {
        let Some(key) = key_of(cluster) else {
            return Ok(KeyAccess::NoCustomerKey { because: "no customer key is set".to_owned() });
        };
        let holders = account.holders(region.scope, key, || holders(region, account, key));
        let own = cluster.role_arn.as_deref();
        let others = trail.read(&*holders)?.iter().filter(|holder| Some(holder.principal.as_str()) != own);
        // KMS answers over the public network by design and logs every use in CloudTrail: neither can be chosen.
        Ok(KeyAccess::Known { holders: others.cloned().collect(), public_network: None, logged: None })
    })
}

/// Everybody who may use or change a key, AWS' own services left out.
fn holders(region: &Region<'_>, account: &Account<'_>, key: &str) -> Observed<BTreeSet<KeyHolder>> {
    conclude(|trail| {
        let policy = region.snapshot.one::<KeyPolicy>(&calls::GET_KEY_POLICY, region.scope, &[("key", key)]);
        let text = trail.read(&policy)?.policy.as_ref();
        let malformed = |why: String| Gap::Malformed {
            call: calls::GET_KEY_POLICY.name.to_owned(),
            scope: region.scope.to_owned(),
            pointer: "/Policy".to_owned(),
            why,
        };
        let document = text.ok_or_else(|| malformed("there is no policy".to_owned()))?.parse().map_err(malformed)?;
        let grants =
            region.snapshot.list(&calls::LIST_GRANTS, region.scope, &[("key", key)], |page: Grants| page.grants);
        let mut holders = Holders { found: BTreeSet::new() };
        let mut delegated = (Truth::False, Truth::False);
        for (place, statement) in
            document.statement.iter().enumerate().filter(|(_, one)| one.effect.as_deref() == Some("Allow"))
        {
            let (uses, administers) = (does(statement, USING), does(statement, RULING));
            if !uses && !administers {
                continue;
            }
            let by = format!("key policy statement {}", statement.sid.clone().unwrap_or_else(|| place.to_string()));
            for id in principals(statement) {
                if is_root(&id, account.id) {
                    // The account's root only hands the question on to IAM.
                    let when = holds(&statement.condition, &Request::default(), has_variables(&document));
                    let (using, ruling) = &mut delegated;
                    *using = using.clone().or(if uses { when.clone() } else { Truth::False });
                    *ruling = ruling.clone().or(if administers { when } else { Truth::False });
                } else {
                    let broad = id == "*" || id.ends_with(":root") || account_of(&format!("::::{id}")).is_some();
                    holders.add(&id, (uses, administers), broad, &by);
                }
            }
        }
        if delegated != (Truth::False, Truth::False) {
            let directory = *trail.read(&account.directory)?;
            let may = |principal: &str, actions: &[&str], open: &Truth| {
                let authority = directory.authority(principal);
                *open != Truth::False && actions.iter().any(|action| !authority.decide(action, key).is_deny())
            };
            let able: BTreeSet<String> =
                USING.iter().chain(RULING).flat_map(|action| directory.able(action).to_vec()).collect();
            for principal in &able {
                let rights = (may(principal, USING, &delegated.0), may(principal, RULING, &delegated.1));
                if rights != (false, false) {
                    holders.add(principal, rights, false, "the account's own policies, which the key policy admits");
                }
            }
        }
        for grant in trail.read(&grants)? {
            let uses = grant.operations.iter().any(|operation| operation == "Decrypt");
            let administers = grant.operations.iter().any(|operation| operation == "CreateGrant");
            if uses || administers {
                let by = format!("grant {}", grant.grant_id.as_deref().unwrap_or("?"));
                let unnamed = || Gap::Unsettled { what: format!("whom {by} of {key} serves is not in the answer") };
                let principal = grant.grantee_principal.as_ref().ok_or_else(unnamed)?;
                holders.add(principal, (uses, administers), false, &by);
            }
        }
        Ok(holders.found)
    })
}

struct Holders {
    found: BTreeSet<KeyHolder>,
}

impl Holders {
    /// AWS' own services are left out.
    fn add(&mut self, principal: &str, (uses, administers): (bool, bool), broad: bool, by: &str) {
        let is_service = principal.ends_with(".amazonaws.com") || principal.ends_with(".amazonaws.com.cn");
        if is_service {
            return;
        }
        self.found.insert(KeyHolder { principal: principal.to_owned(), uses, administers, broad, by: by.to_owned() });
    }
}

fn does(statement: &Statement, wanted: &[&str]) -> bool {
    actions(statement).is_some_and(|actions| wanted.iter().any(|action| actions.matches(action)))
}

fn principals(statement: &Statement) -> Vec<String> {
    match (&statement.principal, &statement.not_principal) {
        (Some(Principal::Everyone), _) | (None, Some(_)) => vec!["*".to_owned()],
        (Some(Principal::Named(kinds)), _) => kinds.values().flat_map(|Texts(ids)| ids.iter().cloned()).collect(),
        (None, None) => Vec::new(),
    }
}

fn is_root(id: &str, account: &str) -> bool {
    id == account || id.ends_with(&format!(":iam::{account}:root"))
}
