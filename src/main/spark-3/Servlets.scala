package org.apache.spark.sparknet.ui

/** The servlets' names of the web server in this Spark. */
private[ui] object Servlets {
  type Request = javax.servlet.http.HttpServletRequest
}
