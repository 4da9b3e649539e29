package sparknet.jna;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A folder of this JVM alone, which goes when the JVM ends. One that was killed leaves its folder to
 * the next JVM that makes one: a lock that the owner holds for its life tells which are in use.
 */
final class PrivateFolder {
  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rwx------");
  private static final String PREFIX = "sparknet-jvm-";
  private static final String LOCK = "LOCK";

  // A JVM that closes any channel of a file gives up its lock on it, so it must know its own
  // folders, also those that another class loader's copy of this class made.
  private static final String OWN = PREFIX + identity() + "-";

  private static final Map<Path, Path> made = new HashMap<>();
  private static final Map<Path, FileChannel> locks = new HashMap<>(); // open until the JVM ends

  private PrivateFolder() {}

  /** For folders that only their owner may look into. */
  static FileAttribute<?> ownerOnly() {
    return PosixFilePermissions.asFileAttribute(OWNER_ONLY);
  }

  /** Whether it is a folder of the user who owns {@code ours}, and no one else may look into it. */
  static boolean isOwners(Path folder, Path ours) throws IOException {
    return Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)
        && Files.getOwner(folder, LinkOption.NOFOLLOW_LINKS).equals(Files.getOwner(ours))
        && Files.getPosixFilePermissions(folder).equals(OWNER_ONLY);
  }

  /** The folder of this JVM in {@code temporary}, made by the first call. */
  static synchronized Path in(Path temporary) throws IOException {
    Path known = made.get(temporary);
    if (known != null && Files.isDirectory(known)) {
      return known;
    }
    Path folder = Files.createTempDirectory(temporary, OWN, ownerOnly());
    made.put(temporary, folder);
    lock(folder);
    removeLeftovers(temporary, folder);
    return folder;
  }

  /** Has all that is there now removed when the JVM ends, on SIGTERM too. */
  static void removeAtExit(Path folder) throws IOException {
    List<Path> parentsFirst;
    try (Stream<Path> all = Files.walk(folder)) {
      parentsFirst = all.collect(Collectors.toList());
    }
    try {
      parentsFirst.forEach(path -> path.toFile().deleteOnExit()); // in reverse order
    } catch (IllegalStateException e) {
      // The JVM is ending already; the next one removes it.
    }
  }

  /** A lock file appears locked, by renaming: one that can be locked has lost its owner. */
  private static void lock(Path folder) throws IOException {
    Path beside = folder.resolve(LOCK + ".part");
    FileChannel channel =
        FileChannel.open(beside, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    try {
      channel.lock();
      Files.move(beside, folder.resolve(LOCK), StandardCopyOption.ATOMIC_MOVE);
      locks.put(folder, channel);
    } catch (IOException e) { // a file system without locks: only the JVM's end removes it
      channel.close();
      Files.delete(beside);
    }
  }

  private static void removeLeftovers(Path temporary, Path ours) throws IOException {
    try (DirectoryStream<Path> found = Files.newDirectoryStream(temporary, PREFIX + "*")) {
      for (Path folder : found) {
        try {
          if (!folder.getFileName().toString().startsWith(OWN) && isOwners(folder, ours)) {
            removeUnlessLocked(folder);
          }
        } catch (IOException | OverlappingFileLockException e) {
          // In use, or another JVM is removing it.
        }
      }
    }
  }

  private static void removeUnlessLocked(Path folder) throws IOException {
    Path lock = folder.resolve(LOCK);
    try (FileChannel channel =
        FileChannel.open(lock, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS)) {
      if (channel.tryLock() == null) {
        return;
      }
      List<Path> childrenFirst;
      try (Stream<Path> all = Files.walk(folder)) {
        childrenFirst = all.sorted(Comparator.reverseOrder()).collect(Collectors.toList());
      }
      for (Path path : childrenFirst) {
        if (!path.equals(folder) && !path.equals(lock)) {
          Files.delete(path);
        }
      }
      Files.delete(lock); // Last: without it nobody would come back for the rest.
      Files.delete(folder);
    }
  }

  /** Tells JVMs apart, also where process numbers come again. */
  private static String identity() {
    ProcessHandle self = ProcessHandle.current();
    return self.pid() + "-" + self.info().startInstant().map(Instant::toEpochMilli).orElse(0L);
  }
}
