#define _GNU_SOURCE
#include "Keeper.h"
#include "CLinux.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

void casfs_keeper_trim(void) {
  FILE *maps = fopen("/proc/self/smaps", "re");
  if (!maps) return;
  char line[512], permissions[5];
  uintptr_t start, end;
  unsigned long inode, size, start_of_range = 0, end_of_range = 0;
  int is_clean = 0;
  while (fgets(line, sizeof line, maps)) {
    if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s %*s %*s %lu", &start, &end, permissions, &inode) == 4) {
      start_of_range = start;
      end_of_range = end;
      is_clean = inode != 0 && permissions[1] == '-' && permissions[3] == 'p';
    } else if (sscanf(line, "Anonymous: %lu", &size) == 1 || sscanf(line, "Swap: %lu", &size) == 1) {
      if (size != 0) is_clean = 0;
    } else if (strncmp(line, "VmFlags:", 8) == 0 && is_clean) {
      madvise((void *)start_of_range, end_of_range - start_of_range, MADV_DONTNEED);
    }
  }
  fclose(maps);
}

int casfs_keeper_has_ended(pid_t process, int *signal) {
  *signal = 0;
  char path[64], line[1024];
  snprintf(path, sizeof path, "/proc/%d/stat", (int)process);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t length = fd == -1 ? -1 : read(fd, line, sizeof line - 1);
  if (fd != -1) close(fd);
  if (length <= 0) return 0;
  line[length] = 0;
  // The state follows the name, which may have any character. The wait status is the last number: proc_pid_stat(5).
  char *name_end = strrchr(line, ')');
  char *last = strrchr(line, ' ');
  if (!name_end || name_end[1] != ' ' || name_end[2] != 'Z' || last < name_end) return 0;
  int status = (int)strtol(last, NULL, 10);
  if (WIFSIGNALED(status)) *signal = WTERMSIG(status);
  return 1;
}

void casfs_keeper_drop_privileges(void) {
  static const int kept[] = {
      casfs_CAP_CHOWN, casfs_CAP_DAC_OVERRIDE, casfs_CAP_FOWNER, casfs_CAP_SYS_PTRACE, casfs_CAP_SYS_ADMIN,
      casfs_CAP_LEASE,
  };
  uint64_t capabilities = 0;
  for (unsigned i = 0; i < sizeof kept / sizeof *kept; i++) capabilities |= UINT64_C(1) << kept[i];
  (void)casfs_keep_capabilities(capabilities);
  // An ordinary user unmounts with fusermount3, which is set-user-ID root.
  if (geteuid() == 0) (void)casfs_no_new_privileges();
}

void casfs_keeper_notify_service(void) {
  static const char message[] = "READY=1";
  const char *path = getenv("NOTIFY_SOCKET");
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  size_t length = path ? strlen(path) : 0;
  if (length == 0 || length >= sizeof address.sun_path) return;
  memcpy(address.sun_path, path, length);
  // An abstract name begins with a NUL, which the variable cannot have.
  if (address.sun_path[0] == '@') address.sun_path[0] = 0;
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd == -1) return;
  socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
  (void)!sendto(fd, message, sizeof message - 1, MSG_NOSIGNAL, (const struct sockaddr *)&address, size);
  close(fd);
}
