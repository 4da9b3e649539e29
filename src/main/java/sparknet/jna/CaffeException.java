package sparknet.jna;

/** A failure of the engine or of the code around it; the message names what is at fault. */
public class CaffeException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int code;
  private final String codeName;

  public CaffeException(int code, String codeName, String message) {
    this(code, codeName, message, null);
  }

  public CaffeException(int code, String codeName, String message, Throwable cause) {
    super(message, cause);
    this.code = code;
    this.codeName = codeName;
  }

  public CaffeException(Status status, String message) {
    this(status.code(), status.name(), message, null);
  }

  public CaffeException(Status status, String message, Throwable cause) {
    this(status.code(), status.name(), message, cause);
  }

  /** The code, as in {@code ccaffe.h}. */
  public int getCode() {
    return code;
  }

  /** The code's name without its prefix, for example {@code BAD_NET}. */
  public String getCodeName() {
    return codeName;
  }

  @Override
  public String toString() {
    return getClass().getName() + " (" + codeName + "): " + getMessage();
  }
}
