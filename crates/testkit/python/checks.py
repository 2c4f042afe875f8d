"""Counts what was checked. The last line says `N passed, 0 failed`, and nothing else makes a test of ours green."""

import sys

passed = 0


def check(what, good, more=""):
    """One thing that must be so."""
    global passed
    if not good:
        print(f"{passed} passed, 1 failed: {what}\n{more}")
        sys.exit(1)
    passed += 1


def same(what, found, wanted):
    """Two values that must be the same one."""
    check(what, found == wanted, f"found:  {found!r}\nwanted: {wanted!r}")


def done():
    """The last line of a script."""
    print(f"{passed} passed, 0 failed")
