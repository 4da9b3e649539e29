package sparknet.jna;

import com.sun.jna.Platform;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.net.URLConnection;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * The shared libraries inside the jar: the resources {@code native/<platform>/*}, listed with their
 * SHA-256 in {@code native/<platform>/FILES} as sha256sum prints them.
 *
 * <p>They are unpacked into a folder that is named after that list and that only its user can
 * write, so that JVMs of different versions do not meet and later ones reuse it. A file appears
 * there by renaming, hence complete.
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
    String version = HexFormat.of().formatHex(sha256().digest(list)).substring(0, 16);
    Path folder = ownFolder(temporary).resolve(version);
    Files.createDirectories(folder);
    write(list, folder.resolve("FILES"));
    for (String line : new String(list, StandardCharsets.UTF_8).lines().toList()) {
      String[] entry = line.strip().split("\\s+", 2);
      if (entry.length == 2) {
        unpack(resources + entry[1], entry[0], folder.resolve(entry[1]));
      }
    }
    return Optional.of(folder.resolve(name));
  }

  /** {@code sparknet-<user>}, or a fresh folder if someone else made one of that name. */
  private static Path ownFolder(Path temporary) throws IOException {
    var ownerOnly =
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
    Path folder = temporary.resolve("sparknet-" + System.getProperty("user.name"));
    if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
      try {
        return Files.createDirectory(folder, ownerOnly);
      } catch (java.nio.file.FileAlreadyExistsException e) {
        // Another JVM was quicker; whose it is, is checked below.
      }
    }
    Path probe = Files.createTempDirectory(temporary, "sparknet-", ownerOnly);
    boolean ours =
        Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)
            && Files.getOwner(folder, LinkOption.NOFOLLOW_LINKS).equals(Files.getOwner(probe))
            && Files.getPosixFilePermissions(folder).equals(Files.getPosixFilePermissions(probe));
    if (!ours) {
      return probe;
    }
    Files.delete(probe);
    return folder;
  }

  private static void write(byte[] content, Path file) throws IOException {
    if (!Files.exists(file)) {
      Path beside = Files.createTempFile(file.getParent(), file.getFileName().toString(), ".part");
      Files.write(beside, content);
      Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE);
    }
  }

  private static void unpack(String resource, String sha256, Path file) throws IOException {
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
      Path beside = Files.createTempFile(file.getParent(), file.getFileName().toString(), ".part");
      Files.copy(in, beside, StandardCopyOption.REPLACE_EXISTING);
      String found = HexFormat.of().formatHex(digest.digest());
      if (!found.equals(sha256)) {
        Files.delete(beside);
        throw new IOException(resource + " is damaged: SHA-256 " + found + ", not " + sha256);
      }
      Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE);
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
