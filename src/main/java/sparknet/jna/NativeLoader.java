package sparknet.jna;

import com.sun.jna.Library;
import com.sun.jna.Native;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.Collectors;

/**
 * Finds and loads the native library, once per JVM.
 *
 * <p>Tried in this order: the file that the system property {@code sparknet.library} names; the
 * copy inside the jar; {@code $SPARKNET_HOME/build/libccaffe.so}; what JNA finds under the name
 * {@code ccaffe} ({@code jna.library.path}, {@code LD_LIBRARY_PATH}, system folders).
 */
public final class NativeLoader {
  public static final String PROPERTY = "sparknet.library";
  private static final String FILE = "libccaffe.so";
  // JNA would show the symbols of the library and of what it needs to the whole process: another
  // HDF5 or protobuf in it, h5py's for instance, would then call into ours.
  private static final int RTLD_NOW = 2;
  private static final Map<String, Object> OPTIONS =
      Map.of(Library.OPTION_STRING_ENCODING, "UTF-8", Library.OPTION_OPEN_FLAGS, RTLD_NOW);

  private static CCaffe library;

  private NativeLoader() {}

  /** The library, loaded if it was not; a failure is tried anew by the next call. */
  public static synchronized CCaffe library() {
    if (library == null) {
      library = load(System.getProperty(PROPERTY), System.getenv("SPARKNET_HOME"));
      Warnings.of(library);
    }
    return library;
  }

  static CCaffe load(String chosen, String home) {
    List<String> tried = new ArrayList<>();
    Optional<CCaffe> found = Optional.empty();
    if (chosen != null) {
      found = loadFile(Path.of(chosen), "system property " + PROPERTY, tried);
    } else {
      Optional<Path> bundled = extract(tried);
      if (bundled.isPresent()) {
        found = loadBundled(bundled.get(), tried);
      }
      if (found.isEmpty() && home != null) {
        found = loadFile(Path.of(home, "build", FILE), "SPARKNET_HOME", tried);
      }
      if (found.isEmpty()) {
        found = loadNamed("ccaffe", "JNA's search for \"ccaffe\"", tried);
      }
    }
    return checkVersion(
        found.orElseThrow(
            () ->
                new CaffeException(
                    Status.IO,
                    "the native library " + FILE + " was not loaded" + reason(tried)
                        + "; tried:\n  "
                        + String.join("\n  ", tried)
                        + "\nBuild it with build/setup, or name it with -D" + PROPERTY + "=FILE")));
  }

  /** What is wrong with the machine, or else with the libraries tried, as far as that is known. */
  private static String reason(List<String> tried) {
    List<String> reasons = new ArrayList<>();
    Misfit.ofMachine().ifPresent(reasons::add);
    if (reasons.isEmpty()) {
      tried.stream().flatMap(each -> Misfit.of(each).stream()).distinct().forEach(reasons::add);
    }
    return reasons.isEmpty() ? "" : ": " + String.join("; ", reasons);
  }

  private static Optional<Path> extract(List<String> tried) {
    try {
      Optional<Path> file = BundledLibrary.extract(FILE);
      if (file.isEmpty()) {
        tried.add("the jar's own copy: none for this platform on the class path");
      }
      return file;
    } catch (IOException | UncheckedIOException e) {
      tried.add("the jar's own copy: cannot be unpacked: " + e);
      return Optional.empty();
    }
  }

  private static Optional<CCaffe> loadBundled(Path file, List<String> tried) {
    String source = "the jar's own copy";
    Optional<CCaffe> found = loadFile(file, source, tried);
    try {
      if (found.isEmpty() && BundledLibrary.loadSpares(file)) {
        found = loadFile(file, source + " with its own libstdc++", tried);
      }
    } catch (IOException | LinkageError e) {
      tried.add(source + ": its own libstdc++ is of no use here: " + e.getMessage());
    }
    return found;
  }

  private static Optional<CCaffe> loadFile(Path file, String source, List<String> tried) {
    if (!Files.isRegularFile(file)) {
      tried.add(source + ": there is no file " + file);
      return Optional.empty();
    }
    return loadNamed(file.toAbsolutePath().toString(), source + " (" + file + ")", tried);
  }

  private static Optional<CCaffe> loadNamed(String name, String source, List<String> tried) {
    try {
      return Optional.of(Native.load(name, CCaffe.class, OPTIONS));
    } catch (LinkageError e) {
      // JNA lists every folder that it looked in; the first ones tell what went wrong.
      String reason = e.getMessage() == null ? e.toString() : e.getMessage();
      tried.add(source + ": " + reason.lines().limit(2).collect(Collectors.joining(" ")));
      return Optional.empty();
    }
  }

  private static CCaffe checkVersion(CCaffe loaded) {
    String ours = jarVersion();
    String theirs;
    try {
      theirs = loaded.ccaffe_version();
    } catch (UnsatisfiedLinkError e) {
      throw new CaffeException(
          Status.UNSUPPORTED, "not SparkNet's libccaffe.so: it has no ccaffe_version");
    }
    if (ours != null && !ours.equals(theirs)) {
      throw new CaffeException(
          Status.UNSUPPORTED,
          "libccaffe.so has version " + theirs + ", the jar " + ours + ": build both anew");
    }
    return loaded;
  }

  private static String jarVersion() {
    try (InputStream in = NativeLoader.class.getResourceAsStream("/sparknet/version.properties")) {
      if (in == null) {
        return null;
      }
      Properties properties = new Properties();
      properties.load(in);
      return properties.getProperty("version");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
