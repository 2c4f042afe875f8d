//! The keys and what they mean.

use super::{Key, PER_HOUR, Section, Takes, flag, key, number, other, words};
use crate::{ServiceConfig, retention};
use palisade_engine::Policy;

const REQUIRED: &str = "required";

pub(super) fn targets() -> Vec<Section> {
    vec![
        Section {
            place: "targets",
            about: "What to read: a list, at least one. Keys of every target",
            keys: vec![
                other("name", "text", REQUIRED, "Its name, unique in the file; `--target` and schedules say it."),
                key("provider", Takes::Word(&["aws", "azure", "gcp"]), REQUIRED, "Which cloud it is."),
                other(
                    "endpoint_url",
                    "https address; http on loopback",
                    "the cloud's own",
                    "Another endpoint: a private one, or an emulator on this machine, which gets no real credentials.",
                ),
                other("discovery", "part", "by asking everywhere", "How the places that hold clusters are found."),
            ],
        },
        Section {
            place: "targets.discovery",
            about: "How the places that hold clusters are found",
            keys: vec![
                other(
                    "from",
                    "`lists`, or the inventory of the cloud: `config-aggregator`, `resource-graph`, `asset-inventory`",
                    REQUIRED,
                    "Who is asked: every place, or the one inventory that the cloud keeps.",
                ),
                flag(
                    "cross_check",
                    Some(false),
                    "Whether every place is asked all the same, so that what the inventory did not tell of is read and named.",
                ),
                other("aggregator", "name", "required on AWS", "The aggregator of AWS Config; AWS alone."),
                other("region", "region", "that of calls of no region", "Where the aggregator is; AWS alone."),
            ],
        },
        Section {
            place: "targets, aws",
            about: "Accounts of AWS",
            keys: vec![
                other(
                    "accounts",
                    "`organization`, or a list of ids",
                    "the credentials' own",
                    "Which accounts; ids have twelve digits and are quoted.",
                ),
                other(
                    "role",
                    "name of a role",
                    "the credentials as they are",
                    "The role that is entered in each member account.",
                ),
                other("external_id", "text", "none", "The external id that the role asks for."),
                other("regions", "`enabled`, or a list", "`enabled`", "Which regions of each account."),
            ],
        },
        Section {
            place: "targets, azure",
            about: "Subscriptions of Azure",
            keys: vec![
                other(
                    "subscriptions",
                    "`all`, or a list of ids",
                    "`all`",
                    "Which subscriptions; all are those that the credentials see.",
                ),
                other(
                    "management_groups",
                    "list of names",
                    "none",
                    "Whatever is below these groups; not beside `subscriptions`.",
                ),
                other("tenant", "id or domain", "the credentials' own", "The tenant to sign in to."),
                key("cloud", Takes::Word(&["public", "us-government", "china"]), "public", "Which Azure."),
            ],
        },
        Section {
            place: "targets, gcp",
            about: "Projects of Google Cloud; one of the first three keys",
            keys: vec![
                other(
                    "projects",
                    "`all`, or a list of ids",
                    "`all`",
                    "Which projects; all are those that the credentials see.",
                ),
                other("folders", "list of ids", "none", "Every project below these folders."),
                other("organization", "id, quoted", "none", "Every project of this organisation."),
                other(
                    "quota_project",
                    "id of a project",
                    "the credentials' own",
                    "The project that the calls are counted and billed to.",
                ),
            ],
        },
    ]
}

