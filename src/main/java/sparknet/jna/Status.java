package sparknet.jna;

/** The status codes of {@code ccaffe.h}; a constant's ordinal is its code. */
public enum Status {
  OK,
  INVALID_ARGUMENT,
  INVALID_HANDLE,
  IO,
  PARSE,
  BAD_NET,
  SHAPE,
  UNSUPPORTED,
  STATE,
  CALLBACK,
  NUMERIC,
  OUT_OF_MEMORY,
  INTERNAL;

  private static final Status[] BY_CODE = values();

  /** The status of a code; one that a newer library invented counts as {@link #INTERNAL}. */
  public static Status of(int code) {
    return code >= 0 && code < BY_CODE.length ? BY_CODE[code] : INTERNAL;
  }

  public int code() {
    return ordinal();
  }
}
