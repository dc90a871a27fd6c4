#!/bin/bash
. helpers.bash

echo a >a; echo b >b; hex=$(sha256 a); cd "$mnt/incoming"
assert_fails 'Bad message' cp "$top/b" "$hex"
assert_fails 'Bad message' cp "$top/b" "sha256:$hex"
(cd "$top"; assert_blob_count 0; assert_absent "$hex"; assert_absent "sha256:$hex")
cp "$top/a" "$hex"; cp "$top/a" "sha256:$hex"
(cd "$top"; assert_committed "$hex" a; assert_committed "sha256:$hex" a)
rm "$hex"; cp "$top/b" x
assert_fails 'Bad message' mv x "$hex"
(cd "$top"; assert_committed x b; assert_absent "$hex"; assert_blob_count 2)
cp "$top/a" y; mv y "$hex"
(cd "$top"; assert_committed "$hex" a; assert_absent y)
