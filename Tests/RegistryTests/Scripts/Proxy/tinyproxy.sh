#!/bin/bash
# Runs in a network namespace, since neither casfs nor tinyproxy would take a registry on loopback for a distant one.
. helpers.bash

unshare -n bash "$scripts/tinyproxy-inside.sh"
