-- Runs whose units several processes read: what each run consists of, who reads which unit until when, and what was read.
-- A run's rows go when it is recorded, or with the next run of its schedule.
CREATE TABLE shared_runs (
    run TEXT PRIMARY KEY,
    schedule TEXT NOT NULL,
    plan TEXT NOT NULL,
    planned_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL
);
CREATE TABLE shared_units (
    run TEXT NOT NULL,
    unit TEXT NOT NULL,
    place BIGINT NOT NULL,
    state TEXT NOT NULL,
    holder TEXT NOT NULL,
    token BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    lease_until BIGINT NOT NULL,
    done_at BIGINT,
    result TEXT,
    PRIMARY KEY (run, unit)
);
CREATE INDEX shared_units_by_place ON shared_units (run, state, place);
CREATE TABLE shared_bodies (
    run TEXT NOT NULL,
    digest TEXT NOT NULL,
    body {bytes} NOT NULL,
    PRIMARY KEY (run, digest)
);
