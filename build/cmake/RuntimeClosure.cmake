# stage_runtime(TARGET FOLDER): after TARGET is linked, FOLDER holds what the jar carries: the
# library and all that it links to beyond glibc, and their list.
function(stage_runtime target folder)
  set(script "${SPARKNET_ROOT}/build/cmake/CopyRuntimeClosure.cmake")
  set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS "${script}")
  add_custom_command(
    TARGET ${target} POST_BUILD
    COMMAND "${CMAKE_COMMAND}" "-DLIBRARY=$<TARGET_FILE:${target}>" "-DFOLDER=${folder}"
            "-DFETCHED=${DNNL_DIR};${HDF5_DIR}" "-DCOMPILER=${CMAKE_CXX_COMPILER}"
            -P "${script}"
    COMMENT "Copying the libraries that libccaffe.so needs"
    VERBATIM)
endfunction()
