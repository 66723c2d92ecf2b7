#include "logdist/codec/formats.hpp"

#include <algorithm>
#include <array>

#include "logdist/base/ascii.hpp"

namespace logdist::codec {
namespace {

/// A kind of request, and what its body is. The path decides first, then the media type.
struct FormatEntry {
  std::string_view method;
  std::string_view path;
  std::string_view media_type;  ///< in lower case
  Format format;
};

/// A format more is a line here, and its decoder in decode.cpp.
constexpr std::array format_table{
    FormatEntry{"POST", "/v1/packets", "application/json", Format::json},
    FormatEntry{"POST", "/v1/packets", "application/x-ndjson", Format::ndjson},
    FormatEntry{"POST", "/v1/packets", "application/ndjson", Format::ndjson},
    FormatEntry{"POST", "/v1/packets", "application/jsonl", Format::ndjson},
    FormatEntry{"POST", "/v1/packets", "application/x-jsonlines", Format::ndjson},
    FormatEntry{"POST", "/v1/packets", "application/x-json-stream", Format::ndjson},
    FormatEntry{"POST", "/v1/packets", "application/stream+json", Format::ndjson},
};

}  // namespace

bool takes_path(std::string_view path) {
  return std::any_of(format_table.begin(), format_table.end(),
                     [path](const FormatEntry& entry) { return entry.path == path; });
}

bool takes_method(std::string_view path, std::string_view method) {
  return std::any_of(format_table.begin(), format_table.end(),
                     [path, method](const FormatEntry& entry) { return entry.path == path && entry.method == method; });
}

std::optional<Format> find_format(std::string_view method, std::string_view path, std::string_view media_type) {
  for (const FormatEntry& entry : format_table) {
    if (entry.path == path && entry.method == method && equals_in_lower_case(media_type, entry.media_type))
      return entry.format;
  }
  return std::nullopt;
}

}  // namespace logdist::codec
