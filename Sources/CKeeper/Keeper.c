#define _GNU_SOURCE
#include "Keeper.h"
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#ifndef FUSE_NOTIFY_RESEND_CODE // enum fuse_notify_code, Linux 6.9
#define FUSE_NOTIFY_RESEND_CODE 7
#endif

enum {
  // How long the threads of a killed server may still be there after its first one, before the next server starts all the
  // same. A thread that waits for a disk can take longer, and then has the locks of the store until it ends.
  exit_grace_ms = 30,
  // The same after the descriptors of the server have closed: what remains changes nothing.
  closed_grace_ms = 3,
  // How long a server that was not killed may take to end.
  kill_grace_ms = 300,
  // The time in which deaths are counted.
  death_window_ms = 10000,
  first_pause_ms = 100,
  longest_pause_ms = 4000,
  death_limit = 1024,
  // The time in which a server must be ready, whether it takes that long or others end before it, in milliseconds.
  start_limit_ms = 60000,
  // The longest time between two looks at a server of which no event tells, and the first one at one of which one does.
  look_ms = 500,
  first_look_ms = 1,
};

struct keeper {
  struct casfs_keeper_state *state;
  // /dev/fuse, after the first server has mounted.
  int device;
  // The program that servers run, once a server has replaced its own; -1 for that of this process.
  int program;
  int ready;
  int signals;
  sigset_t original_mask;
  pid_t server;
  // The end of all threads of the server, and of one that ends with the first.
  int server_end;
  int thread_end;
  // A socket, which ends when no thread of the server has its descriptors.
  int control;
  // The time to the next look at the server.
  int look;
  // A server that was followed by another before it had ended.
  pid_t leftover;
  int is_stopping;
  int is_ready;
  // Deaths in a row of servers that were not ready.
  int failures;
  // When the last server that was ready ended.
  int64_t waiting_since;
  // When the last server was started.
  int64_t started;
  int64_t deaths[death_limit];
  unsigned death_count;
};

static int64_t now_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static void close_fd(int *fd) {
  if (*fd != -1) close(*fd);
  *fd = -1;
}

// MARK: Servers

// Starts a server. Returns 0, or -1.
static int start(struct keeper *keeper) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends)) return -1;
  pid_t parent = getpid();
  keeper->state->starts++;
  pid_t child = fork();
  if (child == 0) {
    casfs_keeper_become_server(
        keeper->state, ends[1], keeper->device, keeper->program, parent, &keeper->original_mask);
  }
  close(ends[1]);
  if (child == -1) {
    close(ends[0]);
    return -1;
  }
  keeper->server = child;
  keeper->control = ends[0];
  keeper->is_ready = 0;
  keeper->started = now_ms();
  keeper->look = look_ms;
  keeper->server_end = (int)syscall(SYS_pidfd_open, child, 0);
  return 0;
}

// Takes the end of a server. Returns its wait status; if threads of it remain, that of the first one.
//
// A thread that remains can wait for the lock of a directory of the mount, to drop a name from the kernel's cache. A caller
// who waits for a server can hold that lock, so the next server must not wait for the thread.
static int reap(struct keeper *keeper) {
  int status = 0, signal = 0;
  int64_t start = now_ms();
  struct pollfd files[] = {{.fd = keeper->server_end, .events = POLLIN}, {.fd = keeper->control}};
  while (waitpid(keeper->server, &status, WNOHANG) != keeper->server) {
    if (files[1].revents) files[1].fd = -1;
    casfs_keeper_has_ended(keeper->server, &signal);
    int grace = signal == 0 ? kill_grace_ms : files[1].fd == -1 ? closed_grace_ms : exit_grace_ms;
    if (now_ms() - start >= grace) {
      kill(keeper->server, SIGKILL);
      status = signal ? signal : SIGKILL;
      keeper->leftover = keeper->server;
      break;
    }
    poll(files, 2, first_look_ms);
  }
  close_fd(&keeper->server_end);
  close_fd(&keeper->thread_end);
  close_fd(&keeper->control);
  keeper->server = 0;
  return status;
}

// Lets the kernel send the requests again that the dead server had read, unless they have ended with it. It must come
// before a caller is killed, which would wait for an answer otherwise. Returns 0, or -1.
static int resend(struct keeper *keeper) {
  if (!(keeper->state->flags & can_resend)) return 0;
  struct fuse_out_header notice = {.len = sizeof notice, .error = FUSE_NOTIFY_RESEND_CODE};
  return write(keeper->device, &notice, sizeof notice) == sizeof notice ? 0 : -1;
}

static int is_mounted(struct keeper *keeper) {
  struct pollfd state = {.fd = keeper->device};
  return poll(&state, 1, 0) >= 0 && (state.revents & (POLLERR | POLLHUP | POLLNVAL)) == 0;
}

