#!/bin/bash
. helpers.bash

# It has read the index, and does no more.
bash -c 'mapfile lines <"$1"; touch ready; exec sleep 60' reader "$mnt/index.json" &
eventually test -e ready
printf 1 >content
"$casfs" blob put "$store" content >/dev/null
digest=$(sha256 content)
bash -c 'mapfile lines <"$1/index.json"; exec rm "$1/blobs/sha256/$2"' remover "$mnt" "$digest"
# No request comes from here on.
eventually test ! -e "$store/blobs/sha256/$digest"
