#!/bin/bash
. helpers.bash

"$casfs" mount --create "$store" "$mnt"; touch ready; sleep 60
