#define _GNU_SOURCE
#include "Keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

// Moves a descriptor to a number, which programs inherit.
static int place(int fd, int number) {
  if (fd == number) return fcntl(fd, F_SETFD, 0);
  return dup2(fd, number) == -1 ? -1 : 0;
}

static void execute(const char *name, const char *mount_point) {
  char title[sizeof CASFS_KEEPER_NAME + mount_point_limit];
  snprintf(title, sizeof title, "%s%s", name, mount_point);
  char *arguments[] = {title, NULL};
  execve("/proc/self/exe", arguments, environ);
}

int casfs_keeper_start(
    const char *mount_point, const char *const *arguments, int count, unsigned restart_limit, int ready) {
  int fd;
  struct casfs_keeper_state *state = casfs_keeper_make_state(&fd);
  if (!state) return -1;
  errno = E2BIG;
  if (strlen(mount_point) >= sizeof state->mount_point) return -1;
  uint32_t length = 0;
  for (int i = 0; i < count; i++) {
    size_t size = strlen(arguments[i]) + 1;
    if (size > sizeof state->arguments - length) return -1;
    memcpy(state->arguments + length, arguments[i], size);
    length += (uint32_t)size;
  }
  strcpy(state->mount_point, mount_point);
  state->arguments_length = length;
  state->restart_limit = restart_limit;
  state->flags = ready == -1 ? 0 : is_background;
  int kept_ready = -1;
  if (ready != -1 && (kept_ready = fcntl(ready, F_DUPFD_CLOEXEC, ready_fd + 1)) == -1) return -1;
  int kept_state = fcntl(fd, F_DUPFD_CLOEXEC, ready_fd + 1);
  if (kept_state == -1 || place(kept_state, casfs_keeper_state_fd)) return -1;
  if (kept_ready != -1 && place(kept_ready, ready_fd)) return -1;
  close(casfs_keeper_control_fd);
  close(casfs_keeper_device_fd);
  if (kept_ready == -1) close(ready_fd);
  if (close_range(ready_fd + 1, ~0U, 0)) return -1;
  execute(CASFS_KEEPER_NAME, mount_point);
  return -1;
}

_Noreturn void casfs_keeper_become_server(
    const struct casfs_keeper_state *state, int control, int device, pid_t parent, const sigset_t *mask) {
  // The mount ends with its keeper, as one without a keeper ends with its daemon.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  int control_copy = fcntl(control, F_DUPFD_CLOEXEC, ready_fd + 1);
  int device_copy = device == -1 ? -1 : fcntl(device, F_DUPFD_CLOEXEC, ready_fd + 1);
  if (control_copy == -1 || (device != -1 && device_copy == -1)) _exit(1);
  if (place(casfs_keeper_state_fd, casfs_keeper_state_fd) || place(control_copy, casfs_keeper_control_fd)) _exit(1);
  if (device_copy == -1) {
    close(casfs_keeper_device_fd);
  } else if (place(device_copy, casfs_keeper_device_fd)) {
    _exit(1);
  }
  close_range(ready_fd, ~0U, 0);
  sigprocmask(SIG_SETMASK, mask, NULL);
  execute(CASFS_SERVER_NAME, state->mount_point);
  _exit(1);
}
