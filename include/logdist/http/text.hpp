// The small words of HTTP: tokens, blanks, lists (RFC 9110, 5.6).
#pragma once

#include <cstddef>
#include <string_view>

namespace logdist::http {

/// Whether it is a token: one byte or more, as in methods, names of fields and codings.
bool is_token(std::string_view text);

/// Equal, but for the case of ASCII letters.
bool iequals(std::string_view one, std::string_view other);

/// Whether `what`, in lower case, is part of `text` in any case.
bool icontains(std::string_view text, std::string_view what);

/// Without the blanks and tabs around it.
std::string_view trim(std::string_view text);

/// Cuts the first element off a list with commas; what is left is still in `list`.
/// Trimmed, and empty where two commas stand in a row. Knows no quoted strings.
std::string_view next_element(std::string_view& list);

/// How many bytes of empty lines `bytes` begins with: a server ignores those before
/// a request (RFC 9112, 2.2).
std::size_t empty_lines_size(std::string_view bytes);

}  // namespace logdist::http
