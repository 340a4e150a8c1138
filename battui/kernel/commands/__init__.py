"""What a front end may ask of the kernel, and how each request is performed."""
