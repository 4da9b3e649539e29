# pom_property(NAME VARIABLE): the text of <NAME> in build/pom.xml, the one place of versions.
set(SPARKNET_POM "${CMAKE_CURRENT_LIST_DIR}/../pom.xml")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${SPARKNET_POM}")

function(pom_property name variable)
  file(STRINGS "${SPARKNET_POM}" lines REGEX "<${name}>.*</${name}>")
  if(NOT lines)
    message(FATAL_ERROR "build/pom.xml has no <${name}>")
  endif()
  list(GET lines 0 line)
  string(REGEX REPLACE ".*<${name}>(.*)</${name}>.*" "\\1" value "${line}")
  set(${variable} "${value}" PARENT_SCOPE)
endfunction()
