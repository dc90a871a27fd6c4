#!/bin/bash
. helpers.bash

look() {
  case $1 in
    link) assert_fails 'No such file' stat "$mnt/committed/f" ;;
    links) assert_eq "$(ls "$mnt/committed")" '' ;;
    name) assert_fails 'No such file' stat "$mnt/incoming/f" ;;
    names) assert_eq "$(ls "$mnt/incoming")" '' ;;
  esac
}
for place in link links name names; do
  echo $place >"$mnt/incoming/f"
  "$casfs" blob rm "$store" "sha256:$(echo $place | sha256sum | cut -c 1-64)"; sleep 1
  look $place; assert_absent f
done
