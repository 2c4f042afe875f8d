//! The laws packet sets and filters obey, P1 to P10 of the semantics. The environment variable `PROPTEST_CASES` scales
//! the number of cases.

#[path = "laws/algebra.rs"]
mod algebra;
#[path = "laws/filters.rs"]
mod filters;
#[path = "laws/routes.rs"]
mod routes;
#[path = "laws/sessions.rs"]
mod sessions;
#[path = "laws/universe.rs"]
mod universe;
