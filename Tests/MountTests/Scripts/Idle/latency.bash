# Prepares /dev/cpu_dma_latency, also where the kernel has none.
: "${casfs:?}" "${mnt:?}"

[ -e /dev/cpu_dma_latency ] || { trap 'rm /dev/cpu_dma_latency' EXIT; : >/dev/cpu_dma_latency; }

# unmount: ends the mount, if there is one.
unmount() { [ ! -d "$mnt/blobs" ] || "$casfs" unmount "$mnt"; }
