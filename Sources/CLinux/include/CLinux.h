// Linux calls and constants that Swift's Glibc module does not import.
//
// This header stays free of glibc's feature macros and of kernel headers that repeat glibc's types; the .c file has them.
#ifndef CLINUX_H
#define CLINUX_H

#include <stdint.h>
#include <sys/types.h>

// open(2), openat2(2), linkat(2), renameat2(2) flags; the .c file asserts that they are the system's.
enum {
  casfs_O_TMPFILE = 020200000,
  casfs_O_PATH = 010000000,
  casfs_RESOLVE_NO_SYMLINKS = 0x04,
  casfs_RESOLVE_BENEATH = 0x08,
  casfs_RENAME_NOREPLACE = 1,
};

// Capabilities, as capabilities(7) numbers them; the .c file asserts that they are the system's.
enum {
  casfs_CAP_CHOWN = 0,
  casfs_CAP_DAC_OVERRIDE = 1,
  casfs_CAP_FOWNER = 3,
  casfs_CAP_SYS_PTRACE = 19,
  casfs_CAP_SYS_ADMIN = 21,
  casfs_CAP_LEASE = 28,
};

// What statx(2) says of a file.
struct casfs_status {
  uint64_t device;
  uint64_t inode;
  int64_t size;
  int64_t blocks;
  int64_t modified_seconds;
  int64_t changed_seconds;
  int64_t accessed_seconds;
  uint32_t modified_nanoseconds;
  uint32_t changed_nanoseconds;
  uint32_t accessed_nanoseconds;
  uint32_t mode;
  uint32_t links;
  uint32_t user;
  uint32_t group;
};

// What statfs(2) says of a file system; sizes in blocks of `block_size` bytes.
struct casfs_space {
  int64_t type;
  uint64_t block_size;
  uint64_t blocks;
  uint64_t free_blocks;
  uint64_t available_blocks;
  uint64_t files;
  uint64_t free_files;
  uint64_t name_length;
};

// Each returns -1 and sets errno when it fails, like the call it wraps.
int casfs_openat2(int directory, const char *path, int flags, uint32_t mode, uint64_t resolve);
int casfs_status(int directory, const char *path, struct casfs_status *status);
int casfs_space(int fd, struct casfs_space *space);
// Gives up every capability of this thread but those whose bits are set, and keeps programs from getting others.
int casfs_keep_capabilities(uint64_t kept);
int casfs_no_new_privileges(void);
int casfs_renameat2(int from_directory, const char *from, int to_directory, const char *to, unsigned int flags);
int casfs_clone(int destination, int source);
int64_t casfs_copy_file_range(int in, int64_t *in_offset, int out, int64_t *out_offset, uint64_t length);
// splice(2), as libfuse wants to be given it.
ssize_t casfs_splice(
    int in, off_t *in_offset, int out, off_t *out_offset, size_t length, unsigned flags, void *unused);
// Lets the kernel read a file for a FUSE mount (FUSE_DEV_IOC_BACKING_OPEN): its number for it, or -errno.
int casfs_backing_open(int device, int fd);
void casfs_backing_close(int device, int number);
// Starts to write a range to the disk where the file system can; nothing depends on it.
void casfs_begin_writeback(int fd, int64_t offset, int64_t length);
// 1 when some process has the file open for writing, 0 when none has, -1 when that cannot be told.
int casfs_has_writer(int fd);
int casfs_fork(void);
// Gives freed memory back to the system: malloc_trim(3).
void casfs_trim_memory(void);
// Closes all descriptors above the standard ones: close_range(2).
int casfs_close_inherited(void);
// The same, once another program is started.
int casfs_close_on_exec(void);
// Lets SIGINT and SIGTERM do what they do by default, whatever was inherited.
void casfs_default_signals(void);
int64_t casfs_getxattr(const char *path, const char *name, void *value, uint64_t size);
// Waits for the end of any process, a child or not: pidfd_open(2), poll(2).
int casfs_wait_process(int pid, int milliseconds);
// Blocks SIGINT, SIGTERM and SIGHUP, as far as they are neither ignored nor blocked, and gives a descriptor that is
// readable while one of them is pending: signalfd(2). The bits of what was blocked go to `held`.
int casfs_hold_signals(uint32_t *held);
// Lets the signals of `held` take effect.
void casfs_release_signals(uint32_t held);
// Waits until `fd` can be read, which gives 1, or `signals` can, which gives 0.
int casfs_wait_readable(int fd, int signals);
void casfs_name_thread(const char *name);
void casfs_log(int priority, const char *message);

#endif
