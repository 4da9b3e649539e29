# Target onednn: headers and shared libraries from the platform jars of org.bytedeco, fetched
# with Maven. The package file in that jar asks for development files that nobody has, so the
# target is declared by hand.
pom_property(dnnl.version DNNL_VERSION)
pom_property(opencl.version OPENCL_VERSION)

unpack_native(dnnl ${DNNL_VERSION} DNNL_DIR)
unpack_native(opencl ${OPENCL_VERSION} OPENCL_DIR)

# libdnnl.so.3 looks for what it links to in its own folder only.
file(COPY "${OPENCL_DIR}/libOpenCL.so.1" DESTINATION "${DNNL_DIR}")
add_library(onednn_opencl SHARED IMPORTED)
set_target_properties(onednn_opencl PROPERTIES IMPORTED_LOCATION "${DNNL_DIR}/libOpenCL.so.1")

add_library(onednn SHARED IMPORTED)
set_target_properties(onednn PROPERTIES
  IMPORTED_LOCATION "${DNNL_DIR}/libdnnl.so.3"
  INTERFACE_INCLUDE_DIRECTORIES "${DNNL_DIR}/include"
  IMPORTED_LINK_DEPENDENT_LIBRARIES onednn_opencl)

# One OpenMP runtime for oneDNN and for our own loops: the one that oneDNN came with.
add_library(openmp INTERFACE)
target_link_libraries(openmp INTERFACE "${DNNL_DIR}/libgomp.so.1")
if(SPARKNET_BUILD_FUZZERS)
  # clang knows another runtime only, so loops of fuzzers are serial. Its omp.h is GCC's.
  execute_process(COMMAND g++ -print-file-name=include OUTPUT_VARIABLE gcc_include
                  OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  target_compile_options(openmp INTERFACE -Wno-unknown-pragmas -idirafter "${gcc_include}")
else()
  find_package(OpenMP REQUIRED)
  target_compile_options(openmp INTERFACE ${OpenMP_CXX_FLAGS})
endif()
