# cmake -DLIBRARY=libccaffe.so -DFOLDER=where -DFETCHED=folders -DCOMPILER=c++ -DMAP=map -P <this file>
# Copies LIBRARY and what it needs, directly or not, except glibc: from a folder in FETCHED, else
# from where COMPILER finds it. FOLDER/FILES lists them with their SHA-256, each after those it
# needs. FOLDER/../ORIGINS has, for each of them and for every archive and object of others that the
# linker's MAP names, the file in FOLDER and the path that it came from.
cmake_minimum_required(VERSION 3.22)

# The compiler's own libraries ask for the glibc of the system that they came with, which may be
# newer than a worker's. A worker's own ones go first: these are under a name that only the
# loader in the jar knows (BundledLibrary), for systems that have none.
set(spare "^(libstdc\\+\\+|libgcc_s)\\.so\\.[0-9]+$")
set(glibc "^(libc|libm|libdl|libpthread|librt|libutil|libresolv|ld-linux-x86-64)\\.so\\.[0-9]+$")

function(needed_by file variable)
  execute_process(COMMAND readelf -d "${file}" OUTPUT_VARIABLE dynamic COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCHALL "\\(NEEDED\\)[^\n]*\\[[^]]+\\]" lines "${dynamic}")
  list(TRANSFORM lines REPLACE ".*\\[(.*)\\]" "\\1")
  set(${variable} "${lines}" PARENT_SCOPE)
endfunction()

function(locate name variable)
  foreach(folder IN LISTS FETCHED)
    if(EXISTS "${folder}/${name}")
      set(${variable} "${folder}/${name}" PARENT_SCOPE)
      return()
    endif()
  endforeach()
  execute_process(COMMAND "${COMPILER}" "-print-file-name=${name}" OUTPUT_VARIABLE path
                  OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(NOT EXISTS "${path}" OR NOT IS_ABSOLUTE "${path}")
    message(FATAL_ERROR "${name}, which libccaffe.so needs, was not found")
  endif()
  file(REAL_PATH "${path}" path)
  set(${variable} "${path}" PARENT_SCOPE)
endfunction()

# A process may have the old file mapped: it is replaced, never written to.
function(replace path destination)
  execute_process(COMMAND "${CMAKE_COMMAND}" -E compare_files "${path}" "${destination}"
                  RESULT_VARIABLE differs OUTPUT_QUIET ERROR_QUIET)
  if(differs)
    file(COPY_FILE "${path}" "${destination}.new")
    file(RENAME "${destination}.new" "${destination}")
  endif()
endfunction()

# Copies what PATH needs, then PATH itself under NAME.
function(visit name path)
  set_property(GLOBAL APPEND PROPERTY seen "${name}")
  set(file "${name}")
  if(name MATCHES "${spare}")
    string(APPEND file ".spare")
  endif()
  set_property(GLOBAL APPEND PROPERTY kept "${file}")
  needed_by("${path}" names)
  foreach(next IN LISTS names)
    get_property(seen GLOBAL PROPERTY seen)
    if(NOT next IN_LIST seen AND NOT next MATCHES "${glibc}")
      locate("${next}" next_path)
      visit("${next}" "${next_path}")
    endif()
  endforeach()
  replace("${path}" "${FOLDER}/${file}")
  file(SHA256 "${path}" hash)
  set_property(GLOBAL APPEND_STRING PROPERTY list "${hash}  ${file}\n")
  set_property(GLOBAL APPEND_STRING PROPERTY origins "${file}\t${path}\n")
endfunction()

file(MAKE_DIRECTORY "${FOLDER}")
get_filename_component(library_name "${LIBRARY}" NAME)
visit("${library_name}" "${LIBRARY}")
get_property(list GLOBAL PROPERTY list)
file(STRINGS "${MAP}" loads REGEX "^LOAD /.*\\.[ao]$")
if(NOT loads)
  message(FATAL_ERROR "${MAP} names no archive: it is not the map of a linker that GNU's ld is like")
endif()
get_property(origins GLOBAL PROPERTY origins)
list(REMOVE_DUPLICATES loads)
foreach(load IN LISTS loads)
  string(SUBSTRING "${load}" 5 -1 path)
  file(REAL_PATH "${path}" path)
  string(APPEND origins "${library_name}\t${path}\n")
endforeach()
file(WRITE "${FOLDER}/../ORIGINS" "${origins}")
file(WRITE "${FOLDER}/FILES" "${list}")

get_property(kept GLOBAL PROPERTY kept)
file(GLOB present RELATIVE "${FOLDER}" "${FOLDER}/*")
foreach(name IN LISTS present)
  if(NOT name IN_LIST kept AND NOT name STREQUAL FILES)
    file(REMOVE "${FOLDER}/${name}")
  endif()
endforeach()
