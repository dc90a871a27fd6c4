#!/bin/bash
. helpers.bash

echo x >x; cp x "$mnt/incoming/a"; mkdir "$mnt/incoming/d"; cp x "$mnt/incoming/d/b"; echo y >"$mnt/incoming/y"
rm -f "$mnt/blobs/sha256/$(sha256 x)"; cp x "$mnt/incoming/c"
assert_absent a; assert_absent d/b; assert_committed c x; assert_eq "$(ls "$mnt/incoming" | xargs)" "c d y"
