-- Since when a message is tried: what waited for its time, or for its channel to be mended, has not failed for that long.
ALTER TABLE deliveries ADD COLUMN tried_since BIGINT;
UPDATE deliveries SET tried_since = created_at WHERE attempts > 0;
