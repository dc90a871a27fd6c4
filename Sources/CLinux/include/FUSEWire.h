// FUSE's wire format: <linux/fuse.h>, and what Linux 6.9 added to it. That header needs <stdint.h> alone, so it may
// stand here.
//
// Requests are checked by the sizes of these structs. FUSEWire.c asserts that they are those of the protocol that
// libfuse agrees on, for later headers may append fields that no kernel sends to it.
#ifndef CLINUX_FUSE_WIRE_H
#define CLINUX_FUSE_WIRE_H

#include <linux/fuse.h>
#include <stdint.h>

// Debian 12 has the headers of Linux 6.1, and a kernel that is newer may run.
#ifndef FUSE_DIRECT_IO_ALLOW_MMAP // Linux 6.6
#define FUSE_DIRECT_IO_ALLOW_MMAP (1ULL << 36)
#endif
#ifndef FUSE_PASSTHROUGH // Linux 6.9
#define FUSE_PASSTHROUGH (1ULL << 37)
#endif
#ifndef FUSE_HAS_RESEND // Linux 6.9
#define FUSE_HAS_RESEND (1ULL << 39)
#endif
#ifndef FOPEN_PASSTHROUGH // Linux 6.9
#define FOPEN_PASSTHROUGH (1 << 7)
#endif

// struct fuse_init_in before Linux 5.17, which appended `flags2`.
struct casfs_fuse_compat_init_in {
  uint32_t major;
  uint32_t minor;
  uint32_t max_readahead;
  uint32_t flags;
};

// struct fuse_setxattr_in as the kernel sends it without FUSE_SETXATTR_EXT.
struct casfs_fuse_compat_setxattr_in {
  uint32_t size;
  uint32_t flags;
};

// struct fuse_init_out; `max_stack_depth` is among the unused fields before Linux 6.9.
struct casfs_fuse_init_out {
  uint32_t major;
  uint32_t minor;
  uint32_t max_readahead;
  uint32_t flags;
  uint16_t max_background;
  uint16_t congestion_threshold;
  uint32_t max_write;
  uint32_t time_gran;
  uint16_t max_pages;
  uint16_t map_alignment;
  uint32_t flags2;
  uint32_t max_stack_depth;
  uint32_t unused[6];
};

// struct fuse_open_out; `backing_id` is padding before Linux 6.9.
struct casfs_fuse_open_out {
  uint64_t fh;
  uint32_t open_flags;
  int32_t backing_id;
};

// struct fuse_statx_in, Linux 6.6.
struct casfs_fuse_statx_in {
  uint32_t getattr_flags;
  uint32_t reserved;
  uint64_t fh;
  uint32_t sx_flags;
  uint32_t sx_mask;
};

// FUSE_DEV_IOC_CLONE: opens /dev/fuse once more for the connection of another descriptor; the new descriptor, or -errno.
// Requests that are read through it end with ECONNABORTED if it is closed before they are answered.
int casfs_fuse_clone(int device);
// FUSE_DEV_IOC_BACKING_OPEN, Linux 6.9: registers a file for a FUSE mount to read; its backing id, or -errno.
int casfs_backing_open(int device, int fd);
// FUSE_DEV_IOC_BACKING_CLOSE.
void casfs_backing_close(int device, int backing_id);

#endif
