package support

/** The servlets' names of the web server in this Spark. */
object Servlets {
  type Filter = jakarta.servlet.Filter
  type FilterChain = jakarta.servlet.FilterChain
  type FilterConfig = jakarta.servlet.FilterConfig
  type HttpServletRequest = jakarta.servlet.http.HttpServletRequest
  type HttpServletRequestWrapper = jakarta.servlet.http.HttpServletRequestWrapper
  type HttpServletResponse = jakarta.servlet.http.HttpServletResponse
  type ServletRequest = jakarta.servlet.ServletRequest
  type ServletResponse = jakarta.servlet.ServletResponse
}
