#!/bin/bash
. registry.bash
start_registry main

make_image a; push_image a v1; export repository manifest
unshare -m -p --fork --kill-child --mount-proc --propagation private bash "$scripts/mount-program-inside.sh"
