-- What is common to both databases; {id} and {bytes} stand for their words for a numbered key and for bytes.
-- Times are nanoseconds since 1970 in UTC; waived_until, which may lie far ahead, is in microseconds. Truth is 0 or 1. States and severities are their names.

CREATE TABLE rules (
    id {id},
    print {bytes} NOT NULL UNIQUE,
    palisade TEXT NOT NULL,
    controls TEXT NOT NULL,
    policy {bytes} NOT NULL
);

-- Long texts that many findings share, by the first eight bytes of their SHA-256.
CREATE TABLE texts (
    id BIGINT PRIMARY KEY,
    text TEXT NOT NULL
);

CREATE TABLE clusters (
    id {id},
    cluster TEXT NOT NULL UNIQUE,
    provider TEXT NOT NULL,
    scope TEXT NOT NULL,
    name TEXT NOT NULL,
    owner TEXT,
    reached_by TEXT,
    first_seen BIGINT NOT NULL,
    last_read BIGINT NOT NULL,
    gone BIGINT
);

-- Places where clusters may be, with their coverage as it is now.
CREATE TABLE units (
    id {id},
    provider TEXT NOT NULL,
    scope TEXT NOT NULL,
    listed BIGINT,
    dark_reason TEXT,
    dark_permission TEXT,
    UNIQUE (provider, scope)
);

-- Sets of clusters or units that many runs have in common, by the SHA-256 of their ids.
CREATE TABLE sets (
    id {id},
    digest {bytes} NOT NULL UNIQUE,
    body {bytes} NOT NULL
);

CREATE TABLE runs (
    seq BIGINT PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    schedule TEXT,
    outcome TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    finished_at BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL,
    rules_id BIGINT NOT NULL REFERENCES rules (id),
    facts_known BIGINT NOT NULL,
    facts_total BIGINT NOT NULL,
    clusters BIGINT NOT NULL,
    read_set BIGINT NOT NULL REFERENCES sets (id),
    listed_set BIGINT NOT NULL REFERENCES sets (id),
    summary TEXT NOT NULL
);

-- The places a run could not look at.
CREATE TABLE run_units (
    run_seq BIGINT NOT NULL,
    unit_id BIGINT NOT NULL,
    reason TEXT NOT NULL,
    permission TEXT,
    PRIMARY KEY (run_seq, unit_id)
);

-- What was last said of everything that was ever judged.
CREATE TABLE evaluations (
    fingerprint {bytes} PRIMARY KEY,
    cluster_id BIGINT NOT NULL,
    control TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    state TEXT,
    severity TEXT NOT NULL,
    evidence {bytes} NOT NULL,
    rules_id BIGINT NOT NULL,
    first_seq BIGINT NOT NULL,
    first_cause TEXT NOT NULL
);
CREATE INDEX evaluations_by_cluster ON evaluations (cluster_id);

-- What was said otherwise than before, and why: with the table above, what was said at any run.
CREATE TABLE turns (
    run_seq BIGINT NOT NULL,
    fingerprint {bytes} NOT NULL,
    before_state TEXT,
    before_severity TEXT,
    after_state TEXT,
    after_severity TEXT,
    cause TEXT NOT NULL,
    PRIMARY KEY (run_seq, fingerprint)
);

-- What is or was open. Absent values stand for the common case: last_seen for as_of, as_of for the last read of its
-- cluster, subject_name for the subject's id. So a run in which nothing happened writes nothing here.
CREATE TABLE findings (
    fingerprint {bytes} PRIMARY KEY,
    control_name BIGINT NOT NULL,
    subject_name TEXT,
    standing TEXT NOT NULL,
    stood_by TEXT,
    stood_at BIGINT,
    verdict TEXT NOT NULL,
    severity TEXT NOT NULL,
    because TEXT NOT NULL,
    brief TEXT,
    remediation BIGINT NOT NULL,
    first_seen BIGINT NOT NULL,
    last_seen BIGINT,
    as_of BIGINT,
    generation BIGINT NOT NULL,
    turned BIGINT NOT NULL,
    good_reads BIGINT NOT NULL,
    waived_until BIGINT,
    told BIGINT,
    worst TEXT NOT NULL,
    turns TEXT NOT NULL
);

-- Who took a finding on, and who gave it back.
CREATE TABLE acknowledgements (
    id {id},
    fingerprint {bytes} NOT NULL,
    generation BIGINT NOT NULL,
    person TEXT NOT NULL,
    acknowledged BIGINT NOT NULL,
    note TEXT,
    at BIGINT NOT NULL
);
CREATE INDEX acknowledgements_by_finding ON acknowledgements (fingerprint);

CREATE TABLE waivers (
    print {bytes} PRIMARY KEY,
    selector TEXT NOT NULL,
    body TEXT NOT NULL
);

CREATE TABLE lineages (
    name TEXT PRIMARY KEY,
    body TEXT NOT NULL
);

-- Messages. Events of one route that may be told together share a batch until it is first taken.
CREATE TABLE batches (
    id {id},
    route TEXT NOT NULL,
    together TEXT NOT NULL,
    sealed BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX batches_open ON batches (route, together, sealed);

CREATE TABLE outbox (
    id {id},
    dedupe_key TEXT NOT NULL UNIQUE,
    batch_id BIGINT NOT NULL,
    route TEXT NOT NULL,
    event_type TEXT NOT NULL,
    about TEXT NOT NULL,
    payload TEXT NOT NULL,
    text_id BIGINT,
    created_at BIGINT NOT NULL
);
CREATE INDEX outbox_by_batch ON outbox (batch_id);
CREATE INDEX outbox_by_subject ON outbox (about, batch_id);

CREATE TABLE endpoints (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    url_ref TEXT NOT NULL,
    secret_ref TEXT,
    state TEXT NOT NULL,
    failing_since BIGINT
);

CREATE TABLE deliveries (
    id {id},
    batch_id BIGINT NOT NULL,
    endpoint_id TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    not_before BIGINT NOT NULL,
    lease_until BIGINT,
    token BIGINT NOT NULL,
    last_status BIGINT,
    last_error TEXT,
    created_at BIGINT NOT NULL,
    finished_at BIGINT,
    UNIQUE (batch_id, endpoint_id)
);
CREATE INDEX deliveries_waiting ON deliveries (state, not_before);

-- A lease is held until its end; its token goes up each time somebody else takes it.
CREATE TABLE leases (
    name TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    token BIGINT NOT NULL,
    held_until BIGINT NOT NULL
);

-- A schedule fires at most once for each instant.
CREATE TABLE firings (
    schedule TEXT NOT NULL,
    nominal BIGINT NOT NULL,
    holder TEXT NOT NULL,
    token BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    finished_at BIGINT,
    outcome TEXT,
    PRIMARY KEY (schedule, nominal)
);
