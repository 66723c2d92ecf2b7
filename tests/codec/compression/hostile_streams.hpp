// Compressed bodies made to keep the decompressor busy: blocks, members and frames that say much about nothing.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "logdist/core/content_coding.hpp"

namespace logdist::test {

struct HostileStream {
  std::string name;
  core::ContentCoding coding;
  std::string bytes;
};

/// All of them valid, of about `bytes` each, or less where their content would be more than 32 MiB for a MiB.
std::vector<HostileStream> hostile_streams(std::size_t bytes);

}  // namespace logdist::test
