// Heads to be parsed.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "logdist/http/request_parser.hpp"

namespace logdist::http {

inline std::string with_fields(std::string_view fields) {
  return "POST /v1/packets HTTP/1.1\r\nHost: t\r\n" + std::string(fields) + "\r\n";
}

/// The head of `text`, which is whole and outlives it.
inline RequestHead head_of(const std::string& text, std::string_view via_name = {}) {
  RequestParser parser(via_name);
  EXPECT_EQ(parser.parse(text), Progress::complete) << parser.error().detail;
  return parser.head(text);
}

}  // namespace logdist::http
