# Target turbojpeg: the system's TurboJPEG library (libjpeg-turbo), which decodes images.
find_path(TURBOJPEG_INCLUDE_DIR turbojpeg.h)
find_library(TURBOJPEG_LIBRARY turbojpeg)
if(NOT TURBOJPEG_INCLUDE_DIR OR NOT TURBOJPEG_LIBRARY)
  message(FATAL_ERROR "turbojpeg.h or libturbojpeg.so was not found: install the package "
                      "libturbojpeg0-dev (Debian, Ubuntu) or run build/setup")
endif()
add_library(turbojpeg SHARED IMPORTED)
set_target_properties(turbojpeg PROPERTIES
  IMPORTED_LOCATION "${TURBOJPEG_LIBRARY}"
  INTERFACE_INCLUDE_DIRECTORIES "${TURBOJPEG_INCLUDE_DIR}")
