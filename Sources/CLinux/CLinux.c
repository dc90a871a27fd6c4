#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/fsverity.h>
#include <linux/openat2.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <syslog.h>
#include <unistd.h>

_Static_assert(casfs_O_TMPFILE == O_TMPFILE, "O_TMPFILE");
_Static_assert(casfs_O_PATH == O_PATH, "O_PATH");
_Static_assert(casfs_RESOLVE_NO_SYMLINKS == RESOLVE_NO_SYMLINKS, "RESOLVE_NO_SYMLINKS");
_Static_assert(casfs_RESOLVE_BENEATH == RESOLVE_BENEATH, "RESOLVE_BENEATH");
_Static_assert(casfs_RENAME_NOREPLACE == RENAME_NOREPLACE, "RENAME_NOREPLACE");
_Static_assert(casfs_SEEK_DATA == SEEK_DATA && casfs_SEEK_HOLE == SEEK_HOLE, "SEEK_DATA, SEEK_HOLE");

int casfs_openat2(int directory, const char *path, int flags, uint32_t mode, uint64_t resolve) {
  struct open_how how = {.flags = (uint64_t)(unsigned)flags, .mode = mode, .resolve = resolve};
  return (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
}

int casfs_status(int directory, const char *path, struct casfs_status *status) {
  struct statx x;
  int flags = AT_SYMLINK_NOFOLLOW | (path[0] == 0 ? AT_EMPTY_PATH : 0);
  if (statx(directory, path, flags, STATX_BASIC_STATS, &x)) return -1;
  *status = (struct casfs_status){
      .device = makedev(x.stx_dev_major, x.stx_dev_minor),
      .inode = x.stx_ino,
      .size = (int64_t)x.stx_size,
      .blocks = (int64_t)x.stx_blocks,
      .modified_seconds = x.stx_mtime.tv_sec,
      .changed_seconds = x.stx_ctime.tv_sec,
      .accessed_seconds = x.stx_atime.tv_sec,
      .modified_nanoseconds = x.stx_mtime.tv_nsec,
      .changed_nanoseconds = x.stx_ctime.tv_nsec,
      .accessed_nanoseconds = x.stx_atime.tv_nsec,
      .mode = x.stx_mode,
      .links = x.stx_nlink,
      .user = x.stx_uid,
      .group = x.stx_gid,
  };
  return 0;
}

uint32_t casfs_major(uint64_t device) { return major(device); }

uint32_t casfs_minor(uint64_t device) { return minor(device); }

int casfs_space(int fd, struct casfs_space *space) {
  struct statfs s;
  if (fstatfs(fd, &s)) return -1;
  *space = (struct casfs_space){
      .type = s.f_type,
      .block_size = (uint64_t)s.f_bsize,
      .blocks = s.f_blocks,
      .free_blocks = s.f_bfree,
      .available_blocks = s.f_bavail,
      .files = s.f_files,
      .free_files = s.f_ffree,
      .name_length = (uint64_t)s.f_namelen,
  };
  return 0;
}

// Linux 6.9; older headers lack it.
struct casfs_fsuuid2 {
  uint8_t length;
  uint8_t uuid[16];
};
#define CASFS_IOC_GETFSUUID _IOR(0x15, 0, struct casfs_fsuuid2)

int casfs_origin(int fd, struct casfs_origin *origin) {
  struct statfs s;
  struct statx x;
  if (fstatfs(fd, &s)) return -1;
  if (statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &x)) return -1;
  *origin = (struct casfs_origin){.type = s.f_type};
  _Static_assert(sizeof s.f_fsid == sizeof origin->file_system, "f_fsid");
  memcpy(&origin->file_system, &s.f_fsid, sizeof origin->file_system);
  struct casfs_fsuuid2 uuid = {0};
  if (ioctl(fd, CASFS_IOC_GETFSUUID, &uuid) == 0) {
    memcpy(&origin->uuid_high, uuid.uuid, 8);
    memcpy(&origin->uuid_low, uuid.uuid + 8, 8);
  }
  // Declared as a long, written as an int.
  unsigned long generation = 0;
  if (ioctl(fd, FS_IOC_GETVERSION, &generation) == 0) origin->generation = (uint32_t)generation;
  if (x.stx_mask & STATX_BTIME) {
    origin->birth_seconds = x.stx_btime.tv_sec;
    origin->birth_nanoseconds = x.stx_btime.tv_nsec;
  }
  return 0;
}

