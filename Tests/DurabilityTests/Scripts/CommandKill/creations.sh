#!/bin/bash
. helpers.bash

for i in {1..8}; do (for j in {1..8}; do "$casfs" create "made/$i.$j"; done) & jobs[i]=$!; done
for job in "${jobs[@]}"; do wait "$job"; done
assert_eq "$(ls -A made | wc -l)" 64
for i in made/*; do "$casfs" fsck "$i"; done
# A store with the name of a temporary directory, and content.
mv made/1.1 made/.casfs-tmp-1; echo a | "$casfs" blob put made/.casfs-tmp-1; mkdir made/.casfs-tmp-2
"$casfs" create made/last
"$casfs" fsck made/.casfs-tmp-1; assert_eq "$("$casfs" blob ls made/.casfs-tmp-1 | wc -l)" 1
[ ! -e made/.casfs-tmp-2 ]
