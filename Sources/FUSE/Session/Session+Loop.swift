import CASPlatform
import CFUSE
import Glibc
import Logging
import Synchronization
import SystemPackage

/// What came when a request was asked for.
private enum Received {
  case request
  case nothing
  /// There will be none any more.
  case end
}

extension Session {
  /// Answers requests for as long as a member of the crew is wanted.
  func work(_ worker: Worker) {
    let device = unsafe fuse_session_fd(session)
    var buffer = unsafe fuse_buf()
    defer { unsafe free(buffer.mem) }
    var poller = AdaptivePoller()
    while sessionState.workers.becomeLeader(worker) {
      // Whoever had the lead may have gone on to something that takes long.
      sessionState.deferredRelease.send(device)
      while worker.isLeading {
        switch unsafe receive(&buffer, &poller) {
        case .request: unsafe answer(&buffer, worker, device)
        case .nothing:
          sessionState.rest(device)
          sleep(device)
        case .end:
          sessionState.rest(device)
          sessionState.workers.end()
          return
        }
      }
    }
  }

  private func answer(_ request: inout fuse_buf, _ worker: Worker, _ device: Int32) {
    // Nobody waits for it.
    let header = unsafe InHeader(UnsafeRawBufferPointer(start: request.mem, count: request.size))
    let isRelease = header?.opcode == Opcode.release.rawValue
    if isRelease, let header { sessionState.deferredRelease.begin(header.unique) }
    // Who asks after the last close comes after it, so nobody is answered before that has begun.
    sessionState.workers.begin(worker, keepingLead: isRelease)
    unsafe fuse_session_process_buf(session, &request)
    worker.end()
    if !isRelease || !worker.isLeading { sessionState.deferredRelease.send(device) }
  }

  /// Gets the next request; when there is none yet, it may look for one for a moment.
  private func receive(_ buffer: inout fuse_buf, _ poller: inout AdaptivePoller) -> Received {
    var received = unsafe receive(&buffer)
    guard case .nothing = received else { return received }
    _ = poller.pollBriefly {
      received = unsafe receive(&buffer)
      if case .nothing = received { return false }
      return true
    }
    if case .request = received, poller.isSustained { sessionState.cpuLatency?.acquire() }
    return received
  }

  private func receive(_ buffer: inout fuse_buf) -> Received {
    let result = unsafe fuse_session_receive_buf(session, &buffer)
    switch -result {
    case ..<0: return .request
    case EAGAIN:
      // After a stop the queue is answered to its end, and what is being worked on is waited for.
      let isDone = isStopping.load(ordering: .acquiring) && !sessionState.workers.isBusy
      return isDone ? .end : .nothing
    case EINTR, ENOENT: return .nothing
    case 0, ENODEV: return .end
    default:
      logger.error("receive from the kernel: \(Errno(rawValue: -result))")
      detach()
      return .end
    }
  }

  /// Waits for the next request, or to be told to stop.
  private func sleep(_ device: Int32) {
    let isStopping = isStopping.load(ordering: .acquiring)
    var descriptors = [
      pollfd(fd: device, events: Int16(POLLIN), revents: 0),
      pollfd(fd: isStopping ? -1 : stopSignal.reader.rawValue, events: Int16(POLLIN), revents: 0),
    ]
    unsafe poll(&descriptors, 2, isStopping ? 10 : -1)
  }
}
