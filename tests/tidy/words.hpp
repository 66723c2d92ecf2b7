// Words of our own that gave way to the terms of the field, and are not to come back.
#pragma once

#include <string>
#include <string_view>

#include "tests/tidy/fault.hpp"
#include "tests/tidy/source_text.hpp"

namespace logdist::tidy {

/// Checks a source of src/ or include/: some words are out everywhere, comments and literals
/// included, others only as names in the code of one room.
Faults check_words(const SourceText& source);

/// Checks a document for the words that are out everywhere.
Faults check_words_of_prose(const std::string& path, std::string_view text);

}  // namespace logdist::tidy
