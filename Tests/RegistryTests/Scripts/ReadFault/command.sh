#!/bin/bash
. registry.bash
start_registry main
. check.bash

open_store() { :; }
read_blob() { "$casfs" blob get "$repository" "sha256:$hex"; }
has_reason() { assert_eq "$(wc -l <"$name.said")" 1; grep -q "^casfs: .*$host/app" "$name.said"; }
close_store() { :; }

make_image a; push_image a v1
run_fault_cases