int casfs_renameat2(int from_directory, const char *from, int to_directory, const char *to, unsigned int flags) {
  return renameat2(from_directory, from, to_directory, to, flags);
}

int casfs_clone(int destination, int source) { return ioctl(destination, FICLONE, source); }

int64_t casfs_copy_file_range(int in, int64_t *in_offset, int out, int64_t *out_offset, uint64_t length) {
  return copy_file_range(in, in_offset, out, out_offset, length, 0);
}

ssize_t casfs_splice(
    int in, off_t *in_offset, int out, off_t *out_offset, size_t length, unsigned flags, void *unused) {
  (void)unused;
  return splice(in, in_offset, out, out_offset, length, flags);
}

void casfs_trim_memory(void) { (void)malloc_trim(0); }

void casfs_map_large_blocks(size_t size) { (void)mallopt(M_MMAP_THRESHOLD, (int)size); }

void casfs_begin_writeback(int fd, int64_t offset, int64_t length) {
  (void)sync_file_range(fd, offset, length, SYNC_FILE_RANGE_WRITE);
}

int casfs_write_out(int fd) {
  const unsigned flags = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
  return sync_file_range(fd, 0, 0, flags);
}

// A read lease is granted only while no process has the file open for writing. A process that opens it for writing before
// the lease is released makes the kernel signal its holder: SIGURG does nothing by default, SIGIO would end the process.
int casfs_has_writer(int fd) {
  if (fcntl(fd, F_SETSIG, SIGURG) || fcntl(fd, F_SETLEASE, F_RDLCK)) return errno == EAGAIN ? 1 : -1;
  fcntl(fd, F_SETLEASE, F_UNLCK);
  return 0;
}

void casfs_default_signals(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  signal(SIGINT, SIG_DFL);
  signal(SIGTERM, SIG_DFL);
  pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

// Ends the process by a signal whose default action has been restored.
static void end_without_core(int number) {
  prctl(PR_SET_DUMPABLE, 0);
  raise(number);
}

void casfs_set_crash_signals(int dumps_core) {
  static const int signals[] = {SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS, SIGXCPU, SIGXFSZ};
  if (getenv("SWIFT_BACKTRACE")) return;
  struct sigaction action = {.sa_handler = SIG_DFL};
  if (!dumps_core) {
    action.sa_handler = end_without_core;
    action.sa_flags = SA_RESETHAND | SA_NODEFER | SA_ONSTACK;
    casfs_use_signal_stack();
  }
  for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++) sigaction(signals[i], &action, NULL);
}

void casfs_use_signal_stack(void) {
  static _Thread_local unsigned char bytes[16 << 10];
  stack_t stack = {.ss_sp = bytes, .ss_size = sizeof bytes};
  sigaltstack(&stack, NULL);
}

void casfs_fill_blocked_signals(sigset_t *set) {
  static const int faults[] = {SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS};
  sigfillset(set);
  for (unsigned i = 0; i < sizeof faults / sizeof *faults; i++) sigdelset(set, faults[i]);
}

int casfs_close_inherited(void) { return close_range(3, ~0U, 0); }

int casfs_close_on_exec(void) { return close_range(3, ~0U, CLOSE_RANGE_CLOEXEC); }

int casfs_enable_verity(int fd) {
  struct fsverity_enable_arg argument = {
      .version = 1, .hash_algorithm = FS_VERITY_HASH_ALG_SHA256, .block_size = 4096};
  int result = ioctl(fd, FS_IOC_ENABLE_VERITY, &argument);
  if (result == 0 || errno != EINVAL) return result;
  // Before Linux 6.3 a block has the size of a page.
  argument.block_size = (uint32_t)sysconf(_SC_PAGESIZE);
  return ioctl(fd, FS_IOC_ENABLE_VERITY, &argument);
}

int casfs_measure_verity(int fd, uint16_t *algorithm, uint8_t digest[64]) {
  union {
    struct fsverity_digest header;
    uint8_t bytes[sizeof(struct fsverity_digest) + 64];
  } measured = {.header = {.digest_size = 64}};
  if (ioctl(fd, FS_IOC_MEASURE_VERITY, &measured)) return -1;
  *algorithm = measured.header.digest_algorithm;
  memcpy(digest, measured.bytes + sizeof measured.header, measured.header.digest_size);
  return measured.header.digest_size;
}

