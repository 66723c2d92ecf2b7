# logdist_unity(<target>)
#
# Compiles the sources of `target` a dozen at a time: most of the time goes into headers and
# templates, which they share. A name in an anonymous namespace is therefore unique in its target.
function(logdist_unity target)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ${LOGDIST_UNITY} UNITY_BUILD_BATCH_SIZE 12)
  if(LOGDIST_UNITY AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # To the compiler they are one file: what is local to one of them looks like a header's or a global.
    target_compile_options(${target} PRIVATE -Wno-subobject-linkage -Wno-shadow -Wshadow=local)
  endif()
endfunction()

# logdist_module(<name> SOURCES <files…> [USES <modules or libraries…>] [ASIO] [SEPARATE] [COMPUTES])
#
# One static library a module, `logdist_<name>`; USES names what it links, so the
# link graph shows the floors. ASIO modules share one precompiled header. SEPARATE: its
# sources are compiled one by one, so that the linker can replace calls between them.
# COMPUTES: optimised even where sanitizers watch, since the simulation and the fuzz targets live on it.
function(logdist_module name)
  cmake_parse_arguments(arg "ASIO;SEPARATE;COMPUTES" "" "SOURCES;USES" ${ARGN})
  add_library(logdist_${name} STATIC ${arg_SOURCES})
  add_library(logdist::${name} ALIAS logdist_${name})
  target_include_directories(logdist_${name} PUBLIC ${PROJECT_SOURCE_DIR}/include PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(logdist_${name} PUBLIC ${arg_USES} PRIVATE logdist_compiler)
  if(NOT arg_SEPARATE)
    logdist_unity(logdist_${name})
  endif()
  if(arg_ASIO)
    target_link_libraries(logdist_${name} PUBLIC logdist_asio)
    logdist_precompile_asio(logdist_${name})
  endif()
  if(arg_COMPUTES AND LOGDIST_SANITIZE)
    target_compile_options(logdist_${name} PRIVATE -O1)
  endif()
endfunction()

# logdist_precompile(<target> <header> <library>…)
#
# Makes `target` use the precompiled cmake/<header>.hpp, which is compiled once with
# what these libraries ask for.
function(logdist_precompile target header)
  set(carrier logdist_${header})
  if(NOT TARGET ${carrier})
    file(WRITE ${PROJECT_BINARY_DIR}/${header}.cpp "// Carries the precompiled header.\n")
    add_library(${carrier} OBJECT ${PROJECT_BINARY_DIR}/${header}.cpp)
    target_link_libraries(${carrier} PRIVATE ${ARGN} logdist_compiler)
    target_precompile_headers(${carrier} PRIVATE ${PROJECT_SOURCE_DIR}/cmake/${header}.hpp)
  endif()
  target_precompile_headers(${target} REUSE_FROM ${carrier})
endfunction()

# Asio, Beast and JSON; the same with GoogleTest; GoogleTest alone.
function(logdist_precompile_asio target)
  logdist_precompile(${target} pch logdist_asio nlohmann_json::nlohmann_json)
endfunction()
function(logdist_precompile_asio_test target)
  logdist_precompile(${target} asio_test_pch logdist_asio GTest::gmock nlohmann_json::nlohmann_json)
endfunction()
function(logdist_precompile_test target)
  logdist_precompile(${target} test_pch GTest::gmock)
endfunction()

# logdist_test(<name> SOURCES <files…> [USES <modules or libraries…>] [LABELS <labels…>] [TIMEOUT <s>] [COST <s>] [ASIO] [SEPARATE] [WHOLE])
#
# A GoogleTest program whose cases ctest knows one by one. All share one precompiled
# header, those that do I/O (ASIO) another. Label `slow`: not under ThreadSanitizer. COST: about
# how long one of them takes, where that is long: those begin first, so that the last does not
# run alone. SEPARATE: as of a module. WHOLE: to ctest the program is one test, for hundreds of
# cases that take less than a process does.
function(logdist_test name)
  cmake_parse_arguments(arg "ASIO;SEPARATE;WHOLE" "TIMEOUT;COST" "SOURCES;USES;LABELS" ${ARGN})
  if(LOGDIST_SANITIZE STREQUAL "thread" AND "slow" IN_LIST arg_LABELS)
    return()
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  if(NOT arg_COST)
    set(arg_COST 0)
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${arg_USES} GTest::gmock GTest::gtest_main logdist_compiler)
  if(NOT arg_SEPARATE)
    logdist_unity(${name})
  endif()
  if(arg_ASIO)
    target_link_libraries(${name} PRIVATE logdist_asio)
    logdist_precompile_asio_test(${name})
  else()
    logdist_precompile_test(${name})
  endif()
  if(arg_WHOLE)
    add_test(NAME ${name} COMMAND ${name} --gtest_brief=1)
    set_tests_properties(${name} PROPERTIES TIMEOUT ${arg_TIMEOUT} COST ${arg_COST} LABELS "${arg_LABELS}")
    return()
  endif()
  # The tests' own names: printed parameters are no text to give to `ctest -R`.
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60 NO_PRETTY_VALUES
    PROPERTIES TIMEOUT ${arg_TIMEOUT} COST ${arg_COST} LABELS "${arg_LABELS}")
endfunction()

# logdist_fuzz(<noun> RUNS <number> SOURCES <files…> [USES <modules or libraries…>] [WORDS <file>])
#
# A libFuzzer program, and a test that lets it try so many inputs, the same in each
# run, from the corpus kept in corpus/<noun> on, with the words of a dictionary; what
# it finds on the way stays in the build tree. scripts/fuzz goes further.
function(logdist_fuzz noun)
  cmake_parse_arguments(arg "" "WORDS;RUNS" "SOURCES;USES" ${ARGN})
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
  # By name: the order in which a file system lists them would change what a seed makes of them.
  file(GLOB inputs CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/${noun}/*)
  list(JOIN inputs "," inputs)
  set(kept ${CMAKE_CURRENT_BINARY_DIR}/${noun}.inputs)
  file(WRITE ${kept} "${inputs}")
  add_test(NAME ${name}
    COMMAND ${name} -seed=1 -runs=${arg_RUNS} -timeout=10 -print_final_stats=1 -print_funcs=0 -artifact_prefix=${found} ${words}
            -seed_inputs=@${kept} ${found})
endfunction()
