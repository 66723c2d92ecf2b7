#include "logdist/ingest/dialects/forwarded_headers.hpp"

#include <algorithm>
#include <array>

#include "logdist/base/ascii.hpp"
#include "logdist/http/text.hpp"

namespace logdist::ingest {
namespace {

/// In lower case; one with a `-` at its end is the beginning of names.
constexpr std::array<std::string_view, 9> kept_header_names{"x-scope-orgid",
                                                            "ce-",
                                                            "x-syslog-",
                                                            "x-splunk-request-channel",
                                                            "logplex-",
                                                            "dd-evp-",
                                                            "x-amz-firehose-request-id",
                                                            "x-amz-firehose-source-arn",
                                                            "x-amz-firehose-common-attributes"};

constexpr std::array<std::string_view, 3> secret_parameters{"token", "api_key", "dd-api-key"};

int hex_digit(char byte) {
  if (byte >= '0' && byte <= '9') return byte - '0';
  const char letter = to_lower(byte);
  return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool is_escape =
        text[at] == '%' && at + 2 < text.size() && hex_digit(text[at + 1]) >= 0 && hex_digit(text[at + 2]) >= 0;
    if (is_escape) {
      out += static_cast<char>(hex_digit(text[at + 1]) * 16 + hex_digit(text[at + 2]));
      at += 2;
    } else {
      out += text[at];
    }
  }
  return out;
}

bool is_secret(std::string_view parameter) {
  const std::string name = unescaped(parameter.substr(0, parameter.find('=')));
  return std::any_of(secret_parameters.begin(), secret_parameters.end(),
                     [&name](std::string_view secret) { return equals_in_lower_case(name, secret); });
}

/// Of those that `is_wanted`.
template <typename IsWanted>
bool append_headers(std::string& out, std::string_view fields, IsWanted is_wanted) {
  std::size_t bytes = 0;
  while (!fields.empty()) {
    const std::size_t end = fields.find("\r\n");
    const std::string_view line = fields.substr(0, end);
    fields.remove_prefix(end + 2);
    const std::size_t colon = line.find(':');
    const std::string_view name = line.substr(0, colon);
    if (!is_wanted(name)) continue;
    const std::string_view value = http::trim(line.substr(colon + 1));
    bytes += name.size() + value.size() + 4;
    if (bytes > kept_headers_bytes_max) return false;
    out.append(name).append(": ").append(value).append("\r\n");
  }
  return true;
}

}  // namespace

bool is_kept_header(std::string_view name) {
  return std::any_of(kept_header_names.begin(), kept_header_names.end(), [name](std::string_view kept) {
    return equals_in_lower_case(kept.ends_with('-') ? name.substr(0, kept.size()) : name, kept);
  });
}

bool append_kept_headers(std::string& out, std::string_view fields) {
  return append_headers(out, fields, is_kept_header);
}

bool append_via(std::string& out, std::string_view fields) {
  return append_headers(out, fields, [](std::string_view name) { return equals_in_lower_case(name, "via"); });
}

void append_target(std::string& out, std::string_view path, std::string_view query) {
  out += path;
  bool first = true;
  for (char separator = '?'; !query.empty();) {
    const std::size_t end = std::min(query.find_first_of("&;"), query.size());
    const std::string_view parameter = query.substr(0, end);
    if (!is_secret(parameter)) {
      out += first ? '?' : separator;
      out += parameter;
      first = false;
    }
    if (end == query.size()) return;
    separator = query[end];
    query.remove_prefix(end + 1);
  }
}

std::optional<std::string> query_parameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::string_view parameter = query.substr(0, query.find_first_of("&;"));
    query.remove_prefix(std::min(parameter.size() + 1, query.size()));
    const std::size_t equals = std::min(parameter.find('='), parameter.size());
    if (unescaped(parameter.substr(0, equals)) != name) continue;
    return unescaped(parameter.substr(std::min(equals + 1, parameter.size())));
  }
  return std::nullopt;
}

}  // namespace logdist::ingest