pub(super) fn policy(usual: &Policy) -> Vec<Section> {
    let days = |name, default, means| number(name, (1, 3_650), "days", default, means);
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    vec![Section {
        place: "policy",
        about: "What the organisation has decided. Where nobody has said, the controls that ask say what they assume",
        keys: vec![
            other(
                "approved_ranges",
                "list of ranges",
                "nobody has said",
                "Ranges that may stand in an API server's allow-list (CP-02, CP-05).",
            ),
            number(
                "narrow_ipv4_prefix",
                (0, 32),
                "bits",
                usual.narrow_v4.into(),
                "The widest IPv4 range that counts as narrow (CP-02).",
            ),
            number(
                "narrow_ipv6_prefix",
                (0, 128),
                "bits",
                usual.narrow_v6.into(),
                "The widest IPv6 range that counts as narrow (CP-02).",
            ),
            number(
                "short_list_entries",
                (1, 10_000),
                "entries",
                count(usual.short_list),
                "The longest allow-list that counts as short (CP-02).",
            ),
            key(
                "approved_bindings",
                Takes::Other("list of services"),
                words(&usual.approved_bindings),
                "Services that may be bound to a cluster or hold a gateway role (CP-07).",
            ),
            other(
                "approved_minters",
                "list of principals",
                "nobody has said",
                "Who may make cluster credentials (ID-13) and be administrator by the cloud's word (CP-13).",
            ),
            number(
                "most_administrators",
                (0, 10_000),
                "principals",
                count(usual.most_administrators),
                "The most administrators by the cloud's word while nobody has named them (CP-13).",
            ),
            other(
                "approved_parties",
                "list of accounts, tenants, projects",
                "nobody has said",
                "Who outside may be trusted (ID-14).",
            ),
            flag(
                "require_customer_key",
                usual.customer_key,
                "Whether secrets must be encrypted with the customer's own key (ET-09).",
            ),
            flag(
                "require_all_objects_encrypted",
                Some(usual.all_objects),
                "Whether every API object must be encrypted, not only Secrets (ET-10).",
            ),
            days("key_age_days", usual.key_age_days, "The oldest long-lived key that is tolerated (ID-09)."),
            days(
                "key_expiry_days",
                usual.key_expiry_days,
                "How soon an encryption key may expire before it is a finding (ET-11).",
            ),
            days("rotation_days", usual.rotation_days, "The longest rotation period of an encryption key (ET-12)."),
            days(
                "log_retention_days",
                usual.log_retention_days,
                "The shortest time that an audit log is kept (OB-02).",
            ),
            days(
                "log_searchable_days",
                usual.log_searchable_days,
                "The shortest time in which an audit log can be searched (OB-02).",
            ),
            number(
                "backup_age_hours",
                (1, 8_784),
                "hours",
                usual.backup_age_hours,
                "The oldest last backup that is tolerated (BK-02).",
            ),
            days(
                "image_age_days",
                usual.image_age_days,
                "The oldest node image, where the provider does not say that it is the newest (ND-10).",
            ),
            days(
                "vulnerability_days",
                usual.vulnerability_days,
                "The oldest critical vulnerability of a running image once a fix exists (IM-06).",
            ),
            days(
                "exposed_vulnerability_days",
                usual.exposed_vulnerability_days,
                "The same where the whole internet reaches the API server or machines (IM-06).",
            ),
            flag(
                "require_own_disk_key",
                usual.own_disk_key,
                "Whether node disks must be encrypted with the customer's own key (ND-13).",
            ),
            flag(
                "untrusted_workloads",
                usual.untrusted_workloads,
                "Whether code that nobody vouches for runs in the clusters (ND-14).",
            ),
            days(
                "retirement_notice_days",
                usual.retirement_notice_days,
                "How long before its retirement a part of the network is a finding (NW-03).",
            ),
            flag(
                "require_encrypted_pod_traffic",
                usual.encrypt_pod_traffic,
                "Whether traffic between nodes must be encrypted (NW-05).",
            ),
            key(
                "production_values",
                Takes::Other("list of words"),
                words(&usual.production),
                "Values of the labels `environment`, `env` and `stage` that mean production.",
            ),
            other(
                "severities",
                "`CONTROL: SEVERITY` lines",
                "the catalogue's",
                "Severities that the organisation sets itself.",
            ),
            other("waivers_file", "path", "none", "The file of accepted risks, relative to the configuration."),
            other(
                "answers_file",
                "path",
                "none",
                "The file of answers to what no API tells, relative to the configuration.",
            ),
        ],
    }]
}

pub(super) fn sinks() -> Vec<Section> {
    let mut all = vec![
        Section {
            place: "sinks",
            about: "Who is told what, where and when. Absent: nobody",
            keys: vec![
                other("channels", "list", REQUIRED, "Where messages can go."),
                other(
                    "routes",
                    "list",
                    "critical and high at once, medium daily, the rest weekly",
                    "Who is told what and when; the first route that takes an event decides.",
                ),
                other("report_url", "https address", "none", "Where messages link to."),
                other(
                    "proxy_url",
                    "http or https address",
                    "none",
                    "A proxy that all messages leave by. It must guard addresses itself.",
                ),
                other("templates", "list", "none", "Words of one's own."),
            ],
        },
        Section {
            place: "sinks.channels",
            about: "Keys of every channel",
            keys: vec![
                other("name", "text", REQUIRED, "Its name, unique in the file."),
                key(
                    "kind",
                    Takes::Word(&["slack", "slack-webhook", "teams", "webhook", "pagerduty", "email"]),
                    REQUIRED,
                    "What it is; it decides which other keys there are.",
                ),
                flag("allow_loopback", Some(false), "Whether http to this machine is accepted: for trying things out."),
                other(
                    "allow_addresses",
                    "list of ranges",
                    "none",
                    "Addresses that are not of the public internet and may be spoken to.",
                ),
                other(
                    "allow_hosts",
                    "list of hosts",
                    "none",
                    "Hosts, or ports other than 443, that a channel of this kind is not known to have.",
                ),
            ],
        },
    ];
    all.extend(channels());
    all.extend(routes());
    all
}

