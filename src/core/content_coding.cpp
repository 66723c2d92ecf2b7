#include "logdist/core/content_coding.hpp"

#include <algorithm>
#include <array>

#include "logdist/base/ascii.hpp"
#include "logdist/base/check.hpp"

namespace logdist::core {
namespace {

struct NamedCoding {
  std::string_view name;
  ContentCoding coding;
};

constexpr std::array coding_table{
    NamedCoding{"identity", ContentCoding::identity}, NamedCoding{"gzip", ContentCoding::gzip},
    NamedCoding{"x-gzip", ContentCoding::gzip},       NamedCoding{"deflate", ContentCoding::deflate},
    NamedCoding{"zstd", ContentCoding::zstd},         NamedCoding{"snappy", ContentCoding::snappy},
};

}  // namespace

std::optional<ContentCoding> find_coding(std::string_view name) {
  for (const NamedCoding& entry : coding_table) {
    if (equals_in_lower_case(name, entry.name)) return entry.coding;
  }
  return std::nullopt;
}

const char* to_string(ContentCoding coding) {
  switch (coding) {
    case ContentCoding::identity: return "identity";
    case ContentCoding::gzip: return "gzip";
    case ContentCoding::deflate: return "deflate";
    case ContentCoding::zstd: return "zstd";
    case ContentCoding::snappy: return "snappy";
  }
  check_failed("a known value", __FILE__, __LINE__);
}

}  // namespace logdist::core
