#!/bin/bash
. helpers.bash

# In a pid namespace of its own, where no other process takes the number.
unshare -m -p --fork --kill-child --mount-proc --propagation private bash "$scripts/reused-number-inside.sh"
