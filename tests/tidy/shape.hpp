// Sizes and heads: how long files and functions are, how headers begin.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "tests/tidy/fault.hpp"
#include "tests/tidy/source_text.hpp"

namespace logdist::tidy {

inline constexpr std::size_t file_lines_max = 350;
inline constexpr std::size_t function_lines_max = 69;

/// A function, from the first line of its head to its closing brace.
struct Function {
  std::string head;  ///< its first line
  std::size_t line = 0;
  std::size_t line_count = 0;
};

/// The functions of a source laid out by clang-format; lambdas are part of the
/// function they stand in.
std::vector<Function> functions_of(const SourceText& source);

/// Checks lengths, and that a header says its purpose before all else, then
/// `#pragma once`.
Faults check_shape(const SourceText& source);

}  // namespace logdist::tidy
