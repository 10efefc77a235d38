"""Integer kernels: each module has a `kernel`, its ARGUMENTS, and the ANSWER that it must give."""
