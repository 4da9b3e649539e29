package sparknet.net

/** Names that somebody may have meant. */
private[sparknet] object NearNames {

  /** `; did you mean a or b?` with up to three known names near to a name, or nothing. */
  def hint(name: String, known: Seq[String]): String = {
    val wanted = name.toLowerCase
    val near = known
      .flatMap { candidate =>
        val other = candidate.toLowerCase
        val steps = distance(wanted, other)
        val begins = math.min(wanted.length, other.length) >= 3 &&
          (other.startsWith(wanted) || wanted.startsWith(other))
        if (begins || steps <= math.max(1, (wanted.length + 1) / 3)) Some((steps, candidate))
        else None
      }
      .sorted
      .map(_._2)
      .take(3)
    near match {
      case Seq()    => ""
      case Seq(one) => s"; did you mean $one?"
      case several  => s"; did you mean ${several.init.mkString(", ")} or ${several.last}?"
    }
  }

  /** Levenshtein's distance: insertions, deletions and replacements from a to b. */
  private def distance(a: String, b: String): Int =
    a.foldLeft((0 to b.length).toVector) { (row, x) =>
      b.indices.foldLeft(Vector(row.head + 1)) { (made, j) =>
        val replaced = row(j) + (if (x == b(j)) 0 else 1)
        made :+ math.min(math.min(row(j + 1), made.last) + 1, replaced)
      }
    }.last
}
