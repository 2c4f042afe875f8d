#!/bin/sh
# What cargo calls instead of the compiler for the crates of this workspace: the compiler that also lints.
exec clippy-driver "$@" -D warnings
