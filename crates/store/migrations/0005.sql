-- How healthy the fleet was in a run, in words of whoever assesses it. Nothing is decided by it.
CREATE TABLE scores (
    run_seq BIGINT PRIMARY KEY,
    scores TEXT NOT NULL
);
