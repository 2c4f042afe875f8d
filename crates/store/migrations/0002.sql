-- Where in a chat a finding was first told since it last opened, and what its message says of it: what follows goes below
-- that message. `told_in` is the chat's channel as configured, `place` and `ts` are the chat's own names.
CREATE TABLE threads (
    endpoint_id TEXT NOT NULL,
    thread TEXT NOT NULL,
    told_in TEXT NOT NULL,
    place TEXT NOT NULL,
    ts TEXT NOT NULL,
    payload TEXT NOT NULL,
    text_id BIGINT,
    closed_at BIGINT,
    PRIMARY KEY (endpoint_id, thread)
);
CREATE INDEX threads_by_message ON threads (endpoint_id, place, ts);

-- Messages that do not show yet that something they told is over.
CREATE TABLE stale_messages (
    endpoint_id TEXT NOT NULL,
    place TEXT NOT NULL,
    ts TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    not_before BIGINT NOT NULL,
    since BIGINT NOT NULL,
    PRIMARY KEY (endpoint_id, place, ts)
);
