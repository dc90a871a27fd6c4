#!/bin/bash
. helpers.bash

touch "$mnt/incoming/f"
python3 "$scripts/attribute-limit.py" "$mnt/incoming/f"
