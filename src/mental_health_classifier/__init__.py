"""Compare text classifiers on mental-health posts where a missed suicide post is worse than a false alarm."""
