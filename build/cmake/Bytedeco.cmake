# Native libraries from the platform jars of org.bytedeco, fetched with Maven.
pom_property(native.platform NATIVE_PLATFORM)

# unpack_native(MODULE VERSION VARIABLE): the folder of the module's files for this platform.
function(unpack_native module version variable)
  set(deps "${SPARKNET_ROOT}/target/native/deps")
  set(folder "${deps}/${module}-${version}")
  set(content "${folder}/org/bytedeco/${module}/${NATIVE_PLATFORM}")
  set(${variable} "${content}" PARENT_SCOPE)
  # Two builds may configure at once (a user's and a test's).
  file(LOCK "${deps}/lock" GUARD FUNCTION)
  if(EXISTS "${folder}/complete")
    return()
  endif()
  message(STATUS "Fetching org.bytedeco:${module}:${version} with Maven")
  find_program(MVN mvn REQUIRED)
  set(goal org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy)
  set(jar "${module}-${version}-${NATIVE_PLATFORM}.jar")
  # Its local repository is not made for several Mavens at once: build/sbt may be fetching, too.
  find_program(FLOCK flock)
  set(alone "")
  if(FLOCK)
    file(MAKE_DIRECTORY "${SPARKNET_ROOT}/target/tools")
    set(alone "${FLOCK}" "${SPARKNET_ROOT}/target/tools/maven.lock")
  endif()
  execute_process(COMMAND ${alone} "${MVN}" -B -q ${goal} "-DoutputDirectory=${deps}"
                          "-Dartifact=org.bytedeco:${module}:${version}:jar:${NATIVE_PLATFORM}"
                  RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "Maven could not fetch org.bytedeco:${module}:${version}")
  endif()
  file(ARCHIVE_EXTRACT INPUT "${deps}/${jar}" DESTINATION "${folder}"
       PATTERNS "org/bytedeco/${module}/${NATIVE_PLATFORM}/*")
  file(REMOVE "${deps}/${jar}")
  file(WRITE "${folder}/complete" "")
endfunction()
