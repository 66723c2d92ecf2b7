# logdist_embed(<target> <namespace> <header> <files…>)
#
# Makes files part of the program. The generated `header`, included by that path,
# declares `const std::string_view <name>_<extension>` in `namespace` for each file.
# Made anew when a file changes.
set(embed_script ${CMAKE_CURRENT_LIST_DIR}/write_embedded.cmake)

function(logdist_embed target namespace header)
  list(TRANSFORM ARGN PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/ OUTPUT_VARIABLE files)
  set(output ${CMAKE_CURRENT_BINARY_DIR}/embedded/${header})
  cmake_path(REPLACE_EXTENSION output LAST_ONLY .cpp OUTPUT_VARIABLE source)
  add_custom_command(
    OUTPUT ${output} ${source}
    COMMAND ${CMAKE_COMMAND} -DNAMESPACE=${namespace} -DHEADER=${output} -DSOURCE=${source} "-DFILES=${files}"
            -P ${embed_script}
    DEPENDS ${files} ${embed_script}
    COMMENT "Embedding ${ARGN}"
    VERBATIM)
  target_sources(${target} PRIVATE ${output} ${source})
  target_include_directories(${target} PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/embedded)
endfunction()
