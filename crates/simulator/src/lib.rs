//! Small loopback servers that speak the clouds' wire formats from a described world.
