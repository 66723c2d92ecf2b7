// What a Content-Type says.
#pragma once

#include <optional>
#include <string_view>

namespace logdist::http {

/// The media type of a Content-Type, without its parameters and the blanks around it.
std::string_view media_type(std::string_view content_type);

/// Whether its text can only be UTF-8: each charset says so or is US-ASCII, or there is none. False,
/// too, when a charset is named among parameters that are malformed: other readers
/// might see another one (RFC 9110, 5.6.6 and 8.3.1).
bool is_utf_8(std::string_view content_type);

}  // namespace logdist::http
