//! Reads Google Kubernetes Engine with its network, IAM and KMS surroundings and says what it read in our vocabulary.
