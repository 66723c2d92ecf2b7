# Language level, warnings and sanitizers, in one place.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1 -DNDEBUG")
set(CMAKE_CXX_FLAGS_COVERAGE "-O0 -g1 --coverage")
set(CMAKE_EXE_LINKER_FLAGS_COVERAGE "--coverage")

find_program(CCACHE ccache)
if(CCACHE)
  # Precompiled headers are cached too when ccache may trust the defines of the command line.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} ${CCACHE})
endif()

# Profile-guided optimisation, in one build directory: `generate` counts while the
# daemon is trained (scripts/train), `use` compiles for what was counted.
if(LOGDIST_PROFILE STREQUAL "generate")
  add_compile_options(-fprofile-generate -fprofile-update=atomic)
  add_link_options(-fprofile-generate)
elseif(LOGDIST_PROFILE STREQUAL "use")
  # What training did not reach is rare, not wrong: it is compiled as ever.
  add_compile_options(-fprofile-use -fprofile-partial-training -Wno-missing-profile)
  add_link_options(-fprofile-use)
endif()

# Interface target that every module of ours links.
add_library(logdist_compiler INTERFACE)
target_compile_options(logdist_compiler INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Wold-style-cast -Wcast-align
  -Woverloaded-virtual -Wformat=2 -Wimplicit-fallthrough -Wextra-semi -fno-omit-frame-pointer $<$<BOOL:${LOGDIST_WERROR}>:-Werror>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(logdist_compiler INTERFACE -Wduplicated-cond -Wlogical-op -fpch-preprocess)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # clang 14 takes coroutines of libstdc++ only so; __int128 is no extension to us. What mutexes guard: base/mutex.hpp.
  target_compile_options(logdist_compiler INTERFACE -Wthread-safety -Wno-unused-command-line-argument)
endif()

if(LOGDIST_SANITIZE)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "LOGDIST_SANITIZE needs clang, which compiles instrumented code in half of GCC's time")
  endif()
  # The optimiser takes four times as long over instrumented Asio and Beast as all the rest. What computes is
  # optimised all the same (logdist_module); what does I/O and what tests is not.
  string(REPLACE "-O1" "-O0" CMAKE_CXX_FLAGS_DEBUG "${CMAKE_CXX_FLAGS_DEBUG}")
  set(sanitize_flags -fsanitize=${LOGDIST_SANITIZE})
  if(LOGDIST_SANITIZE MATCHES "undefined")
    # function: clang 14 cannot compile coroutines with it. The others that are left out cost much time to compile, and
    # AddressSanitizer sees null and size, too; vptr looks at objects through a pipe, and aborts where no descriptor is
    # free. The fuzz targets have all of them.
    list(APPEND sanitize_flags -fno-sanitize-recover=all -fno-sanitize=function)
    if(NOT LOGDIST_FUZZ)
      list(APPEND sanitize_flags -fno-sanitize=null,object-size,alignment,vptr)
    endif()
  endif()
  if(LOGDIST_FUZZ)
    list(APPEND sanitize_flags -fsanitize=fuzzer-no-link)
  endif()
  add_compile_options(${sanitize_flags})
  add_link_options(-fsanitize=${LOGDIST_SANITIZE})
endif()
