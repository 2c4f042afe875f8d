//! The gcp side of the simulator.
