#!/bin/bash
. helpers.bash

mkdir "$mnt/incoming/d"; echo x >"$mnt/incoming/f"
for name in d f; do
  for mode in 750 705 755; do
    chmod 700 "$mnt/incoming/$name"
    assert_eq "$(stat -c %a "$mnt/incoming/$name")" 700
    setfacl -m "u::7,g::${mode:1:1},o::${mode:2:1}" "$mnt/incoming/$name"
    assert_eq "$(stat -c %a "$mnt/incoming/$name")" $mode
  done
done
