#!/bin/bash
# Runs in a network namespace, which can have an address other than loopback.
. helpers.bash

unshare -n bash "$scripts/downgrade-inside.sh"
