public import Testing

extension Trait where Self == TimeLimitTrait {
  /// Ends a test that hangs. All tests begin at once and wait for their turn, so this bounds the whole run on a slow
  /// machine, and not the work of one test.
  public static var boundedInTime: Self { .timeLimit(.minutes(20)) }
}
