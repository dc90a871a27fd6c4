#!/bin/bash
. registry.bash
start_registry main

make_image a 10; push_image a v0
for i in {1..250}; do echo -n "sha256:$manifest" >"main/repositories/app/_tags/t$i"; done
for page in 1000 100 7; do
  configure "{\"page\": $page}"; assert_eq "$("$casfs" ref ls "$repository" | wc -l)" 251
done
inject_fault '{"on": "GET .*last=", "status": 503, "times": 2}'; assert_eq "$("$casfs" ref ls "$repository" | wc -l)" 251
"$casfs" mount "$repository" "$mnt"; assert_eq "$(ls "$mnt/refs" | wc -l)" 251
