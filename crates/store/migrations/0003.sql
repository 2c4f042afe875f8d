-- Goes up with every change to what is remembered: whoever has read it beforehand sees whether that is still all.
CREATE TABLE memory_changes (
    id BIGINT PRIMARY KEY,
    count BIGINT NOT NULL
);
INSERT INTO memory_changes (id, count) VALUES (1, 0);
