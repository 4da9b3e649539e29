# What makes a build from nothing short: most of a file's time goes into reading headers.

option(SPARKNET_GROUP_SOURCES "Compile several sources at once; OFF for editors" ON)

# compile_in_groups(TARGET SIZE SOURCE...): about SIZE of these sources become one for the compiler,
# which takes little longer than for one of them. A change compiles its group anew: SIZE is a
# compromise. The target's other sources stay by themselves, as loops should: what stands beside
# them must not change how they are optimised. So do parts of one class, each of which instantiates
# it.
function(compile_in_groups target size)
  set_target_properties(${target} PROPERTIES UNITY_BUILD "${SPARKNET_GROUP_SOURCES}"
                        UNITY_BUILD_MODE GROUP)
  list(LENGTH ARGN sources)
  math(EXPR groups "(${sources} + ${size} - 1) / ${size}")
  get_filename_component(folder "${ARGV2}" DIRECTORY)
  get_filename_component(folder "${folder}" NAME)
  set(next 0)
  foreach(source IN LISTS ARGN)
    math(EXPR group "${next} * ${groups} / ${sources}")
    set_source_files_properties("${source}" PROPERTIES UNITY_GROUP "${folder}_${group}")
    math(EXPR next "${next} + 1")
  endforeach()
endfunction()

# precompile(TARGET HEADER...): reads these headers of C++ once for all sources of the target. They
# should be none that change while one works. A compiler cache has no use for them: with a launcher
# nothing is done.
function(precompile target)
  if(CMAKE_CXX_COMPILER_LAUNCHER)
    return()
  endif()
  list(TRANSFORM ARGN REPLACE "(.+)" "$<$<COMPILE_LANGUAGE:CXX>:<\\1$<ANGLE-R>>")
  target_precompile_headers(${target} PRIVATE ${ARGN})
endfunction()
