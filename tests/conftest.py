import os

from hypothesis import settings

# MKL rounds a product of small matrices by where they lie in memory, unless it is told not to before its first one.
# So machines of any size can be compared bit for bit; the library's own recipes are compared without (test_together).
os.environ.setdefault("MKL_CBWR", "AUTO")
# Two threads share a product by its size, so a machine alone and one in a stack would round differently.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Examples are the same in every run, and none fails because the machine was busy.
settings.register_profile("ntm", derandomize=True, deadline=None)
settings.load_profile("ntm")
