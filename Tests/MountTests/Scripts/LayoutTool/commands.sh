#!/bin/bash
. helpers.bash
. "$scripts/layouts.bash"

both "$casfs" copy image v1 @ a
both "$casfs" copy image v2 @ a
both "$casfs" copy --force image v2 @ a
both "$casfs" copy @ a @ b
both "$casfs" ref put @ c "$("$casfs" ref get plain b | jq -r .digest)"
both "$casfs" ref ls -l @
both "$casfs" ref rm @ c
both "$casfs" blob put @ file
both "$casfs" blob ls @
assert_fsck_clean
