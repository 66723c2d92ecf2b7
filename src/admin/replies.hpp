// Answers of the admin port.
#pragma once

#include <string>
#include <string_view>

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

namespace logdist::admin {

using Response = boost::beast::http::response<boost::beast::http::string_body>;

/// 200 with `body`.
Response ok(std::string_view content_type, std::string body);

/// An error as application/problem+json (RFC 9457). `detail` is a sentence for
/// people. A 503 asks to come back after a second.
Response problem(boost::beast::http::status status, std::string_view detail);

}  // namespace logdist::admin
