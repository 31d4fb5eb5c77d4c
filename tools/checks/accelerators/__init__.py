"""Files for accelerators, read by the accelerators' own compilers and interpreters."""
