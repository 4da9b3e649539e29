package support

/** The servlets' names of the web server in this Spark. */
object Servlets {
  type Filter = javax.servlet.Filter
  type FilterChain = javax.servlet.FilterChain
  type FilterConfig = javax.servlet.FilterConfig
  type HttpServletRequest = javax.servlet.http.HttpServletRequest
  type HttpServletRequestWrapper = javax.servlet.http.HttpServletRequestWrapper
  type HttpServletResponse = javax.servlet.http.HttpServletResponse
  type ServletRequest = javax.servlet.ServletRequest
  type ServletResponse = javax.servlet.ServletResponse
}
