#!/bin/bash
# Kills casfs gc again and again, in the store $2, for which files are made in the directory $1.

: "${casfs:?}"

mkdir "$1"
for i in $(seq 3000); do echo "$i" >"$1/$i"; done
"$casfs" blob put "$2" "$1"/* >"$1.all"
"$casfs" ref put "$2" kept "$(head -1 "$1.all")"
for _ in 1 2 3 4 5 6 7 8; do
  "$casfs" gc --grace 0 "$2" >"$1.out" & gc=$!
  while [ ! -s "$1.out" ] && [ -e /proc/$gc/exe ]; do :; done
  kill -KILL $gc; wait $gc
  while read -r digest; do [ ! -e "$2/blobs/sha256/${digest#sha256:}" ] || echo "still $digest"; done <"$1.out"
done
"$casfs" gc --grace 0 "$2" >/dev/null || echo failed
"$casfs" blob ls "$2" | cmp - <(head -1 "$1.all")
ls -A "$2"
