"""Studies: many seeds of many recipes, on one machine or a cluster, and tables with intervals."""
