//! Keeps snapshots: a folder of content-addressed bodies and one list of records a scope.
