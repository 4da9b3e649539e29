package sparknet.jna;

import com.sun.jna.Platform;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.net.URL;
import java.net.URLConnection;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The shared libraries inside the jar: the resources {@code native/<platform>/*}, listed with their
 * SHA-256 in {@code native/<platform>/FILES} as sha256sum prints them.
 *
 * <p>They are unpacked into a folder that is named after that list and that only its user can
 * write, so that JVMs of different versions do not meet and later ones reuse it. A file appears
 * there by renaming, hence complete. Where someone else has made a folder of that name each JVM
 * takes one of its own.
 */
final class BundledLibrary {
  private static final String SPARE = ".spare";

  private BundledLibrary() {}

  /**
   * Loads the spare run-time libraries of the compiler (libstdc++, libgcc) beside {@code library}.
   * The system's own go first, since ours may want a newer glibc; later loads find these by name.
   *
   * @return whether there were any, so that loading {@code library} is worth another try
   */
  static boolean loadSpares(Path library) throws IOException {
    List<String> spares = new ArrayList<>();
    for (String line : Files.readAllLines(library.resolveSibling("FILES"))) {
      if (line.endsWith(SPARE)) {
        spares.add(line.split("\\s+", 2)[1]); // each after those that it needs
      }
    }
    for (String spare : spares) {
      System.load(library.resolveSibling(spare).toAbsolutePath().toString());
    }
    return !spares.isEmpty();
  }

  /** Path of the unpacked file {@code name}; empty if the jar has none for this platform. */
  static Optional<Path> extract(String name) throws IOException {
    Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
    return extract("/native/" + Platform.RESOURCE_PREFIX + "/", name, temporary);
  }

  static Optional<Path> extract(String resources, String name, Path temporary) throws IOException {
    URL index = BundledLibrary.class.getResource(resources + "FILES");
    if (index == null) {
      return Optional.empty();
    }
    byte[] list;
    try (InputStream in = index.openStream()) {
      list = in.readAllBytes();
    }
    String version = hex(sha256().digest(list)).substring(0, 16);
    Optional<Path> shared = sharedFolder(temporary);
    if (shared.isPresent()) {
      return Optional.of(unpack(list, resources, shared.get().resolve(version)).resolve(name));
    }
    Path own = PrivateFolder.in(temporary);
    try {
      return Optional.of(unpack(list, resources, own.resolve(version)).resolve(name));
    } finally {
      PrivateFolder.removeAtExit(own);
    }
  }

  /** {@code sparknet-<user>}; empty if someone else made one of that name. */
  private static String hex(byte[] digest) {
    return String.format("%0" + 2 * digest.length + "x", new BigInteger(1, digest));
  }

  private static Optional<Path> sharedFolder(Path temporary) throws IOException {
    Path folder = temporary.resolve("sparknet-" + System.getProperty("user.name"));
    if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
      try {
        return Optional.of(Files.createDirectory(folder, PrivateFolder.ownerOnly()));
      } catch (java.nio.file.FileAlreadyExistsException e) {
        // Another JVM was quicker; whose it is, is checked below.
      }
    }
    Path probe = Files.createTempDirectory(temporary, "sparknet-", PrivateFolder.ownerOnly());
    try {
      return Optional.of(folder).filter(found -> isOurs(found, probe));
    } finally {
      Files.delete(probe);
    }
  }

  private static boolean isOurs(Path folder, Path probe) {
    try {
      return PrivateFolder.isOwners(folder, probe);
    } catch (IOException e) {
      return false;
    }
  }

  private static Path unpack(byte[] list, String resources, Path folder) throws IOException {
    Files.createDirectories(folder);
    Path index = folder.resolve("FILES");
    if (!Files.exists(index)) {
      place(index, beside -> Files.write(beside, list));
    }
    for (String line : new String(list, StandardCharsets.UTF_8).lines().collect(Collectors.toList())) {
      String[] entry = line.strip().split("\\s+", 2);
      if (entry.length == 2) {
        unpackFile(resources + entry[1], entry[0], folder.resolve(entry[1]));
      }
    }
    return folder;
  }

  private static void unpackFile(String resource, String sha256, Path file) throws IOException {
    URL url = BundledLibrary.class.getResource(resource);
    if (url == null) {
      throw new IOException("the jar lacks " + resource);
    }
    URLConnection connection = url.openConnection();
    MessageDigest digest = sha256();
    try (InputStream in = new DigestInputStream(connection.getInputStream(), digest)) {
      if (Files.exists(file) && Files.size(file) == connection.getContentLengthLong()) {
        return;
      }
      place(
          file,
          beside -> {
            Files.copy(in, beside, StandardCopyOption.REPLACE_EXISTING);
            String found = hex(digest.digest());
            if (!found.equals(sha256)) {
              throw new IOException(
                  resource + " is damaged: SHA-256 " + found + ", not " + sha256);
            }
          });
    }
  }

  private interface Writing {
    void to(Path file) throws IOException;
  }

  /** A file that is written beside its place first; where that fails nothing is left. */
  private static void place(Path file, Writing writing) throws IOException {
    Path beside = Files.createTempFile(file.getParent(), file.getFileName().toString(), ".part");
    try {
      writing.to(beside);
      Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(beside);
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java platform has it
    }
  }
}
