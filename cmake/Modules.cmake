# logdist_module(<name> SOURCES <files…> [USES <modules or libraries…>] [ASIO])
#
# One static library a module, `logdist_<name>`; USES names what it links, so the
# link graph shows the floors. ASIO modules share one precompiled header.
function(logdist_module name)
  cmake_parse_arguments(arg "ASIO" "" "SOURCES;USES" ${ARGN})
  add_library(logdist_${name} STATIC ${arg_SOURCES})
  add_library(logdist::${name} ALIAS logdist_${name})
  target_include_directories(logdist_${name} PUBLIC ${PROJECT_SOURCE_DIR}/include PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(logdist_${name} PUBLIC ${arg_USES} PRIVATE logdist_compiler)
  if(arg_ASIO)
    target_link_libraries(logdist_${name} PUBLIC logdist_asio)
    logdist_precompile_asio(logdist_${name})
  endif()
endfunction()

# Makes `target` use the shared precompiled header of Asio and Beast.
function(logdist_precompile_asio target)
  if(NOT TARGET logdist_pch)
    file(WRITE ${PROJECT_BINARY_DIR}/pch.cpp "// Carries the precompiled header.\n")
    add_library(logdist_pch OBJECT ${PROJECT_BINARY_DIR}/pch.cpp)
    target_link_libraries(logdist_pch PRIVATE logdist_asio logdist_compiler)
    target_precompile_headers(logdist_pch PRIVATE ${PROJECT_SOURCE_DIR}/cmake/pch.hpp)
  endif()
  target_precompile_headers(${target} REUSE_FROM logdist_pch)
endfunction()

# logdist_test(<name> SOURCES <files…> [USES <modules or libraries…>] [LABELS <labels…>] [TIMEOUT <s>] [ASIO])
#
# A GoogleTest program whose cases ctest knows one by one.
function(logdist_test name)
  cmake_parse_arguments(arg "ASIO" "TIMEOUT" "SOURCES;USES;LABELS" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${arg_USES} GTest::gmock GTest::gtest_main logdist_compiler)
  if(arg_ASIO)
    target_link_libraries(${name} PRIVATE logdist_asio)
    logdist_precompile_asio(${name})
  endif()
  # The tests' own names: printed parameters are no text to give to `ctest -R`.
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60 NO_PRETTY_VALUES
    PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS "${arg_LABELS}")
endfunction()

# logdist_fuzz(<noun> SOURCES <files…> [USES <modules or libraries…>] [WORDS <file>])
#
# A libFuzzer program, and a test that lets it loose for a while on the corpus
# kept in corpus/<noun>, with the words of a dictionary; what it finds on the way
# stays in the build tree.
function(logdist_fuzz noun)
  cmake_parse_arguments(arg "" "WORDS" "SOURCES;USES" ${ARGN})
  set(name fuzz_${noun})
  if(arg_WORDS)
    set(words -dict=${CMAKE_CURRENT_SOURCE_DIR}/${arg_WORDS})
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${arg_USES} logdist_compiler)
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  set(found ${CMAKE_CURRENT_BINARY_DIR}/found/${noun}/)
  file(MAKE_DIRECTORY ${found})
  add_test(NAME ${name}
    COMMAND ${name} -max_total_time=${LOGDIST_FUZZ_SECONDS} -timeout=10 -print_final_stats=1 -artifact_prefix=${found} ${words}
            ${found} ${CMAKE_CURRENT_SOURCE_DIR}/corpus/${noun})
endfunction()
