// The target's first file is written with its first check.
