import CASPlatform
import Glibc
import Synchronization
import SystemPackage

/// What processors do that have nothing to do.
public enum CPUIdlePolicy: String, Sendable, CaseIterable {
  /// While requests come one right after the other, they look for work, as with the kernel's parameter `idle=poll`.
  case poll
  /// They sleep, which takes less power and, above all on a virtual machine, longer to wake from than most requests take.
  case sleep
}

/// Keeps processors from going to sleep, so that who waits for an answer goes on at once: `/dev/cpu_dma_latency`, the
/// kernel's PM QoS interface. It is for root.
final class CPULatencyRequest: Sendable {
  /// On a machine with no more processors than this hardly any is idle but those of who asks and who answers.
  private static let fewProcessors = 4

  private let device: OpenFile
  private let isHeld = Atomic(false)

  /// - Parameter mode: what is wanted; `nil` is this where there are few processors and the kernel lets it be had.
  /// - Returns: `nil` when they are to sleep.
  init?(_ mode: CPUIdlePolicy?) throws(Errno) {
    if mode == .sleep || mode == nil && sysconf(Int32(_SC_NPROCESSORS_ONLN)) > Self.fewProcessors { return nil }
    do throws(Errno) {
      device = try OpenFile.open(path: "/dev/cpu_dma_latency", .writeOnly)
    } catch {
      if mode == nil { return nil }
      throw error
    }
  }

  /// Processors must wake without delay.
  func acquire() {
    if !isHeld.load(ordering: .relaxed), !isHeld.exchange(true, ordering: .acquiringAndReleasing) { demand(0) }
  }

  /// They may take their time, `PM_QOS_CPU_LATENCY_DEFAULT_VALUE`; the kernel sees to it when this process is gone.
  func release() {
    if isHeld.load(ordering: .relaxed), isHeld.exchange(false, ordering: .acquiringAndReleasing) {
      demand(2_000_000_000)
    }
  }

  /// - Parameter latency: in microseconds.
  private func demand(_ latency: Int32) {
    // Where it cannot be had everything is as right, and as slow.
    _ = unsafe withUnsafeBytes(of: latency) { unsafe pwrite(device.rawValue, $0.baseAddress, $0.count, 0) }
  }
}
