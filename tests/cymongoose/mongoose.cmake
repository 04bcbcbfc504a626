# Builds cymongoose on this library: takes the vendored C file out of the extension and links ours, before CMake
# generates. Passed as CMAKE_PROJECT_INCLUDE; no file of the sdist changes.
#
# MONGOOSE_INCLUDE: folder of mongoose.h. MONGOOSE_LIBRARY: libmongoose.a or .so. MONGOOSE_RPATH: for a .so.

function(use_libmongoose)
  get_target_property(sources _mongoose SOURCES)
  list(FILTER sources EXCLUDE REGEX "/mongoose\\.c$")
  set_target_properties(_mongoose PROPERTIES SOURCES "${sources}")
  target_include_directories(_mongoose BEFORE PRIVATE "${MONGOOSE_INCLUDE}")
  target_link_libraries(_mongoose PRIVATE "${MONGOOSE_LIBRARY}" pthread dl m)
  if(MONGOOSE_RPATH)
    set_target_properties(_mongoose PROPERTIES INSTALL_RPATH "${MONGOOSE_RPATH}")
  elseif(NOT APPLE)
    # Nobody but the extension itself needs to see what it carries.
    target_link_options(_mongoose PRIVATE "LINKER:--exclude-libs,ALL")
  endif()
endfunction()
cmake_language(DEFER CALL use_libmongoose)
