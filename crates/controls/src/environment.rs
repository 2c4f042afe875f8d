//! What a cluster is for, as its labels say.

use palisade_engine::Policy;
use palisade_model::{Cluster, Gap};

/// Whether it is a production cluster, in the policy's words. Without a label nobody knows.
pub(crate) fn is_production(cluster: &Cluster, policy: &Policy) -> Result<bool, Gap> {
    match &cluster.lifecycle.register.get()?.environment {
        Some(environment) => Ok(policy.production.contains(&environment.to_ascii_lowercase())),
        None => Err(Gap::Unsettled {
            what: "no label says what the cluster is for: set `environment`, `env` or `stage`".to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_model::{Provider, Register};
    use palisade_testkit::{known, tidy};

    #[test]
    fn production_is_what_the_policy_calls_so_and_silence_is_neither() {
        let judge = |environment: Option<&str>| {
            let mut cluster = tidy(Provider::Aws);
            let environment = environment.map(str::to_owned);
            cluster.lifecycle.register = known(Register { environment, ..Register::default() });
            is_production(&cluster, &Policy::default())
        };
        assert_eq!((judge(Some("PROD")), judge(Some("dev"))), (Ok(true), Ok(false)));
        assert!(judge(None).is_err());
    }
}
