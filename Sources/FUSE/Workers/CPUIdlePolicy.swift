/// How idle CPUs wait while requests arrive in quick succession.
public enum CPUIdlePolicy: String, Sendable, CaseIterable {
  /// They poll for work, as with the kernel parameter `idle=poll`.
  case poll
  /// They enter idle states. That saves power, but on a virtual machine waking up takes longer than most requests.
  case sleep
}
