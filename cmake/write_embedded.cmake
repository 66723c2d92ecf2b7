# The script behind logdist_embed(): writes HEADER and SOURCE from FILES.
set(declarations "")
set(definitions "")
foreach(file IN LISTS FILES)
  file(READ ${file} text)
  if(text MATCHES "\\)embedded\"")
    message(FATAL_ERROR "${file} ends the string that it is put into")
  endif()
  get_filename_component(name ${file} NAME)
  string(MAKE_C_IDENTIFIER ${name} name)
  string(APPEND declarations "extern const std::string_view ${name};\n")
  string(APPEND definitions "const std::string_view ${name} = R\"embedded(${text})embedded\";\n")
endforeach()
file(WRITE ${HEADER} "// Generated from files that are part of the program.\n#pragma once\n
#include <string_view>\n
namespace ${NAMESPACE} {\n\n${declarations}\n}  // namespace ${NAMESPACE}\n")
get_filename_component(header ${HEADER} NAME)
# The standard asks compilers for strings of 64 KiB only; ours have no such bound.
set(quietly "#pragma GCC diagnostic push\n#pragma GCC diagnostic ignored \"-Woverlength-strings\"\n")
file(WRITE ${SOURCE} "#include \"${header}\"\n\n${quietly}
namespace ${NAMESPACE} {\n\n${definitions}\n}  // namespace ${NAMESPACE}\n\n#pragma GCC diagnostic pop\n")
