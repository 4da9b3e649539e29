package sparknet.jna;

import com.sun.jna.Function;
import com.sun.jna.Platform;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Why this machine cannot load a library, in a few words. */
final class Misfit {
  private static final String BUILT_FOR = "linux-x86-64";
  // As the loader of glibc has it.
  private static final Pattern VERSION =
      Pattern.compile("(\\S+): version `([^']+)' not found \\(required by (\\S+)\\)");
  private static final Pattern FILE =
      Pattern.compile("(\\S+): cannot open shared object file: No such file or directory");

  private Misfit() {}

  /** Of the machine itself; empty where nothing is wrong with it. */
  static Optional<String> ofMachine() {
    String mapped;
    try {
      mapped = Files.readString(Path.of("/proc/self/maps"));
    } catch (IOException e) {
      mapped = ""; // not Linux
    }
    return ofMachine(Platform.RESOURCE_PREFIX, mapped);
  }

  /** platform: as JNA calls it; mapped: the lines of the files in this process's memory. */
  static Optional<String> ofMachine(String platform, String mapped) {
    String needs = "it is for Linux on x86-64 with glibc, and this is ";
    if (!platform.equals(BUILT_FOR)) {
      return Optional.of(needs + platform);
    }
    return mapped.contains("/ld-musl-") ? Optional.of(needs + "a Linux with musl") : Optional.empty();
  }

  /** Of a library, from what the loader said of it; empty if that tells neither file nor version. */
  static Optional<String> of(String said) {
    Matcher version = VERSION.matcher(said);
    if (version.find()) {
      String needs = name(version.group(3)) + " needs " + version.group(2);
      return Optional.of(
          version.group(2).startsWith("GLIBC_")
              ? needs + ", this machine has glibc " + glibc()
              : needs + ", which " + version.group(1) + " does not have");
    }
    Matcher file = FILE.matcher(said);
    return file.find() && file.group(1).contains(".so")
        ? Optional.of(name(file.group(1)) + " is missing on this machine")
        : Optional.empty();
  }

  private static String glibc() {
    return Function.getFunction("libc.so.6", "gnu_get_libc_version").invokeString(null, false);
  }

  private static String name(String path) {
    return path.substring(path.lastIndexOf('/') + 1);
  }
}
