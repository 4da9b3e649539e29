package sparknet.jna;

/** Turns the engine's status codes into exceptions. */
public final class Check {
  private Check() {}

  /** Throws if the call that just returned {@code status} on this thread failed. */
  public static void ok(int status) {
    if (status != Status.OK.code()) {
      throw failure(status, null);
    }
  }

  /** As {@link #ok(int)}; a failed callback's own exception becomes the cause and is told. */
  static void ok(int status, Throwable thrownByCallback) {
    if (status != Status.OK.code()) {
      throw failure(status, status == Status.CALLBACK.code() ? thrownByCallback : null);
    }
  }

  private static CaffeException failure(int status, Throwable cause) {
    String message = NativeLoader.library().ccaffe_last_error();
    if (message == null || message.isEmpty()) {
      message = "the engine failed with status " + status;
    }
    if (cause != null) {
      message += ": " + cause;
    }
    return new CaffeException(status, Status.of(status).name(), message, cause);
  }
}
