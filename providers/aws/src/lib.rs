//! Reads Amazon EKS with its EC2, IAM and KMS surroundings and says what it read in our vocabulary.
