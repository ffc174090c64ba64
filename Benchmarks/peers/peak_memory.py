# SPDX-License-Identifier: Apache-2.0
"""Runs PROGRAM ARGUMENTS... and prints, last, the megabytes of the largest process among it and all it waited for."""
import resource
import subprocess
import sys

status = subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL).returncode
unit = 1 if sys.platform == "darwin" else 1024
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit / 1e6)
sys.exit(status)
