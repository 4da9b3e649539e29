# Target onednn: headers and shared libraries from the platform jars of org.bytedeco, fetched
# with Maven. The package file in that jar asks for OpenCL's development files and for a name of the
# library that is not in it, so the target is declared by hand.
pom_property(dnnl.version DNNL_VERSION)

unpack_native(dnnl ${DNNL_VERSION} DNNL_DIR)

add_library(onednn SHARED IMPORTED)
set_target_properties(onednn PROPERTIES
  IMPORTED_LOCATION "${DNNL_DIR}/libdnnl.so.3"
  INTERFACE_INCLUDE_DIRECTORIES "${DNNL_DIR}/include")

# One OpenMP runtime for oneDNN and for our own loops: the one that oneDNN came with.
add_library(openmp INTERFACE)
target_link_libraries(openmp INTERFACE "${DNNL_DIR}/libgomp.so.1")
if(SPARKNET_BUILD_FUZZERS)
  # clang's loops need a runtime of its own, which cannot share a process with this one: they are
  # serial.
  target_compile_options(openmp INTERFACE -Wno-unknown-pragmas)
  target_include_directories(openmp INTERFACE "${SPARKNET_ROOT}/tests/native/fuzz/serial")
else()
  find_package(OpenMP REQUIRED)
  target_compile_options(openmp INTERFACE ${OpenMP_CXX_FLAGS})
endif()