// Whether the last death was one too many. A server that cannot begin, as when its store is away, is tried for longer.
static int gives_up(struct keeper *keeper, int has_begun) {
  if (keeper->failures > 0 && now_ms() - keeper->waiting_since >= start_limit_ms) return 1;
  if (!has_begun) return 0;
  unsigned limit = keeper->state->restart_limit;
  if (limit == 0) return 0;
  if (limit > death_limit) limit = death_limit;
  int64_t now = now_ms();
  keeper->deaths[keeper->death_count++ % limit] = now;
  return keeper->death_count >= limit && now - keeper->deaths[keeper->death_count % limit] <= death_window_ms;
}

// MARK: End

// Reports the end of the last server and what follows from it.
static void report(struct keeper *keeper, const char *consequence) {
  char end[64];
  casfs_keeper_describe_end(keeper->state, end, sizeof end);
  const char *directory = keeper->state->mount_point;
  if (keeper->ready == -1 && keeper->state->flags & is_background) {
    openlog("casfs", LOG_PID, LOG_DAEMON);
    syslog(LOG_ERR, "the server of %s %s%s", directory, end, consequence);
  } else {
    fprintf(stderr, "casfs: the server of %s %s%s\n", directory, end, consequence);
  }
}

static void unmount(struct keeper *keeper) {
  const char *path = keeper->state->mount_point;
  if (geteuid() == 0) {
    umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW);
    return;
  }
  pid_t child = fork();
  if (child == 0) {
    sigprocmask(SIG_SETMASK, &keeper->original_mask, NULL);
    execlp("fusermount3", "fusermount3", "-u", "-z", "-q", "--", path, NULL);
    _exit(1);
  }
  if (child > 0) waitpid(child, NULL, 0);
}

// Decides what follows the end of a server. Returns the exit status of the keeper, or -1 to go on.
static int handle_end(struct keeper *keeper) {
  int status = keeper->state->last_end = reap(keeper);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return 0;
  int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  if (keeper->device == -1) {
    // A server that exits has printed the reason.
    if (WIFSIGNALED(status) && !keeper->is_stopping) report(keeper, ", and has not mounted");
    return code;
  }
  // Until a server is ready these signals end it alone, and not the mount for which they are meant.
  if (WIFSIGNALED(status) && (code == 128 + SIGTERM || code == 128 + SIGINT || code == 128 + SIGHUP)) {
    keeper->is_stopping = 1;
  }
  if (keeper->is_stopping) {
    unmount(keeper);
    return code;
  }
  if (!is_mounted(keeper)) return code;
  if (!(keeper->state->flags & (can_resend | ends_requests))) {
    report(keeper, ", and no other can answer its requests");
    return casfs_keeper_gave_up;
  }
  if (keeper->is_ready) keeper->waiting_since = now_ms();
  keeper->failures = keeper->is_ready ? 0 : keeper->failures + 1;
  keeper->state->death_weight = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? 1 : 4;
  if (gives_up(keeper, keeper->is_ready || WIFSIGNALED(status))) {
    report(keeper, " and is given up; casfs unmount removes the mount");
    return casfs_keeper_gave_up;
  }
  return resend(keeper) ? casfs_keeper_gave_up : -1;
}

// MARK: Events

// Leaves the terminal, as daemon(7) has it.
static void detach(struct keeper *keeper) {
  setsid();
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int stream = STDIN_FILENO; null != -1 && stream <= STDERR_FILENO; stream++) dup2(null, stream);
  close_fd(&null);
  if (chdir("/")) return;
  char byte = 1;
  if (write(keeper->ready, &byte, 1) == 1) close_fd(&keeper->ready);
}

// Reads a report of a server.
static void receive(struct keeper *keeper) {
  char byte;
  struct iovec content = {.iov_base = &byte, .iov_len = 1};
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(report_files * sizeof(int))];
  } control = {0};
  struct msghdr message = {
      .msg_iov = &content, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  ssize_t length = recvmsg(keeper->control, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  if (length != 1) {
    if (length == 0 || (errno != EAGAIN && errno != EINTR)) {
      close_fd(&keeper->control);
      keeper->look = first_look_ms;
    }
    return;
  }
  int *places[report_files] = {keeper->device == -1 ? &keeper->device : &keeper->program, &keeper->thread_end};
  close_fd(&keeper->thread_end);
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  if (header && header->cmsg_type == SCM_RIGHTS) {
    size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count && i < report_files; i++) {
      close_fd(places[i]);
      memcpy(places[i], CMSG_DATA(header) + i * sizeof(int), sizeof(int));
    }
  }
  keeper->look = look_ms;
  if (byte == report_replacing) {
    keeper->is_ready = 0;
    keeper->started = now_ms();
    keeper->waiting_since = keeper->started;
    return;
  }
  keeper->is_ready = 1;
  keeper->failures = 0;
  if (keeper->ready != -1) {
    detach(keeper);
    casfs_keeper_trim();
  } else if (!(keeper->state->flags & is_background)) {
    // The keeper is the main process of a service.
    casfs_keeper_notify_service();
  }
}

