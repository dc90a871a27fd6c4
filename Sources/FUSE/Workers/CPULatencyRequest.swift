import CASPlatform
import Glibc
import Synchronization
import SystemPackage

/// A PM QoS request (`/dev/cpu_dma_latency`) that keeps CPUs out of deep idle states while requests arrive in quick
/// succession. Root only.
final class CPULatencyRequest: Sendable {
  /// Default only up to this many CPUs: on larger machines it would also keep unrelated CPUs awake.
  private static let defaultProcessorLimit = 4
  /// The kernel's `PM_QOS_CPU_LATENCY_DEFAULT_VALUE` in microseconds: no request.
  private static let unlimited: Int32 = 2_000_000_000

  private let device: OpenFile
  private let held = Atomic(false)

  /// Opens the device.
  ///
  /// - Parameter policy: `nil` means ``CPUIdlePolicy/poll`` on a machine with few CPUs and with access to the device.
  /// - Returns: `nil` if CPUs are to sleep.
  /// - Throws: EACCES or ENOENT, if the policy is ``CPUIdlePolicy/poll``.
  init?(_ policy: CPUIdlePolicy?) throws(Errno) {
    if policy == .sleep { return nil }
    if policy == nil, sysconf(Int32(_SC_NPROCESSORS_ONLN)) > Self.defaultProcessorLimit { return nil }
    do throws(Errno) {
      device = try OpenFile.open(path: "/dev/cpu_dma_latency", .writeOnly)
    } catch {
      if policy == nil { return nil }
      throw error
    }
  }

  /// Whether CPUs wake up without delay now.
  var isHeld: Bool { held.load(ordering: .relaxed) }

  /// Requests that CPUs wake up without delay.
  func acquire() {
    if !isHeld, !held.exchange(true, ordering: .acquiringAndReleasing) { request(0) }
  }

  /// Drops the request; the kernel does so too when the process ends.
  func release() {
    if isHeld, held.exchange(false, ordering: .acquiringAndReleasing) {
      request(Self.unlimited)
    }
  }

  /// - Parameter latency: in microseconds.
  private func request(_ latency: Int32) {
    // An error costs speed only.
    _ = unsafe withUnsafeBytes(of: latency) { unsafe pwrite(device.rawValue, $0.baseAddress, $0.count, 0) }
  }
}
