// Linux calls and constants that Swift's Glibc module does not import.
//
// This header uses no feature macro of glibc and includes no kernel header that repeats glibc's types; the .c files do.
#ifndef CLINUX_H
#define CLINUX_H

#include "FUSEWire.h"
#include <stdint.h>
#include <sys/types.h>

// open(2), openat2(2), linkat(2), renameat2(2) flags, lseek(2) whences; the .c file asserts that they are the system's.
enum {
  casfs_O_TMPFILE = 020200000,
  casfs_O_PATH = 010000000,
  casfs_RESOLVE_NO_SYMLINKS = 0x04,
  casfs_RESOLVE_BENEATH = 0x08,
  casfs_RENAME_NOREPLACE = 1,
  casfs_SEEK_DATA = 3,
  casfs_SEEK_HOLE = 4,
};

// The commands of ioctl(2) that the root directory of a mount has; without an argument.
enum {
  CASFS_IOC_RELOAD = 0xCA01,
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

// The fields of statx(2) that casfs uses.
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

// The fields of statfs(2); sizes in blocks of `block_size` bytes.
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

// The facts that tell a file from another one with its inode number; 0 where a file system has none.
struct casfs_origin {
  int64_t type;
  uint64_t file_system;
  uint64_t uuid_high;
  uint64_t uuid_low;
  uint64_t generation;
  int64_t birth_seconds;
  uint32_t birth_nanoseconds;
};

// Each returns -1 and sets errno on failure, like the call it wraps.
int casfs_openat2(int directory, const char *path, int flags, uint32_t mode, uint64_t resolve);
int casfs_status(int directory, const char *path, struct casfs_status *status);
// The parts of a device number: makedev(3).
uint32_t casfs_major(uint64_t device);
uint32_t casfs_minor(uint64_t device);
int casfs_space(int fd, struct casfs_space *space);
// statfs(2), FS_IOC_GETFSUUID, FS_IOC_GETVERSION and the time of birth of statx(2).
int casfs_origin(int fd, struct casfs_origin *origin);
// Drops every capability of this thread but those whose bits are set, also for programs started later.
int casfs_keep_capabilities(uint64_t kept);
int casfs_no_new_privileges(void);
int casfs_renameat2(int from_directory, const char *from, int to_directory, const char *to, unsigned int flags);
int casfs_clone(int destination, int source);
int64_t casfs_copy_file_range(int in, int64_t *in_offset, int out, int64_t *out_offset, uint64_t length);
// splice(2) with the signature of struct fuse_custom_io.
ssize_t casfs_splice(
    int in, off_t *in_offset, int out, off_t *out_offset, size_t length, unsigned flags, void *unused);
// Starts the write-back of a range, as a hint: sync_file_range(2).
void casfs_begin_writeback(int fd, int64_t offset, int64_t length);
// Writes a file's content out and waits for that: sync_file_range(2).
int casfs_write_out(int fd);
// 1 if a process has the file open for writing, 0 if not, -1 if that is unknown: fcntl(2), F_SETLEASE.
int casfs_has_writer(int fd);
// Lets the kernel compare each page that it reads of a file with a Merkle tree, and nobody write the file:
// FS_IOC_ENABLE_VERITY, SHA-256.
int casfs_enable_verity(int fd);
// The digest of that tree's root, the length and the parameters: FS_IOC_MEASURE_VERITY. Returns the length of the digest,
// at most 64; `algorithm` gets the number of the hash function.
int casfs_measure_verity(int fd, uint16_t *algorithm, uint8_t digest[64]);
int casfs_fork(void);
// The number of this thread: gettid(2).
int32_t casfs_thread(void);
// A file in memory: memfd_create(2), MFD_CLOEXEC.
int casfs_memory_file(const char *name);
// Asks the daemon of a mount, by its open root directory, to replace its program: ioctl(2), CASFS_IOC_RELOAD.
int casfs_request_reload(int directory);
// Lets a program that is started with these actions, a posix_spawn_file_actions_t, have no descriptor from `first` on:
// posix_spawn_file_actions_addclosefrom_np(3). Returns an error number.
int casfs_spawn_without(void *actions, int first);
// Returns freed memory to the system: malloc_trim(3).
void casfs_trim_memory(void);
// Returns memory of at least this size to the system when it is freed: mallopt(3), M_MMAP_THRESHOLD, which stays as it is
// then.
void casfs_map_large_blocks(size_t size);
// Closes all descriptors but the three standard ones: close_range(2).
int casfs_close_inherited(void);
// Marks the same descriptors close-on-exec: close_range(2), CLOSE_RANGE_CLOEXEC.
int casfs_close_on_exec(void);
// Gives this thread descriptors of its own, and closes all of them but a copy of `fd` that has a number: close_range(2),
// CLOSE_RANGE_UNSHARE, and dup3(2).
int casfs_unshare_descriptors(int fd, int number);
// Resets SIGINT and SIGTERM to their default action and unblocks them.
void casfs_default_signals(void);
// Lets the signals of a crash end the process, unless SWIFT_BACKTRACE is set: the runtime of Swift has handlers that start
// another program, and wait for it. Without `dumps_core` the kernel writes no core dump: before that it would wait for the end
// of all threads.
void casfs_set_crash_signals(int dumps_core);
// Gives this thread a stack for handlers of signals, so that an overflow of its own can be handled: sigaltstack(2).
void casfs_use_signal_stack(void);
// Sets the signals that a thread can block: all but those by which the kernel reports a fault of the thread, which would end
// the process without a call of their handler.
void casfs_fill_blocked_signals(sigset_t *set);
int64_t casfs_getxattr(const char *path, const char *name, void *value, uint64_t size);
// A descriptor of a process, which close(2) closes: pidfd_open(2).
int casfs_open_process(int pid);
// Waits until a process has ended, a child or not: pidfd_open(2), poll(2).
int casfs_wait_process(int pid, int milliseconds);
// Blocks those of SIGINT, SIGTERM and SIGHUP that are neither ignored nor, unless `also_blocked`, blocked, and returns a
// descriptor that is readable while one of them is pending: signalfd(2). `held` gets a bit for each signal that it blocked.
int casfs_hold_signals(uint32_t *held, int also_blocked);
// Unblocks the signals of `held`.
void casfs_release_signals(uint32_t held);
// Waits until `fd` or `signals` is readable: 1 for `fd` alone, 0 for `signals`.
int casfs_wait_readable(int fd, int signals);
void casfs_name_thread(const char *name);
void casfs_log(int priority, const char *message);

#endif