/// A secret is never written into the file.
const SECRET: &str = "reference to a secret";

fn channels() -> Vec<Section> {
    let api = || other("api_url", "https address", "the service's own", "Another endpoint of the same API.");
    let url = |means| other("url", SECRET, REQUIRED, means);
    vec![
        Section {
            place: "sinks.channels, slack",
            about: "A bot",
            keys: vec![
                other("token", SECRET, REQUIRED, "The bot's token, with the scope `chat:write`."),
                other("channel", "id", REQUIRED, "The channel's id."),
                api(),
            ],
        },
        Section {
            place: "sinks.channels, slack-webhook",
            about: "An incoming webhook",
            keys: vec![url("The webhook's address.")],
        },
        Section {
            place: "sinks.channels, teams",
            about: "A workflow of Teams",
            keys: vec![url("The workflow's address.")],
        },
        Section {
            place: "sinks.channels, webhook",
            about: "A receiver of one's own",
            keys: vec![
                url("The receiver's address."),
                other(
                    "secrets",
                    "one or two references",
                    "none: messages are not signed",
                    "What messages are signed with.",
                ),
            ],
        },
        Section {
            place: "sinks.channels, pagerduty",
            about: "PagerDuty",
            keys: vec![other("routing_key", SECRET, REQUIRED, "The integration's key."), api()],
        },
        Section {
            place: "sinks.channels, email",
            about: "Mail",
            keys: vec![
                other("host", "name", REQUIRED, "The mail server."),
                key(
                    "port",
                    Takes::Number { least: 1, most: 65_535, unit: "port" },
                    "587 with `starttls`, 465 with `tls`, 25 with `none`",
                    "Its port.",
                ),
                key(
                    "security",
                    Takes::Word(&["starttls", "tls", "none"]),
                    "starttls",
                    "How the connection is protected; `none` is for a server on this machine.",
                ),
                other("username", "text", "none", "Who signs in; with `password`."),
                other("password", SECRET, "none", "The password."),
                other("from", "address", REQUIRED, "Who it is from."),
                other("to", "list of addresses", REQUIRED, "Who gets it."),
            ],
        },
    ]
}

