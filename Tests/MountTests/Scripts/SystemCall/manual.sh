#!/bin/bash
. helpers.bash

: "${page:?}" "${how:?}"
python3 -B "$scripts/manual.py" "$page" "$how"
