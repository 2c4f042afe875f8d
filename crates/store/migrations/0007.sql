-- What the run of a firing came to, for whoever asks for it again, and whether its evidence is not yet where it is to be.
ALTER TABLE firings ADD COLUMN upshot TEXT;
ALTER TABLE firings ADD COLUMN evidence_owed BIGINT;
