#!/bin/bash
# Makes a file a of a megabyte and some and a file b of a few bytes, and evaluates $way, which writes $f and makes a file
# want with the content it must have.
. helpers.bash
: "${way:?}" "${blobs:?}"

head -c 1234567 /dev/urandom >a
echo 'a few bytes' >b
export f=$mnt/incoming/f
eval "$way"
assert_committed f want
assert_blob_count "$blobs"
