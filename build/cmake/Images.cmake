# Targets turbojpeg and png: the system's libraries that decode images.
find_path(TURBOJPEG_INCLUDE_DIR turbojpeg.h)
find_library(TURBOJPEG_LIBRARY turbojpeg)
if(NOT TURBOJPEG_INCLUDE_DIR OR NOT TURBOJPEG_LIBRARY)
  message(FATAL_ERROR "turbojpeg.h or libturbojpeg.so was not found: install the package "
                      "libturbojpeg0-dev (Debian, Ubuntu) or turbojpeg-devel (Fedora, RHEL with CRB), or "
                      "run build/setup")
endif()
add_library(turbojpeg SHARED IMPORTED)
set_target_properties(turbojpeg PROPERTIES
  IMPORTED_LOCATION "${TURBOJPEG_LIBRARY}"
  INTERFACE_INCLUDE_DIRECTORIES "${TURBOJPEG_INCLUDE_DIR}")

find_path(PNG_INCLUDE_DIR png.h)
find_library(PNG_LIBRARY png)
if(NOT PNG_INCLUDE_DIR OR NOT PNG_LIBRARY)
  message(FATAL_ERROR "png.h or libpng.so was not found: install the package libpng-dev (Debian, "
                      "Ubuntu) or libpng-devel (Fedora, RHEL), or run build/setup")
endif()
add_library(png SHARED IMPORTED)
set_target_properties(png PROPERTIES
  IMPORTED_LOCATION "${PNG_LIBRARY}"
  INTERFACE_INCLUDE_DIRECTORIES "${PNG_INCLUDE_DIR}")
