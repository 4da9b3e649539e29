# Targets lmdb and leveldb: the system's libraries for Caffe's two kinds of database.
find_path(LMDB_INCLUDE_DIR lmdb.h)
find_library(LMDB_LIBRARY lmdb)
find_path(LEVELDB_INCLUDE_DIR leveldb/db.h)
# The archive first: Debian's shared library asks for a newer libstdc++ than some workers have.
# Fedora and its kin have no archive.
find_library(LEVELDB_LIBRARY NAMES libleveldb.a leveldb)
set(leveldb_needs "")
if(LEVELDB_LIBRARY MATCHES "\\.a$")
  # The development package of Snappy is not needed: LevelDB's brings the library itself.
  find_library(SNAPPY_LIBRARY NAMES snappy libsnappy.so.1)
  set(leveldb_needs "${SNAPPY_LIBRARY}")
endif()
if(NOT LMDB_INCLUDE_DIR OR NOT LMDB_LIBRARY OR NOT LEVELDB_INCLUDE_DIR OR NOT LEVELDB_LIBRARY
   OR "${leveldb_needs}" MATCHES "NOTFOUND")
  message(FATAL_ERROR "lmdb.h, liblmdb.so, leveldb/db.h, libleveldb.a (with libsnappy.so.1) or "
                      "libleveldb.so was not found: install the packages liblmdb-dev and "
                      "libleveldb-dev (Debian, Ubuntu), lmdb-devel and leveldb-devel (Fedora, RHEL "
                      "with CRB and EPEL) or run build/setup")
endif()
add_library(lmdb SHARED IMPORTED)
set_target_properties(lmdb PROPERTIES
  IMPORTED_LOCATION "${LMDB_LIBRARY}"
  INTERFACE_INCLUDE_DIRECTORIES "${LMDB_INCLUDE_DIR}")

add_library(leveldb UNKNOWN IMPORTED)
# The wrapped symbol is caffe/src/caffe/io/condition_wait.cpp's.
set(wait _ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE)
set_target_properties(leveldb PROPERTIES
  IMPORTED_LOCATION "${LEVELDB_LIBRARY}"
  INTERFACE_INCLUDE_DIRECTORIES "${LEVELDB_INCLUDE_DIR}"
  INTERFACE_LINK_LIBRARIES "${leveldb_needs};Threads::Threads"
  INTERFACE_LINK_OPTIONS "-Wl,--wrap=${wait}")
