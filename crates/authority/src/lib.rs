//! Graphs of who may become whom and do what: identities, capabilities, escalation paths, excess. Knows no cloud.
