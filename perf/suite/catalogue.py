"""What is measured: workloads.py says which work and by whom, growth.py what is drawn over a size and what is counted. A new
workload is an entry there, a program perf/NAME.cpp and its peers perf/peers/NAME_RUNTIME.*; the runner, the tables and the charts
take it from here."""

from .growth import COUNTED, CURVES
from .kinds import GIB, Case, Counted, Curve, Workload
from .workloads import ALIASES, ASIDES, FLOORS, WORKLOADS

__all__ = ["ALIASES", "ASIDES", "COUNTED", "CURVES", "FLOORS", "GIB", "WORKLOADS", "Case", "Counted", "Curve", "Workload"]
