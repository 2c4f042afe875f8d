//! The laws packet sets and filters obey, P1 to P10 of the semantics; P11 and P12 are laws of authority. The
//! environment variable `PALISADE_CASES` scales the number of cases.

#[path = "laws/algebra.rs"]
mod algebra;
#[path = "laws/filters.rs"]
mod filters;
#[path = "laws/paths.rs"]
mod paths;
#[path = "laws/routes.rs"]
mod routes;
#[path = "laws/sessions.rs"]
mod sessions;
#[path = "laws/universe.rs"]
mod universe;
