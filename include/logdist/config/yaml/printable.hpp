// Text from strangers, made fit to be shown.
//
// Free functions without state, thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace logdist::config {

/// `text` fit for one line of a terminal, however long: control characters, those
/// that turn text around and bytes that are no UTF-8 as `\x1b`, `\u202e`.
std::string escape(std::string_view text);

/// `text` in quotes, fit for one line of a message: escaped, what is too long cut.
std::string quote(std::string_view text);

/// As quote(), without the quotes.
std::string printable(std::string_view text);

}  // namespace logdist::config
