#!/bin/bash
# Makes a large file a and a small file b, and evaluates $way, which writes $f, and a file want with the expected
# content.
. helpers.bash
: "${way:?}" "${blobs:?}"

head -c 1234567 /dev/urandom >a
echo 'a few bytes' >b
export f=$mnt/incoming/f
eval "$way"
assert_committed f want
assert_blob_count "$blobs"
