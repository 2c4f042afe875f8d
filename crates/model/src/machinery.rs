//! What the machines of a pool are made from, how they are kept, and how many of them there may be.

use crate::{FactKind, Gap, Hide, Observed};
use jiff::Timestamp;

/// What the machines of a pool are made from and how they are kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Machinery {
    /// The operating system that new machines start with.
    pub image: Observed<Image>,
    /// When the image in use was published.
    pub image_age: Observed<ImageAge>,
    /// How the image in use compares with what the provider offers.
    pub newest: Observed<Newest>,
    /// Whether newer images come by themselves.
    pub patching: Observed<Patching>,
    /// Whether a machine proves what it boots.
    pub boot: Observed<Boot>,
    /// Whether disks and caches are encrypted.
    pub disks: Observed<Disks>,
    /// Which pods the pool keeps to itself.
    pub isolation: Observed<Isolation>,
    /// Whether the number of machines follows the load.
    pub scaling: Observed<Scaling>,
    /// What the pool can run out of.
    pub room: Observed<Vec<Room>>,
    /// Whether traffic of its subnets is recorded.
    pub flow_logs: Observed<FlowLogs>,
}

impl Machinery {
    /// Of which nothing is known, for the given reason.
    pub fn unread(gap: &Gap) -> Self {
        Self {
            image: Observed::missing(gap.clone()),
            image_age: Observed::missing(gap.clone()),
            newest: Observed::missing(gap.clone()),
            patching: Observed::missing(gap.clone()),
            boot: Observed::missing(gap.clone()),
            disks: Observed::missing(gap.clone()),
            isolation: Observed::missing(gap.clone()),
            scaling: Observed::missing(gap.clone()),
            room: Observed::missing(gap.clone()),
            flow_logs: Observed::missing(gap.clone()),
        }
    }

    pub(crate) fn gaps(&self) -> [(FactKind, Option<&Gap>); 10] {
        [
            (FactKind::Image, self.image.gap()),
            (FactKind::ImageAge, self.image_age.gap()),
            (FactKind::NewestImage, self.newest.gap()),
            (FactKind::Patching, self.patching.gap()),
            (FactKind::Boot, self.boot.gap()),
            (FactKind::Disks, self.disks.gap()),
            (FactKind::Isolation, self.isolation.gap()),
            (FactKind::Scaling, self.scaling.gap()),
            (FactKind::Room, self.room.gap()),
            (FactKind::FlowLogs, self.flow_logs.gap()),
        ]
    }

    pub(crate) fn facts_mut(&mut self) -> [(FactKind, &mut dyn Hide); 10] {
        [
            (FactKind::Image, &mut self.image),
            (FactKind::ImageAge, &mut self.image_age),
            (FactKind::NewestImage, &mut self.newest),
            (FactKind::Patching, &mut self.patching),
            (FactKind::Boot, &mut self.boot),
            (FactKind::Disks, &mut self.disks),
            (FactKind::Isolation, &mut self.isolation),
            (FactKind::Scaling, &mut self.scaling),
            (FactKind::Room, &mut self.room),
            (FactKind::FlowLogs, &mut self.flow_logs),
        ]
    }
}

/// The operating system of a pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Image {
    /// The provider chooses it and replaces it.
    Provider {
        /// The provider's own statement.
        reference: &'static str,
    },
    /// One of the families that the provider publishes.
    Family {
        /// The provider's word for the family, for example `AL2023_x86_64_STANDARD`.
        word: String,
        /// The setting that says so.
        because: String,
    },
    /// An image that somebody else made.
    Own {
        /// Its id, or the setting that says so.
        id: String,
    },
}

/// When the image in use was published. Of several images that are in use, the oldest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageAge {
    /// The provider replaces machines within days.
    Provider {
        /// The provider's own statement.
        reference: &'static str,
    },
    /// On a day that is known.
    Dated {
        /// The image.
        image: String,
        /// When it was published.
        published: Timestamp,
    },
    /// The provider publishes no date.
    Undated {
        /// The image.
        image: String,
        /// Where a date was looked for.
        because: String,
    },
}

/// How the image in use compares with what the provider offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Newest {
    /// There is no newer one.
    Current {
        /// The image.
        image: String,
    },
    /// There is a newer one.
    Behind {
        /// The newer one.
        newest: String,
    },
    /// The provider has stopped offering the one in use.
    Withdrawn {
        /// The image.
        image: String,
    },
    /// The provider does not say.
    Unpublished {
        /// What was looked for.
        because: String,
    },
}

/// Whether newer images come to the machines by themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Patching {
    /// They do.
    Automatic {
        /// The setting.
        how: String,
    },
    /// They do not.
    Manual {
        /// The setting.
        because: String,
    },
    /// The provider has no such setting: whether something else does it, a person has to say.
    Undeclared {
        /// What there is instead.
        because: String,
    },
}

/// Whether a machine proves what it boots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Boot {
    /// Every step of the boot is verified or measured.
    Verified {
        /// What does it.
        by: String,
    },
    /// Something of it is off.
    Unverified {
        /// What is off, each in words.
        missing: Vec<String>,
    },
}

/// Encryption of the disks and caches of a pool's machines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disks {
    /// What is not encrypted, each in words; empty when everything is.
    pub plain: Vec<String>,
    /// Whose key encrypts.
    pub key: DiskKey,
    /// The settings this was read from, in words.
    pub because: String,
}

/// Whose key encrypts the disks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DiskKey {
    /// The provider's own, on at least one disk.
    Provider,
    /// Keys of the customer's, on every disk.
    Own {
        /// Their ids.
        keys: Vec<String>,
    },
    /// What was read does not tell whose the keys are.
    Untold {
        /// Their ids.
        keys: Vec<String>,
    },
}

/// Which pods a pool keeps to itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Isolation {
    /// What keeps ordinary pods off, so that only the system's run here.
    pub system_only: Option<String>,
    /// Other taints that keep off every pod that does not tolerate them.
    pub taints: Vec<String>,
    /// What stands between a pod and the kernel of its machine.
    pub sandbox: Option<String>,
}

/// Whether the number of machines follows the load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scaling {
    /// It does.
    Automatic {
        /// The setting.
        how: String,
    },
    /// It may, between two bounds; whether something moves it cannot be read from the cloud.
    Bounded {
        /// The fewest machines.
        least: u64,
        /// The most machines.
        most: u64,
        /// What the provider does not show.
        because: String,
    },
    /// It does not.
    Fixed {
        /// The setting.
        because: String,
    },
}

/// Something that can run out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Room {
    /// What it is, for example `addresses of subnet-1`.
    pub what: String,
    /// How much of it is in use.
    pub used: u64,
    /// How much there is.
    pub limit: u64,
}

/// Whether traffic is recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FlowLogs {
    /// For every subnet of the pool.
    On {
        /// The logs.
        by: Vec<String>,
    },
    /// Not for these subnets.
    Off {
        /// The subnets.
        subnets: Vec<String>,
    },
}
