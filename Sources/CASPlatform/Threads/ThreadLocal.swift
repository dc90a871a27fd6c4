import Glibc

/// A value that each thread has for itself, for as long as it runs something: `pthread_setspecific(3)`.
@safe
public final class ThreadLocal<Value: AnyObject & Sendable>: Sendable {
  private let key: pthread_key_t

  /// No thread has a value yet.
  public init() {
    var key = pthread_key_t()
    unsafe pthread_key_create(&key, nil)
    self.key = key
  }

  deinit {
    pthread_key_delete(key)
  }

  /// What this thread has.
  public var value: Value? {
    unsafe pthread_getspecific(key).map { unsafe Unmanaged<Value>.fromOpaque($0).takeUnretainedValue() }
  }

  /// Runs `body` with a value for this thread.
  public func withValue(_ value: Value, _ body: () -> Void) {
    unsafe pthread_setspecific(key, Unmanaged.passUnretained(value).toOpaque())
    defer {
      pthread_setspecific(key, nil)
      withExtendedLifetime(value) {}
    }
    body()
  }
}
