#define _GNU_SOURCE
#include "Keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef PIDFD_THREAD
#define PIDFD_THREAD O_EXCL // Linux 6.9
#endif

enum {
  // The weight from which on a request is not answered any more. Two crashes reach it, and eight times SIGKILL, which
  // may have had other reasons.
  attempt_limit = 8,
};

struct casfs_keeper_state *casfs_keeper_make_state(int *fd) {
  *fd = memfd_create("casfs", MFD_CLOEXEC);
  if (*fd == -1) return NULL;
  struct casfs_keeper_state *state = MAP_FAILED;
  if (ftruncate(*fd, casfs_keeper_log_offset) == 0) {
    state = mmap(NULL, sizeof *state, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
  }
  if (state == MAP_FAILED) {
    close(*fd);
    return NULL;
  }
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  state->began_seconds = now.tv_sec;
  state->began_nanoseconds = now.tv_nsec;
  state->size = sizeof *state;
  state->keeper = getpid();
  state->logs[0][0] = state->logs[0][1] = casfs_keeper_log_offset;
  state->magic = CASFS_KEEPER_MAGIC;
  return state;
}

void casfs_keeper_end_state(struct casfs_keeper_state *state) { munmap(state, sizeof *state); }

// Notes that the program by which the last server replaced its own has died before it served.
static void note_failed_reload(struct casfs_keeper_state *state) {
  if (state->replacing == 0 || state->replacing == getpid()) return;
  state->replacing = 0;
  // A keeper of an earlier version has counted this server, and servers of it did not reset the number.
  if (state->size != sizeof *state) return;
  state->reloads--;
  char end[64], reason[96];
  casfs_keeper_describe_end(state, end, sizeof end);
  snprintf(reason, sizeof reason, "the installed version %s", end);
  casfs_keeper_note_failed_reload(state, reason);
}

struct casfs_keeper_state *casfs_keeper_attach(void) {
  struct stat status;
  if (fstat(casfs_keeper_state_fd, &status)) return NULL;
  if (!S_ISREG(status.st_mode) || status.st_nlink != 0 || status.st_size < casfs_keeper_log_offset ||
      status.st_uid != geteuid()) {
    errno = EINVAL;
    return NULL;
  }
  struct casfs_keeper_state *state = mmap(
      NULL, sizeof *state, PROT_READ | PROT_WRITE, MAP_SHARED, casfs_keeper_state_fd, 0);
  if (state == MAP_FAILED) return NULL;
  // Executing a program can have ended it. The mount ends with its keeper.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // A keeper of an earlier version keeps less, and the file has zeros there.
  int is_known = state->size == sizeof *state || state->size == offsetof(struct casfs_keeper_state, reload_failures) ||
                 state->size == offsetof(struct casfs_keeper_state, image);
  if (state->magic != CASFS_KEEPER_MAGIC || !is_known || state->keeper != getppid()) {
    munmap(state, sizeof *state);
    errno = EINVAL;
    return NULL;
  }
  note_failed_reload(state);
  // The number of a descriptor is all that the name of a program is that was executed through one.
  prctl(PR_SET_NAME, "casfs");
  return state;
}

const char *casfs_keeper_arguments(const struct casfs_keeper_state *state, uint32_t *length) {
  *length = state->arguments_length;
  return state->arguments;
}

int casfs_keeper_is_background(const struct casfs_keeper_state *state) { return (state->flags & is_background) != 0; }

int casfs_keeper_process(const struct casfs_keeper_state *state) { return state->keeper; }

int64_t casfs_keeper_began(const struct casfs_keeper_state *state, int64_t *nanoseconds) {
  *nanoseconds = state->began_nanoseconds;
  return state->began_seconds;
}

uint32_t casfs_keeper_starts(const struct casfs_keeper_state *state) { return state->starts; }

void casfs_keeper_describe_end(const struct casfs_keeper_state *state, char *text, size_t size) {
  if (WIFSIGNALED(state->last_end)) {
    snprintf(text, size, "was killed by signal %d", WTERMSIG(state->last_end));
  } else {
    snprintf(text, size, "has ended with status %d", WEXITSTATUS(state->last_end));
  }
}

void casfs_keeper_note_failed_reload(struct casfs_keeper_state *state, const char *reason) {
  state->reload_failures++;
  snprintf(state->reload_error, sizeof state->reload_error, "%s", reason);
}

uint32_t casfs_keeper_reload_failures(const struct casfs_keeper_state *state, const char **reason) {
  *reason = state->reload_error;
  return state->reload_failures;
}

void casfs_keeper_did_reload(struct casfs_keeper_state *state) {
  if (state->replacing != getpid()) return;
  state->replacing = 0;
  state->reload_failures = 0;
}

uint32_t casfs_keeper_reloads(const struct casfs_keeper_state *state) { return state->reloads; }

const char *casfs_keeper_program(const struct casfs_keeper_state *state) { return state->program; }

int casfs_keeper_device(const struct casfs_keeper_state *state) {
  return state->replacing == getpid() ? state->device : casfs_keeper_device_fd;
}

int casfs_keeper_handover(const struct casfs_keeper_state *state) {
  return state->replacing == getpid() ? state->handover : -1;
}

const uint8_t *casfs_keeper_init(const struct casfs_keeper_state *state, uint32_t *length) {
  *length = state->init_length;
  return state->init_length == 0 ? NULL : state->init;
}

const char *casfs_keeper_store(const struct casfs_keeper_state *state) {
  return state->init_length == 0 ? NULL : state->store;
}

const char *casfs_keeper_image(const struct casfs_keeper_state *state) {
  return state->init_length == 0 ? NULL : state->image;
}

int casfs_keeper_set_session(
    struct casfs_keeper_state *state, const uint8_t *init, uint32_t length, const char *store, const char *image,
    enum casfs_unanswered unanswered) {
  if (length > sizeof state->init || strlen(store) >= sizeof state->store || strlen(image) >= sizeof state->image) {
    errno = E2BIG;
    return -1;
  }
  memcpy(state->init, init, length);
  strcpy(state->store, store);
  strcpy(state->image, image);
  if (unanswered == casfs_unanswered_resent) state->flags |= can_resend;
  if (unanswered == casfs_unanswered_ended) state->flags |= ends_requests;
  state->init_length = length;
  return 0;
}

int casfs_keeper_send_ready(int fd, pid_t thread) {
  // A keeper of an earlier version takes the first descriptor alone.
  int files[report_files] = {fd, (int)syscall(SYS_pidfd_open, thread, PIDFD_THREAD)};
  int result = casfs_keeper_send(report_ready, files, files[1] == -1 ? 1 : 2);
  if (files[1] != -1) close(files[1]);
  return result;
}

int casfs_keeper_send(enum report report, const int *files, int count) {
  char byte = (char)report;
  struct iovec content = {.iov_base = &byte, .iov_len = 1};
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(report_files * sizeof *files)];
  } control = {0};
  struct msghdr message = {.msg_iov = &content, .msg_iovlen = 1};
  if (count > 0) {
    size_t size = (size_t)count * sizeof *files;
    message.msg_control = &control;
    message.msg_controllen = CMSG_SPACE(size);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(size);
    memcpy(CMSG_DATA(header), files, size);
  }
  return sendmsg(casfs_keeper_control_fd, &message, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

int casfs_keeper_may_answer(struct casfs_keeper_state *state, uint64_t unique) {
  struct attempt *found = NULL;
  for (int i = 0; i < attempt_count && !found; i++) {
    if (state->attempts[i].unique == unique) found = &state->attempts[i];
  }
  if (!found) {
    found = &state->attempts[state->next_attempt++ % attempt_count];
    *found = (struct attempt){.unique = unique};
  }
  found->weight += state->death_weight;
  return found->weight < attempt_limit;
}

void casfs_keeper_log(const struct casfs_keeper_state *state, uint64_t *start, uint64_t *end) {
  const uint64_t *log = state->logs[atomic_load_explicit(&state->current_log, memory_order_acquire) & 1];
  *start = log[0];
  *end = log[1];
}

void casfs_keeper_set_log(struct casfs_keeper_state *state, uint64_t start, uint64_t end) {
  uint32_t other = (atomic_load_explicit(&state->current_log, memory_order_relaxed) + 1) & 1;
  state->logs[other][0] = start;
  state->logs[other][1] = end;
  atomic_store_explicit(&state->current_log, other, memory_order_release);
}

void casfs_keeper_free_log(int fd, uint64_t start, uint64_t end) {
  (void)fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)start, (off_t)(end - start));
}