fn routes() -> Vec<Section> {
    let any = |name, takes, means| other(name, takes, "any", means);
    let zone = || other("time_zone", "IANA zone", "UTC", "The zone of the times beside it.");
    vec![
        Section {
            place: "sinks.routes",
            about: "What a route takes is what satisfies all of its lists",
            keys: vec![
                other("name", "text", REQUIRED, "Its name, unique in the file. A new name is a new route."),
                any("severities", "list of severities", "How bad it is."),
                any("providers", "list of clouds", "Who runs the cluster."),
                any(
                    "scopes",
                    "list of ids",
                    "Where it lives: accounts, subscriptions, projects; `*` at the end takes every beginning.",
                ),
                any("owners", "list of words", "Who answers for it, by the tags `owner`, `team` or `contact`."),
                any("frameworks", "list of names", "A framework that the control speaks to."),
                any("events", "list of events", "What happened, for example `finding.opened`."),
                any("schedules", "list of names", "The schedule whose run found it."),
                other("send_to", "list of channels, or `nobody`", REQUIRED, "Who is told."),
                key("when", Takes::Word(&["now", "daily", "weekly"]), "now", "When."),
                other("at", "`\"HH:MM\"`", "09:00", "The time of day of `daily` and `weekly`."),
                key(
                    "on",
                    Takes::Word(&["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]),
                    "monday",
                    "The day of `weekly`.",
                ),
                zone(),
                other("quiet_hours", "part", "none", "Hours in which only critical messages leave."),
                number(
                    "messages_per_hour",
                    (1, 1_000),
                    "messages",
                    PER_HOUR,
                    "From how many on, for each channel, the rest comes together.",
                ),
                key(
                    "remind_every_hours",
                    Takes::Number { least: 1, most: 8_760, unit: "hours, or `never`" },
                    "critical every day, high every week",
                    "How often it tells again what is open and what nobody has taken on.",
                ),
            ],
        },
        Section {
            place: "sinks.routes.quiet_hours",
            about: "Quiet hours",
            keys: vec![
                other("from", "`\"HH:MM\"`", REQUIRED, "When they begin."),
                other("to", "`\"HH:MM\"`", REQUIRED, "When they end; the next day when it is earlier."),
                zone(),
            ],
        },
        Section {
            place: "sinks.templates",
            about: "Words of one's own",
            keys: vec![
                any("event", "an event", "For which event."),
                any("channel", "name of a channel", "For which channel."),
                other("title_file", "path", "our words", "A file with the template of the title."),
                other("body_file", "path", "our words", "A file with the template of what stands below it."),
            ],
        },
    ]
}

pub(super) fn limits() -> Section {
    Section {
        place: "limits",
        about: "What a run may ask of the clouds at most",
        keys: vec![
            key(
                "max_calls",
                Takes::Number { least: 1, most: 1_000_000_000, unit: "requests" },
                "as many as it takes",
                "How many requests one process sends in one run, the repeated ones included; what is not asked is unknown.",
            ),
            key(
                "share_of_quota",
                Takes::Number { least: 1, most: 100, unit: "percent" },
                "as fast as the services answer",
                "The share of each rate that a provider publishes that may be used.",
            ),
        ],
    }
}

pub(super) fn evidence() -> Vec<Section> {
    let days = |name, default, means| number(name, (1, 36_500), "days", default, means);
    vec![
        Section {
            place: "evidence",
            about: "For how long bundles of evidence are kept; without this part nobody removes any",
            keys: vec![
                other("bundles", "list of folders and addresses of buckets", REQUIRED, "Where bundles lie."),
                other("period_keys", "folder", "destroyed by hand", "Where the keys of months lie."),
                days("bundles_days", retention::BUNDLES, "Bundles, from the run's last answer on."),
                days(
                    "answers_days",
                    retention::ANSWERS,
                    "For how long after the end of its month answers can be read, where they are encrypted.",
                ),
                flag("after_runs", Some(false), "Whether each run of a schedule removes what is over."),
                other(
                    "record",
                    "path of a file",
                    "`palisade.retention.ndjson`",
                    "Where every removal is written down.",
                ),
                other("holds", "list", "none", "What is kept whatever its age."),
            ],
        },
        Section {
            place: "evidence.holds",
            about: "A legal hold, of one run or of days",
            keys: vec![
                other("reason", "text", REQUIRED, "Why."),
                other("by", "text", REQUIRED, "Who said so."),
                other("run", "id of a run", "those of the days", "The one run it is of."),
                other("from", "`YYYY-MM-DD`", "from the first on", "The first day."),
                other("to", "`YYYY-MM-DD`", "until the hold is taken away", "The last day."),
            ],
        },
    ]
}

pub(super) fn service(usual: &ServiceConfig) -> Vec<Section> {
    let kept = usual.keep;
    let days = |name, least, default, means| number(name, (least, 36_500), "days", default, means);
    let keep: Vec<Key> = vec![
        days("runs_days", 1, kept.runs_days, "Runs, and what turned in them."),
        days("closed_days", 8, kept.closed_days, "Findings that were resolved or are gone."),
        days("messages_days", 1, kept.messages_days, "Messages that were delivered, given up or not wanted."),
        days("firings_days", 1, kept.firings_days, "Firings of schedules that have ended."),
        days("evidence_days", 1, kept.evidence_days, "The folders in which schedules keep evidence."),
    ];
    vec![
        Section {
            place: "service",
            about: "How runs are remembered and served",
            keys: vec![
                other(
                    "database",
                    "path of a file, or reference to an address",
                    "`palisade.db`",
                    "Where everything is remembered: SQLite in a file, or the PostgreSQL whose address is kept there.",
                ),
                key(
                    "installation",
                    Takes::Other("1 to 60 characters"),
                    &usual.installation,
                    "The name of this installation, as messages say it.",
                ),
                other(
                    "listen",
                    "address and port on loopback",
                    "nowhere",
                    "Where `palisade serve` answers `/healthz`, `/readyz` and `/metrics`.",
                ),
                number(
                    "lease_seconds",
                    (1, 3_600),
                    "seconds",
                    usual.lease_seconds,
                    "How long a run is held without a sign of life before another instance may take it over.",
                ),
                number(
                    "stop_seconds",
                    (1, 600),
                    "seconds",
                    usual.stop_seconds,
                    "How long units in hand, and a message, may take after somebody asked to stop.",
                ),
                other("pings", "list", "none", "Watchers outside, who are told when runs begin and end."),
                other("keep", "part", "as below", "For how long things are kept when `palisade store prune` is run."),
            ],
        },
        Section {
            place: "service.pings",
            about: "A watcher outside",
            keys: vec![
                other("schedule", "name of a schedule", REQUIRED, "Whose runs it is told of."),
                other("url", SECRET, REQUIRED, "Its address."),
                flag("allow_loopback", Some(false), "Whether http to this machine is accepted: for trying things out."),
            ],
        },
        Section {
            place: "service.keep",
            about: "For how long things are kept; what is open is kept whatever its age",
            keys: keep,
        },
    ]
}
