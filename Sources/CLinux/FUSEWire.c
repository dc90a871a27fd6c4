#include "FUSEWire.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define SAME_OFFSET(own, system, field) \
  _Static_assert(offsetof(struct own, field) == offsetof(struct system, field), #system "." #field)

SAME_OFFSET(casfs_fuse_compat_init_in, fuse_init_in, major);
SAME_OFFSET(casfs_fuse_compat_init_in, fuse_init_in, minor);
SAME_OFFSET(casfs_fuse_compat_init_in, fuse_init_in, max_readahead);
SAME_OFFSET(casfs_fuse_compat_init_in, fuse_init_in, flags);
_Static_assert(sizeof(struct casfs_fuse_compat_init_in) == offsetof(struct fuse_init_in, flags2), "fuse_init_in");

SAME_OFFSET(casfs_fuse_compat_setxattr_in, fuse_setxattr_in, size);
SAME_OFFSET(casfs_fuse_compat_setxattr_in, fuse_setxattr_in, flags);
_Static_assert(sizeof(struct casfs_fuse_compat_setxattr_in) == FUSE_COMPAT_SETXATTR_IN_SIZE, "fuse_setxattr_in");

_Static_assert(sizeof(struct casfs_fuse_init_out) == sizeof(struct fuse_init_out), "fuse_init_out");
SAME_OFFSET(casfs_fuse_init_out, fuse_init_out, major);
SAME_OFFSET(casfs_fuse_init_out, fuse_init_out, minor);
SAME_OFFSET(casfs_fuse_init_out, fuse_init_out, max_readahead);
SAME_OFFSET(casfs_fuse_init_out, fuse_init_out, flags);
SAME_OFFSET(casfs_fuse_init_out, fuse_init_out, max_background);
SAME_OFFSET(casfs_fuse_init_out, fuse_init_out, congestion_threshold);
SAME_OFFSET(casfs_fuse_init_out, fuse_init_out, max_write);
SAME_OFFSET(casfs_fuse_init_out, fuse_init_out, time_gran);
SAME_OFFSET(casfs_fuse_init_out, fuse_init_out, max_pages);
SAME_OFFSET(casfs_fuse_init_out, fuse_init_out, map_alignment);
SAME_OFFSET(casfs_fuse_init_out, fuse_init_out, flags2);
// The first field after flags2, whatever the header calls it.
_Static_assert(offsetof(struct casfs_fuse_init_out, max_stack_depth) == 36, "fuse_init_out.max_stack_depth");

_Static_assert(sizeof(struct casfs_fuse_open_out) == sizeof(struct fuse_open_out), "fuse_open_out");
SAME_OFFSET(casfs_fuse_open_out, fuse_open_out, fh);
SAME_OFFSET(casfs_fuse_open_out, fuse_open_out, open_flags);
// The last field, whatever the header calls it.
_Static_assert(offsetof(struct casfs_fuse_open_out, backing_id) == 12, "fuse_open_out.backing_id");

_Static_assert(FUSE_DIRECT_IO_ALLOW_MMAP == 1ULL << 36, "FUSE_DIRECT_IO_ALLOW_MMAP");
_Static_assert(FUSE_PASSTHROUGH == 1ULL << 37, "FUSE_PASSTHROUGH");
_Static_assert(FOPEN_PASSTHROUGH == 1 << 7, "FOPEN_PASSTHROUGH");

#define HAS_SIZE(type, size) _Static_assert(sizeof(struct type) == (size), #type)

HAS_SIZE(fuse_in_header, 40);
HAS_SIZE(fuse_out_header, 16);
HAS_SIZE(fuse_init_in, 64);
HAS_SIZE(fuse_init_out, 64);
HAS_SIZE(fuse_entry_out, 128);
HAS_SIZE(fuse_open_out, 16);
HAS_SIZE(fuse_forget_in, 8);
HAS_SIZE(fuse_forget_one, 16);
HAS_SIZE(fuse_batch_forget_in, 8);
HAS_SIZE(fuse_getattr_in, 16);
HAS_SIZE(fuse_setattr_in, 88);
HAS_SIZE(fuse_mknod_in, 16);
HAS_SIZE(fuse_mkdir_in, 8);
HAS_SIZE(fuse_rename_in, 8);
HAS_SIZE(fuse_rename2_in, 16);
HAS_SIZE(fuse_link_in, 8);
HAS_SIZE(fuse_open_in, 8);
HAS_SIZE(fuse_create_in, 16);
HAS_SIZE(fuse_release_in, 24);
HAS_SIZE(fuse_flush_in, 24);
HAS_SIZE(fuse_read_in, 40);
HAS_SIZE(fuse_write_in, 40);
HAS_SIZE(fuse_fsync_in, 16);
HAS_SIZE(fuse_getxattr_in, 8);
HAS_SIZE(fuse_lk_in, 48);
HAS_SIZE(fuse_access_in, 8);
HAS_SIZE(fuse_interrupt_in, 8);
HAS_SIZE(fuse_bmap_in, 16);
HAS_SIZE(fuse_ioctl_in, 32);
HAS_SIZE(fuse_poll_in, 24);
HAS_SIZE(fuse_notify_retrieve_in, 40);
HAS_SIZE(fuse_fallocate_in, 32);
HAS_SIZE(fuse_lseek_in, 24);
HAS_SIZE(fuse_copy_file_range_in, 56);
HAS_SIZE(fuse_setupmapping_in, 40);
HAS_SIZE(fuse_removemapping_in, 4);
HAS_SIZE(fuse_syncfs_in, 8);
HAS_SIZE(casfs_fuse_statx_in, 24);

#ifndef FUSE_DEV_IOC_BACKING_OPEN
struct fuse_backing_map {
  int32_t fd;
  uint32_t flags;
  uint64_t padding;
};
#define FUSE_DEV_IOC_BACKING_OPEN _IOW(FUSE_DEV_IOC_MAGIC, 1, struct fuse_backing_map)
#define FUSE_DEV_IOC_BACKING_CLOSE _IOW(FUSE_DEV_IOC_MAGIC, 2, uint32_t)
#endif
HAS_SIZE(fuse_backing_map, 16);

int casfs_fuse_clone(int device) {
  int clone = open("/dev/fuse", O_RDWR | O_CLOEXEC);
  if (clone == -1) return -errno;
  uint32_t connected = (uint32_t)device;
  if (ioctl(clone, FUSE_DEV_IOC_CLONE, &connected) == 0) return clone;
  int error = errno;
  close(clone);
  return -error;
}

int casfs_backing_open(int device, int fd) {
  struct fuse_backing_map map = {.fd = fd};
  int backing_id = ioctl(device, FUSE_DEV_IOC_BACKING_OPEN, &map);
  return backing_id < 0 ? -errno : backing_id;
}

void casfs_backing_close(int device, int backing_id) {
  uint32_t id = (uint32_t)backing_id;
  (void)ioctl(device, FUSE_DEV_IOC_BACKING_CLOSE, &id);
}
