public import Testing

extension Trait where Self == TimeLimitTrait {
  /// Ends a test that hangs. All tests start together and wait for their turn, so this limits the whole run on a slow
  /// machine rather than one test.
  public static var boundedInTime: Self { .timeLimit(.minutes(20)) }
}
