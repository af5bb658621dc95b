"""What connects the core to the outside: one folder a platform, the same file names in each."""
