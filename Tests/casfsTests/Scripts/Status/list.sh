#!/bin/bash
. helpers.bash

unshare -m -p --fork --kill-child --mount-proc --propagation private bash "$scripts/list-inside.sh"
