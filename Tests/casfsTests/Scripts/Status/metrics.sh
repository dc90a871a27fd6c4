#!/bin/bash
. helpers.bash

directory=$PWD/$'a "b"\\c\nd'
mkdir "$directory"
"$casfs" mount --create "$store" "$directory"
echo hello >"$directory/incoming/f"
"$casfs" status --json "$directory" >json
"$casfs" status --format openmetrics "$directory"
"$casfs" unmount "$directory"
