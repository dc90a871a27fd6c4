import Glibc

/// A value of a thread during a call: `pthread_setspecific(3)`.
@safe
package final class ThreadLocal<Value: AnyObject & Sendable>: Sendable {
  private let key: pthread_key_t

  /// Creates a key without values: `pthread_key_create(3)`.
  package init() {
    var key = pthread_key_t()
    unsafe pthread_key_create(&key, nil)
    self.key = key
  }

  deinit {
    pthread_key_delete(key)
  }

  /// The value of this thread: `pthread_getspecific(3)`.
  package var value: Value? {
    unsafe pthread_getspecific(key).map { unsafe Unmanaged<Value>.fromOpaque($0).takeUnretainedValue() }
  }

  /// Runs `body`, during which this thread has a value.
  package func withValue(_ value: Value, _ body: () -> Void) {
    unsafe pthread_setspecific(key, Unmanaged.passUnretained(value).toOpaque())
    defer {
      pthread_setspecific(key, nil)
      withExtendedLifetime(value) {}
    }
    body()
  }
}
