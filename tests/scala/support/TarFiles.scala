package support

import java.io.{ByteArrayOutputStream, OutputStream}
import java.util.zip.GZIPOutputStream

import org.apache.commons.compress.archivers.tar.{
  TarArchiveEntry,
  TarArchiveOutputStream,
  TarConstants
}

/** Tars made in memory. */
object TarFiles {

  /** A file; a name that ends in "/" is a folder. */
  final case class Entry(name: String, bytes: Array[Byte])

  def entry(name: String, content: String): Entry = Entry(name, content.getBytes("UTF-8"))

  def tar(entries: Entry*): Array[Byte] = make(TarArchiveOutputStream.LONGFILE_GNU, entries)

  def paxTar(entries: Entry*): Array[Byte] = make(TarArchiveOutputStream.LONGFILE_POSIX, entries)

  /** A tar with one symbolic link. */
  def link(name: String, to: String): Array[Byte] = written { out =>
    val link = new TarArchiveEntry(name, TarConstants.LF_SYMLINK)
    link.setLinkName(to)
    out.putArchiveEntry(link)
    out.closeArchiveEntry()
  }

  def gzip(bytes: Array[Byte]): Array[Byte] = {
    val all = new ByteArrayOutputStream
    val out = new GZIPOutputStream(all)
    out.write(bytes)
    out.close()
    all.toByteArray
  }

  private def make(longNames: Int, entries: Seq[Entry]): Array[Byte] = written { out =>
    out.setLongFileMode(longNames)
    for (entry <- entries) {
      val header = new TarArchiveEntry(entry.name)
      header.setSize(entry.bytes.length)
      out.putArchiveEntry(header)
      (out: OutputStream).write(entry.bytes)
      out.closeArchiveEntry()
    }
  }

  private def written(fill: TarArchiveOutputStream => Unit): Array[Byte] = {
    val all = new ByteArrayOutputStream
    val out = new TarArchiveOutputStream(all)
    fill(out)
    out.close()
    all.toByteArray
  }
}
