//! Exact sets of packets: address and port intervals, ordered and any-allow filters, routes, bounds. Knows no cloud.
