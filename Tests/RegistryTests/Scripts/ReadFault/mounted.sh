#!/bin/bash
. registry.bash
start_registry main
. check.bash

open_store() { mkdir "mnt-$name"; "$casfs" mount "$repository" "mnt-$name"; }
read_blob() { cat "mnt-$name/blobs/sha256/$hex"; }
has_reason() { grep -q 'Input/output error' "$name.said"; }
close_store() { "$casfs" unmount "mnt-$name"; }

make_image a; push_image a v1
run_fault_cases
