import CASPlatform
import CFUSE
import Glibc
import Logging
import StoreTree
import Synchronization
import SystemPackage

/// The outcome of a read from `/dev/fuse`.
private enum Received {
  case request
  case nothing
  /// No more requests will come.
  case end
}

extension Session {
  /// Answers requests while the worker leads; returns when its thread must end.
  func work(_ worker: Worker) {
    let device = unsafe fuse_session_fd(session)
    var buffer = unsafe fuse_buf()
    defer { unsafe free(buffer.mem) }
    var poller = AdaptivePoller()
    while sessionState.workers.becomeLeader(worker) {
      // The previous leader may have blocked before it sent the reply that it held.
      sessionState.deferredReply.send(device)
      while worker.isLeading {
        if gate.isClosed {
          sessionState.willStop(device)
          gate.waitUntilOpen()
        }
        switch unsafe receive(&buffer, &poller) {
        case .request: unsafe answer(&buffer, worker, device)
        case .nothing:
          sessionState.deferredReply.send(device)
          sleep(device, &poller)
        case .end:
          sessionState.willStop(device)
          sessionState.workers.end()
          return
        }
      }
    }
  }

  private func answer(_ request: inout fuse_buf, _ worker: Worker, _ device: Int32) {
    let header = unsafe InHeader(UnsafeRawBufferPointer(start: request.mem, count: request.size))
    worker.unique = header?.unique ?? 0
    let isRelease = header?.opcode == Opcode.release.rawValue
    if isRelease, let header { sessionState.deferredReply.begin(header.unique) }
    // A lookup after the last close must wait for the commit, so no request is read before the RELEASE has begun it.
    sessionState.workers.beginRequest(worker, keepsLead: isRelease)
    unsafe fuse_session_process_buf(session, &request)
    worker.endRequest()
    if !isRelease || !worker.isLeading { sessionState.deferredReply.send(device) }
  }

  /// Reads the next request, and polls briefly if there is none yet.
  private func receive(_ buffer: inout fuse_buf, _ poller: inout AdaptivePoller) -> Received {
    var received = unsafe receive(&buffer)
    guard case .nothing = received else { return received }
    _ = poller.pollBriefly {
      received = unsafe receive(&buffer)
      if case .nothing = received { return false }
      return true
    }
    if poller.isSustained { sessionState.cpuLatency?.acquire() }
    return received
  }

  private func receive(_ buffer: inout fuse_buf) -> Received {
    let result = unsafe fuse_session_receive_buf(session, &buffer)
    switch -result {
    case ..<0: return .request
    case EAGAIN:
      sessionState.tree.didReadQueue()
      // After a stop the queued requests are still answered, and the workers finish theirs.
      let isDone = isStopping.load(ordering: .acquiring) && !sessionState.workers.isBusy
      return isDone ? .end : .nothing
    case EINTR, ENOENT: return .nothing
    case 0, ENODEV: return .end
    default:
      logger.error("read /dev/fuse: \(Errno(rawValue: -result))")
      detach()
      return .end
    }
  }

  /// Sleeps until a request arrives or the session is stopped; once stopped, up to 10 ms.
  private func sleep(_ device: Int32, _ poller: inout AdaptivePoller) {
    let isStopping = isStopping.load(ordering: .acquiring)
    var descriptors = [
      pollfd(fd: device, events: Int16(POLLIN), revents: 0),
      pollfd(fd: isStopping ? -1 : stopSignal.reader.rawValue, events: Int16(POLLIN), revents: 0),
      pollfd(fd: gate.closing.rawValue, events: Int16(POLLIN), revents: 0),
    ]
    let timeout: Int32 = isStopping ? 10 : -1
    guard let latency = sessionState.cpuLatency else {
      unsafe poll(&descriptors, 3, timeout)
      return
    }
    let (start, isAnswering) = (ContinuousClock.now, sessionState.workers.isBusy)
    if latency.isHeld {
      if unsafe poll(&descriptors, 3, AdaptivePoller.longestPause(isAnswering: isAnswering)) != 0 { return }
      latency.release()
    }
    unsafe poll(&descriptors, 3, timeout)
    poller.didSleep(for: ContinuousClock.now - start, isAnswering: isAnswering)
  }
}
