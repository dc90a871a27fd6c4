#!/bin/bash
. helpers.bash
. layouts.bash

echo "$a" >"$refs/moved"; echo "$a" >"$refs/kept"
rsync -a "$refs/" copy; rsync -a "$mnt/index.json" copy.json
kept=$(stat -c %y "$refs/kept"); sleep 1
echo "$b" >"$refs/new"; mv "$refs/new" "$refs/moved"
rsync -a "$refs/" copy; rsync -a "$mnt/index.json" copy.json
diff -r "$refs" copy; cmp "$mnt/index.json" copy.json
assert_eq "$(stat -c %y "$refs/kept")" "$kept"
sleep 1; $casfs ref put --force "$store" kept "$b"; eventually grep -q "$b" "$refs/kept"
rsync -a "$refs/" copy; diff -r "$refs" copy
