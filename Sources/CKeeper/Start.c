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

// Executes an open program, or that of this process if `program` is -1, under a name and the mount point. Returns on
// failure.
static void execute(int program, const char *name, const char *mount_point) {
  char title[sizeof CASFS_KEEPER_NAME + mount_point_limit];
  snprintf(title, sizeof title, "%s%s", name, mount_point);
  char *arguments[] = {title, NULL};
  if (program == -1) {
    execve("/proc/self/exe", arguments, environ);
  } else {
    execveat(program, "", arguments, environ, AT_EMPTY_PATH);
  }
}

// Notes where the program is installed. The link of a program that was replaced ends with a remark of the kernel.
static void note_program(struct casfs_keeper_state *state) {
  static const char deleted[] = " (deleted)";
  ssize_t length = readlink("/proc/self/exe", state->program, sizeof state->program - 1);
  state->program[length < 0 ? 0 : length] = 0;
  ssize_t start = length - (ssize_t)(sizeof deleted - 1);
  if (start > 0 && strcmp(state->program + start, deleted) == 0) state->program[start] = 0;
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
  note_program(state);
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
  execute(-1, CASFS_KEEPER_NAME, mount_point);
  return -1;
}

_Noreturn void casfs_keeper_become_server(
    const struct casfs_keeper_state *state, int control, int device, int program, pid_t parent, const sigset_t *mask) {
  // The mount ends with its keeper, as one without a keeper ends with its daemon.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  int control_copy = fcntl(control, F_DUPFD_CLOEXEC, program_fd + 1);
  int device_copy = device == -1 ? -1 : fcntl(device, F_DUPFD_CLOEXEC, program_fd + 1);
  int program_copy = program == -1 ? -1 : fcntl(program, F_DUPFD_CLOEXEC, program_fd + 1);
  if (control_copy == -1 || (device != -1 && device_copy == -1) || (program != -1 && program_copy == -1)) _exit(1);
  if (place(casfs_keeper_state_fd, casfs_keeper_state_fd) || place(control_copy, casfs_keeper_control_fd)) _exit(1);
  if (device_copy == -1) {
    close(casfs_keeper_device_fd);
  } else if (place(device_copy, casfs_keeper_device_fd)) {
    _exit(1);
  }
  if (program_copy != -1 && dup3(program_copy, program_fd, O_CLOEXEC) == -1) _exit(1);
  close_range(program_copy == -1 ? program_fd : program_fd + 1, ~0U, 0);
  sigprocmask(SIG_SETMASK, mask, NULL);
  if (program_copy != -1) execute(program_fd, CASFS_SERVER_NAME, state->mount_point);
  execute(-1, CASFS_SERVER_NAME, state->mount_point);
  _exit(1);
}

static void set_inherited(const int *files, int count, int is_inherited) {
  for (int i = 0; i < count; i++) fcntl(files[i], F_SETFD, is_inherited ? 0 : FD_CLOEXEC);
}

int casfs_keeper_replace(
    struct casfs_keeper_state *state, int program, int device, int handover, const int *files, int count) {
  const int own[] = {casfs_keeper_state_fd, casfs_keeper_control_fd, device, handover};
  const int own_count = sizeof own / sizeof *own;
  if (casfs_keeper_send(report_replacing, NULL, 0)) return -1;
  state->device = device;
  state->handover = handover;
  state->replacing = getpid();
  state->reloads++;
  set_inherited(own, own_count, 1);
  set_inherited(files, count, 1);
  execute(program, CASFS_SERVER_NAME, state->mount_point);
  int error = errno;
  set_inherited(files, count, 0);
  set_inherited(own, own_count, 0);
  state->reloads--;
  state->replacing = 0;
  (void)casfs_keeper_send(report_ready, NULL, 0);
  errno = error;
  return -1;
}
