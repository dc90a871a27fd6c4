#!/bin/bash
. helpers.bash
. power.bash

prepare
if [ "$mounted" ]; then "$casfs" mount "$store" "$mnt"; fi
eval "$act"
cut_power "$survived" || fail "lost: $(cat said)"
finish
