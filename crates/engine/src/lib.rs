//! Says what a control, a verdict, a finding and a waiver are, runs controls over an inventory, and compares two evaluations.