int casfs_unshare_descriptors(int fd, int number) {
  unsigned last = (unsigned)(fd > number ? fd : number);
  if (close_range(last + 1, ~0U, CLOSE_RANGE_UNSHARE)) return -1;
  if (fd != number && dup3(fd, number, O_CLOEXEC) == -1) return -1;
  if (number < (int)last && close_range((unsigned)number + 1, last, 0)) return -1;
  return number > 0 ? close_range(0, (unsigned)number - 1, 0) : 0;
}

int32_t casfs_thread(void) { return gettid(); }

int casfs_fork(void) { return fork(); }

int casfs_memory_file(const char *name) { return memfd_create(name, MFD_CLOEXEC); }

_Static_assert(CASFS_IOC_RELOAD == _IO(0xCA, 1), "CASFS_IOC_RELOAD");

int casfs_request_reload(int directory) { return ioctl(directory, CASFS_IOC_RELOAD); }

int casfs_spawn_without(void *actions, int first) { return posix_spawn_file_actions_addclosefrom_np(actions, first); }

int64_t casfs_getxattr(const char *path, const char *name, void *value, uint64_t size) {
  return getxattr(path, name, value, size);
}

int casfs_open_process(int pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

int casfs_wait_process(int pid, int milliseconds) {
  int fd = casfs_open_process(pid);
  if (fd == -1) return errno == ESRCH ? 0 : -1;
  struct pollfd end = {.fd = fd, .events = POLLIN};
  int ended = poll(&end, 1, milliseconds);
  close(fd);
  if (ended == 0) errno = ETIMEDOUT;
  return ended == 1 ? 0 : -1;
}

static const int held_signals[] = {SIGINT, SIGTERM, SIGHUP};
enum { held_count = sizeof held_signals / sizeof *held_signals };

int casfs_hold_signals(uint32_t *held, int also_blocked) {
  sigset_t blocked, hold;
  pthread_sigmask(SIG_BLOCK, NULL, &blocked);
  sigemptyset(&hold);
  *held = 0;
  for (int i = 0; i < held_count; i++) {
    struct sigaction action;
    if (sigaction(held_signals[i], NULL, &action) || action.sa_handler == SIG_IGN) continue;
    if (!also_blocked && sigismember(&blocked, held_signals[i])) continue;
    sigaddset(&hold, held_signals[i]);
    *held |= UINT32_C(1) << i;
  }
  int fd = signalfd(-1, &hold, SFD_CLOEXEC);
  if (fd == -1) return -1;
  pthread_sigmask(SIG_BLOCK, &hold, NULL);
  return fd;
}

void casfs_release_signals(uint32_t held) {
  sigset_t release;
  sigemptyset(&release);
  for (int i = 0; i < held_count; i++) {
    if (held >> i & 1) sigaddset(&release, held_signals[i]);
  }
  pthread_sigmask(SIG_UNBLOCK, &release, NULL);
}

int casfs_wait_readable(int fd, int signals) {
  struct pollfd files[] = {{.fd = fd, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
  if (poll(files, 2, -1) == -1) return -1;
  return files[1].revents == 0;
}

_Static_assert(casfs_CAP_CHOWN == CAP_CHOWN && casfs_CAP_DAC_OVERRIDE == CAP_DAC_OVERRIDE, "capabilities");
_Static_assert(casfs_CAP_FOWNER == CAP_FOWNER && casfs_CAP_LEASE == CAP_LEASE, "capabilities");
_Static_assert(casfs_CAP_SYS_ADMIN == CAP_SYS_ADMIN && casfs_CAP_SYS_PTRACE == CAP_SYS_PTRACE, "capabilities");

int casfs_keep_capabilities(uint64_t kept) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {0};
  // A program started later gets no capability outside the bounding set. Dropping from it needs CAP_SETPCAP.
  for (int i = 0; i < 64; i++) {
    if (!(kept >> i & 1) && prctl(PR_CAPBSET_DROP, i, 0, 0, 0)) break;
  }
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) && errno != EINVAL) return -1;
  if (syscall(SYS_capget, &header, sets)) return -1;
  for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
    sets[i].permitted &= (uint32_t)(kept >> (32 * i));
    sets[i].effective = sets[i].permitted;
    sets[i].inheritable = 0;
  }
  return (int)syscall(SYS_capset, &header, sets);
}

int casfs_no_new_privileges(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }

void casfs_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }

void casfs_log(int priority, const char *message) {
  // The name of a daemon that mount(8) started would be that of its helper.
  openlog("casfs", LOG_PID, LOG_DAEMON);
  syslog(priority, "%s", message);
}
