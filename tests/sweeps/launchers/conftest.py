"""Ray is large, and an extra by itself: it is tested where it is installed."""

from importlib.util import find_spec

collect_ignore = [] if find_spec("ray") else ["test_ray_cluster.py"]
