"""What notebooks and pages show. The only room that imports matplotlib."""