static void handle_signal(struct keeper *keeper) {
  struct signalfd_siginfo signal;
  if (read(keeper->signals, &signal, sizeof signal) != sizeof signal) return;
  keeper->is_stopping = 1;
  if (keeper->server > 0) kill(keeper->server, (int)signal.ssi_signo);
}

// Looks at a server of which no event has told. Returns whether it has ended.
static int look(struct keeper *keeper) {
  if (keeper->leftover && waitpid(keeper->leftover, NULL, WNOHANG) != 0) keeper->leftover = 0;
  int signal;
  if (casfs_keeper_has_ended(keeper->server, &signal)) return 1;
  int is_waited_for = keeper->device != -1 && !keeper->is_ready;
  if (is_waited_for && now_ms() - keeper->started >= start_limit_ms) kill(keeper->server, SIGKILL);
  keeper->look = keeper->look > look_ms / 2 ? look_ms : keeper->look * 2;
  return 0;
}

// Waits for one event. Returns the exit status, or -1 to go on.
static int handle_event(struct keeper *keeper) {
  struct pollfd files[] = {
      {.fd = keeper->signals, .events = POLLIN},
      {.fd = keeper->control, .events = POLLIN},
      {.fd = keeper->server_end, .events = POLLIN},
      // A server that is not ready does not notice an unmount, as one that waits for a registry.
      {.fd = keeper->is_ready ? -1 : keeper->device},
      {.fd = keeper->thread_end, .events = POLLIN},
  };
  int is_watched = keeper->is_ready && keeper->control != -1 && keeper->thread_end != -1 && keeper->leftover == 0;
  if (poll(files, 5, is_watched ? -1 : keeper->look) == 0 && look(keeper)) return handle_end(keeper);
  if (files[0].revents) handle_signal(keeper);
  if (files[1].revents) receive(keeper);
  if (files[4].revents && files[4].fd == keeper->thread_end) {
    // The server has been killed, or its mount ends, or it replaces its program.
    close_fd(&keeper->thread_end);
    keeper->look = first_look_ms;
  }
  if (files[3].revents && !keeper->is_ready) {
    kill(keeper->server, SIGKILL);
    reap(keeper);
    return 0;
  }
  return files[2].revents ? handle_end(keeper) : -1;
}

// Starts the next server, after a pause if more than one before was not ready. Returns the exit status, or -1 to go on.
static int start_next(struct keeper *keeper) {
  int doublings = keeper->failures - 2;
  int pause = doublings < 0 ? 0 : first_pause_ms << (doublings > 6 ? 6 : doublings);
  struct pollfd files[] = {{.fd = keeper->signals, .events = POLLIN}, {.fd = keeper->device}};
  (void)poll(files, 2, pause > longest_pause_ms ? longest_pause_ms : pause);
  if (files[0].revents) handle_signal(keeper);
  // Servers with threads that could not end.
  while (waitpid(-1, NULL, WNOHANG) > 0) continue;
  if (keeper->is_stopping) {
    unmount(keeper);
    return 0;
  }
  if (keeper->device != -1 && !is_mounted(keeper)) return 0;
  if (start(keeper) == 0) return -1;
  keeper->failures++;
  return gives_up(keeper, 0) ? casfs_keeper_gave_up : -1;
}

// Blocks the signals that nothing sends a keeper for a reason, and that would end it.
static void block_stray_signals(void) {
  static const int stray[] = {SIGPIPE, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGIO};
  sigset_t blocked;
  sigemptyset(&blocked);
  for (unsigned i = 0; i < sizeof stray / sizeof *stray; i++) sigaddset(&blocked, stray[i]);
  sigprocmask(SIG_BLOCK, &blocked, NULL);
}

int casfs_keeper_run(void) {
  prctl(PR_SET_NAME, "casfs-keeper");
  signal(SIGCHLD, SIG_DFL);
  struct keeper keeper = {.device = -1, .program = -1, .server_end = -1, .thread_end = -1, .control = -1, .ready = -1};
  keeper.state = mmap(NULL, sizeof *keeper.state, PROT_READ | PROT_WRITE, MAP_SHARED, casfs_keeper_state_fd, 0);
  if (keeper.state == MAP_FAILED || keeper.state->magic != CASFS_KEEPER_MAGIC || keeper.state->keeper != getpid()) {
    return 64;
  }
  if (keeper.state->flags & is_background) keeper.ready = ready_fd;
  // No program that the keeper starts inherits more than it is given.
  close_range(casfs_keeper_state_fd, ~0U, CLOSE_RANGE_CLOEXEC);
  casfs_keeper_drop_privileges();
  sigprocmask(SIG_BLOCK, NULL, &keeper.original_mask);
  uint32_t held;
  keeper.signals = casfs_hold_signals(&held, 0);
  block_stray_signals();
  if (keeper.signals == -1) return 1;
  int status = -1;
  while (status == -1) status = keeper.server > 0 ? handle_event(&keeper) : start_next(&keeper);
  return status;
}
