//! Reads Azure Kubernetes Service with its network, identity and vault surroundings and says what it read in our vocabulary.
