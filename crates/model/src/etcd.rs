//! Access to etcd, and what protects its content.

use crate::Observed;
use jiff::Timestamp;

/// Who can reach etcd itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Etcd {
    /// The provider runs it where no customer network reaches.
    ProviderManaged {
        /// The provider's own statement.
        reference: &'static str,
    },
    /// It runs in the customer's network and the network decides.
    CustomerNetwork {
        /// What is known of it.
        because: String,
    },
}

/// What protects the content of etcd above the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encryption {
    /// What is encrypted.
    pub coverage: Coverage,
    /// With whose key.
    pub owner: KeyOwner,
    /// Whether a change is under way.
    pub progress: Progress,
    /// Whether objects written before the encryption was switched on are known to be encrypted too.
    pub rewritten: Option<bool>,
    /// The settings this was read from, in words.
    pub because: String,
}

/// What is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Coverage {
    /// Nothing above the provider's disk encryption.
    Nothing,
    /// Secrets.
    Secrets,
    /// Every API object.
    AllObjects,
}

/// Whose key encrypts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyOwner {
    /// Nobody's: nothing is encrypted above the disk.
    Nobody,
    /// The provider's.
    Provider,
    /// A key in the customer's account that the provider manages.
    ProviderManaged {
        /// Its id.
        key: String,
    },
    /// The customer's.
    Customer {
        /// Its id.
        key: String,
    },
}

/// Whether a change of the encryption is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// What is configured is what is done.
    Settled,
    /// The provider is still working.
    Pending {
        /// The provider's word for the state.
        state: String,
        /// Since when, if that is known.
        since: Option<Timestamp>,
    },
    /// The provider gave up.
    Failed {
        /// Its reason.
        why: String,
    },
}

/// The key that encrypts, as far as the customer has one.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyFacts {
    /// Whether it lives.
    pub state: Observed<KeyState>,
    /// Whether it rotates.
    pub rotation: Observed<Rotation>,
    /// Who may use and change it.
    pub access: Observed<KeyAccess>,
}

/// Whether the key lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// There is no key of the customer's to look after.
    NoCustomerKey {
        /// Whose key it is instead.
        because: String,
    },
    /// It works.
    Live {
        /// Whether deletion can be undone for a while, as far as the provider lets one choose.
        protected: Option<bool>,
        /// When it stops working by itself.
        expires: Option<Timestamp>,
    },
    /// It is switched off.
    Disabled {
        /// In the provider's words.
        because: String,
    },
    /// It will be destroyed.
    PendingDeletion {
        /// When, if that is known.
        at: Option<Timestamp>,
    },
}

/// Whether the key rotates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// There is no key of the customer's to rotate.
    NoCustomerKey {
        /// Whose key it is instead.
        because: String,
    },
    /// By itself.
    Automatic {
        /// The period, if that is known.
        days: Option<u32>,
    },
    /// By hand.
    Manual {
        /// The last time, if that is known.
        last: Option<Timestamp>,
    },
    /// Not at all.
    Off,
    /// It lives outside the provider: a person has to answer.
    Elsewhere {
        /// Where.
        because: String,
    },
}

/// Who may use and change the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyAccess {
    /// There is no key of the customer's to guard.
    NoCustomerKey {
        /// Whose key it is instead.
        because: String,
    },
    /// What the policies say.
    Known {
        /// Everybody who may use or change it, the cluster's own principal left out.
        holders: Vec<KeyHolder>,
        /// Whether the key's service answers from any network; `None` when the provider has no such choice.
        public_network: Option<bool>,
        /// Whether uses are logged; `None` when the provider always does.
        logged: Option<bool>,
    },
}

/// Somebody who may use or change a key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyHolder {
    /// Who.
    pub principal: String,
    /// Whether they may decrypt with it.
    pub uses: bool,
    /// Whether they may change who may.
    pub administers: bool,
    /// Whether it is everybody, a whole account or the like.
    pub broad: bool,
    /// What gives it to them.
    pub by: String,
}
