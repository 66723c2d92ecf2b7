// What goes along with a packet besides its bytes.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace logdist::ingest {

/// All kept headers of a request, at most.
inline constexpr std::size_t kept_headers_bytes_max = 4 * 1024;

/// Whether a header of that name, in any case, goes along: X-Scope-OrgID, ce-*, X-Syslog-*,
/// X-Splunk-Request-Channel, Logplex-*, DD-EVP-* and, of X-Amz-Firehose-*, all but the access key.
bool is_kept_header(std::string_view name);

/// Appends those of `fields`, whole lines as the parser has checked them. False when they are longer than
/// kept_headers_bytes_max.
bool append_kept_headers(std::string& out, std::string_view fields);

/// The same for the `Via` lines: by them a daemon knows a packet that has come back to it over others.
bool append_via(std::string& out, std::string_view fields);

/// Appends path and query. Of the query without `token`, `api_key` and `dd-api-key`, in any case and however
/// they are escaped.
void append_target(std::string& out, std::string_view path, std::string_view query);

/// The value of the first parameter of that name in a query, unescaped; none: there is no such parameter.
std::optional<std::string> query_parameter(std::string_view query, std::string_view name);

}  // namespace logdist::ingest
