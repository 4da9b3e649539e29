# Target hdf5: the C library from the platform jar of org.bytedeco:hdf5, which needs glibc and zlib
# alone. The system's packages drag in curl, Kerberos and LDAP.
pom_property(hdf5.version HDF5_VERSION)
unpack_native(hdf5 ${HDF5_VERSION} HDF5_DIR)

add_library(hdf5 SHARED IMPORTED)
set_target_properties(hdf5 PROPERTIES
  IMPORTED_LOCATION "${HDF5_DIR}/libhdf5.so.310"
  INTERFACE_INCLUDE_DIRECTORIES "${HDF5_DIR}/include")
