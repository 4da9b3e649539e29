# stage_runtime(TARGET FOLDER): after TARGET is linked, FOLDER holds what the jar carries: the
# library and all that it links to beyond glibc, and their list. Beside FOLDER, ORIGINS says where
# each came from, and what was linked into the library.
function(stage_runtime target folder)
  set(script "${SPARKNET_ROOT}/build/cmake/CopyRuntimeClosure.cmake")
  set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS "${script}")
  set(map "${CMAKE_CURRENT_BINARY_DIR}/${target}.link-map")
  target_link_options(${target} PRIVATE "-Wl,-Map=${map}")
  add_custom_command(
    TARGET ${target} POST_BUILD
    COMMAND "${CMAKE_COMMAND}" "-DLIBRARY=$<TARGET_FILE:${target}>" "-DFOLDER=${folder}"
            "-DFETCHED=${OPENCL_DIR};${DNNL_DIR};${HDF5_DIR}" "-DCOMPILER=${CMAKE_CXX_COMPILER}"
            "-DMAP=${map}"
            -P "${script}"
    COMMENT "Copying the libraries that libccaffe.so needs"
    VERBATIM)
endfunction()
