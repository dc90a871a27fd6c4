#!/bin/bash
# In a network namespace, where an address that is not a loopback address can be had.
. helpers.bash

unshare -n bash "$scripts/plain-inside.sh"
