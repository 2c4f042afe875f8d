//! Says what a cluster and its surroundings are, in one vocabulary for every provider.
